"""Spells text character by character."""

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from generation.ngrams.arpa import BEGIN, END, FloatArray
from generation.ngrams.model import ArpaModel
from generation.text.casing import capital_share, writes_capitals
from generation.text.model import WordModel
from generation.text.words import SPACE_SIGN, TAIL
from generation.types import Context

_WORD_WEIGHT = 0.6  # of the words' say in the next character, against the character model's
_FLOOR = 0.01  # spread evenly over every character


class TextSpeller:
    """A language's characters in fixed places, with what a text makes likely.

    The next character's probability mixes a character n-gram and the words' own say, with fixed weights and a floor
    under every character.

    Parameters
    ----------
    words : WordModel
    characters : ArpaModel
        Over normalised characters, a line being a sentence and ``SPACE_SIGN`` a space.
    """

    def __init__(self, words: WordModel, characters: ArpaModel) -> None:
        self._words, self._model = words, characters
        self.layers = words.language.layers
        self._alphabet = tuple(character for layer in self.layers for character in layer)
        self._place = {character: place for place, character in enumerate(self._alphabet)}
        tokens = {" ": SPACE_SIGN, "\n": END}
        known = [(place, tokens.get(c, c)) for place, c in enumerate(self._alphabet) if tokens.get(c, c) in characters]
        self._known_places = np.array([place for place, _ in known])
        self._known_tokens = np.array([characters.index[token] for _, token in known])
        pairs = [(c, c.upper()) for c in self._alphabet if c.upper() != c and c.upper() in self._place]
        self._capitals = [(self._place[letter], self._place[capital]) for letter, capital in pairs]
        self._after = lru_cache(maxsize=4096)(self._compute)

    def next_character(self, context: Context) -> Mapping[str, float]:
        """Probability of every character of every layer as the next one; sums to one."""
        return dict(zip(self._alphabet, self._p(context.before).tolist(), strict=True))

    def log_p(self, context: Context, text: str) -> float:
        """Log-probability (nats) that the document goes on with these characters; -inf if one is in no layer."""
        total = 0.0
        before = context.before
        for character in text:
            if character not in self._place:
                return -math.inf
            total += math.log(self._p(before)[self._place[character]])
            before += character
        return total

    def _p(self, before: str) -> FloatArray:
        memory = self._words.memory(before)
        return self._after(before[-TAIL:], writes_capitals(before), len(before) > TAIL, memory)

    def _compute(self, tail: str, capitals: bool, clipped: bool, memory: str) -> FloatArray:
        lower = _WORD_WEIGHT * self._by_words(tail, memory) + (1 - _WORD_WEIGHT) * self._by_characters(tail, clipped)
        if self._capitals:
            share = capital_share(tail, capitals, self._words.grammar)
            for letter, capital in self._capitals:
                lower[capital] = share * lower[letter]
                lower[letter] *= 1 - share
        p = (1 - _FLOOR) * lower / lower.sum() + _FLOOR / len(lower)
        return np.asarray(p / p.sum())

    def _by_characters(self, tail: str, clipped: bool) -> FloatArray:
        line = self._words.language.normalise(tail).split("\n")[-1]
        context = [SPACE_SIGN if character.isspace() else character for character in line[-self._model.order :]]
        if len(line) < self._model.order and not (clipped and "\n" not in tail):
            context.insert(0, BEGIN)
        p = np.zeros(len(self._alphabet))
        p[self._known_places] = np.exp(self._model.log_p_all(context)[self._known_tokens])
        return np.asarray(p / p.sum())

    def _by_words(self, tail: str, memory: str) -> FloatArray:
        """The words' say; what they leave open goes by characters."""
        cursor = self._words.grammar.locate(tail)
        p = np.zeros(len(self._alphabet))
        if cursor.needs_space:
            p[self._place[" "]] = 1.0
            return p
        found = self._words.completions(cursor, memory)
        other = found.other
        for letter, mass in self._words.next_letters(cursor, found).items():
            if letter == "":
                for mark, share in self._words.endings(cursor.context, cursor.partial, memory).items():
                    if mark in self._place:
                        p[self._place[mark]] += mass * share
            elif letter in self._place:
                p[self._place[letter]] += mass
            else:
                other += mass
        return np.asarray(p + other * self._by_characters(tail, clipped=False))
