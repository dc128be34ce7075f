"""Judges the cells of a row by the schema, the rows above and the tables that it refers to."""

from collections.abc import Iterator, Sequence

from generation.table.types import TableScope
from validation.table.columns import Finding
from validation.table.foreign import ForeignChoices, foreign_choices
from validation.table.ledger import Key, Ledger

# Whatever a cell that is finished and taken could go on with; all scripts' letters are alike to the rules.
_GOES_ON = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-+:/ _éя漢"
STRUCTURAL = frozenset(("column-count", "quoting", "blank-row"))


class RowJudge:
    """Every rule that a row can break.

    Parameters
    ----------
    scope : TableScope
    """

    def __init__(self, scope: TableScope) -> None:
        self._scope = scope
        self.ledger = Ledger(scope)
        self._for_columns: object = None
        self._choices: list[ForeignChoices] = []

    @property
    def choices(self) -> list[ForeignChoices]:
        """Foreign keys whose tables are at hand."""
        if self._for_columns is not self.ledger.columns:
            tables = list(self._scope.tables.values())
            self._choices = foreign_choices(self._scope.schema, self.ledger.columns, tables)
            self._for_columns = self.ledger.columns
        return self._choices

    def cell_faults(self, cells: Sequence[str]) -> Iterator[Finding]:
        """Rules that the last of these finished cells breaks."""
        place = len(cells) - 1
        if place >= len(self.ledger.columns):
            yield self._too_many()
            return
        fault = self.ledger.columns[place].fault(cells[place])
        if fault:
            yield fault
        for key in self.ledger.keys:
            if max(key[1]) == place:
                yield from self._key_faults(key, cells)
        for choices in self.choices:
            if place in choices.places:
                fault = choices.fault(place, cells)
                if fault:
                    yield fault

    def row_faults(self, cells: Sequence[str]) -> Iterator[Finding]:
        """Rules that a finished row breaks as a whole."""
        wanted = len(self.ledger.columns)
        if len(cells) < wanted:
            yield "column-count", f"The row has {len(cells)} cells, and the table {wanted} columns."

    def prefix_faults(self, cells: Sequence[str], text: str) -> Iterator[Finding]:
        """Rules that every row breaks which has these finished cells and then begins with these characters."""
        place = len(cells)
        if place >= len(self.ledger.columns):
            yield self._too_many()
            return
        if not text:
            return
        column = self.ledger.columns[place]
        fault = column.prefix_fault(text)
        if fault:
            yield fault
            return
        for choices in self.choices:
            if place in choices.places:
                fault = choices.prefix_fault(place, cells, text)
                if fault:
                    yield fault
        for key in self.ledger.keys:
            if max(key[1]) == place and not self._can_be_new(key, cells, text):
                yield next(self._key_faults(key, (*cells, text)), self._used_up(key, text))

    def notes(self, cells: Sequence[str]) -> Iterator[Finding]:
        """What is unusual about the last of these finished cells."""
        place = len(cells) - 1
        if place < len(self.ledger.columns):
            expected = self.ledger.expected(place, cells)
            if expected and expected[1] != cells[place]:
                other, value = expected
                name = self.ledger.columns[place].field.name
                reason = f"So far {name!r} has always been {value!r} for this value of {other!r}."
                yield "functional-dependency", reason

    def _key_faults(self, key: Key, cells: Sequence[str]) -> Iterator[Finding]:
        values = self.ledger.key_of(key, cells)
        names = " and ".join(repr(self.ledger.columns[i].field.name) for i in key[1])
        if all(value is None for value in values):
            if key[0] == "primary-key":
                yield "primary-key", f"The primary key {names} needs a value."
        elif values in self.ledger.seen[key]:
            row = self.ledger.seen[key][values] + 1
            written = ", ".join(cells[i] for i in key[1])
            yield key[0], f"{names} must not come twice, and {written!r} stands in row {row} already."

    def _can_be_new(self, key: Key, cells: Sequence[str], text: str) -> bool:
        """Whether a cell can become one with which the key has not come before."""
        seen = self.ledger.seen[key]
        column = self.ledger.columns[len(cells)]
        if column.field.enum:
            words = [word for word in column.field.enum if word.startswith(text)]
            return not words or any(self.ledger.key_of(key, (*cells, word)) not in seen for word in words)
        if self.ledger.key_of(key, (*cells, text)) not in seen:
            return True
        return any(column.prefix_fault(text + sign) is None for sign in _GOES_ON)

    def _used_up(self, key: Key, text: str) -> Finding:
        names = " and ".join(repr(self.ledger.columns[i].field.name) for i in key[1])
        return key[0], f"{names} must not come twice, and whatever begins with {text!r} has come already."

    def _too_many(self) -> Finding:
        return "column-count", f"The table has {len(self.ledger.columns)} columns, and the row goes on after the last."
