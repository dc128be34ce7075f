"""Spells Python character by character."""

import math
import string
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from generation.ngrams.arpa import BEGIN, FloatArray
from generation.ngrams.model import ArpaModel
from generation.python.history import History
from generation.python.model import TokenModel
from generation.python.symbols import BLANK, NEWLINE, NEWLINE_SIGN, is_open_string
from generation.text.words import SPACE_SIGN
from generation.types import Context

PYTHON_LAYERS = (
    (*string.ascii_lowercase, " ", "\n", "(", ")", "=", ".", ",", ":", "_", '"', "[", "]"),
    (*string.ascii_uppercase, *string.digits, "-", "+"),
    (*"'{}*/%<>!#@&|^~\\$?;`\t",),
)

_TOKEN_WEIGHT = 0.6  # of the tokens' say in the next character, against the character model's
_FLOOR = 0.01  # spread evenly over every character


class PythonSpeller:
    """Characters of printable ASCII, newline and tab in fixed places, with what a program makes likely.

    The next character's probability mixes a character n-gram and, outside strings and comments, the token model's own
    say, with fixed weights and a floor under every character.

    Parameters
    ----------
    tokens : TokenModel
    characters : ArpaModel
        Over characters, with ``SPACE_SIGN`` and ``NEWLINE_SIGN`` for blanks and line ends.
    """

    layers = PYTHON_LAYERS

    def __init__(self, tokens: TokenModel, characters: ArpaModel) -> None:
        self._tokens = tokens
        self._model = characters
        self._alphabet = tuple(character for layer in self.layers for character in layer)
        self._place = {character: place for place, character in enumerate(self._alphabet)}
        known = [(place, _token(c)) for place, c in enumerate(self._alphabet) if _token(c) in characters]
        self._known_places = np.array([place for place, _ in known])
        self._known_tokens = np.array([characters.index[token] for _, token in known])
        # For each letter of each of the token model's tokens, its place in the alphabet; the last place is "none".
        codes = np.full(tokens.letters.max() + 1, len(self._alphabet))
        for character, place in self._place.items():
            if ord(character) < len(codes):
                codes[ord(character)] = place
        self._letter_places = codes[tokens.letters]
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
        by_characters = self._by_characters(before)
        by_tokens = self._by_tokens(before)
        known = min(float(by_tokens.sum()), 1.0)
        by_tokens += (1 - known) * by_characters
        mixed = _TOKEN_WEIGHT * by_tokens + (1 - _TOKEN_WEIGHT) * by_characters
        p = (1 - _FLOOR) * mixed + _FLOOR / len(mixed)
        return np.asarray(p / p.sum())

    def _by_characters(self, before: str) -> FloatArray:
        context = [_token(character) for character in before[-self._model.order :]]
        if len(context) < self._model.order:
            context.insert(0, BEGIN)
        p = np.zeros(len(self._alphabet))
        p[self._known_places] = np.exp(self._model.log_p_all(context)[self._known_tokens])
        return np.asarray(p / p.sum())

    def _by_tokens(self, before: str) -> FloatArray:
        """The tokens' say; sums to less than one where they leave something open."""
        reading = self._tokens.reader.read(before)
        lexed = reading.lexed
        history = History.of(reading)
        pending = lexed.pending.lstrip(" \t\f")
        p = np.zeros(len(self._alphabet) + 1)
        if lexed.fault or pending.startswith(("#", "\\")) or is_open_string(pending):
            return p[:-1]
        if lexed.fresh:
            self._add_line(p, history, len(lexed.pending.expandtabs(8)))
        elif not pending:
            self._add_tokens(p, history, 1.0, lexed.gap)
        else:
            begun = self._tokens.completions(history, pending)
            n = len(pending)
            if n < self._letter_places.shape[1]:
                column = self._letter_places[begun.first : begun.first + len(begun.p), n]
                p += np.bincount(column, weights=begun.p, minlength=len(p))
            for text, mass in begun.seen.items():
                p[self._place.get(text[n : n + 1], -1)] += mass
            self._add_tokens(p, history.then_token(pending, lexed.gap), begun.ends, gap=False)
        return p[:-1]

    def _add_line(self, p: FloatArray, history: History, typed: int) -> None:
        levels = [(mass, after) for mass, after in self._tokens.levels(history) if after.indents[-1] >= typed]
        total = sum(mass for mass, _ in levels)
        blank = self._tokens.next(history, fresh=True).layout[BLANK] if history.symbols[-1] == NEWLINE else 0.0
        if typed == 0:
            p[self._place["\n"]] += blank
            total /= 1 - blank
        for mass, after in levels:
            if after.indents[-1] > typed:
                p[self._place[" "]] += mass / total
            else:
                self._add_tokens(p, after, mass / total, gap=False)

    def _add_tokens(self, p: FloatArray, history: History, share: float, gap: bool) -> None:
        """Add the first characters of the tokens that may come next, blanks before them included."""
        following = self._tokens.next(history)
        gaps = self._tokens.gaps(history.line)
        allowed = following.p * gaps if gap else following.p
        named_gap = bool(gaps[self._tokens.place["self"]])
        names = following.seen if named_gap or not gap else {}
        ends = 0.0 if gap else following.layout.get(NEWLINE, 0.0)
        new = sum(following.new.values()) if named_gap or not gap else 0.0
        total = float(allowed.sum()) + sum(names.values()) + ends + new
        if not total:
            return
        scale = share / total
        direct = allowed if gap else allowed * ~gaps
        p += scale * np.bincount(self._letter_places[:, 0], weights=direct, minlength=len(p))
        p[self._place["\n"]] += scale * ends
        if not gap:
            p[self._place[" "]] += scale * float((allowed * gaps).sum())
        if named_gap and not gap:
            p[self._place[" "]] += scale * (sum(names.values()) + new)
        else:
            for text, mass in names.items():
                p[self._place.get(text[0], -1)] += scale * mass


def _token(character: str) -> str:
    """A character as the model's token."""
    return SPACE_SIGN if character == " " else NEWLINE_SIGN if character == "\n" else character
