"""What tells the next code of a list in alphabetical order."""

import re
import string
from collections.abc import Hashable, Mapping, MutableMapping
from heapq import nlargest

from generation.table.experts import Place, Prediction, Rates
from generation.table.journal import Journal

_ALIKE = re.compile(r"[A-Za-z0-9]", re.ASCII)
_CODE = re.compile(r"[a-z0-9]{2,6}|[A-Z0-9]{2,6}", re.ASCII)
_ORDERED = 0.6  # at least so many codes are greater than the last
_LOOK_BACK = 4
_BRANCHES = 6
_NAMED = 32
# Before any code was seen: where it differs, counted from its end, and by how much.
_WHERE = {0: 2.0, 1: 1.0, 2: 0.2}
_GAPS = {1: 1.5, 2: 1.0, 3: 0.7, 4: 0.5, 5: 0.3, 6: 0.2}


class Ordered:
    """A code as long as the last one, and greater: where the two part, how far, and what comes after that."""

    name, stage = "order", "templates"

    def __init__(self) -> None:
        self._rates = Rates()
        self._counts: dict[Hashable, MutableMapping[int | str, int]] = {}

    def predict(self, place: Place) -> Prediction | None:
        """What the cell may hold; None where the column is no list of codes in order."""
        last = _last_code(place)
        rate = self._rates["greater"]
        if last is None or (self._rates.tried("greater") > 3 and rate < _ORDERED):
            return None
        values: dict[str, float] = {}
        for where, p in self._parting(last).items():
            at = len(last) - 1 - where
            for character, share in self._next(last[at], where).items():
                values.update(self._endings(last[:at] + character, where, rate * p * share))
        best = dict(nlargest(_NAMED, values.items(), key=lambda item: item[1]))
        return Prediction(best, max(1 - sum(best.values()), 0.0)) if best else None

    def learn(self, place: Place, value: str, journal: Journal) -> None:
        """Take in how the value follows the last code."""
        last = _last_code(place)
        is_code = _CODE.fullmatch(value) is not None
        if last is not None:
            greater = is_code and len(value) == len(last) and value > last
            self._rates.learn("greater", greater, journal)
            if greater:
                at = next(place for place, character in enumerate(value) if character != last[place])
                where = len(value) - 1 - at
                self._count("where", where, journal)
                self._count(("gap", where), ord(value[at]) - ord(last[at]), journal)
                for place_after in range(at + 1, len(value)):
                    self._count(("after", len(value) - 1 - place_after), value[place_after], journal)

    def _parting(self, last: str) -> Mapping[int, float]:
        """Probability of each place, counted from the end, at which the next code parts from the last."""
        counts = self._counts.get("where", {})
        weights = {
            where: counts.get(where, 0) + _WHERE.get(where, 0.1)
            for where in range(len(last))
            if last[len(last) - 1 - where] not in "zZ"
        }
        total = sum(weights.values())
        return {where: weight / total for where, weight in weights.items()}

    def _next(self, character: str, where: int) -> Mapping[str, float]:
        """Probability of what stands at the place where the codes part."""
        gaps: dict[int, float] = dict(_GAPS)
        for gap, n in self._counts.get(("gap", where), {}).items():
            if isinstance(gap, int):
                gaps[gap] = gaps.get(gap, 0.0) + n
        possible = {chr(ord(character) + gap): weight for gap, weight in gaps.items()}
        alike = {following: weight for following, weight in possible.items() if _ALIKE.fullmatch(following)}
        total = sum(alike.values())
        return {following: weight / total for following, weight in alike.items()}

    def _endings(self, beginning: str, left: int, p: float) -> Mapping[str, float]:
        """Codes with this beginning and so many characters more."""
        said = {beginning: p}
        for where in range(left - 1, -1, -1):
            counts = self._counts.get(("after", where), {})
            letters = string.ascii_uppercase if beginning.isupper() else string.ascii_lowercase
            weights = {str(character): float(n) for character, n in counts.items()}
            for letter in letters[:_BRANCHES]:
                weights[letter] = weights.get(letter, 0.0) + 0.5
            total = sum(weights.values()) + 1
            best = nlargest(_BRANCHES, weights.items(), key=lambda item: item[1])
            said = {code + character: q * n / total for code, q in said.items() for character, n in best}
        return said

    def _count(self, key: Hashable, what: int | str, journal: Journal) -> None:
        counts = self._counts.get(key)
        if counts is None:
            counts = {}
            journal.put(self._counts, key, counts)
        journal.put(counts, what, counts.get(what, 0) + 1)


def _last_code(place: Place) -> str | None:
    return next((cell for cell in reversed(place.history[-_LOOK_BACK:]) if _CODE.fullmatch(cell)), None)
