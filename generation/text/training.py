"""Makes a language's n-grams from sentences."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from generation.ngrams.arpa import Grams, NgramTable
from generation.ngrams.estimate import estimate, read_text
from generation.text.language import Language
from generation.text.words import NUMBER, RARE, SPACE_SIGN, Grammar

_MIN_COUNT = 2
# Of the words outside the vocabulary, how many are ones that were seen once: by Good and Turing's estimate, since about
# as many words of held-out sentences were seen once as never.
_SEEN_ONCE = 0.5


def training_sentences(language: Language, corpora: Path) -> list[str]:
    """Normalised sentences that a language's models learn from.

    Raises
    ------
    ValueError
        If the language names no training text, or it is binary, empty or not UTF-8.
    FileNotFoundError
        If the text is missing.
    """
    if language.training is None:
        raise ValueError(f"Language {language.name} must name its training text under key 'training.sentences'.")
    own = language.folder / language.training.sentences
    path = own if own.is_file() else corpora / "text" / language.training.sentences
    lines = [language.normalise(line) for line in read_text(path).splitlines() if line.strip()]
    return lines[language.training.held_out :]


def train_language(language: Language, corpora: Path) -> dict[str, NgramTable]:
    """A language's word and character models, by name, from its sentences alone: small ones, for small texts."""
    sentences = training_sentences(language, corpora)
    grammar = Grammar(language)
    tokens = [grammar.tokens(sentence) for sentence in sentences]
    words = train_words(tokens, vocabulary(tokens), order=3, prune=(0, 0, 1))
    letters = {language.normalise(c) for layer in language.layers for c in layer} - {"\n"}
    characters = train_characters(sentences, frozenset(letters), order=6, prune=(0, 0, 0, 1, 1, 2))
    return {language.words[0][0]: words, language.characters: characters}


def vocabulary(sentences: Iterable[Sequence[str]]) -> Counter[str]:
    """How often each token occurs."""
    return Counter(token for sentence in sentences for token in sentence)


def train_words(
    sentences: Iterable[Sequence[str]], counts: Counter[str], order: int, prune: Sequence[int]
) -> NgramTable:
    """Word n-grams; words seen once are one class, which shares its probability with them.

    Parameters
    ----------
    sentences : iterable of sequences of str
        Tokens of each sentence.
    counts : Counter of str
        How often each token occurs, in these sentences and in all that other models of the mixture learn from.
    order : int
    prune : sequence of int
        As for ``estimate``.
    """
    sentences = [sentence for sentence in sentences if sentence]
    known = {token for token, count in counts.items() if count >= _MIN_COUNT} | {NUMBER}
    classed = [[token if token in known else RARE for token in sentence] for sentence in sentences]
    # Every model knows both classes.
    table = estimate([*classed, [RARE, NUMBER]], order=order, prune=prune)
    once = sorted({token for sentence in sentences for token in sentence} - known)
    return _share(table, once) if once else table


def _share(table: NgramTable, once: Sequence[str]) -> NgramTable:
    """Give words seen once their part of their class."""
    unigrams = table.orders[0]
    rare = table.vocabulary.index(RARE)
    log_p = unigrams.log_p.copy()
    each = log_p[rare] + np.log(_SEEN_ONCE / len(once))
    log_p[rare] += np.log(1 - _SEEN_ONCE)
    nothing = np.zeros(len(once))
    words = np.arange(len(table.vocabulary), len(table.vocabulary) + len(once))
    shared = Grams(
        np.concatenate([unigrams.parent, nothing.astype(np.int64)]),
        np.concatenate([unigrams.word, words]),
        np.concatenate([log_p, np.full(len(once), each)]),
        np.concatenate([unigrams.backoff, nothing]),
    )
    return NgramTable((*table.vocabulary, *once), (shared, *table.orders[1:]))


def train_characters(
    sentences: Iterable[str], characters: frozenset[str], order: int, prune: Sequence[int]
) -> NgramTable:
    """Character n-grams of normalised sentences; white space is one token, other characters are left out."""
    return estimate((character_tokens(sentence, characters) for sentence in sentences), order=order, prune=prune)


def character_tokens(sentence: str, characters: frozenset[str]) -> list[str]:
    """The characters of a normalised sentence that the model knows; white space is one token."""
    return [SPACE_SIGN if c == " " else c for c in " ".join(sentence.split()) if c in characters]
