"""The document being assembled: immutable, and it knows the way back."""

import hashlib
from dataclasses import dataclass, field, replace

from generation.formula.types import SheetScope
from generation.table.types import TableScope
from generation.types import Candidate, Context, Kind


@dataclass(frozen=True, slots=True)
class Block:
    """A text that was inserted at once, who wrote it and who chose it."""

    text: str
    writer: str
    chooser: str


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
    writer, chooser : str
        Who wrote the last insertion (a generator, or "speller"), and who chose it; empty where nothing was inserted.
    """

    kind: Kind
    text: str = ""
    layer: int = 0
    previous: "Document | None" = field(default=None, repr=False, compare=False)
    scope: TableScope | SheetScope | None = field(default=None, repr=False, compare=False)
    writer: str = field(default="", compare=False)
    chooser: str = field(default="", compare=False)

    def insert(self, text: str, writer: str = "", chooser: str = "") -> "Document":
        """The document with this text added; the letters go back to their first layer."""
        previous = replace(self, layer=0)
        return replace(self, text=self.text + text, layer=0, previous=previous, writer=writer, chooser=chooser)

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
    def blocks(self) -> tuple[Block, ...]:
        """What was inserted since the document began, in order."""
        blocks: list[Block] = []
        document = self
        while document.previous is not None:
            text = document.text[len(document.previous.text) :]
            blocks.append(Block(text, document.writer, document.chooser))
            document = document.previous
        return tuple(reversed(blocks))

    @property
    def context(self) -> Context:
        """What generators and validators see."""
        return Context(kind=self.kind, before=self.text, scope=self.scope)

    def to_dict(self) -> dict[str, object]:
        """Plain values for the log."""
        return {"text": self.text, "layer": self.layer, "writer": self.writer, "chooser": self.chooser}

    @property
    def digest(self) -> str:
        """Short hash of all that a page depends on, to join log events and to verify replays."""
        return hashlib.sha256(f"{self.kind}\0{self.layer}\0{self.text}".encode("utf-8", "surrogatepass")).hexdigest()[
            :16
        ]


def follow(document: Document, chosen: Candidate | None, n_layers: int, chooser: str = "person") -> Document:
    """The document after somebody's selection."""
    if chosen is None:
        return document
    if chosen.command == "undo":
        return document.undo()
    if chosen.command == "more":
        return document.more(n_layers)
    return document.insert(chosen.text, chosen.source, chooser)
