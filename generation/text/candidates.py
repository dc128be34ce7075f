"""Proposes words, and several of them at once."""

import heapq
import math
from collections.abc import Iterable

from generation.text.casing import cased, writes_capitals
from generation.text.model import Completions, WordModel
from generation.text.spelled import SpelledWords
from generation.text.words import Cursor
from generation.types import Candidate, Context

_MOST = 400  # candidates that are ever offered
_SPELLED = 4  # completions by letters alone
# Phrases: so many of the likeliest are continued, each by so many words, up to so many, while at least so likely.
_CONTINUED, _BRANCHES, _LONGEST, _LEAST = 16, 5, 5, 2e-3


class WordGenerator:
    """Completes the word at the cursor, or proposes the next one, each with the space that follows it.

    After a complete word it proposes what ends or parts sentences too.

    Parameters
    ----------
    words : WordModel
    spelled : SpelledWords
        For words that are in no vocabulary.
    """

    name = "words"

    def __init__(self, words: WordModel, spelled: SpelledWords) -> None:
        self._words, self._spelled = words, spelled

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        if n < 1:
            return []
        n = min(n, _MOST)
        place = _Place(self._words, context.before)
        scored: dict[str, float] = {}
        for word, p in self._words.likeliest(place.found, n + _BRANCHES):
            place.score([word], math.log(p), scored)
        if place.cursor.partial and place.found.other > 0:
            for word, log_p in self._spelled.completions(place.cursor, _SPELLED):
                if not self._words.knows(word) and word not in place.found.new:
                    place.score([word], math.log(place.found.other) + log_p, scored)
        return _best(scored, n, self.name)


class PhraseGenerator:
    """Proposes several words at once where these are likely, and words with the mark that follows them.

    The likeliest phrases are continued first.

    Parameters
    ----------
    words : WordModel
    """

    name = "phrases"

    def __init__(self, words: WordModel) -> None:
        self._words = words

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        if n < 1:
            return []
        place = _Place(self._words, context.before)
        scored: dict[str, float] = {}
        first = self._words.likeliest(place.found, _CONTINUED)
        # Negated, since the smallest is on top.
        heap: list[tuple[float, tuple[str, ...]]] = [(-math.log(p), (word,)) for word, p in first if p >= _LEAST]
        heapq.heapify(heap)
        for _ in range(_CONTINUED):
            if not heap:
                break
            cost, words = heapq.heappop(heap)
            endings = self._words.endings((*place.cursor.context, *words[:-1]), words[-1], place.memory)
            before = (*place.cursor.context, *words)
            following = [
                ((*words, word), math.log(endings[" "] * p) - cost)
                for word, p in self._words.likeliest(self._next(before, place.memory), _BRANCHES)
            ]
            for longer, log_p in following:
                if log_p >= math.log(_LEAST):
                    place.score(longer, log_p, scored)
                    if len(longer) < _LONGEST:
                        heapq.heappush(heap, (-log_p, longer))
            for mark in (*self._words.language.ends, *self._words.language.parts):
                log_p = math.log(endings[mark] or 1e-12) - cost
                if log_p >= math.log(_LEAST) and words != (place.cursor.partial,):
                    scored[place.text(words) + mark + " "] = log_p
        return _best(scored, min(n, _MOST), self.name)

    def _next(self, context: tuple[str, ...], memory: str) -> Completions:
        return self._words.completions(Cursor(context, "", needs_space=False), memory)


class _Place:
    """A cursor, and how what comes there is written.

    Parameters
    ----------
    words : WordModel
    before : str
    """

    def __init__(self, words: WordModel, before: str) -> None:
        self.cursor = words.grammar.locate(before)
        self.memory = words.memory(before)
        self.found = words.completions(self.cursor, self.memory)
        self._words, self._before = words, before
        self._capitals = words.language.capitals and writes_capitals(before)

    def text(self, words: Iterable[str]) -> str:
        """What is inserted for these words, the first of which completes the partial one."""
        whole = " ".join(cased(list(words), self.cursor, self._before, self._capitals))
        return (" " if self.cursor.needs_space else "") + whole[len(self.cursor.partial) :]

    def score(self, words: Iterable[str], log_p: float, scored: dict[str, float]) -> None:
        """Add words with their space; for a word that is complete already, the marks that may follow it instead."""
        words = tuple(words)
        # What follows an unlikely word is asked without what stands before it: that is known already.
        context = (*self.cursor.context, *words[:-1]) if log_p > math.log(_LEAST) else ()
        endings = self._words.endings(context, words[-1], self.memory)
        if words == (self.cursor.partial,):
            for mark in (*self._words.language.parts[:1], *self._words.language.ends):
                if endings[mark] > 0:
                    scored[mark + " "] = log_p + math.log(endings[mark])
        else:
            scored[self.text(words) + " "] = log_p + math.log(endings[" "])


def _best(scored: dict[str, float], n: int, name: str) -> list[Candidate]:
    best = sorted(scored.items(), key=lambda item: (-item[1], item[0]))[:n]
    return [Candidate(text, min(log_p, 0.0), name) for text, log_p in best]
