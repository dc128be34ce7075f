"""How each shipped model is made from its training texts."""

import re
import sysconfig
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from generation.ngrams.arpa import NgramTable
from generation.ngrams.estimate import estimate, read_text
from generation.python.layout import double_quote_all
from generation.python.lexer import LexState, lex
from generation.python.symbols import BLANK, CLASSES, DEDENT, INDENT, LAYOUT, NEWLINE_SIGN, class_of, symbols
from generation.text.language import read_language
from generation.text.training import train_characters, train_words, vocabulary
from generation.text.words import SPACE_SIGN, Grammar

SENTENCES = "common_voice_cc0/en.txt"
BOOKS = (
    "public_domain/ainsworth_jack_sheppard_1839.txt",
    "public_domain/johnston_little_colonels_hero_1902.txt",
    "public_domain/morris_news_from_nowhere_1890.txt",
    "public_domain/street_american_adventures_1917.txt",
)
HELD_OUT_BOOK = "public_domain/lane_katrine_1909.txt"
N_HELD_OUT_SENTENCES = 2000

# Modules of the standard library that no Python model learns from.
HELD_OUT_MODULES = (
    "bisect.py",
    "calendar.py",
    "csv.py",
    "fractions.py",
    "graphlib.py",
    "heapq.py",
    "shlex.py",
    "statistics.py",
    "textwrap.py",
)
# Tests, generated tables and tools that no longer count as today's Python.
SKIPPED_FOLDERS = frozenset(
    {"test", "tests", "idlelib", "lib2to3", "pydoc_data", "encodings", "turtledemo", "site-packages", "__pycache__"}
    | {"idle_test", "distutils", "ensurepip"}
)

_ENGLISH = read_language("en")
_GRAMMAR = Grammar(_ENGLISH)
_SENTENCE_END = re.compile(r"(?<=[.?!])[\"')]*\s+")
_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789 '.,?!-:;\"()")
# What people say to each other, as against what is told: short, and about you and me, or a question.
_TALK = re.compile(r"\b(i|you|me|my|your|we|us|our|i'\w+|you'\w+|we'\w+|let's|please|thanks|hello|yes|no|okay)\b|\?")
_MAX_TALK_WORDS = 15
_MIN_TOKEN_COUNT, _MIN_TOKEN_MODULES, _MAX_STRING = 10, 4, 12


def read_sentences(path: Path) -> list[str]:
    """Sentences, normalised, of a file with one a line."""
    return [_ENGLISH.normalise(line) for line in read_text(path).splitlines() if line.strip()]


def read_book(path: Path) -> list[str]:
    """Sentences, normalised, of a book with lines broken at will and paragraphs parted by blank lines."""
    text = _ENGLISH.normalise(read_text(path).replace("_", ""))
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text)]
    return [sentence for paragraph in paragraphs for sentence in _SENTENCE_END.split(paragraph) if sentence]


def english_training(corpora: Path) -> list[str]:
    """Every sentence that the English models learn from: the first 2000 sentences and one book are held out."""
    return _sentences(corpora) + _books(corpora)


def train_english_words(corpora: Path) -> NgramTable:
    """Word 4-grams of the sentences; words seen once in all of the training text are one class."""
    return _train_words(corpora, _sentences(corpora), order=4, prune=(0, 0, 1, 1))


def train_english_books(corpora: Path) -> NgramTable:
    """Word trigrams of the books."""
    return _train_words(corpora, _books(corpora), order=3, prune=(0, 0, 1))


def train_english_talk(corpora: Path) -> NgramTable:
    """Word 4-grams of what people say to each other, in sentences and books."""
    talk = [sentence for sentence in english_training(corpora) if is_talk(sentence)]
    return _train_words(corpora, talk, order=4, prune=(0, 0, 0, 1))


