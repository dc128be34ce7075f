"""Words of a text, and where a text stands."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from generation.ngrams.arpa import BEGIN
from generation.text.language import Language

# Classes that stand for what a word model has no word of its own for.
RARE, NUMBER = "<word>", "<number>"
# How a character model's tokens write a space, which no token can hold.
SPACE_SIGN = "▁"
# No sentence is read further back than this.
TAIL = 400


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


class Grammar:
    """How a language's text is cut into words.

    Parameters
    ----------
    language : Language
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        letter = rf"[^\W\d_]{_marks()}*"
        inside = re.escape("".join(language.inside))
        joined = rf"(?:[{inside}](?:{letter})+)*" if inside else ""
        begun = rf"(?:[{inside}](?:{letter})*)*" if inside else ""
        marks = re.escape("".join(language.attached))
        ends = re.escape("".join(language.ends))
        self._token = re.compile(rf"(?:{letter})+{joined}|\d[\d.,]*\d|\d|[{marks}]")
        self._partial = re.compile(rf"(?:{letter})+{begun}$")
        self._sentence = re.compile(rf"[{ends}]+[\s\"')]+|\n")

    def tokens(self, sentence: str) -> list[str]:
        """Words, numbers as a class, and punctuation of a normalised sentence."""
        return [NUMBER if token[0].isdigit() else token for token in self._token.findall(sentence)]

    def sentences(self, text: str) -> list[list[str]]:
        """Tokens of each sentence of a text."""
        parts = self._sentence.split(self._language.normalise(text))
        return [found for found in map(self.tokens, parts) if found]

    def locate(self, before: str) -> Cursor:
        """Read the end of a document."""
        tail = self._language.normalise(before[-TAIL:])
        sentence = self._sentence.split(tail)[-1]
        found = self._partial.search(sentence)
        partial = found[0] if found else ""
        done = sentence[: len(sentence) - len(partial)]
        last = "" if partial else done[-1:]
        if last in self._language.ends:
            return Cursor((BEGIN,), "", needs_space=True)
        context = self.tokens(done)
        if len(sentence) < len(tail) or len(before) <= TAIL:
            context.insert(0, BEGIN)
        return Cursor(tuple(context), partial, needs_space=last in self._language.parts or last.isdigit())


@lru_cache(maxsize=1)
def _marks() -> str:
    """A class of all marks that combine with the letter before them."""
    codes = [code for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in ("Mn", "Mc")]
    runs = [[code for _, code in run] for _, run in groupby(enumerate(codes), lambda pair: pair[1] - pair[0])]
    return "[" + "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in runs) + "]"
