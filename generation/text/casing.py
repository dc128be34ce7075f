"""Where a text writes capitals."""

from collections.abc import Sequence

from generation.ngrams.arpa import BEGIN
from generation.text.words import Cursor, Grammar

# How often a letter is a capital: at a sentence's start, at a document's, after capitals, and elsewhere.
_AT_START, _AT_FIRST, _AFTER_CAPITALS, _ELSEWHERE = 0.95, 0.3, 0.9, 0.02
# A document shows near its end whether it writes capitals.
_NEAR = 20_000


def writes_capitals(before: str) -> bool:
    """Whether a document writes capitals at all."""
    return any(character.isupper() for character in before[-_NEAR:])


def cased(words: Sequence[str], cursor: Cursor, before: str, capitals: bool) -> list[str]:
    """Words as this document would write them, the first one whole and in lower case.

    Words come in lower case until the document itself writes capitals; from then on sentences begin with one, and the
    English "I" is one.
    """
    if not capitals:
        return list(words)
    written = before[len(before) - len(cursor.partial) :]
    if len(written) > 1 and written.isupper():
        return [word.upper() for word in words]
    begins = cursor.context == (BEGIN,) and not cursor.partial
    return [
        word[:1].upper() + word[1:] if (begins and not place) or word.split("'")[0] == "i" else word
        for place, word in enumerate(words)
    ]


def capital_share(tail: str, capitals: bool, grammar: Grammar) -> float:
    """How often the next letter is a capital."""
    if len(tail) > 1 and tail[-2:].isupper():
        return _AFTER_CAPITALS
    if not tail:
        return _AT_FIRST
    if capitals:
        cursor = grammar.locate(tail)
        if cursor.context == (BEGIN,) and not cursor.partial:
            return _AT_START
    return _ELSEWHERE