def train_english_characters(corpora: Path) -> NgramTable:
    """Character 7-grams, pruned from the fourth order on."""
    return train_characters(english_training(corpora), _CHARACTERS, order=7, prune=(0, 0, 0, 2, 3, 4, 5))


def is_talk(sentence: str) -> bool:
    """Whether people would say this normalised sentence to each other: a question, or about you and me, and short."""
    return bool(_TALK.search(sentence)) and len(sentence.split()) <= _MAX_TALK_WORDS


def _sentences(corpora: Path) -> list[str]:
    return read_sentences(corpora / "text" / SENTENCES)[N_HELD_OUT_SENTENCES:]


def _books(corpora: Path) -> list[str]:
    return [sentence for book in BOOKS for sentence in read_book(corpora / "text" / book)]


def _train_words(corpora: Path, sentences: list[str], order: int, prune: tuple[int, ...]) -> NgramTable:
    counts = vocabulary(map(_GRAMMAR.tokens, english_training(corpora)))
    return train_words(map(_GRAMMAR.tokens, sentences), counts, order, prune)


def standard_library() -> dict[str, str]:
    """Source of the modules that the Python models learn from, by path; strings in double quotes."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    sources = {}
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder)
        if not SKIPPED_FOLDERS & set(name.parts) and str(name) not in HELD_OUT_MODULES:
            sources[str(name)] = double_quote_all(read_text(path)) if path.stat().st_size else ""
    return {name: source for name, source in sources.items() if source}


def train_python_tokens(corpora: Path) -> NgramTable:  # noqa: ARG001 - the library's source is wherever Python is
    """Token 5-grams; rare names, numbers and strings are classes."""
    modules = [list(symbols(lex(LexState(), source)[0])) for source in standard_library().values()]
    return token_ngrams(modules, 5, (0, 0, 0, 1, 2), _MIN_TOKEN_COUNT)


def token_ngrams(modules: Sequence[Sequence[str]], order: int, prune: Sequence[int], min_count: int) -> NgramTable:
    """N-grams of modules' symbols; rare names, numbers and strings are classes.

    Each top-level statement's beginning counts as a document's too, since documents are not only whole modules.
    """
    counts = Counter(symbol for module in modules for symbol in module)
    spread = Counter(symbol for module in modules for symbol in set(module))
    known = {s for s, c in counts.items() if c >= min_count and spread[s] >= _MIN_TOKEN_MODULES and _is_plain(s)}
    known |= LAYOUT | {s for s in counts if not (s[0].isalnum() or s[0] == "_" or s[-1] in "'\"")}
    streams = [[s if s in known else class_of(s) for s in module] for module in modules]
    beginnings = [stream[at : at + 5] for stream in streams for at in _top_level(stream)]
    return estimate([*streams, *beginnings, sorted(CLASSES)], order=order, prune=prune)


def _top_level(stream: list[str]) -> list[int]:
    """Where statements begin that no block holds and that a blank line parts from what is before."""
    places = []
    depth = 0
    parted = False
    for place, symbol in enumerate(stream):
        depth += (symbol == INDENT) - (symbol == DEDENT)
        if symbol not in LAYOUT:
            if parted and depth == 0:
                places.append(place)
            parted = False
        elif symbol == BLANK:
            parted = True
    return places


def train_python_characters(corpora: Path) -> NgramTable:  # noqa: ARG001
    """Character 7-grams of source as it stands, pruned from the fourth order on."""
    modules = [[python_token(c) for c in source if c.isascii()] for source in standard_library().values()]
    return estimate(modules, order=7, prune=(0, 0, 0, 4, 8, 12, 16))


def python_token(character: str) -> str:
    """A character of a program as the character model's token; other white space is a blank."""
    return NEWLINE_SIGN if character == "\n" else SPACE_SIGN if character.isspace() else character


def _is_plain(symbol: str) -> bool:
    return symbol.split() == [symbol] and (len(symbol) <= _MAX_STRING or symbol.isidentifier())
