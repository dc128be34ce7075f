"""What a table's own rows, its schema and its neighbours tell of the next cell."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from generation.table.characters import CharacterModel
from generation.table.column import Column, Mixed
from generation.table.dependencies import row_dependencies
from generation.table.experts import Place, column_counters
from generation.table.journal import Journal
from generation.table.keys import Index, schema_experts
from generation.table.templates import column_templates
from generation.table.types import Field, Schema
from generation.table.weights import PRIOR

STAGES = ("frequency", "counters", "templates", "dependencies", "keys")
# Rows that can be taken back.
UNDOABLE = 32
# Beyond so many columns, each is only counted.
_WIDE = 1000


class TableModel:
    """Learns row by row, and can take the latest ones back.

    Parameters
    ----------
    header : sequence of str
        Distinct names of the columns.
    schema : Schema
    indexes : mapping of str to Index
        The tables that its keys refer to.
    stages : set of str
        Which experts take part, by stage.
    prior : mapping of str to float
        Weight of each expert before anything is known.
    """

    def __init__(
        self,
        header: Sequence[str],
        schema: Schema,
        indexes: Mapping[str, Index],
        stages: AbstractSet[str] = frozenset(STAGES),
        prior: Mapping[str, float] = PRIOR,
    ) -> None:
        self.header = tuple(header)
        self.rows: list[tuple[str, ...]] = []
        self._journal = Journal()
        self._marks: list[int] = []
        fields = {field.name: field for field in schema.fields}
        self.columns: list[Column] = []
        for number, name in enumerate(self.header):
            field = fields.get(name, Field(name))
            experts = column_counters()
            if len(self.header) <= _WIDE:
                experts += [*column_templates(field), *row_dependencies()]
                experts += schema_experts(schema, number, name, indexes)
            unique = schema.given and (field.unique or schema.primary_key == (name,))
            self.columns.append(Column([expert for expert in experts if expert.stage in stages], prior, unique))
        self.characters = [CharacterModel() for _ in self.header]

    def predict(self, cells: Sequence[str]) -> Mixed:
        """What the cell after these of its row may hold."""
        return self.columns[len(cells)].predict(self._place(cells, len(cells)))

    def learn(self, row: Sequence[str], final: bool = False) -> None:
        """Take in a finished row; what it lacks is empty, and what is beyond the header is left out.

        Parameters
        ----------
        row : sequence of str
        final : bool
            Whether it will never be taken back; then all before it are final, too.
        """
        full = self._full(row)
        self._journal.final = final
        if not final:
            self._marks.append(self._journal.mark())
        for number, column in enumerate(self.columns):
            column.learn(self._place(full, number), full[number], self._journal)
        self._journal.final = False
        self.rows.append(full)
        if len(self._marks) >= 2 * UNDOABLE:
            oldest = self._marks[UNDOABLE]
            self._journal.forget(oldest)
            self._marks = [mark - oldest for mark in self._marks[UNDOABLE:]]

    def rewind(self, n_rows: int) -> bool:
        """Take rows back until so many are left; False where they are too many to take back."""
        gone = len(self.rows) - n_rows
        if gone > len(self._marks):
            return False
        if gone > 0:
            self._journal.rewind(self._marks[-gone])
            del self._marks[-gone:], self.rows[n_rows:]
            for column in self.columns:
                del column.history[n_rows:]
        return True

    def judge(self, row: Sequence[str]) -> Iterator[Mapping[str, tuple[float, float]]]:
        """For each cell of the next row, each expert's weight by the prior alone, and what the cell leaves of it."""
        full = self._full(row)
        for number, column in enumerate(self.columns):
            yield column.judge(self._place(full, number), full[number])

    def skip(self, row: Sequence[str]) -> None:
        """Take in a row too far above to learn from: only what it uses up."""
        for column, cell in zip(self.columns, self._full(row), strict=True):
            column.take(cell, self._journal)

    def spelling(self, column: int) -> CharacterModel:
        """The characters of a column, learnt from all its values so far."""
        model = self.characters[column]
        model.learn(self.columns[column].frequency.values, self._journal)
        return model

    def _full(self, row: Sequence[str]) -> tuple[str, ...]:
        width = len(self.header)
        return tuple(row[:width]) + ("",) * (width - len(row))

    def _place(self, row: Sequence[str], column: int) -> Place:
        above = self.rows[-1] if self.rows else ()
        return Place(row, column, above, self.columns[column].history)
