"""Spells cells character by character."""

import math
import string
from collections import Counter
from collections.abc import Iterator, Mapping

from generation.table.characters import END
from generation.table.cursor import Reading, TableReader
from generation.table.types import TableScope
from generation.types import Context

_PER_LAYER = 38
_LETTERS_AND_DIGITS = (*string.ascii_lowercase, *string.digits)
_OFTEN = (*" .-_/:'\"()+",)
_FLOOR = 0.01  # spread evenly over every character


class TableSpeller:
    """Characters of printable ASCII, newline, tab and those of the table, with what its columns make likely.

    Layers are fixed at creation: by the delimiter, and by the letters of the text and of the scope's own. A table that
    is mostly written in letters beyond ASCII has these first.

    Parameters
    ----------
    reader : TableReader
    scope : TableScope, optional
    text : str
        The table as it is when the session begins.
    """

    def __init__(self, reader: TableReader, scope: TableScope | None = None, text: str = "") -> None:
        self._reader = reader
        self.layers = _layers(scope, text)
        self._alphabet = tuple(character for layer in self.layers for character in layer)
        self._known = frozenset(self._alphabet)
        self._last: tuple[object, str, Mapping[str, float]] | None = None

    def next_character(self, context: Context) -> Mapping[str, float]:
        """Probability of every character of every layer as the next one; sums to one."""
        if self._last is None or self._last[0] is not context.scope or self._last[1] != context.before:
            self._last = (context.scope, context.before, self._compute(context))
        return dict(self._last[2])

    def log_p(self, context: Context, text: str) -> float:
        """Log-probability (nats) that the document goes on with these characters; -inf if one is in no layer."""
        total = 0.0
        before = context.before
        for character in text:
            if character == "\r" and "\r" not in self._known:
                before += character
                continue  # a line end is one key, however it is written
            if character not in self._known:
                return -math.inf
            here = Context(context.kind, before, context.after, context.scope)
            total += math.log(self.next_character(here)[character])
            before += character
        return total

    def _compute(self, context: Context) -> Mapping[str, float]:
        reading = self._reader.read(context)
        said: dict[str, float] = {}
        for character, p in _likely(reading):
            key = "\n" if character == "\r" else character
            if key in self._known:
                said[key] = said.get(key, 0.0) + p
        total = sum(said.values())
        spread = _FLOOR if total > 0 else 1.0
        floor = spread / len(self._alphabet)
        scale = (1 - spread) / total if total > 0 else 0.0
        return {character: floor + scale * said.get(character, 0.0) for character in self._alphabet}


def _likely(reading: Reading) -> Iterator[tuple[str, float]]:
    """Characters that may come next, and how likely they are next to each other; one may come several times."""
    cursor, column = reading.cursor, len(reading.cursor.cells)
    if column >= len(reading.names):
        yield reading.scope.delimiter, 1.0
        yield reading.newline[0], 1.0
        return
    raw, ending = cursor.raw, reading.ending(column)[0]
    if cursor.is_closed:
        yield ending, 1.0
        return
    if reading.model is None:
        values: Mapping[str, float] = {name: float(name == reading.names[column]) or 0.05 for name in reading.names}
        novel, spelled = 0.0, {}
    else:
        mixed = reading.model.predict(cursor.cells)
        spelling = reading.model.spelling(column)
        values, novel = mixed.values, mixed.novel * math.exp(spelling.log_p(raw))
        spelled = dict(spelling.next(raw))
    for value, p in values.items():
        text = reading.written(value, column, raw)
        if text is not None:
            yield text[len(raw)], p
    for character, p in spelled.items():
        # In quotes nothing but a quote ends a cell; without them what ends it is no part of it.
        if character == END:
            yield ('"' if cursor.is_open else ending), novel * p
        elif cursor.is_open or character not in (reading.scope.delimiter, "\n", "\r"):
            yield character, novel * p


def _layers(scope: TableScope | None, text: str) -> tuple[tuple[str, ...], ...]:
    delimiter = scope.delimiter if scope is not None else ","
    first = tuple(dict.fromkeys((*_LETTERS_AND_DIGITS, delimiter, "\n")))
    second = tuple(c for c in (*string.ascii_uppercase, *_OFTEN) if c not in first)
    printable = (*map(chr, range(32, 127)), "\t")
    third = tuple(c for c in printable if c not in first and c not in second)
    counts = Counter(text)
    for cell in _cells(scope):
        counts.update(cell)
    known = {*first, *second, *third}
    more = sorted(c for c in counts if c not in known and (c.isprintable() or c.isspace()) and c not in "\r")
    extra = [tuple(more[start : start + _PER_LAYER]) for start in range(0, len(more), _PER_LAYER)]
    letters = sum(n for c, n in counts.items() if c.isalpha())
    foreign = sum(counts[c] for c in more if c.isalpha())
    ascii_layers = [first, second, third]
    return tuple([*extra, *ascii_layers] if 2 * foreign > letters else [*ascii_layers, *extra])


def _cells(scope: TableScope | None) -> Iterator[str]:
    """What may come from the scope."""
    if scope is None:
        return
    for field in scope.schema.fields:
        yield field.name
        yield from field.enum
    for table in scope.tables.values():
        for row in table.rows:
            yield from row
