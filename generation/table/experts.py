"""What tells the next cell of a column from those above it: counters, each with what it leaves open."""

from collections.abc import Callable, Hashable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Protocol

from generation.table.journal import Journal

_MEMORY = 32
_DECAY = 0.85
# After which so many different values came says nothing of the next.
_MOST = 128
_POWERS = tuple(_DECAY**age for age in range(_MEMORY))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell is about to stand.

    Parameters
    ----------
    row : sequence of str
        Cells of its row, at least those to its left.
    column : int
        Its place in the row.
    above : sequence of str
        The row above; empty for the first.
    history : sequence of str
        The column's cells above, the last one nearest.
    """

    row: Sequence[str]
    column: int
    above: Sequence[str]
    history: Sequence[str]

    def changed(self, column: int) -> bool:
        """Whether a cell of this row, to the left, differs from the one above it."""
        return not self.above or self.row[column] != self.above[column]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Likely values of a cell.

    Parameters
    ----------
    values : mapping of str to float
        Probability of each; they sum to at most one.
    other : float
        That it is something else, of which the expert knows no more than how often each value occurs.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    other: float = 1.0


class Expert(Protocol):
    """Foretells the cells of one column; says nothing where it knows nothing (Freund et al., 1997: a specialist)."""

    @property
    def name(self) -> str:
        """Which expert it is; those of one name share a prior weight."""
        ...

    @property
    def stage(self) -> str:
        """What its say is called in a candidate's stages."""
        ...

    def predict(self, place: Place) -> Prediction | None:
        """What the cell may hold; None where there is nothing to say."""
        ...

    def learn(self, place: Place, value: str, journal: Journal) -> None:
        """Take in what the cell holds."""
        ...


class Frequency:
    """How often each value occurs; a new one is as likely as it was to see one only once (Good and Turing)."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._totals: dict[str, int] = {"n": 0, "singles": 0}

    @property
    def novel(self) -> float:
        """Probability that the next value is none of those seen."""
        return (self._totals["singles"] + 0.5) / (self._totals["n"] + 1)

    def __contains__(self, value: str) -> bool:
        return value in self._counts

    @property
    def values(self) -> list[str]:
        """Distinct values, in the order in which they first came."""
        return list(self._counts)

    def p(self, value: str) -> float:
        """Probability of a value; nothing for one never seen."""
        n = self._totals["n"]
        return (1 - self.novel) * self._counts.get(value, 0) / n if n else 0.0

    def top(self, n: int) -> list[str]:
        """The most frequent values."""
        return nsmallest(n, self._counts, key=lambda value: (-self._counts[value], value))

    def learn(self, value: str, journal: Journal) -> None:
        """Count a value."""
        count = self._counts.get(value, 0)
        singles = self._totals["singles"] + (1 if count == 0 else -1 if count == 1 else 0)
        journal.put(self._counts, value, count + 1)
        journal.put(self._totals, "singles", singles)
        journal.put(self._totals, "n", self._totals["n"] + 1)


class Recency:
    """The latest values, the last ones most of all; a new one is as likely as it has lately been."""

    name, stage = "recency", "counters"

    def __init__(self) -> None:
        self._new: dict[str, float] = {"rate": 0.5}

    def predict(self, place: Place) -> Prediction | None:
        """What the cell may hold; None above the first cell."""
        if not place.history:
            return None
        weights: dict[str, float] = {}
        total = 0.0
        for value, power in zip(reversed(place.history[-_MEMORY:]), _POWERS, strict=False):
            weights[value] = weights.get(value, 0.0) + power
            total += power
        other = self._new["rate"]
        return Prediction({value: (1 - other) * weight / total for value, weight in weights.items()}, other)

    def learn(self, place: Place, value: str, journal: Journal) -> None:
        """Take in whether the value was among the latest."""
        new = value not in place.history[-_MEMORY:]
        journal.put(self._new, "rate", _DECAY * self._new["rate"] + (1 - _DECAY) * (0.98 if new else 0.02))


class Counter:
    """How often each value came in the same circumstances (Witten and Bell, 1991: a new one as often as there were).

    Parameters
    ----------
    name, stage : str
    circumstances : callable
        What the cell depends on; None where this is not known.
    """

    def __init__(self, name: str, stage: str, circumstances: Callable[[Place], Hashable | None]) -> None:
        self.name, self.stage = name, stage
        self._circumstances = circumstances
        self._counts: dict[Hashable, MutableMapping[str, int]] = {}

    def predict(self, place: Place) -> Prediction | None:
        """What the cell may hold; None in circumstances never seen, or that any value followed."""
        counts = self._counts.get(self._circumstances(place))
        if not counts or len(counts) > _MOST:
            return None
        total = sum(counts.values()) + len(counts)
        return Prediction({value: n / total for value, n in counts.items()}, len(counts) / total)

    def learn(self, place: Place, value: str, journal: Journal) -> None:
        """Count a value in these circumstances."""
        key = self._circumstances(place)
        if key is None:
            return
        counts = self._counts.get(key)
        if counts is None:
            counts = {}
            journal.put(self._counts, key, counts)
        journal.put(counts, value, counts.get(value, 0) + 1)


class Rates:
    """How often each of several rules was right, with a doubt that a new rule must live down."""

    def __init__(self, doubt: float = 1.0) -> None:
        self._counts: dict[Hashable, tuple[int, int]] = {}
        self._doubt = doubt

    def __getitem__(self, rule: Hashable) -> float:
        right, tried = self._counts.get(rule, (0, 0))
        return (right + 0.5) / (tried + 0.5 + self._doubt)

    def tried(self, rule: Hashable) -> int:
        """How often the rule had something to say."""
        return self._counts.get(rule, (0, 0))[1]

    def learn(self, rule: Hashable, right: bool, journal: Journal) -> None:
        """Take in whether a rule was right."""
        before, tried = self._counts.get(rule, (0, 0))
        journal.put(self._counts, rule, (before + right, tried + 1))


def in_turn(said: Sequence[tuple[str, float]]) -> Prediction | None:
    """What several rules say together: each has its say where those before it were wrong; None where none says a thing.

    Parameters
    ----------
    said : sequence of (str, float)
        A value, and how likely the rule is right.
    """
    if not said:
        return None
    values: dict[str, float] = {}
    left = 1.0
    for value, rate in said:
        values[value] = values.get(value, 0.0) + left * rate
        left *= 1 - rate
    return Prediction(values, left)


def column_counters() -> list[Expert]:
    """Experts that count what stands in the column."""
    return [
        Recency(),
        Counter("after one", "counters", lambda place: place.history[-1] if place.history else None),
        Counter("after two", "counters", lambda place: tuple(place.history[-2:]) if len(place.history) > 1 else None),
    ]
