"""What tells the next cell from the shape of the column: repeats, steps, and what groups begin with."""

from collections.abc import Mapping
from heapq import nlargest

from generation.table.experts import Counter, Expert, Place, Prediction, Rates
from generation.table.journal import Journal
from generation.table.ordering import Ordered
from generation.table.steps import Counted, Step, advance, counted, is_bare, likely_steps, moment_format, step
from generation.table.types import Field

_LONGEST_RUN = 64
_STEPS = 32
_TRIES = 8
# Where so many different steps were seen, the column is no sequence.
_MOST = 96


class Repeat:
    """The same as above, by how long that has been so."""

    name, stage = "repeat", "templates"

    def __init__(self) -> None:
        self._rates = Rates()
        self._run: dict[str, int] = {"length": 0}

    def predict(self, place: Place) -> Prediction | None:
        """What the cell may hold; None above the first cell."""
        if not place.history:
            return None
        overall = self._rates["any"]
        run = min(self._run["length"], _LONGEST_RUN)
        n = self._rates.tried(run)
        p = (n * self._rates[run] + 2 * overall) / (n + 2)
        return Prediction({place.history[-1]: p}, 1 - p)

    def learn(self, place: Place, value: str, journal: Journal) -> None:
        """Take in whether the value came again."""
        if place.history:
            again = value == place.history[-1]
            self._rates.learn("any", again, journal)
            self._rates.learn(min(self._run["length"], _LONGEST_RUN), again, journal)
            journal.put(self._run, "length", self._run["length"] + 1 if again else 1)
        else:
            journal.put(self._run, "length", 1)


class Steps:
    """A step on from the cell above: next in a sequence, a day or month later; by the step before.

    Parameters
    ----------
    field : Field
    """

    name, stage = "steps", "templates"

    def __init__(self, field: Field) -> None:
        self._field = field
        self._counts: dict[tuple[bool, Step | None], dict[Step | None, int]] = {}
        self._form: dict[str, str | None] = {}
        self._bare: dict[str, bool] = {"zeros": False}
        self._last: dict[str, Counted | Step | None] = {"value": None, "step": None}
        self._tries: dict[str, int] = {"n": 0}

    def predict(self, place: Place) -> Prediction | None:
        """What the cell may hold; None where the cell above is in no sequence."""
        last = self._last["value"]
        if not isinstance(last, Counted):
            return None
        steps = self._distribution(place, last)
        if steps is None:
            return None
        values: dict[str, float] = {}
        for by, p in nlargest(_STEPS, steps.items(), key=lambda item: item[1]):
            value = advance(last, by, self._bare["zeros"])
            if value is not None:
                values[value] = values.get(value, 0.0) + p
        return Prediction(values, 1 - sum(values.values())) if values else None

    def learn(self, place: Place, value: str, journal: Journal) -> None:
        """Take in the step to this value."""
        if "is" not in self._form and self._tries["n"] < _TRIES and value:
            journal.put(self._tries, "n", self._tries["n"] + 1)
            form = moment_format(value, self._field)
            if form is not None:
                journal.put(self._form, "is", form)
        form = self._form.get("is")
        if form is not None:
            bare = is_bare(value, form)
            if bare is not None and bare != self._bare["zeros"]:
                journal.put(self._bare, "zeros", bare)
        now, last = counted(value, form), self._last["value"]
        by = step(last, now) if isinstance(last, Counted) and now is not None else None
        if isinstance(last, Counted):
            for circumstances in self._circumstances(place):
                counts = self._counts.get(circumstances)
                if counts is None:
                    counts = {}
                    journal.put(self._counts, circumstances, counts)
                if len(counts) <= _MOST:
                    journal.put(counts, by, counts.get(by, 0) + 1)
        journal.put(self._last, "step", by)
        if now is not None:
            journal.put(self._last, "value", now)

    def _circumstances(self, place: Place) -> list[tuple[bool, Step | None]]:
        """From the vaguest to the closest: whether the cell to the left changed, and the step before."""
        changed = place.column > 0 and place.changed(place.column - 1)
        before = self._last["step"]
        assert not isinstance(before, Counted)
        return [(changed, None), (changed, before)] if before is not None else [(changed, None)]

    def _distribution(self, place: Place, last: Counted) -> Mapping[Step, float] | None:
        """Probability of each step; None where so many were seen that none is likely."""
        p: dict[Step, float] = likely_steps(last)
        for number, circumstances in enumerate(self._circumstances(place)):
            counts = self._counts.get(circumstances, {})
            if len(counts) > _MOST:
                if number == 0:
                    return None
                break
            doubt = len(counts) + 0.5
            total = sum(counts.values()) + doubt
            p = {by: doubt * share / total for by, share in p.items()}
            for by, n in counts.items():
                if by is not None:
                    p[by] = p.get(by, 0.0) + n / total
        return p


def column_templates(field: Field) -> list[Expert]:
    """Experts that look at the shape of the column."""
    return [Repeat(), Steps(field), Ordered(), Counter("group", "templates", _beginning)]


def _beginning(place: Place) -> tuple[bool, bool] | None:
    """Whether the first cell, and the one to the left, have changed: a group begins; None where neither did."""
    if place.column == 0 or not place.above:
        return None
    key = place.changed(0), place.changed(place.column - 1)
    return key if any(key) else None
