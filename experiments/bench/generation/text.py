"""Words of held-out text in three languages: is the next one on the page, and how many key presses does that save?"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType

from experiments.bench.generation.coverage import Case
from experiments.bench.generation.presses import chosen_savings
from generation import recipes
from generation.ngrams.estimate import read_text
from generation.text.generators import text_generators
from generation.text.language import read_language
from generation.types import Candidate, Context, Generator

PHRASES = ("aac", "comm", "enronmobile")
_LANGUAGES = MappingProxyType({"ru": "Russian sentences", "ar": "Arabic sentences"})
_SLOTS = 5
_LAST = "+ cache"
_FRONT_MATTER = 100  # sentences of the book that are title and contents
_WORD = re.compile(r"(?<!\S)[^\W\d_]+(?:'[^\W\d_]+)*(?= )")
NOTES = (
    "Text that no model learnt from, in lower case. The next word must be on the page with the space after it; 'from "
    "its middle' stands after half of its letters; words with a mark beside them are left out. The cache has read the "
    "documents before, each a line; without it each document stands alone. Phrase sets are others' texts and hold no "
    "punctuation. The weights of the English words and the cache's were fitted on the second halves of the held-out "
    "sentences and of the held-out book; these are the first. 'savings@5': key presses saved by a person who takes the "
    "longest right one of five candidates, else types a character; the five are those expected to save most, and what "
    "was offered and declined is not offered again."
)


def blocks(corpora: Path | None, n: int) -> Mapping[str, Sequence[Case]]:
    """About ``n`` words of each set, from their beginning and from their middle; nothing without corpora."""
    cases: dict[str, Sequence[Case]] = {}
    for name, documents in (documents_of(corpora, n) if corpora else {}).items():
        beginnings, middles = [], []
        lines = accumulate((document + "\n" for document in documents), initial="")
        for number, (before, document) in enumerate(zip(lines, documents, strict=False)):
            words = _words(document)
            # The first line has nothing before it that tells its language.
            if not number or not words:
                continue
            start, end = words[7 * number % len(words)]
            middle = start + (end - start) // 2
            beginnings.append(_case(before, document, start, end))
            if middle > start:
                middles.append(_case(before, document, middle, end))
        cases[name] = beginnings
        cases[f"{name}, from its middle"] = middles
    return cases


def stages() -> Mapping[str, Generator]:
    """Words alone, with phrases, and with what the document holds; each in the language that the document is in."""
    by_language = {code: _stages_in(code) for code in ("en", *_LANGUAGES)}
    return {
        stage: _InAnyLanguage({code: found[stage] for code, found in by_language.items()})
        for stage in by_language["en"]
    }


def key_presses(corpora: Path, n: int) -> Mapping[str, Mapping[str, float]]:
    """Share of key presses saved with five slots on about ``n`` documents of each set, by set and stage."""
    codes = {name: code for code, name in _LANGUAGES.items()}
    return {
        name: {
            stage: chosen_savings(
                generators, [document + " " for document in documents], "text", _SLOTS, stage == _LAST
            )
            for stage, generators in _stages_in(codes.get(name, "en")).items()
        }
        for name, documents in documents_of(corpora, n).items()
    }


def documents_of(corpora: Path, n: int) -> Mapping[str, Sequence[str]]:
    """About ``n`` documents of each set: of the book sentences in a row, of the others some out of all."""
    folder = corpora / "text"
    book = recipes.read_book(folder / recipes.HELD_OUT_BOOK)
    sets = {
        f"bcipy_{name}": ["".join(line.split()).replace("<sp>", " ") for line in _lines(path)]
        for name, path in ((name, folder / f"bcipy_{name}_lower.tokenized") for name in PHRASES)
    }
    sets["held-out sentences"] = recipes.read_sentences(folder / recipes.SENTENCES)[: recipes.N_HELD_OUT_SENTENCES // 2]
    for code, name in _LANGUAGES.items():
        language = read_language(code)
        if language.training is not None:
            held_out = _lines(folder / language.training.sentences)[: language.training.held_out]
            sets[name] = [language.normalise(line) for line in held_out]
    some = {name: whole[:: max(1, len(whole) // n)] for name, whole in sets.items()}
    return some | {"held-out book": book[_FRONT_MATTER : len(book) // 2][:n]}


@cache
def _stages_in(code: str) -> Mapping[str, Sequence[Generator]]:
    forgetful, mindful = (text_generators(code, remembers=remembers)[0] for remembers in (False, True))
    return {"n-gram": forgetful[:1], "+ phrases": forgetful, _LAST: mindful}


class _InAnyLanguage:
    """What the generators of the document's language offer together, each text under its likeliest source.

    Parameters
    ----------
    generators : mapping of str to sequence of Generator
        By the code of the language.
    """

    name = "text"

    def __init__(self, generators: Mapping[str, Sequence[Generator]]) -> None:
        self._generators = generators

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        best: dict[str, Candidate] = {}
        for generator in self._generators[_language_of(context.before)]:
            for candidate in generator.propose(context, n):
                known = best.get(candidate.text)
                if known is None or candidate.log_p > known.log_p:
                    best[candidate.text] = candidate
        return sorted(best.values(), key=lambda candidate: (-candidate.log_p, candidate.text))[:n]


def _language_of(text: str) -> str:
    """By the script of the last letter."""
    last = next((character for character in reversed(text) if character.isalpha()), "a")
    return "ru" if "\u0400" <= last <= "\u04ff" else "ar" if "\u0600" <= last <= "\u06ff" else "en"


def _lines(path: Path) -> list[str]:
    return [line for line in read_text(path).splitlines() if line.strip()]


def _words(document: str) -> list[tuple[int, int]]:
    """Where the words begin and end that stand between spaces, without a mark."""
    return [(found.start(), found.end()) for found in _WORD.finditer(document + " ")]


def _case(before: str, document: str, start: int, end: int) -> Case:
    whole = document + " "
    return Case(Context("text", before + whole[:start]), whole[start:], whole[start : end + 1])
