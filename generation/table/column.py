"""A column as a mixture of experts, weighted by how well each has foretold the cells so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generation.table.experts import Expert, Frequency, Place, Prediction
from generation.table.journal import Journal

BASE = "frequency"
# A value never seen is taken to be one of so many.
_NOVEL = 1e-3
_LISTED = 256
# Share of the weights that goes back to the prior at each cell, so that an expert can return (fixed share).
_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Mixed:
    """What the next cell of a column may hold.

    Parameters
    ----------
    values : mapping of str to float
        Probability of each value.
    novel : float
        That it is none of these.
    stages : mapping of str to mapping of str to float
        By the stage that says so, the probability of each value that it names.
    """

    values: Mapping[str, float]
    novel: float
    stages: Mapping[str, Mapping[str, float]]


class Column:
    """Foretells the cells of one column.

    Experts that have something to say are mixed by their weights; after each cell a weight goes with the probability
    that its expert gave what came, and a share returns to the prior (Herbster and Warmuth, 1998). What an expert leaves
    open goes by how often each value has occurred.

    Parameters
    ----------
    experts : sequence of Expert
    prior : mapping of str to float
        Weight of each expert, by name, before anything is known.
    unique : bool
        Whether no value may come twice.
    """

    def __init__(self, experts: Sequence[Expert], prior: Mapping[str, float], unique: bool = False) -> None:
        self.history: list[str] = []
        self.unique = unique
        self.frequency = Frequency()
        self._taken: dict[str, bool] = {}
        self._experts = tuple(experts)
        names = [BASE, *(expert.name for expert in experts)]
        shares = [prior[name] / names.count(name) for name in names]
        self._prior = {number: share / sum(shares) for number, share in enumerate(shares)}
        self._weights: dict[int, float] = dict(self._prior)

    def predict(self, place: Place) -> Mixed:
        """What the next cell may hold."""
        awake = self._awake(place)
        total = self._weights[0] + sum(self._weights[number] for number, _ in awake)
        stages: dict[str, dict[str, float]] = {}
        values: dict[str, float] = {}
        left = self._weights[0] / total
        for number, said in awake:
            weight = self._weights[number] / total
            left += weight * said.other
            named = stages.setdefault(self._experts[number - 1].stage, {})
            for value, p in said.values.items():
                values[value] = values.get(value, 0.0) + weight * p
                named[value] = max(named.get(value, 0.0), p)
        frequent = self.frequency.top(_LISTED)
        stages[BASE] = {value: self.frequency.p(value) for value in frequent}
        for value in frequent:
            values.setdefault(value, 0.0)
        values = {value: p + left * self.frequency.p(value) for value, p in values.items()}
        if self.unique:
            values = {value: p for value, p in values.items() if value not in self._taken or not value}
            scale = 1 / max(sum(values.values()) + left * self.frequency.novel, 1e-12)
            values = {value: min(p * scale, 1.0) for value, p in values.items()}
        return Mixed(values, max(1 - sum(values.values()), 1e-9), stages)

    def learn(self, place: Place, value: str, journal: Journal) -> None:
        """Take in the next cell."""
        for number, (_, responsible) in self._shares(place, value, self._weights).items():
            journal.put(self._weights, number, (1 - _SHARE) * responsible + _SHARE * self._prior[number])
        for expert in self._experts:
            expert.learn(place, value, journal)
        self.frequency.learn(value, journal)
        self.take(value, journal)
        self.history.append(value)

    def judge(self, place: Place, value: str) -> Mapping[str, tuple[float, float]]:
        """Weight that each expert has, were the prior all that is known, and what is left of it after a cell.

        Those of the same name count together; those with nothing to say are left out.
        """
        sums: dict[str, tuple[float, float]] = {}
        for number, (weight, responsible) in self._shares(place, value, self._prior).items():
            name = BASE if number == 0 else self._experts[number - 1].name
            before, after = sums.get(name, (0.0, 0.0))
            sums[name] = before + weight, after + responsible
        return sums

    def take(self, value: str, journal: Journal) -> None:
        """Note that a value is used, where none may come twice."""
        if self.unique and value not in self._taken:
            journal.put(self._taken, value, True)

    def _shares(self, place: Place, value: str, weights: Mapping[int, float]) -> dict[int, tuple[float, float]]:
        """Weight of each expert that has something to say, and the same by the probability that it gave a cell."""
        base = self.frequency.p(value) if value in self.frequency else self.frequency.novel * _NOVEL
        gave = {0: base}
        for number, said in self._awake(place):
            gave[number] = said.values.get(value, 0.0) + said.other * base
        held = sum(weights[number] for number in gave)
        mean = sum(weights[number] * p for number, p in gave.items()) / held
        return {number: (weights[number], weights[number] * p / mean) for number, p in gave.items()}

    def _awake(self, place: Place) -> list[tuple[int, Prediction]]:
        awake = []
        for number, expert in enumerate(self._experts, 1):
            prediction = expert.predict(place)
            if prediction is not None:
                awake.append((number, prediction))
        return awake
