"""A table up to its cursor: what its finished rows taught, and what stands of the row at hand."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from generation.table.delimited import (
    WIDEST,
    Cursor,
    cursor_at,
    distinct_names,
    needs_quotes,
    quote,
    settled_rows,
    sniff,
    unquote,
    written_cells,
)
from generation.table.keys import Index
from generation.table.model import STAGES, UNDOABLE, TableModel
from generation.table.types import Schema, TableScope
from generation.table.weights import PRIOR
from generation.types import Context

# A long table is learnt from so many cells at its end, and up to twice as many.
_CELLS = 12_000
_FEWEST_ROWS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A table up to its cursor.

    Parameters
    ----------
    scope : TableScope
    model : TableModel or None
        None while the header is being written.
    cursor : Cursor
    newline : str
    quoted : tuple of bool
        For each column, whether its cells are in quotes even where they need not be.
    """

    scope: TableScope
    model: TableModel | None
    cursor: Cursor
    newline: str = "\n"
    quoted: tuple[bool, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.model.header if self.model else tuple(field.name for field in self.scope.schema.fields)

    def written(self, value: str, column: int, raw: str = "") -> str | None:
        """How a value is written in a column, with what ends it; None where it does not begin as it should."""
        always = raw.startswith('"') or (not raw and column < len(self.quoted) and self.quoted[column])
        cell = quote(value, self.scope.delimiter, always or (not value and len(self.names) == 1))
        return cell + self.ending(column) if cell.startswith(raw) else None

    def ending(self, column: int) -> str:
        """What ends a cell of this column."""
        return self.newline if column + 1 >= len(self.names) else self.scope.delimiter


class TableReader:
    """Reads tables up to their cursor, from where the last reading left off.

    Parameters
    ----------
    scope : TableScope, optional
        What is known of the table; a context's own scope takes its place.
    stages : set of str
        Which experts take part.
    prior : mapping of str to float
        Their weights before anything is known.
    """

    def __init__(
        self,
        scope: TableScope | None = None,
        stages: AbstractSet[str] = frozenset(STAGES),
        prior: Mapping[str, float] = PRIOR,
    ) -> None:
        self._given = scope
        self._stages = stages
        self._prior = prior
        self._scope = TableScope("", Schema(()))
        self._indexes: dict[str, Index] = {}
        self._text = ""
        self._model: TableModel | None = None
        self._newline = "\n"
        self._first = 0  # the first row that the model has learnt from, the header not counted
        self._ends: list[int] = []  # where the header and each row end

    def read(self, context: Context) -> Reading:
        """Learn what is new since the last reading; what is gone is taken back."""
        scope = self._scope_of(context)
        before = context.before
        if scope is not self._scope:
            self._indexes = {name: Index(table) for name, table in scope.tables.items()}
        if scope is not self._scope or not self._resume(before):
            self._scope = scope
            self._begin(before)
        cursor = cursor_at(before[len(self._text) :], scope.delimiter)
        if self._model is None:
            return Reading(scope, None, cursor)
        return Reading(scope, self._model, cursor, self._newline, self._quoted())

    def _scope_of(self, context: Context) -> TableScope:
        for scope in (context.scope, self._given):
            if isinstance(scope, TableScope):
                return scope
        delimiter = sniff(context.before)
        if self._scope.name or self._scope.schema.fields or self._scope.delimiter != delimiter:
            return TableScope("", Schema(()), delimiter=delimiter)
        return self._scope

    def _resume(self, before: str) -> bool:
        """Go on from what was read, or from what is left of it; False where all must be read again."""
        if self._model is None:
            return False
        kept = next((kept for kept in range(len(self._ends), 0, -1) if self._stands(before, kept)), 0)
        learnt = kept - 1 - self._first
        if kept == 0 or self._start(kept - 1) != self._first or not self._model.rewind(learnt):
            return False
        del self._ends[kept:]
        for row, end in settled_rows(before, self._ends[-1], self._scope.delimiter):
            if row:
                if self._start(len(self._ends)) != self._first:
                    return False
                self._model.learn(row)
                self._ends.append(end)
            self._ends[-1] = end
        self._text = before[: self._ends[-1]]
        return True

    def _stands(self, before: str, kept: int) -> bool:
        """Whether the text still begins with so many of the rows that were read."""
        if kept < len(self._ends) - UNDOABLE:
            return False
        return before.startswith(self._text if kept == len(self._ends) else self._text[: self._ends[kept - 1]])

    def _begin(self, before: str) -> None:
        """Read from the header on."""
        self._text, self._model, self._ends, self._first = "", None, [], 0
        rows: list[list[str]] = []
        for row, end in settled_rows(before, 0, self._scope.delimiter):
            if row:
                rows.append(row)
                self._ends.append(end)
            elif rows:
                self._ends[-1] = end
        if not rows:
            return
        self._text = before[: self._ends[-1]]
        header = before[: self._ends[0]]
        self._newline = "\r\n" if header.rstrip("\n").endswith("\r") else "\n"
        self._model = TableModel(
            distinct_names(rows[0][:WIDEST]), self._scope.schema, self._indexes, self._stages, self._prior
        )
        self._first = self._start(len(rows) - 1)
        for number, row in enumerate(rows[1:]):
            if number < self._first:
                self._model.skip(row)
            else:
                self._model.learn(row, final=number < len(rows) - 1 - UNDOABLE)

    def _start(self, n_rows: int) -> int:
        """The first row to learn from, of so many."""
        assert self._model is not None
        length = max(_FEWEST_ROWS, _CELLS // len(self._model.header))
        return max(n_rows // length - 1, 0) * length

    def _quoted(self) -> tuple[bool, ...]:
        """Which columns the latest row has in quotes for no need; a cell that needs them tells as little as another."""
        last = self._text[self._ends[-2] if len(self._ends) > 1 else 0 : self._ends[-1]].rstrip("\r\n")
        delimiter = self._scope.delimiter
        raws = written_cells(last, delimiter)
        told = [None if needs_quotes(unquote(raw), delimiter) else raw.startswith('"') for raw in raws]
        return tuple(any(told) if quoted is None else quoted for quoted in told)
