"""Makes the token n-gram of formulas from the EUSES corpus, a fifth of whose patterns it never sees."""

import csv
import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from openpyxl.utils import FORMULAE

from generation.formula.lexer import lex
from generation.formula.symbols import Everything, History, frame_context
from generation.ngrams.arpa import NgramTable
from generation.ngrams.estimate import estimate, read_text

CORPUS = "formulas/xlparser_euses_formulas.txt"
N_FOLDS = 5
HELD_OUT_FOLD = 2  # of the five, the one whose patterns hold nearest to a fifth of the formulas
_ORDER = 6
_PRUNE = (0, 0, 1, 2, 3, 3)
_MIN_COUNT, _MIN_PATTERNS = 3, 2
_FORMS = {"cell": "R", "number": "N", "text": "S", "sheet": "T!", "name": "M", "lines": "L", "intersection": "_"}


def unique_formulas(corpora: Path) -> list[str]:
    """The corpus's formulas, each once, in the order of their text.

    Raises
    ------
    ValueError
        If the file is empty, binary or not UTF-8.
    FileNotFoundError
        If there is none.
    """
    rows = csv.reader(io.StringIO(read_text(corpora / CORPUS), newline=""))
    return sorted({row[0] for row in rows if row})


def pattern(formula: str) -> str:
    """A formula with its cells, literals, names and sheets each as one sign, blanks dropped.

    Copies of a formula elsewhere in a sheet, or with another number or text, have one pattern.
    """
    return " ".join(_FORMS.get(token.kind, token.text.upper()) for token in lex(formula) if token.kind != "space")


def fold_of(formula: str, salt: str = "") -> int:
    """Which fifth of the patterns a formula belongs to, by its pattern's SHA-256; another salt divides them anew."""
    return int(hashlib.sha256((salt + pattern(formula)).encode()).hexdigest()[:8], 16) % N_FOLDS


def train_formula_tokens(corpora: Path) -> NgramTable:
    """Token 6-grams of all formulas but those of the held-out patterns."""
    return train(formula for formula in unique_formulas(corpora) if fold_of(formula) != HELD_OUT_FOLD)


def train(formulas: Iterable[str]) -> NgramTable:
    """Token 6-grams along formulas and within brackets.

    A symbol is known if it comes three times, in two patterns, and so is every function of Excel's own. No text, name
    or sheet is among the symbols.
    """
    formulas = list(formulas)
    known = _known_symbols(formulas)
    unseen = sorted({f"{name}(" for name in FORMULAE} - known)
    sentences = (sentence for formula in formulas for sentence in _sentences(formula, known | {*unseen}))
    return estimate([*sentences, *[(function,) for function in unseen]], order=_ORDER, prune=_PRUNE)


def _known_symbols(formulas: Iterable[str]) -> frozenset[str]:
    counts: Counter[str] = Counter()
    patterns: dict[str, set[str]] = defaultdict(set)
    for formula in formulas:
        form = pattern(formula)
        *_, whole, _ = _sentences(formula, Everything())
        for symbol in whole:
            counts[symbol] += 1
            if len(patterns[symbol]) < _MIN_PATTERNS:
                patterns[symbol].add(form)
    return frozenset(
        symbol
        for symbol, count in counts.items()
        if count >= _MIN_COUNT and len(patterns[symbol]) >= _MIN_PATTERNS and _is_plain(symbol)
    )


def _is_plain(symbol: str) -> bool:
    return symbol[-1] != "(" or len(symbol) == 1 or symbol[:-1].removeprefix("_XLFN.") in FORMULAE


def _sentences(formula: str, known: Container[str]) -> Iterator[tuple[str, ...]]:
    """The formula's symbols, and each token's after what stands before it in its bracket."""
    whole: list[str] = []
    history = History(known)
    for token in lex(formula):
        if token.kind != "space":
            symbols = history.encode(token)
            yield (*frame_context(history), *symbols)
            whole += symbols
            history = history.then(token)
    yield tuple(whole)
    yield frame_context(history)
