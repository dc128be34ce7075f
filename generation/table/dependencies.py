"""What tells the next cell from the others of its row: dependencies seen so far, and parts that are the same."""

from functools import lru_cache
from heapq import nsmallest

from generation.table.experts import Expert, Place, Prediction, Rates, in_turn
from generation.table.journal import Journal

# A wide table's columns look at so many to their left, and after so many rows keep those that helped.
_NEAREST, _FIRST = 24, 8
_TRIAL_ROWS = 64
_KEPT = 6
_SAID = 4


class Dependencies:
    """The value that came with the same cell elsewhere in the row; the dependency that held best has the first say."""

    name, stage = "dependencies", "dependencies"

    def __init__(self) -> None:
        self._rates = Rates()
        self._came: dict[int, dict[str, str]] = {}
        self._seen: dict[tuple[int, str], tuple[int, int]] = {}
        self._rows: dict[str, int] = {"n": 0}
        self._columns: dict[str, tuple[int, ...]] = {}

    def predict(self, place: Place) -> Prediction | None:
        """What the cell may hold; None where none of the others came before."""
        said = []
        for column in self._look_at(place):
            value = self._came.get(column, {}).get(place.row[column])
            if value is not None:
                said.append((self._rate(column, place.row[column]), -column, value))
        best = sorted(said, reverse=True)[:_SAID]
        return in_turn([(value, rate) for rate, _, value in best])

    def learn(self, place: Place, value: str, journal: Journal) -> None:
        """Take in what came with the other cells."""
        for column in self._look_at(place):
            cell = place.row[column]
            came = self._came.get(column)
            if came is None:
                came = {}
                journal.put(self._came, column, came)
            before = came.get(cell)
            if before is not None:
                right = before == value
                self._rates.learn(column, right, journal)
                hits, n = self._seen.get((column, cell), (0, 0))
                journal.put(self._seen, (column, cell), (hits + right, n + 1))
            if before != value:
                journal.put(came, cell, value)
        journal.put(self._rows, "n", self._rows["n"] + 1)
        if self._rows["n"] == _TRIAL_ROWS and place.column > _KEPT:
            best = sorted(self._look_at(place), key=lambda column: (-self._worth(column), column))[:_KEPT]
            journal.put(self._columns, "kept", tuple(sorted(best)))

    def _look_at(self, place: Place) -> tuple[int, ...] | range:
        kept = self._columns.get("kept")
        return looked_at(place.column) if kept is None else kept

    def _rate(self, column: int, cell: str) -> float:
        hits, n = self._seen.get((column, cell), (0, 0))
        return (hits + 2 * self._rates[column]) / (n + 2)

    def _worth(self, column: int) -> float:
        return self._rates[column] * self._rates.tried(column)


class Parts:
    """A part of another cell of the row, with the same letters before and after it as last time."""

    name, stage = "parts", "dependencies"

    def __init__(self) -> None:
        self._rates = Rates()
        self._around: dict[tuple[int, int], tuple[str, str]] = {}
        self._rows: dict[str, int] = {"n": 0}
        self._kept: dict[str, frozenset[tuple[int, int]]] = {}

    def predict(self, place: Place) -> Prediction | None:
        """What the cell may hold; None where no other cell was part of the last ones."""
        said = []
        kept = self._kept.get("rules")
        for rule, (before, after) in self._around.items():
            middle = parts(place.row[rule[0]])[rule[1]]
            if middle and (kept is None or rule in kept):
                said.append((-self._rates[rule], rule, before + middle + after))
        return in_turn([(value, -rate) for rate, _, value in nsmallest(_SAID, said)])

    def learn(self, place: Place, value: str, journal: Journal) -> None:
        """Take in which parts of other cells the value holds."""
        kept = self._kept.get("rules")
        for column in looked_at(place.column) if kept is None else sorted({column for column, _ in kept}):
            for part, middle in enumerate(parts(place.row[column])):
                rule = column, part
                if not middle or (kept is not None and rule not in kept):
                    continue
                around = self._around.get(rule)
                if around is not None:
                    self._rates.learn(rule, around[0] + middle + around[1] == value, journal)
                at = value.find(middle)
                if at >= 0:
                    found = value[:at], value[at + len(middle) :]
                    if found != around:
                        journal.put(self._around, rule, found)
        journal.put(self._rows, "n", self._rows["n"] + 1)
        if self._rows["n"] == _TRIAL_ROWS:
            worth = {rule: self._rates[rule] * self._rates.tried(rule) for rule in self._around}
            best = nsmallest(_KEPT, worth, key=lambda rule: (-worth[rule], rule))
            journal.put(self._kept, "rules", frozenset(best))


@lru_cache(maxsize=4096)
def parts(cell: str) -> tuple[str, ...]:
    """What another cell may take from this one; what comes twice, or is nothing, is empty."""
    words = "".join(sign if sign.isalnum() else " " for sign in cell).split() or [""]
    spaced = cell.replace("-", "_").replace(" ", "_")
    found = (
        cell,
        cell.lower(),
        cell.upper(),
        cell.title(),
        words[0],
        words[-1],
        cell[:2],
        cell[:1],
        spaced,
        cell.lower().replace(" ", "-"),
    )
    return tuple("" if part in found[:place] else part for place, part in enumerate(found))


def looked_at(column: int) -> tuple[int, ...] | range:
    """Columns to the left that may decide this one."""
    if column <= _NEAREST + _FIRST:
        return range(column)
    return (*range(_FIRST), *range(column - _NEAREST, column))


def row_dependencies() -> list[Expert]:
    """Experts that look at the other cells of the row."""
    return [Dependencies(), Parts()]
