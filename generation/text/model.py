"""What n-grams, and what the person has written before, say about the word at the cursor."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from generation.ngrams.arpa import END, FloatArray
from generation.text.cache import WrittenWords
from generation.text.language import Language
from generation.text.mixture import MixedModel
from generation.text.words import NUMBER, Cursor, Grammar

# A word outside the vocabulary is taken to have letters that each come once in so many.
_LETTERS_OF_RARE_WORDS = 20.0
# The cache reads so many characters, up to the cursor.
_REMEMBERED = 20_000
_LONGEST_WORD = 100
# A person is taken to punctuate until so many marks are missing.
_MARKS_PER_WORD, _MARKS_ASSUMED = 0.12, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Completions:
    """Probability of each word that begins with the partial word at the cursor.

    Parameters
    ----------
    first : int
        Where these words begin in the model's ``words``.
    p : array, shape (n_completions,)
        That the word at the cursor is this one.
    new : mapping of str to float
        Of words that only this person has written.
    other : float
        That it is none of all these; the three sum to one.
    """

    first: int
    p: FloatArray
    new: Mapping[str, float]
    other: float


class WordModel:
    """Words of a language, those of the document itself made likelier.

    Parameters
    ----------
    language : Language
    mixture : MixedModel
        Over normalised words, the classes ``<word>`` and ``<number>``, and punctuation.
    remembers : bool
        Whether what the document holds makes words likelier.
    earlier : str
        What the person has written elsewhere, oldest first.
    """

    def __init__(self, language: Language, mixture: MixedModel, remembers: bool = True, earlier: str = "") -> None:
        self.language, self.grammar = language, Grammar(language)
        self.words = mixture.words
        self._mixture = mixture
        self._remembers = remembers
        self._earlier = earlier[-_REMEMBERED:]
        self._place = {word: place for place, word in enumerate(self.words)}
        width = max((len(word) for word in self.words), default=0) + 1
        # Code points of the words, one letter a column, zero after the end.
        padded = "".join(word.ljust(width, "\0") for word in self.words).encode("utf-32-le")
        self._letters = np.frombuffer(padded, dtype=np.uint32).reshape(len(self.words), width)
        self._written = lru_cache(maxsize=4)(self._read)
        self._punctuation = lru_cache(maxsize=4)(self._count_marks)
        self._distribution = lru_cache(maxsize=96)(self._compute)
        self._endings = lru_cache(maxsize=20_000)(self._compute_endings)

    def memory(self, before: str) -> str:
        """What a document's end and earlier ones leave to remember at a cursor; the key of its cache."""
        if not self._remembers:
            return ""
        written = before[-_REMEMBERED:]
        near = written[-_LONGEST_WORD:]
        done = written if near[-1:].isspace() or not near else written[: len(written) - len(near.split()[-1])]
        return f"{self._earlier}\n{done}"[-_REMEMBERED:] if self._earlier else done

    def completions(self, cursor: Cursor, memory: str = "") -> Completions:
        """Probability of each word that begins with the partial word."""
        p, new, rare = self._distribution(cursor.context, memory)
        if not cursor.partial:
            return Completions(0, p, new, rare)
        first, last = bisect_left(self.words, cursor.partial), bisect_left(self.words, cursor.partial + "\U0010ffff")
        beginning = p[first:last]
        new = {word: each for word, each in new.items() if word.startswith(cursor.partial)}
        other = rare * _LETTERS_OF_RARE_WORDS ** -len(cursor.partial)
        total = beginning.sum() + sum(new.values()) + other
        if first == last and not new:
            return Completions(first, beginning, {}, 1.0)
        return Completions(first, beginning / total, {w: each / total for w, each in new.items()}, float(other / total))

    def next_letters(self, cursor: Cursor, found: Completions) -> dict[str, float]:
        """Probability of each letter after the partial word; "" is the word's end."""
        at = len(cursor.partial)
        p: dict[str, float] = {}
        if len(found.p):
            column = self._letters[found.first : found.first + len(found.p), at]
            codes, which = np.unique(column, return_inverse=True)
            sums = np.bincount(which, weights=found.p, minlength=len(codes))
            p = {chr(code) if code else "": mass for code, mass in zip(codes.tolist(), sums.tolist(), strict=True)}
        for word, mass in found.new.items():
            letter = word[at : at + 1]
            p[letter] = p.get(letter, 0.0) + mass
        return p

    def likeliest(self, found: Completions, n: int) -> list[tuple[str, float]]:
        """The likeliest words and their probabilities, likeliest first."""
        top = np.argpartition(-found.p, n)[:n] if n < len(found.p) else np.arange(len(found.p))
        known = [(self.words[found.first + place], float(found.p[place])) for place in top.tolist()]
        ranked = sorted([*known, *found.new.items()], key=lambda pair: (-pair[1], pair[0]))
        return [(word, p) for word, p in ranked[:n] if p > 0]

    def endings(self, context: tuple[str, ...], word: str, memory: str = "") -> Mapping[str, float]:
        """Probability of what follows a word: each attached mark, the text's end as a newline, or a space."""
        p = self._endings((*context, word)[-(self._mixture.order - 1) :])
        share = self._punctuation(memory)
        return (
            p
            if share == 1.0
            else {c: each * share if c.strip() else each for c, each in p.items()}
            | {" ": 1.0 - p["\n"] - share * (1.0 - p["\n"] - p[" "])}
        )

    def knows(self, word: str) -> bool:
        """Whether it is a word of the vocabulary."""
        return word in self._place

    def _compute(self, context: tuple[str, ...], memory: str) -> tuple[FloatArray, Mapping[str, float], float]:
        p, rare = self._mixture.p_of_words(context[-(self._mixture.order - 1) :])
        written, known, unknown = self._written(memory)
        share = written.weight
        if not share:
            return p, {}, rare
        kept, added = written.after(context)
        p = (1 - share) * p + share * kept * known
        new = {word: share * kept * each for word, each in unknown.items()}
        for word, each in added.items():
            place = self._place.get(word)
            if place is None:
                new[word] += share * each
            else:
                p[place] += share * each
        return p, new, (1 - share) * rare

    def _read(self, memory: str) -> tuple[WrittenWords, FloatArray, Mapping[str, float]]:
        """What was written, and the probability of each word of it: of the vocabulary's, and of others."""
        written = WrittenWords(self.grammar.sentences(memory), (NUMBER, *self.language.attached))
        known, unknown = np.zeros(len(self.words)), dict[str, float]()
        for word, each in written.p_of_words.items():
            place = self._place.get(word)
            if place is None:
                unknown[word] = each
            else:
                known[place] = each
        return written, known, unknown

    def _count_marks(self, memory: str) -> float:
        """How many marks the person writes for each one expected."""
        expected = _MARKS_PER_WORD * len(memory.split())
        n = sum(memory.count(mark) for mark in (*self.language.ends, *self.language.parts))
        return min(1.0, (n + _MARKS_ASSUMED) / (expected + _MARKS_ASSUMED))

    def _compute_endings(self, context: tuple[str, ...]) -> dict[str, float]:
        marks = self.language.attached
        p = dict(zip((*marks, "\n"), self._mixture.p_of(context, (*marks, END)).tolist(), strict=True))
        p[" "] = max(1.0 - sum(p.values()), 1e-6)
        total = sum(p.values())
        return {mark: value / total for mark, value in p.items()}
