"""Foreign keys: which values the referenced table offers, and which of them a cell can still become."""

from bisect import bisect_left
from collections.abc import Hashable, Sequence

from generation.table.types import ForeignKey, Schema, Table
from validation.table.columns import Column, Finding

_Seen = tuple[Hashable | None, ...]


class ForeignChoices:
    """The keys of a referenced table.

    Parameters
    ----------
    key : ForeignKey
    columns : sequence of Column
        Of the table that refers.
    table : Table
        The one referred to.

    Raises
    ------
    ValueError
        If either lacks a column of the key.
    """

    def __init__(self, key: ForeignKey, columns: Sequence[Column], table: Table) -> None:
        here = [column.field.name for column in columns]
        there = [field.name for field in table.schema.fields]
        for name, names in (*((f, here) for f in key.fields), *((r, there) for r in key.references)):
            if name not in names:
                raise ValueError(f"Argument 'key' (got {key}) must name columns; {name!r} is none.")
        pairs = sorted((here.index(f), there.index(r)) for f, r in zip(key.fields, key.references, strict=True))
        self.places = [place for place, _ in pairs]
        self._name = table.name
        self._columns = [columns[place] for place in self.places]
        self._texts: dict[_Seen, list[str]] = {}
        self._values: dict[_Seen, set[Hashable | None]] = {}
        for row in table.rows:
            if len(row) <= max(source for _, source in pairs):  # which holds no key
                continue
            cells = [row[source] for _, source in pairs]
            values = self._read(cells)
            for n, cell in enumerate(cells):
                self._texts.setdefault(values[:n], []).append(cell)
                self._values.setdefault(values[:n], set()).add(values[n])
        self._texts = {seen: sorted(set(texts)) for seen, texts in self._texts.items()}

    def prefix_fault(self, place: int, cells: Sequence[str], text: str) -> Finding | None:
        """Whether no key has the finished cells to the left, and begins with these characters at a place."""
        n = self.places.index(place)
        column = self._columns[n]
        before = self._read([cells[other] for other in self.places[:n]])
        if None in before or not text or self._may_be_missing(column, text):
            return None
        texts = self._texts.get(before, [])
        spellings = (text, text.lstrip("+ 0")) if column.field.type in ("integer", "number") else (text,)
        for spelling in spellings:
            found = bisect_left(texts, spelling)
            if found < len(texts) and texts[found].startswith(spelling):
                return None
        return "foreign-key", f"No key of table {self._name!r} has {text!r} at the beginning of {column.field.name!r}."

    def fault(self, place: int, cells: Sequence[str]) -> Finding | None:
        """Whether the finished cells up to a place are the beginning of no key."""
        n = self.places.index(place)
        values = self._read([cells[other] for other in self.places[: n + 1]])
        if None in values or values[n] in self._values.get(values[:n], ()):
            return None
        written = ", ".join(cells[other] for other in self.places[: n + 1])
        return "foreign-key", f"Table {self._name!r} has no key {written!r}."

    def _read(self, cells: Sequence[str]) -> _Seen:
        return tuple(column.value(cell) for column, cell in zip(self._columns, cells, strict=False))

    @staticmethod
    def _may_be_missing(column: Column, text: str) -> bool:
        return not column.field.required and any(word.startswith(text) for word in column.missing)


def foreign_choices(schema: Schema, columns: Sequence[Column], tables: Sequence[Table]) -> list[ForeignChoices]:
    """Those keys whose table is at hand and whose columns exist; a key into the table itself is settled at its end."""
    by_name = {table.name: table for table in tables}
    found = []
    for key in schema.foreign_keys:
        if key.table in by_name:
            try:
                found.append(ForeignChoices(key, columns, by_name[key.table]))
            except ValueError:
                continue
    return found
