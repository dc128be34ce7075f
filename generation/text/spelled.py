"""Words that no vocabulary holds, completed letter by letter."""

import heapq
from functools import lru_cache

from generation.ngrams.model import ArpaModel
from generation.text.words import SPACE_SIGN, Cursor

_STEPS = 48  # beginnings that are continued
_LETTERS = 6  # after each
_LONGEST = 24
_LEAST = -9.0  # log-probability (nats) under which a beginning is given up


class SpelledWords:
    """Completes words by the characters alone, the likeliest beginnings first.

    Parameters
    ----------
    characters : ArpaModel
        Over normalised characters, a line being a sentence and ``SPACE_SIGN`` a space.
    """

    def __init__(self, characters: ArpaModel) -> None:
        self._model = characters
        self._letters = [(place, c) for place, c in enumerate(characters.vocabulary) if c.isalpha() and len(c) == 1]
        self._end = characters.index.get(SPACE_SIGN)
        self._complete = lru_cache(maxsize=256)(self._search)

    def completions(self, cursor: Cursor, n: int) -> list[tuple[str, float]]:
        """Whole words that begin with the partial one, each with its log-probability (nats) given that beginning."""
        return list(self._complete(cursor.partial[-_LONGEST:], cursor.partial[:-_LONGEST], n))

    def _search(self, near: str, far: str, n: int) -> tuple[tuple[str, float], ...]:
        if self._end is None:
            return ()
        found: list[tuple[str, float]] = []
        heap = [(0.0, "")]
        for _ in range(_STEPS):
            if not heap or len(found) >= n:
                break
            cost, rest = heapq.heappop(heap)
            if rest.endswith(" "):
                found.append((far + near + rest[:-1], -cost))
                continue
            context = [*([] if far else [SPACE_SIGN]), *near, *rest]
            log_p = self._model.log_p_all(context[-self._model.order :])
            if rest:
                heapq.heappush(heap, (cost - float(log_p[self._end]), rest + " "))
            likeliest = heapq.nlargest(_LETTERS, self._letters, key=lambda pair: log_p[pair[0]])
            for place, letter in likeliest:
                if cost - log_p[place] < -_LEAST and len(rest) < _LONGEST:
                    heapq.heappush(heap, (cost - float(log_p[place]), rest + letter))
        return tuple(found)
