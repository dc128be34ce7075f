"""Words of a text, and what a word n-gram knows of the one at the cursor."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from generation.ngrams.arpa import BEGIN, END, FloatArray
from generation.ngrams.model import ArpaModel

# Classes that stand for what a word model has no word of its own for.
RARE, NUMBER = "<word>", "<number>"
# What follows a word without a space.
ATTACHED = (".", ",", "?", "!", ";", ":", "-")
SENTENCE_ENDS = (".", "?", "!")
# How a character model's tokens write a space, which no token can hold.
SPACE_SIGN = "▁"
_SPACED = (",", ";", ":")

_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u2060": None})
_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d[\d.,]*\d|\d|[.,?!;:\-]")
_PARTIAL = re.compile(r"[^\W\d_]+(?:'[^\W\d_]*)*$")
_SENTENCE = re.compile(r"[.?!]+[\s\"')]+|\n")
_TAIL = 400
# A word outside the vocabulary is taken to have letters that each come once in so many.
_LETTERS_OF_RARE_WORDS = 20.0


def normalise(text: str) -> str:
    """Lower case and plain quotes; any text may come in, and its length may change."""
    return text.translate(_STRAIGHT).lower()


def tokens(sentence: str) -> list[str]:
    """Words, numbers as a class, and punctuation of a normalised sentence."""
    return [NUMBER if token[0].isdigit() else token for token in _TOKEN.findall(sentence)]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a text stands.

    Parameters
    ----------
    context : tuple of str
        Tokens of the sentence up to the word at the cursor, beginning with ``<s>``.
    partial : str
        The part of a word that touches the cursor, normalised; may be empty.
    needs_space : bool
        Whether a space must come before the next word.
    """

    context: tuple[str, ...]
    partial: str
    needs_space: bool


def locate(before: str) -> Cursor:
    """Read the end of a document."""
    tail = normalise(before[-_TAIL:])
    sentence = _SENTENCE.split(tail)[-1]
    found = _PARTIAL.search(sentence)
    partial = found[0] if found else ""
    done = sentence[: len(sentence) - len(partial)]
    last = "" if partial else done[-1:]
    if last in SENTENCE_ENDS:
        return Cursor((BEGIN,), "", needs_space=True)
    context = tokens(done)
    if len(sentence) < len(tail) or len(before) <= _TAIL:
        context.insert(0, BEGIN)
    return Cursor(tuple(context), partial, needs_space=last in _SPACED or last.isdigit())


class WordModel:
    """What a word n-gram says about the word at the cursor.

    Parameters
    ----------
    model : ArpaModel
        Over normalised words, the classes ``<word>`` and ``<number>``, and punctuation.
    """

    def __init__(self, model: ArpaModel) -> None:
        self._model = model
        apart = {RARE, NUMBER, *ATTACHED}
        ranked = sorted(
            (word, place)
            for place, word in enumerate(model.vocabulary)
            if word not in apart and not word.startswith("<")
        )
        self.words = tuple(word for word, _ in ranked)
        self._places = np.array([place for _, place in ranked], dtype=np.int64)
        self._apart = np.array([model.index[word] for word in (RARE, NUMBER) if word in model], dtype=np.int64)
        self._rare = model.index.get(RARE)
        width = max((len(word) for word in self.words), default=0) + 1
        # Code points of the words, one letter a column, zero after the end.
        padded = "".join(word.ljust(width, "\0") for word in self.words).encode("utf-32-le")
        self._letters = np.frombuffer(padded, dtype=np.uint32).reshape(len(self.words), width)
        self._distribution = lru_cache(maxsize=64)(self._compute)
        self._endings = lru_cache(maxsize=4096)(self._compute_endings)

    def completions(self, cursor: Cursor) -> tuple[int, FloatArray, float]:
        """Probability of each word that begins with the partial word.

        Returns
        -------
        first : int
            Where these words begin in ``words``.
        p : array, shape (n_completions,)
            That the word at the cursor is this one.
        other : float
            That it is none of the vocabulary's; with ``p`` sums to one.
        """
        p, rare = self._distribution(cursor.context)
        if not cursor.partial:
            return 0, p, rare
        first, last = self._stretch(cursor.partial)
        if first == last:
            return first, p[first:last], 1.0
        beginning = p[first:last]
        other = rare * _LETTERS_OF_RARE_WORDS ** -len(cursor.partial)
        total = beginning.sum() + other
        return first, beginning / total, float(other / total)

    def next_letters(self, cursor: Cursor, first: int, p: FloatArray) -> dict[str, float]:
        """Probability of each letter after the partial word; "" is the word's end."""
        if not len(p):
            return {}
        column = self._letters[first : first + len(p), len(cursor.partial)]
        codes, which = np.unique(column, return_inverse=True)
        sums = np.bincount(which, weights=p, minlength=len(codes))
        return {chr(code) if code else "": mass for code, mass in zip(codes.tolist(), sums.tolist(), strict=True)}

    def endings(self, context: tuple[str, ...], word: str) -> dict[str, float]:
        """Probability of what follows a word: each of ``ATTACHED``, the text's end as a newline, or a space."""
        return self._endings((*context, word)[-(self._model.order - 1) :])

    def _stretch(self, partial: str) -> tuple[int, int]:
        return bisect_left(self.words, partial), bisect_left(self.words, partial + "\U0010ffff")

    def _compute(self, context: tuple[str, ...]) -> tuple[FloatArray, float]:
        p = np.exp(self._model.log_p_all(self._known(context)))
        words = p[self._places]
        rare = float(p[self._apart].sum())
        total = words.sum() + rare
        return words / total, rare / total

    def _compute_endings(self, context: tuple[str, ...]) -> dict[str, float]:
        known = self._known(context)
        p = {mark: float(np.exp(self._model.log_p(known, mark))) for mark in ATTACHED}
        p["\n"] = float(np.exp(self._model.log_p(known, END)))
        p[" "] = max(1.0 - sum(p.values()), 1e-6)
        total = sum(p.values())
        return {mark: value / total for mark, value in p.items()}

    def _known(self, context: tuple[str, ...]) -> list[str]:
        return [token if token in self._model else RARE for token in context]
