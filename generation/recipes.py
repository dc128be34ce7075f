"""How each shipped model is made from its training texts."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from generation.arpa import NgramTable
from generation.estimate import estimate, read_text
from generation.text import SPACE_TOKEN
from generation.words import NUMBER, RARE, normalise, tokens

SENTENCES = "common_voice_cc0/en.txt"
BOOKS = (
    "public_domain/ainsworth_jack_sheppard_1839.txt",
    "public_domain/johnston_little_colonels_hero_1902.txt",
    "public_domain/morris_news_from_nowhere_1890.txt",
    "public_domain/street_american_adventures_1917.txt",
)
HELD_OUT_BOOK = "public_domain/lane_katrine_1909.txt"
N_HELD_OUT_SENTENCES = 2000

_SENTENCE_END = re.compile(r"(?<=[.?!])[\"')]*\s+")
_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789 '.,?!-:;\"()")
_MIN_WORD_COUNT = 2


def read_sentences(path: Path) -> list[str]:
    """Sentences, normalised, of a file with one a line."""
    return [normalise(line) for line in read_text(path).splitlines() if line.strip()]


def read_book(path: Path) -> list[str]:
    """Sentences, normalised, of a book whose lines are broken at will and whose paragraphs are parted by blank lines."""
    text = normalise(read_text(path).replace("_", ""))
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text)]
    return [sentence for paragraph in paragraphs for sentence in _SENTENCE_END.split(paragraph) if sentence]


def english_training(corpora: Path) -> list[str]:
    """Every sentence that the English models learn from: the first 2000 sentences and one book are held out."""
    folder = corpora / "text"
    sentences = read_sentences(folder / SENTENCES)[N_HELD_OUT_SENTENCES:]
    return sentences + [sentence for book in BOOKS for sentence in read_book(folder / book)]


def train_english_words(corpora: Path) -> NgramTable:
    """Word trigrams; words seen once are one class, trigrams seen once are left out."""
    sentences = [tokens(sentence) for sentence in english_training(corpora)]
    counts = Counter(token for sentence in sentences for token in sentence)
    known = {token for token, count in counts.items() if count >= _MIN_WORD_COUNT} | {NUMBER}
    return estimate(([t if t in known else RARE for t in s] for s in sentences if s), order=3, prune=(0, 0, 1))


def train_english_characters(corpora: Path) -> NgramTable:
    """Character 7-grams, pruned from the fourth order on."""
    return estimate(map(character_tokens, english_training(corpora)), order=7, prune=(0, 0, 0, 2, 3, 4, 5))


def character_tokens(sentence: str) -> list[str]:
    """The characters of a normalised sentence that the model knows; white space is one token."""
    return [SPACE_TOKEN if c == " " else c for c in " ".join(sentence.split()) if c in _CHARACTERS]
