"""Proposes cells and rows of a table."""

import math
from collections.abc import Iterator, Sequence

from generation.table.cursor import Reading, TableReader
from generation.table.model import STAGES
from generation.table.spelling import TableSpeller
from generation.table.types import TableScope
from generation.types import Candidate, Context

# A row is proposed further while its next cell is at least this likely.
_SURE = 0.8
_HEADER = 0.95


def table_generators(scope: TableScope | None = None, text: str = "") -> tuple[list["TableGenerator"], TableSpeller]:
    """Generators and speller for a table.

    Parameters
    ----------
    scope : TableScope, optional
    text : str
        The table as it is when the session begins; its characters, and the scope's, can be spelled.
    """
    reader = TableReader(scope)
    return [TableGenerator(reader)], TableSpeller(reader, scope, text)


class TableGenerator:
    """Completes the cell at the cursor with what ends it, and goes on along the row while that is nearly certain.

    Parameters
    ----------
    reader : TableReader
    name : str
    """

    def __init__(self, reader: TableReader, name: str = "table") -> None:
        self.name = name
        self._reader = reader

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        if n < 1:
            return []
        reading = self._reader.read(context)
        if len(reading.cursor.cells) >= len(reading.names):
            return []
        proposed = dict(_header(reading) if reading.model is None else _cells(reading))
        best = sorted(proposed.items(), key=lambda item: (-item[1][0], item[0]))[:n]
        return [
            Candidate(text, log_p, self.name, stages=(*stages, (self.name, log_p))) for text, (log_p, stages) in best
        ]


Stages = tuple[tuple[str, float], ...]
Proposal = tuple[str, tuple[float, Stages]]


def _cells(reading: Reading) -> Iterator[Proposal]:
    model, cursor = reading.model, reading.cursor
    assert model is not None
    column = len(cursor.cells)
    if cursor.is_closed:
        yield reading.ending(column), (math.log(_HEADER), ())
        return
    mixed = model.predict(cursor.cells)
    written = {value: reading.written(value, column, cursor.raw) for value in mixed.values}
    begun = {value: mixed.values[value] for value, text in written.items() if text is not None}
    log_novel = math.log(mixed.novel) + (model.spelling(column).log_p(cursor.raw) if cursor.raw else 0.0)
    log_total = math.log(sum(begun.values()) + math.exp(log_novel))
    for value, p in begun.items():
        text = written[value]
        assert text is not None
        if p > 0:
            stages = tuple(
                (stage, math.log(mixed.stages[stage][value]))
                for stage in STAGES
                if mixed.stages.get(stage, {}).get(value, 0.0) > 0
            )
            yield text[len(cursor.raw) :], (min(math.log(p) - log_total, 0.0), stages)
    if begun:
        value = max(begun, key=lambda value: (begun[value], value))
        yield from _row(reading, value, math.log(begun[value]) - log_total if begun[value] > 0 else -math.inf)


def _row(reading: Reading, value: str, log_p: float) -> Iterator[Proposal]:
    """The likeliest value with as many cells after it as are nearly certain; nothing where none is."""
    model, cursor = reading.model, reading.cursor
    assert model is not None
    cells = [*cursor.cells, value]
    text = reading.written(value, len(cursor.cells), cursor.raw)
    assert text is not None
    start = len(cells)
    while len(cells) < len(reading.names) and math.isfinite(log_p):
        mixed = model.predict(cells)
        following = max(mixed.values, key=lambda value: (mixed.values[value], value), default=None)
        if following is None or mixed.values[following] < _SURE:
            break
        written = reading.written(following, len(cells))
        assert written is not None
        text += written
        log_p += math.log(min(mixed.values[following], 1.0))
        cells.append(following)
    if len(cells) > start:
        yield text[len(cursor.raw) :], (min(log_p, 0.0), ())


def _header(reading: Reading) -> Iterator[Proposal]:
    """The schema's names: the one in its turn first, and the whole of the header."""
    names, cursor = reading.names, reading.cursor
    column = len(cursor.cells)
    rest = "".join(_texts(reading, names[column + 1 :], column + 1))
    left = [name for name in names if name not in cursor.cells]
    for name in left:
        text = reading.written(name, column, cursor.raw)
        if text is not None:
            p = _HEADER if name == names[column] else (1 - _HEADER) / len(left)
            yield text[len(cursor.raw) :], (math.log(p), ())
            if name == names[column] and rest:
                yield text[len(cursor.raw) :] + rest, (2 * math.log(_HEADER), ())


def _texts(reading: Reading, names: Sequence[str], column: int) -> Iterator[str]:
    for place, name in enumerate(names, column):
        written = reading.written(name, place)
        assert written is not None
        yield written
