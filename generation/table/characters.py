"""Characters of a column's values, for those that were never seen."""

import math
from collections.abc import Mapping, MutableMapping, Sequence

from generation.table.journal import Journal

END = ""
_ORDER = 5
# Before any value was seen, a character is one of so many.
_ALPHABET = 100.0
_LONGEST = 120


class CharacterModel:
    """A character n-gram over distinct values, with Witten and Bell's (1991) escape to shorter contexts."""

    def __init__(self) -> None:
        self._counts: dict[str, MutableMapping[str, int]] = {}
        self._read: dict[str, int] = {"n": 0}

    def learn(self, values: Sequence[str], journal: Journal) -> None:
        """Take in those distinct values that are new since the last call."""
        for value in values[self._read["n"] :]:
            characters = [*value[:_LONGEST], *([END] if len(value) <= _LONGEST else [])]
            for place, character in enumerate(characters):
                for start in range(max(0, place - _ORDER + 1), place + 1):
                    self._count(_key(value, start, place), character, journal)
                if place < _ORDER - 1:
                    self._count("^" + value[:place], character, journal)
        if len(values) > self._read["n"]:
            journal.put(self._read, "n", len(values))

    def next(self, written: str) -> Mapping[str, float]:
        """Probability of each known character after a value's beginning, and of its end; they sum to at most one."""
        p: dict[str, float] = {}
        for counts in self._contexts(written):
            total = sum(counts.values()) + len(counts)
            escape = len(counts) / total
            p = {character: share * escape for character, share in p.items()}
            for character, n in counts.items():
                p[character] = p.get(character, 0.0) + n / total
        return p

    def log_p(self, beginning: str) -> float:
        """Log-probability (nats) that a value begins with these characters."""
        return sum(
            math.log(max(self.next(beginning[:place]).get(character, 0.0), 1e-3 / _ALPHABET))
            for place, character in enumerate(beginning[:_LONGEST])
        )

    def _contexts(self, written: str) -> list[Mapping[str, int]]:
        """Counts after what is written, from the shortest context to the longest known."""
        place = len(written)
        keys = [_key(written, start, place) for start in range(place, max(0, place - _ORDER + 1) - 1, -1)]
        if place < _ORDER - 1:
            keys.append("^" + written)
        return [counts for key in keys if (counts := self._counts.get(key)) is not None]

    def _count(self, key: str, character: str, journal: Journal) -> None:
        counts = self._counts.get(key)
        if counts is None:
            counts = {}
            journal.put(self._counts, key, counts)
        journal.put(counts, character, counts.get(character, 0) + 1)


def _key(value: str, start: int, place: int) -> str:
    return "_" + value[start:place]
