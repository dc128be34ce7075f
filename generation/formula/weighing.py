"""Fits how the token model weighs its n-gram and what the formula has said before."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from generation.formula.copying import N_DEPTHS
from generation.formula.lexer import lex
from generation.formula.model import TokenModel
from generation.formula.training import HELD_OUT_FOLD, fold_of, pattern, train, unique_formulas
from generation.ngrams.arpa import FloatArray
from generation.ngrams.model import ArpaModel

_MOST_OF_PATTERN = 150  # formulas of one pattern, so that none outweighs all others
_N_STEPS = 200
_SEED = 3


def fit_expert_weights(corpora: Path, n_tokens: int = 20_000) -> FloatArray:
    """Weights of the token model's experts, from the formulas that it learns from alone.

    A model of four fifths of the training patterns is asked about tokens of the last fifth.

    Parameters
    ----------
    corpora : Path
    n_tokens : int
        Tokens to fit on, about.

    Returns
    -------
    array, shape (n_depths, 2 + n_echoes)
        Each row sums to one.
    """
    formulas = [formula for formula in unique_formulas(corpora) if fold_of(formula) != HELD_OUT_FOLD]
    inner = [fold_of(formula, salt="inner") for formula in formulas]
    model = TokenModel(ArpaModel(train(f for f, fold in zip(formulas, inner, strict=True) if fold)))
    told: list[list[FloatArray]] = [[] for _ in range(N_DEPTHS)]
    for formula in _sample([f for f, fold in zip(formulas, inner, strict=True) if not fold], n_tokens):
        history = model.begin()
        for token in lex(formula):
            if token.kind != "space":
                depth, p = model.by_expert(history, token)
                told[depth].append(p)
                history = history.then(token)
    return np.array([maximise(np.array(rows)) if rows else model.weights[depth] for depth, rows in enumerate(told)])


def maximise(told: FloatArray) -> FloatArray:
    """Weights under which tokens are likeliest, where those who say nothing leave their weight to the others.

    By minorisation and maximisation, as for a Plackett-Luce model (Hunter, 2004, Annals of Statistics 32: 384-406);
    where all speak, this is EM.

    Parameters
    ----------
    told : array, shape (n_tokens, n_experts)
        What each expert gives each token; NaN where it says nothing.
    """
    speaks = ~np.isnan(told)
    p = np.where(speaks, told, 0.0)
    known = p.any(axis=1)
    speaks, p = speaks[known], p[known]
    weights = np.full(told.shape[1], 1 / told.shape[1])
    for _ in range(_N_STEPS):
        shares = weights * speaks
        shares /= shares.sum(axis=1, keepdims=True)
        responsible = shares * p
        responsible /= responsible.sum(axis=1, keepdims=True)
        weights = weights * responsible.sum(axis=0) / np.maximum(shares.sum(axis=0), 1e-12)
        weights /= weights.sum()
    return np.asarray(weights)


def _sample(formulas: Sequence[str], n_tokens: int) -> list[str]:
    """Formulas in random order, few of each pattern, until they hold so many tokens."""
    counts: Counter[str] = Counter()
    chosen: list[str] = []
    n = 0
    for place in np.random.default_rng(_SEED).permutation(len(formulas)).tolist():
        formula = formulas[place]
        counts[pattern(formula)] += 1
        if counts[pattern(formula)] <= _MOST_OF_PATTERN and n < n_tokens:
            chosen.append(formula)
            n += len(lex(formula))
    return chosen
