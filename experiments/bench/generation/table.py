"""Cells of held-out tables: is the next one on the page?"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np

from experiments.bench.generation.coverage import Case
from generation.table.cursor import TableReader
from generation.table.delimited import read_rows, settled_rows, written_cells
from generation.table.generators import TableGenerator
from generation.table.reading import read_finished, read_table
from generation.table.types import Field, ForeignKey, Schema, Table, TableScope
from generation.types import Context, Generator

ColumnClass = Literal["own key", "foreign key", "categorical", "numeric", "text"]
SETS: Mapping[str, frozenset[ColumnClass]] = MappingProxyType(
    {
        "key": frozenset({"own key", "foreign key"}),
        "key of no other table": frozenset({"own key"}),
        "categorical": frozenset({"categorical"}),
        "numeric": frozenset({"numeric"}),
        "text": frozenset({"text"}),
    }
)
# Packages that the experts' prior weights were fitted on; the others are held out.
FITTED = ("country-codes", "gdp")
_ROWS = 500
_SEED = 5
# A column refers to another table's where so many of its distinct values, and at least so many, stand there.
_INCLUDED, _FEWEST = 0.95, 10
_KEY_COLUMNS = 3
_CATEGORIES = 0.1  # of the rows, at most, are distinct in a categorical column
NOTES = (
    "Cells of the tables under 'tables' in the folder of corpora, in the packages that no weight was fitted on "
    f"(fitted: {', '.join(FITTED)}), at most the first {_ROWS} rows, every column drawn as often as any other of its "
    "class; the cell must be on the page with the delimiter or line end after it. Key: declared primary, unique or "
    "foreign; or refers to another table by inclusion (strings; at least 95 % and ten of its distinct values stand in "
    "one column of another table that holds nothing twice), which is then given as that table; or, with no key "
    "declared, among the shortest run of up to three leading columns, not all of them and none of type number, that "
    "together never repeat. Categorical: no key, not of type integer or number, distinct values at most a tenth of the "
    "rows. Numeric: other columns of type integer or number. Text: the rest. The experts were chosen with these tables "
    "in view; only their weights are held out."
)


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """A table to write, with what the schema or the data say of its columns.

    Parameters
    ----------
    package : str
    text : str
    scope : TableScope
        With foreign keys found by inclusion, and the tables they refer to.
    classes : tuple of str
        Of each column.
    """

    package: str
    text: str
    scope: TableScope
    classes: tuple[ColumnClass, ...]


def blocks(corpora: Path | None, n: int) -> Mapping[str, Sequence[Case]]:
    """Cells of held-out tables by class of column, ``n`` of each; none without corpora."""
    if corpora is None:
        return {}
    held_out = [corpus for corpus in read_corpora(corpora) if corpus.package not in FITTED]
    return {name: cells(held_out, classes, n) for name, classes in SETS.items()}


def references(corpora: Path) -> list[str]:
    """The references that were found by inclusion in the held-out packages, in words."""
    return [
        f"{corpus.scope.name}.{key.fields[0]} to {key.table}.{key.references[0]}"
        for corpus in read_corpora(corpora)
        if corpus.package not in FITTED
        for key in corpus.scope.schema.foreign_keys
    ]


def stages() -> Mapping[str, Generator]:
    """Generators by what takes part, each with all that those before it have."""
    taking_part = {
        "n-gram": frozenset[str](),
        "+ counters": frozenset({"counters"}),
        "+ templates": frozenset({"counters", "templates"}),
        "+ keys and dependencies": frozenset({"counters", "templates", "dependencies", "keys"}),
    }
    return {name: TableGenerator(TableReader(stages=stages)) for name, stages in taking_part.items()}


def cells(corpora: Sequence[Corpus], classes: AbstractSet[ColumnClass], n: int) -> list[Case]:
    """Cells of columns of some classes, as many of each column; what was drawn twice counts once."""
    columns = [
        (number, column)
        for number, corpus in enumerate(corpora)
        for column, name in enumerate(corpus.classes)
        if name in classes
    ]
    if not columns:
        return []
    rng = np.random.default_rng(_SEED)
    places: set[tuple[int, int, int]] = set()
    for place in range(n):
        number, column = columns[place % len(columns)]
        places.add((number, int(rng.integers(len(_row_places(corpora[number])))), column))
    return [_case(corpora[number], row, column) for number, row, column in sorted(places)]


@lru_cache(maxsize=1)
def read_corpora(folder: Path) -> tuple[Corpus, ...]:
    """All tables with what is known of them."""
    paths = sorted((folder / "tables").glob("*/*.csv"))
    read = [(path, *read_table(path)) for path in paths]
    tables = {path.stem: replace(read_finished(path, scope.schema), name=path.stem) for path, _, scope in read}
    return tuple(_corpus(path, text, scope, tables) for path, text, scope in read)


def finished(corpus: Corpus) -> Table:
    """The whole of a table."""
    _, *rows = read_rows(corpus.text, corpus.scope.delimiter)
    return Table(corpus.scope.name, corpus.scope.schema, tuple(tuple(row) for row in rows))


def foreign_keys(table: Table, tables: Mapping[str, Table]) -> tuple[ForeignKey, ...]:
    """Inclusion dependencies of a table's strings, one a column at most: the largest share, then the smallest table."""
    keys = []
    for column, field in enumerate(table.schema.fields):
        values = {row[column] for row in table.rows if row[column].strip()}
        if field.type != "string" or len(values) < _FEWEST:
            continue
        found = [
            (-len(values & there) / len(values), len(other.rows), other.name, name)
            for other in tables.values()
            if other.name != table.name
            for name, there in _unique_columns(other)
            if len(values & there) >= _INCLUDED * len(values)
        ]
        if found:
            _, _, name, reference = min(found)
            keys.append(ForeignKey((field.name,), name, (reference,)))
    return tuple(keys)


