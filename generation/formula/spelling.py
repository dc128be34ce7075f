"""Spells formulas character by character."""

import math
import string
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from generation.formula.cursor import complete, locate
from generation.formula.model import TokenModel
from generation.formula.symbols import History
from generation.ngrams.arpa import FloatArray
from generation.types import Context

FORMULA_LAYERS = (
    (*string.ascii_uppercase[:16], *string.digits, *'=(),:+-*/$"!'),
    (*string.ascii_uppercase[16:], *string.ascii_lowercase, ".", " "),
    (*"<>&^%';{}[]@#_?\\|~`\n\t",),
)
_FLOOR = 0.01  # spread evenly over every character
# Where the token model leaves something open: what a token that it does not know is made of.
_OPEN: Mapping[str, Mapping[str, float]] = {
    "number": {string.digits: 0.8, ".": 0.2},
    "cell": {string.digits: 1.0},
    "name": {string.ascii_letters: 0.8, string.digits: 0.1, "_.": 0.1},
    "unfinished": {string.ascii_lowercase + " ": 0.6, string.ascii_uppercase: 0.2, string.digits: 0.1, "\"'": 0.1},
    "": {string.digits: 0.4, string.ascii_uppercase: 0.3, string.ascii_lowercase: 0.1, "\"'": 0.2},
}


class FormulaSpeller:
    """Characters of printable ASCII, newline and tab in fixed places, with what a formula makes likely.

    The next character is the first one of the token model's next tokens, or the next one of those that the token at the
    cursor may become; what the model leaves open is spread by the kind of token, and every character has a floor.

    Parameters
    ----------
    model : TokenModel
    """

    layers = FORMULA_LAYERS

    def __init__(self, model: TokenModel) -> None:
        self._model = model
        self._alphabet = tuple(character for layer in self.layers for character in layer)
        self._place = {character: place for place, character in enumerate(self._alphabet)}
        self._open = {kind: self._spread(shares) for kind, shares in _OPEN.items()}
        self._after = lru_cache(maxsize=4096)(self._compute)

    def next_character(self, context: Context) -> Mapping[str, float]:
        """Probability of every character of every layer as the next one; sums to one."""
        return dict(zip(self._alphabet, self._after(context.before).tolist(), strict=True))

    def log_p(self, context: Context, text: str) -> float:
        """Log-probability (nats) that the document goes on with these characters; -inf if one is in no layer."""
        total = 0.0
        before = context.before
        for character in text:
            if character not in self._place:
                return -math.inf
            total += math.log(self._after(before)[self._place[character]])
            before += character
        return total

    def _compute(self, before: str) -> FloatArray:
        p = np.zeros(len(self._alphabet))
        if not before:
            p[self._place["="]] = 1.0
        else:
            cursor = locate(self._model, before)
            if cursor.pending is None:
                self._add_tokens(p, cursor.history, 1.0)
            else:
                completions = complete(self._model, cursor)
                for text, share in completions.rest.items():
                    self._add(p, text[0], share)
                self._add_tokens(p, cursor.history.then(cursor.pending), completions.ends)
                kind = cursor.pending.kind
                p += max(0.0, 1 - p.sum()) * self._open.get(kind, self._open[""])
        p += max(0.0, 1 - p.sum()) * self._open[""]
        mixed = (1 - _FLOOR) * p / p.sum() + _FLOOR / len(p)
        return np.asarray(mixed / mixed.sum())

    def _add_tokens(self, p: FloatArray, history: History, share: float) -> None:
        """Add the first characters of the tokens that may come next, if the formula goes on."""
        following = self._model.next(history)
        goes_on = 1 - following.get("", 0.0)
        for text, mass in following.items():
            if text and goes_on > 0:
                self._add(p, text[0], share * mass / goes_on)

    def _add(self, p: FloatArray, character: str, mass: float) -> None:
        if character in self._place:
            p[self._place[character]] += mass

    def _spread(self, shares: Mapping[str, float]) -> FloatArray:
        p = np.zeros(len(self._alphabet))
        for characters, share in shares.items():
            for character in characters:
                p[self._place[character]] += share / len(characters)
        return np.asarray(p / p.sum())
