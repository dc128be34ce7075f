"""The document being assembled: immutable, and it knows the way back."""

import hashlib
from dataclasses import dataclass, field, replace

from generation.formula.types import SheetScope
from generation.table.types import TableScope
from generation.types import Candidate, Context, Kind


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its cursor at the end.

    Parameters
    ----------
    kind : str
        "text", "python", "table" or "formula".
    text : str
        What stands before the cursor.
    layer : int
        Which layer of letters the next page shows.
    previous : Document, optional
        The document before the last insertion: where an undo leads.
    scope : TableScope or SheetScope, optional
        What else a table or a formula depends on; the same for the whole session.
    """

    kind: Kind
    text: str = ""
    layer: int = 0
    previous: "Document | None" = field(default=None, repr=False, compare=False)
    scope: TableScope | SheetScope | None = field(default=None, repr=False, compare=False)

    def insert(self, text: str) -> "Document":
        """The document with this text added; the letters go back to their first layer."""
        return replace(self, text=self.text + text, layer=0, previous=replace(self, layer=0))

    def undo(self) -> "Document":
        """The document before the last insertion.

        Raises
        ------
        ValueError
            If nothing was inserted yet.
        """
        if self.previous is None:
            raise ValueError("The document holds no insertion that could be undone.")
        return self.previous

    def more(self, n_layers: int) -> "Document":
        """The same text, with the next layer of letters on its page."""
        return replace(self, layer=(self.layer + 1) % n_layers)

    @property
    def context(self) -> Context:
        """What generators and validators see."""
        return Context(kind=self.kind, before=self.text, scope=self.scope)

    @property
    def digest(self) -> str:
        """Short hash of all that a page depends on, to join log events and to verify replays."""
        return hashlib.sha256(f"{self.kind}\0{self.layer}\0{self.text}".encode("utf-8", "surrogatepass")).hexdigest()[
            :16
        ]


def follow(document: Document, chosen: Candidate | None, n_layers: int) -> Document:
    """The document after a selection."""
    if chosen is None:
        return document
    if chosen.command == "undo":
        return document.undo()
    if chosen.command == "more":
        return document.more(n_layers)
    return document.insert(chosen.text)