def _corpus(path: Path, text: str, scope: TableScope, tables: Mapping[str, Table]) -> Corpus:
    table = tables[path.stem]
    keys = scope.schema.foreign_keys or foreign_keys(table, tables)
    schema = replace(scope.schema, foreign_keys=keys)
    referenced = {key.table: tables[key.table] for key in keys}
    whole = replace(scope, schema=schema, tables=MappingProxyType(referenced))
    return Corpus(path.parent.name, text, whole, _classes(schema, table.rows))


def _classes(schema: Schema, rows: Sequence[Sequence[str]]) -> tuple[ColumnClass, ...]:
    foreign = {name for key in schema.foreign_keys for name in key.fields}
    own = set(schema.primary_key) | {field.name for field in schema.fields if field.unique}
    if not own:
        own = set(_leading_key(schema.fields, rows))
    return tuple(
        "foreign key"
        if field.name in foreign
        else "own key"
        if field.name in own
        else _class(field, {row[column] for row in rows}, len(rows))
        for column, field in enumerate(schema.fields)
    )


def _class(field: Field, distinct: set[str], n_rows: int) -> ColumnClass:
    if field.type in ("integer", "number"):
        return "numeric"
    return "categorical" if len(distinct) <= _CATEGORIES * n_rows else "text"


def _leading_key(fields: Sequence[Field], rows: Sequence[Sequence[str]]) -> list[str]:
    for length in range(1, min(_KEY_COLUMNS + 1, len(fields))):
        if any(field.type == "number" for field in fields[:length]):
            return []
        if len({tuple(row[:length]) for row in rows}) == len(rows):
            return [field.name for field in fields[:length]]
    return []


@cache
def _unique_columns(table: Table) -> list[tuple[str, frozenset[str]]]:
    """Columns that hold no value twice, with their values."""
    columns = []
    for column, field in enumerate(table.schema.fields):
        values = [row[column] for row in table.rows if row[column].strip()]
        if len(set(values)) == len(values):
            columns.append((field.name, frozenset(values)))
    return columns


@cache
def _row_places(corpus: Corpus) -> tuple[tuple[int, int], ...]:
    """Where the first rows begin and end."""
    ends = [end for _, end in settled_rows(corpus.text, 0, corpus.scope.delimiter)]
    return tuple(pairwise(ends))[:_ROWS]


def _case(corpus: Corpus, row: int, column: int) -> Case:
    start, end = _row_places(corpus)[row]
    line = corpus.text[start:end]
    raws = written_cells(line, corpus.scope.delimiter)
    at = sum(len(raw) + 1 for raw in raws[:column])
    block = raws[column] if column + 1 == len(raws) else raws[column] + corpus.scope.delimiter
    return Case(Context("table", corpus.text[: start + at], scope=corpus.scope), line[at:], block)
