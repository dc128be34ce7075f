"""What the settled rows of a table hold: its header, values that must not come again, and what follows from what."""

from bisect import bisect_left
from collections.abc import Hashable, Sequence

from generation.table.delimited import distinct_names, settled_rows
from generation.table.types import Field, TableScope
from validation.table.columns import Column

Key = tuple[str, tuple[int, ...]]
"""Its rule, "unique" or "primary-key", and its columns."""

_SURE_REPEATS = 10  # so many repetitions without an exception make a functional dependency
_MOST_COLUMNS = 60  # of wider tables no functional dependencies are kept


class Ledger:
    """Keeps what rows of a text hold, and follows the text as it grows, or shrinks again.

    Parameters
    ----------
    scope : TableScope
    """

    def __init__(self, scope: TableScope) -> None:
        self._scope = scope
        self._clear()

    def _clear(self) -> None:
        self.columns: list[Column] = []
        self.keys: list[Key] = []
        self.rows: list[Sequence[str]] = []
        self.seen: dict[Key, dict[Hashable, int]] = {}
        self.has_header = False
        self._text = ""
        self._ends: list[tuple[int, int]] = []  # where each line of the table ends, and how many rows there are then
        self._first: list[dict[str, int]] = []
        self._follows: list[dict[int, int]] = []  # for each column, those that follow from it so far, and how often

    def follow(self, text: str) -> int:
        """Take in all rows that no further character can change, and no others.

        Returns
        -------
        int
            Where the row at the text's end begins.
        """
        if not text.startswith(self._text):
            self._text = self._text[: self._shared(text)]
            self._shrink()
        for row, end in settled_rows(text, len(self._text), self._scope.delimiter):
            if row and self.has_header:
                self.add(row)
            elif row:
                self.begin(row)
            self._ends.append((end, len(self.rows)))
        if self._ends:
            self._text = text[: self._ends[-1][0]]
        return len(self._text)

    def _shared(self, text: str) -> int:
        """Where the last row ends whose text, and that of all rows above, is that of another table too."""
        shared = bisect_left(
            range(len(self._ends)), True, key=lambda n: not text.startswith(self._text[: self._ends[n][0]])
        )
        del self._ends[shared:]
        return self._ends[-1][0] if self._ends else 0

    def key_of(self, key: Key, cells: Sequence[str]) -> tuple[Hashable | None, ...]:
        """Values of a key's columns; None for those that are missing."""
        return tuple(self.columns[i].value(cells[i]) if i < len(cells) else None for i in key[1])

    def expected(self, place: int, cells: Sequence[str]) -> tuple[str, str] | None:
        """What a cell must hold if dependencies seen so far hold on: the column that it follows from, and the value."""
        for other, cell in enumerate(cells[: len(self._follows)]):
            first = self._first[other].get(cell)
            if other != place and first is not None and self._follows[other].get(place, 0) >= _SURE_REPEATS:
                return self.columns[other].field.name, self.rows[first][place]
        return None

    def begin(self, header: Sequence[str]) -> None:
        """Take in the header."""
        schema = self._scope.schema
        fields = {field.name: field for field in schema.fields}
        names = distinct_names(header)
        self.has_header = True
        self.columns = [Column(fields.get(name, Field(name)), schema.missing_values) for name in names]
        self.keys = [("unique", (i,)) for i, column in enumerate(self.columns) if column.field.unique]
        if schema.primary_key and set(schema.primary_key) <= set(names):
            self.keys.append(("primary-key", tuple(names.index(name) for name in schema.primary_key)))
        self.seen = {key: {} for key in self.keys}
        if len(names) <= _MOST_COLUMNS:
            self._first = [{} for _ in names]
            self._follows = [{i: 0 for i in range(len(names)) if i != other} for other in range(len(names))]

    def add(self, row: Sequence[str]) -> None:
        """Take in a row."""
        line = len(self.rows)
        self.rows.append(row)
        for key in self.keys:
            self.seen[key].setdefault(self.key_of(key, row), line)
        if len(row) != len(self.columns):
            return
        for cell, places, follows in zip(row, self._first, self._follows, strict=False):
            first = places.setdefault(cell, line) if cell else line
            if first == line or not follows:
                continue
            before = self.rows[first]
            for other in tuple(follows):
                if before[other] == row[other]:
                    follows[other] += 1
                else:
                    del follows[other]

    def _shrink(self) -> None:
        """Forget the rows beyond the last end; dependencies that they broke stay broken."""
        if not self._ends:
            self._clear()
            return
        n_rows = self._ends[-1][1]
        for line in range(n_rows, len(self.rows)):
            row = self.rows[line]
            for key in self.keys:
                value = self.key_of(key, row)
                if self.seen[key].get(value) == line:
                    del self.seen[key][value]
            for cell, places in zip(row, self._first, strict=False):
                if places.get(cell) == line:
                    del places[cell]
        del self.rows[n_rows:]
