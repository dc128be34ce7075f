"""Proposes cells and rows of a table."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from generation.table.characters import END
from generation.table.cursor import Reading, TableReader
from generation.table.model import STAGES
from generation.table.spelling import TableSpeller
from generation.table.types import TableScope
from generation.types import Candidate, Context

Stages = tuple[tuple[str, float], ...]
Proposal = tuple[str, tuple[float, Stages]]

# A row is proposed further while its next cell is at least this likely, and so is the beginning of a new value.
_SURE = 0.8
_HEADER = 0.95
# Characters of a beginning that is proposed for new values.
_SHORTEST, _LONGEST = 3, 80


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
        proposed: dict[str, tuple[float, Stages]] = {}
        for text, scored in _header(reading) if reading.model is None else _cells(reading):
            if text not in proposed or scored[0] > proposed[text][0]:
                proposed[text] = scored
        best = sorted(proposed.items(), key=lambda item: (-item[1][0], item[0]))[:n]
        return [
            Candidate(text, log_p, self.name, stages=(*stages, (self.name, log_p))) for text, (log_p, stages) in best
        ]


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
    log_total = _log_sum(log_novel, sum(begun.values()))
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
    yield from _new(reading, log_novel - log_total, begun, log_total)
    if begun:
        value = max(begun, key=lambda value: (begun[value], value))
        yield from _row(reading, value, math.log(begun[value]) - log_total if begun[value] > 0 else -math.inf)


def _new(reading: Reading, log_p: float, begun: Mapping[str, float], log_total: float) -> Iterator[Proposal]:
    """The end of a value never seen, or as much of one as is nearly certain; it may be part of those seen, too.

    Parameters
    ----------
    reading : Reading
    log_p : float
        Log-probability that the value was never seen.
    begun : mapping of str to float
        Weight of each value seen that goes on from the cursor.
    log_total : float
        Of these weights and that of new values.
    """
    model, cursor = reading.model, reading.cursor
    assert model is not None
    column = len(cursor.cells)
    spelling = model.spelling(column)
    ends = spelling.next(cursor.raw).get(END, 0.0)
    if cursor.raw and ends > 0:
        closing = '"' if cursor.is_open else ""
        yield closing + reading.ending(column), (min(log_p + math.log(min(ends, 1.0)), 0.0), ())
    text, log_text = "", log_p
    while len(text) < _LONGEST:
        following = spelling.next(cursor.raw + text)
        character = max(following, key=lambda character: (following[character], character), default=END)
        # What ends the cell, or stands in quotes only, is not begun here.
        if following.get(character, 0.0) < _SURE or character in (END, reading.scope.delimiter, '"', "\n", "\r"):
            break
        log_text += math.log(min(following[character], 1.0))
        text += character
    known = {value: reading.written(value, column, cursor.raw) or "" for value in begun}
    whole = cursor.raw + text
    if len(text) >= _SHORTEST and log_p > math.log(0.5) and whole + reading.ending(column) not in known.values():
        seen = sum(p for value, p in begun.items() if known[value].startswith(whole))
        yield text, (min(_log_sum(log_text + log_total, seen) - log_total, 0.0), ())


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
    written = set(cursor.cells)
    left = [name for name in names if name not in written]
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


def _log_sum(log_a: float, b: float) -> float:
    """Log of a sum, one part of which is too small to be written but as a logarithm."""
    return log_a if b <= 0 else float(np.logaddexp(log_a, math.log(b)))
