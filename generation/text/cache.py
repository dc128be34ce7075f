"""What a person has written so far, and how it makes words likelier."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

# Fitted on the second half of the held-out book and on held-out sentences, which have nothing to do with each other:
# fading over so many words, one count's worth of the shorter context, most weight, and the words for half of it.
_FADING, _PSEUDOCOUNT, _MOST, _HALF = 3000.0, 2.0, 0.08, 200.0


class WrittenWords:
    """A cache of words, pairs and triples, older ones fading [1]_.

    Parameters
    ----------
    sentences : iterable of sequences of str
        Tokens of each sentence, oldest first.
    apart : iterable of str
        Tokens that are no words.

    References
    ----------
    .. [1] Kuhn & De Mori (1990). A cache-based natural language model for speech recognition. IEEE Transactions on
       Pattern Analysis and Machine Intelligence 12(6).
    """

    def __init__(self, sentences: Iterable[Sequence[str]], apart: Iterable[str]) -> None:
        skipped = frozenset(apart)
        # By the words before: none, one or two.
        self._following: dict[tuple[str, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
        growth, weight = math.exp(1.0 / _FADING), 1.0
        for sentence in sentences:
            for place, word in enumerate(sentence):
                if word not in skipped:
                    for n in range(min(place, 2) + 1):
                        self._following[tuple(sentence[place - n : place])][word] += weight
                    weight *= growth
        self._unit = weight
        self._totals = {before: sum(words.values()) / weight for before, words in self._following.items()}

    @property
    def weight(self) -> float:
        """What its say is worth in a mixture, by how much was written: 0 to 1."""
        n = self._totals.get((), 0.0)
        return _MOST * n / (n + _HALF)

    @property
    def p_of_words(self) -> Mapping[str, float]:
        """Probability of each word written so far, whatever stands before it; empty if there is none."""
        n_words = self._totals.get((), 0.0)
        return {word: count / self._unit / n_words for word, count in self._following[()].items()} if n_words else {}

    def after(self, context: Sequence[str]) -> tuple[float, Mapping[str, float]]:
        """How much of ``p_of_words`` holds after these tokens, and what each word has beside it; all sums to one."""
        kept, added = 1.0, dict[str, float]()
        for n in (1, 2):
            before = tuple(context[-n:])
            if len(before) < n or before not in self._totals:
                break
            total = self._totals[before] + _PSEUDOCOUNT
            kept *= _PSEUDOCOUNT / total
            added = {word: p * _PSEUDOCOUNT / total for word, p in added.items()}
            for word, count in self._following[before].items():
                added[word] = added.get(word, 0.0) + count / self._unit / total
        return kept, added
