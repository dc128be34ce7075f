"""A document with a cursor anywhere in it, which knows of every block who wrote and who chose it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from generation.formula.types import SheetScope
from generation.table.types import TableScope
from generation.types import Context, Kind


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the document that was put in at once.

    Parameters
    ----------
    begin, end : int
        Where it stands, in characters.
    writer : str
        Who wrote it: a generator, or "keyboard".
    chooser : str
        Who chose it: "person", or the model that was asked.
    trace : mapping of str to object, optional
        How it came to be offered: stages, verdicts and times.
    """

    begin: int
    end: int
    writer: str
    chooser: str
    trace: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """A document being edited.

    Parameters
    ----------
    kind : str
    before, after : str
        Up to the cursor, and from there on.
    scope : TableScope or SheetScope, optional
    blocks : tuple of Block
        What was put in since the file was opened, in the document's order.
    previous : Draft, optional
        Where an undo leads.
    """

    kind: Kind
    before: str
    after: str = ""
    scope: TableScope | SheetScope | None = None
    blocks: tuple[Block, ...] = ()
    previous: "Draft | None" = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        return self.before + self.after

    @property
    def context(self) -> Context:
        """What generators and validators see."""
        return Context(self.kind, self.before, self.after, self.scope)

    def insert(self, text: str, writer: str, chooser: str, trace: Mapping[str, Any] | None = None) -> "Draft":
        """Put a block in at the cursor."""
        at, n = len(self.before), len(text)
        made = [*self._shifted(at, at, n), Block(at, at + n, writer, chooser, trace or {})]
        blocks = tuple(sorted(made, key=lambda block: block.begin))
        return replace(self, before=self.before + text, blocks=blocks, previous=self)

    def erase(self) -> "Draft":
        """Take out the character before the cursor, a line end as a whole."""
        n = 2 if self.before.endswith("\r\n") else min(1, len(self.before))
        at = len(self.before) - n
        return replace(self, before=self.before[:at], blocks=tuple(self._shifted(at, at + n, -n)), previous=self)

    def undo(self) -> "Draft":
        """The draft before the last change; itself if there was none."""
        return self.previous or self

    def move(self, n: int) -> "Draft":
        """The cursor so many characters further, or back, as far as there are any."""
        place = min(max(0, len(self.before) + n), len(self.text))
        if 0 < place < len(self.text) and self.text[place - 1 : place + 1] == "\r\n":
            place += 1 if n > 0 else -1
        return replace(self, before=self.text[:place], after=self.text[place:])

    def move_lines(self, n: int) -> "Draft":
        """The cursor so many lines down, or up, in the same column where there is one."""
        lines = self.text.split("\n")
        line, column = self.before.count("\n"), len(self.before) - (self.before.rfind("\n") + 1)
        target = min(max(0, line + n), len(lines) - 1)
        place = sum(len(text) + 1 for text in lines[:target]) + min(column, len(lines[target].rstrip("\r")))
        return self.move(place - len(self.before))

    def block_at_cursor(self) -> Block | None:
        """The block that ends at the cursor or holds it."""
        at = len(self.before)
        return next((block for block in reversed(self.blocks) if block.begin < at <= block.end), None)

    def _shifted(self, begin: int, end: int, n: int) -> list[Block]:
        """The blocks once ``n`` characters have come in, or those from begin to end have gone."""
        shifted = []
        for block in self.blocks:
            first, last = block.begin, block.end
            if first >= end:
                first, last = first + n, last + n
            elif last > begin:  # changed from within, or cut
                first, last = min(first, begin), last + n if last >= end else begin
                if n > 0:
                    shifted.append(replace(block, begin=first, end=begin))
                    first, last = begin + n, last
            if last > first:
                shifted.append(replace(block, begin=first, end=last))
        return shifted
