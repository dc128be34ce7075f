"""What a token n-gram, and the formula's own earlier part, say about its next token."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generation.formula.cells import read_symbol
from generation.formula.copying import ECHOES, echoes
from generation.formula.grammar import Category, allowed, categories
from generation.formula.lexer import Place, Token, lex
from generation.formula.symbols import (
    CLASSES,
    EMPTY_TEXT,
    FUNCTION,
    LINES,
    NAME,
    NUMBER,
    PREFIX,
    SAME_SHEET,
    SHEET,
    TEXT,
    History,
    frame_context,
)
from generation.ngrams.arpa import BEGIN, END, FloatArray
from generation.ngrams.model import ArpaModel

# Weights of the experts by the depth to which the formula repeats itself (copying.py); `fit_expert_weights` found them
# on a fifth of the training patterns with a model of the other four.
WEIGHTS: FloatArray = np.array(
    [
        [0.40, 0.60, 0.0, 0.0, 0.0],
        [0.36, 0.53, 0.08, 0.0, 0.03],
        [0.25, 0.34, 0.16, 0.21, 0.04],
        [0.20, 0.16, 0.26, 0.38, 0.0],
        [0.05, 0.02, 0.17, 0.74, 0.02],
    ]
)
_STANDS_FOR = {
    NUMBER: "0", TEXT: EMPTY_TEXT, NAME: "x", SHEET: "x!", SAME_SHEET: "x!", LINES: "A:A", FUNCTION: "X(",
}  # fmt: skip
_N_SYMBOLS = 100  # likeliest symbols that are written out as tokens
_N_HALVES = 12  # second halves of a cell that are tried after a first one
_LEAST = 1e-3  # first halves of a cell that are less likely are not tried


class TokenModel:
    """The next token by an n-gram, seen along the formula and within the open bracket, and by the formula's own past.

    The experts' distributions are mixed with weights that depend on how much of what stands before the cursor has
    stood in the formula before [1]_. Tokens that the grammar forbids have no probability.

    Parameters
    ----------
    model : ArpaModel
        Over the symbols of `generation.formula.symbols`; sentences are formulas, and brackets with what stands in them.
    weights : array, shape (n_depths, 2 + n_echoes)
        Of both views of the n-gram, and of the ways of repeating.

    Attributes
    ----------
    weights : array
    known : frozenset of str
        The model's vocabulary.

    References
    ----------
    .. [1] Cleary & Witten (1984). Data compression using adaptive coding and partial string matching. IEEE Trans.
       Commun. 32(4).
    """

    def __init__(self, model: ArpaModel, weights: FloatArray = WEIGHTS) -> None:
        self._model = model
        self.weights = weights
        self.known = frozenset(model.vocabulary)
        self._symbols = model.vocabulary
        self._cells = [read_symbol(symbol) for symbol in self._symbols]
        self._texts = [
            "" if cell else _written(symbol) for symbol, cell in zip(self._symbols, self._cells, strict=True)
        ]
        self._mask = lru_cache(maxsize=None)(self._compute_mask)
        self._next = lru_cache(maxsize=1024)(self._compute)

    def begin(self) -> History:
        """An empty formula."""
        return History(self.known)

    def next(self, history: History, begun: str = "") -> Mapping[str, float]:
        """Probability of each token that may come next, likeliest first, and under "" that the formula ends.

        What is missing to one goes to unlikely tokens, and to those that the model knows by their class alone.

        Parameters
        ----------
        history : History
        begun : str
            How a token begins that is to be there however unlikely it is; in any case.
        """
        return self._next(history, begun.upper())

    def by_expert(self, history: History, token: Token) -> tuple[int, FloatArray]:
        """How deep the formula repeats itself, and what each expert gives a token; NaN where it has nothing to say.

        This is what the weights are fitted on; shape (2 + n_echoes,).
        """
        depth, own = echoes(history)
        p = np.array([1.0, 1.0, *[own[e].get(token.text, 0.0) if e in own else np.nan for e in ECHOES]])
        half = ""
        for symbol in history.encode(token):
            place = self._model.index.get(symbol)
            if place is None or not self._is_known(place):
                p[:2] = 0.0
                break
            p[:2] *= [view[place] for view in self._views(history, half)]
            half = symbol
        return depth, p

    def _is_known(self, place: int) -> bool:
        cell = self._cells[place]
        return cell.is_known if cell else bool(self._texts[place])

    def _compute(self, history: History, begun: str) -> Mapping[str, float]:
        depth, own = echoes(history)
        weights = self.weights[depth] * np.array([True, True, *[echo in own for echo in ECHOES]])
        weights /= weights.sum()
        found: dict[str, float] = {}
        self._write(history, weights[:2], begun, found)
        may = allowed(history)
        for echo, weight in zip(ECHOES, weights[2:], strict=True):
            for text, share in own.get(echo, {}).items():
                if weight and not may.isdisjoint(categories(lex("=" + text)[0])):
                    found[text] = found.get(text, 0.0) + weight * share
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def _views(self, history: History, half: str = "") -> tuple[FloatArray, FloatArray]:
        """Probability of every symbol along the formula, and within the open bracket.

        ``half`` is the first half of a cell whose second comes next.
        """
        halves = (half,) if half else ()
        mask = self._mask(allowed(history), history.anchor is not None, bool(half))
        along = np.exp(self._model.log_p_all((BEGIN, *history.symbols, *halves))) * mask
        within = np.exp(self._model.log_p_all((BEGIN, *frame_context(history), *halves))) * mask
        return _normalised(along), _normalised(within)

    def _write(self, history: History, weights: FloatArray, begun: str, found: dict[str, float]) -> None:
        """Write the likeliest symbols as tokens, and those that begin as one does that stands there."""
        along, within = self._views(history)
        p = weights[0] * along + weights[1] * within
        shares = weights / weights.sum()
        wanted = [place for place, text in enumerate(self._texts) if begun and text.startswith(begun) and p[place] > 0]
        for place in dict.fromkeys([*_largest(p, _N_SYMBOLS), *wanted]):
            cell = self._cells[place]
            if cell is None:
                if self._texts[place] or self._symbols[place] == END:
                    _add(found, self._texts[place], p[place])
            elif cell.is_known and cell.part == "whole":
                _add(found, cell.at(history.anchor), p[place])
            elif cell.is_known and p[place] > _LEAST:
                along, within = self._views(history, self._symbols[place])
                rows = shares[0] * along + shares[1] * within
                for below in _largest(rows, _N_HALVES):
                    row = self._cells[below]
                    if row and row.is_known:
                        _add(found, cell.with_row(row).at(history.anchor), p[place] * rows[below])

    def _compute_mask(self, may: frozenset[Category], is_anchored: bool, is_half: bool) -> NDArray[np.bool_]:
        mask = np.zeros(len(self._symbols), dtype=bool)
        for place, (symbol, cell) in enumerate(zip(self._symbols, self._cells, strict=True)):
            if cell:
                right = cell.is_offset == is_anchored and (cell.part == "row") == is_half
                mask[place] = right and "cell" in may
            elif symbol == END:
                mask[place] = "infix" in may and "close" not in may
            elif not is_half:
                mask[place] = not may.isdisjoint(_categories_of_symbol(symbol))
        return mask


def _written(symbol: str) -> str:
    """A symbol that is no cell as a token's text; empty for a class, a bracket's symbol, or a formula's end."""
    if symbol in CLASSES or symbol.startswith(("in:", "</", "<s>", "<unk>")):
        return ""
    if symbol.startswith(PREFIX):
        return symbol.removeprefix(PREFIX)
    return symbol.removeprefix("#") if symbol[1:2].isdigit() or symbol[1:2] == "." else symbol


def _categories_of_symbol(symbol: str) -> tuple[Category, ...]:
    if symbol.startswith(PREFIX):
        return ("prefix",) if symbol[-1] in "+-" else ()
    text = _STANDS_FOR.get(symbol) or _written(symbol)
    return tuple(c for c in categories(lex("=" + text)[0]) if c != "prefix") if text else ()


def _largest(p: FloatArray, n: int) -> list[int]:
    """Places of the ``n`` largest that are not zero, largest first."""
    top = np.argpartition(-p, n)[:n] if n < len(p) else np.arange(len(p))
    return [int(place) for place in top[np.lexsort((top, -p[top]))] if p[place] > 0]


def _normalised(p: FloatArray) -> FloatArray:
    total = p.sum()
    return np.asarray(p / total) if total else p


def _add(found: dict[str, float], token: str | Place | None, p: float) -> None:
    if token is not None:
        text = token if isinstance(token, str) else token.text
        found[text] = found.get(text, 0.0) + float(p)
