"""Proposes words, and spells text character by character."""

import math
import string
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from generation.models import load
from generation.ngrams.arpa import BEGIN, END, FloatArray
from generation.ngrams.model import ArpaModel
from generation.text.words import SENTENCE_ENDS, SPACE_SIGN, WordModel, locate, normalise
from generation.types import Candidate, Context

TEXT_LAYERS = (
    (*string.ascii_lowercase, " ", "'", ".", ",", "?", "!", "-", ":", "\n", ";", '"'),
    (*string.ascii_uppercase, *string.digits),
    (*"()&%$#@/*+=<>[]{}\\^_`|~\t",),
)
_WORD_WEIGHT = 0.6  # of the words' say in the next character, against the character model's
_FLOOR = 0.01  # spread evenly over every character
_TAIL = 400
# How often a letter is a capital: at a sentence's start, after capitals, and elsewhere.
_CAPITAL_AT_START, _CAPITAL_AT_FIRST, _CAPITAL_AFTER_CAPITALS, _CAPITAL = 0.95, 0.3, 0.9, 0.02


def text_generators() -> tuple[list["WordGenerator"], "TextSpeller"]:
    """Generators and speller for English text, from the shipped models."""
    words = WordModel(load("english-words"))
    return [WordGenerator(words)], TextSpeller(words, load("english-characters"))


class WordGenerator:
    """Completes the word at the cursor, or proposes the next one, each with the space that follows it.

    After a complete word it proposes what ends or parts sentences too. Words come in lower case until the document
    itself writes capitals; from then on sentences begin with one, and "I" is one.

    Parameters
    ----------
    words : WordModel
    """

    name = "words"

    def __init__(self, words: WordModel) -> None:
        self._words = words

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        if n < 1:
            return []
        cursor = locate(context.before)
        first, p, _ = self._words.completions(cursor)
        scored: dict[str, float] = {}
        lead = " " if cursor.needs_space else ""
        for place in _largest(p, 2 * n + 2):
            word = self._words.words[first + place]
            endings = self._words.endings(cursor.context, word)
            rest = word[len(cursor.partial) :]
            if rest:
                text = lead + _cased(rest, cursor.partial, cursor.context, context.before) + " "
                scored[text] = math.log(p[place]) + math.log(endings[" "])
            else:
                for mark in (",", *SENTENCE_ENDS):
                    scored[mark + " "] = math.log(p[place]) + math.log(endings[mark])
        best = sorted(scored.items(), key=lambda item: (-item[1], item[0]))[:n]
        return [Candidate(text, min(log_p, 0.0), self.name) for text, log_p in best]


class TextSpeller:
    """Characters of printable ASCII, newline and tab in fixed places, with what a text makes likely.

    The next character's probability mixes a character n-gram and the words' own say, with fixed weights and a floor
    under every character.

    Parameters
    ----------
    words : WordModel
    characters : ArpaModel
        Over normalised characters, a line being a sentence and ``SPACE_SIGN`` a space.
    """

    layers = TEXT_LAYERS

    def __init__(self, words: WordModel, characters: ArpaModel) -> None:
        self._words = words
        self._model = characters
        self._alphabet = tuple(character for layer in self.layers for character in layer)
        self._place = {character: place for place, character in enumerate(self._alphabet)}
        tokens = {" ": SPACE_SIGN, "\n": END}
        known = [(place, tokens.get(c, c)) for place, c in enumerate(self._alphabet) if tokens.get(c, c) in characters]
        self._known_places = np.array([place for place, _ in known])
        self._known_tokens = np.array([characters.index[token] for _, token in known])
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
        return self._after(before[-_TAIL:], _writes_capitals(before), len(before) > _TAIL)

    def _compute(self, tail: str, capitals: bool, clipped: bool) -> FloatArray:
        lower = _WORD_WEIGHT * self._by_words(tail) + (1 - _WORD_WEIGHT) * self._by_characters(tail, clipped)
        share = _capital_share(tail, capitals)
        for letter in string.ascii_lowercase:
            place, capital = self._place[letter], self._place[letter.upper()]
            lower[capital] = share * lower[place]
            lower[place] *= 1 - share
        p = (1 - _FLOOR) * lower + _FLOOR / len(lower)
        return np.asarray(p / p.sum())

    def _by_characters(self, tail: str, clipped: bool) -> FloatArray:
        line = normalise(tail).split("\n")[-1]
        context = [SPACE_SIGN if character.isspace() else character for character in line[-self._model.order :]]
        if len(line) < self._model.order and not (clipped and "\n" not in tail):
            context.insert(0, BEGIN)
        p = np.zeros(len(self._alphabet))
        p[self._known_places] = np.exp(self._model.log_p_all(context)[self._known_tokens])
        return np.asarray(p / p.sum())

    def _by_words(self, tail: str) -> FloatArray:
        """The words' say; what they leave open goes by characters."""
        cursor = locate(tail)
        p = np.zeros(len(self._alphabet))
        if cursor.needs_space:
            p[self._place[" "]] = 1.0
            return p
        first, completions, other = self._words.completions(cursor)
        for letter, mass in self._words.next_letters(cursor, first, completions).items():
            if letter == "":
                for mark, share in self._words.endings(cursor.context, cursor.partial).items():
                    p[self._place[mark]] += mass * share
            elif letter in self._place:
                p[self._place[letter]] += mass
            else:
                other += mass
        return np.asarray(p + other * self._by_characters(tail, clipped=False))


def _largest(p: FloatArray, n: int) -> list[int]:
    """Places of the ``n`` largest, largest first."""
    top = np.argpartition(-p, n)[:n] if n < len(p) else np.arange(len(p))
    return [int(place) for place in top[np.lexsort((top, -p[top]))] if p[place] > 0]


def _writes_capitals(before: str) -> bool:
    return any(character.isupper() for character in before)


def _cased(rest: str, partial: str, context: tuple[str, ...], before: str) -> str:
    if not _writes_capitals(before):
        return rest
    if len(partial) > 1 and before[-len(partial) :].isupper():
        return rest.upper()
    if not partial and (context == (BEGIN,) or rest.split("'")[0] == "i"):
        return rest[0].upper() + rest[1:]
    return rest


def _capital_share(tail: str, capitals: bool) -> float:
    if len(tail) > 1 and tail[-2:].isupper():
        return _CAPITAL_AFTER_CAPITALS
    if not tail:
        return _CAPITAL_AT_FIRST
    if capitals and locate(tail).context == (BEGIN,) and not locate(tail).partial:
        return _CAPITAL_AT_START
    return _CAPITAL
