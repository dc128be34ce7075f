"""From classifier scores to true probabilities: fitted on held-out data, by maximum likelihood."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from acquisition.stream import FloatArray

GRID = 8
"""Rows, and columns, of the surrogate speller."""


def platt(scores: FloatArray, y: NDArray[np.integer]) -> tuple[float, float]:
    """Scale and offset that turn scores into log-likelihood ratios.

    Parameters
    ----------
    scores : array, shape (n_epochs,)
        Held-out decision values.
    y : array, shape (n_epochs,)
        1 for targets, 0 for the others.

    Returns
    -------
    slope, offset : float
        ``slope * score + offset`` is ln p(score | target) - ln p(score | nontarget), in nats.
        Both are 0 where higher scores do not mean targets.

    Notes
    -----
    Platt, "Probabilistic outputs for support vector machines", Advances in Large Margin Classifiers, 1999.
    """
    from sklearn.linear_model import LogisticRegression

    spread = float(np.std(scores))
    if spread == 0:
        return 0.0, 0.0
    standard = (scores - scores.mean()) / spread
    model = LogisticRegression(C=1e6, tol=1e-8).fit(standard[:, None], y)
    slope = float(model.coef_[0, 0]) / spread
    if slope <= 0:
        return 0.0, 0.0
    prior_log_odds = np.log(y.sum() / (len(y) - y.sum()))
    return slope, float(model.intercept_[0]) - slope * float(scores.mean()) - float(prior_log_odds)


def surrogate_characters(
    scores: FloatArray, y: NDArray[np.integer], n_layouts: int, rng: np.random.Generator
) -> tuple[FloatArray, NDArray[np.intp]]:
    """Lay the flashes of one character at random onto the rows and columns of an 8x8 grid.

    For recordings that do not tell which row or column flashed. Each repetition takes the next two
    targets as the cued row and column, and the next 14 others as the remaining ones.

    Parameters
    ----------
    scores : array, shape (n_flashes,)
        Evidence of each flash, in nats and in the order of time.
    y : array, shape (n_flashes,)
        1 for targets, 0 for the others.
    n_layouts : int
        How many draws.
    rng : numpy.random.Generator

    Returns
    -------
    summed : array, shape (n_layouts, n_repetitions, 64)
        For each slot the evidence summed over the repetitions so far.
    cued : array, shape (n_layouts,)
        The slot that was attended to.
    """
    targets, others = scores[y == 1], scores[y == 0]
    n_repetitions = min(len(targets) // 2, len(others) // (2 * GRID - 2))
    targets = targets[: 2 * n_repetitions].reshape(n_repetitions, 2)
    others = others[: (2 * GRID - 2) * n_repetitions].reshape(n_repetitions, 2 * GRID - 2)
    summed = np.empty((n_layouts, n_repetitions, GRID * GRID))
    cued = rng.integers(GRID * GRID, size=n_layouts)
    for i in range(n_layouts):
        crossing = rng.permuted(targets, axis=1)
        rest = rng.permuted(others, axis=1)
        row, column = divmod(int(cued[i]), GRID)
        rows = np.insert(rest[:, : GRID - 1], row, crossing[:, 0], axis=1)
        columns = np.insert(rest[:, GRID - 1 :], column, crossing[:, 1], axis=1)
        slots = rows[:, :, None] + columns[:, None, :]
        summed[i] = slots.reshape(n_repetitions, -1).cumsum(axis=0)
    return summed, cued


def temperature(
    scores: FloatArray, y: NDArray[np.integer], groups: NDArray, n_layouts: int, rng: np.random.Generator
) -> float:
    """Factor for summed log-likelihood ratios that makes the posterior over slots true.

    Neighbouring epochs overlap, so their ratios are not independent and a plain sum promises too much.
    The factor maximises the likelihood of the cued slot of surrogate characters, mean over one to all
    of their repetitions. It never exceeds 1: a few characters that all came right would ask for any
    amount of confidence, and epochs that share samples cannot tell more than independent ones.

    Parameters
    ----------
    scores : array, shape (n_epochs,)
        Held-out log-likelihood ratios, in nats.
    y : array, shape (n_epochs,)
        1 for targets, 0 for the others.
    groups : array, shape (n_epochs,)
        The character that each epoch belongs to.
    n_layouts : int
        Surrogate layouts per character.
    rng : numpy.random.Generator

    Returns
    -------
    float
        0 where the likelihood gained is, over the characters, within two standard errors of none.

    Notes
    -----
    Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    surrogates = [
        surrogate_characters(scores[groups == group], y[groups == group], n_layouts, rng) for group in np.unique(groups)
    ]
    surrogates = [(summed, cued) for summed, cued in surrogates if summed.shape[1]]
    if not surrogates or not np.any(scores):
        return 0.0
    found = minimize_scalar(lambda t: -np.mean(_gains(t, surrogates)), bounds=(0.0, 1.0), method="bounded")
    gains = _gains(float(found.x), surrogates)
    standard_error = np.std(gains, ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.inf
    return float(found.x) if gains.mean() > 2 * standard_error else 0.0


def _gains(factor: float, surrogates: Sequence[tuple[FloatArray, NDArray[np.intp]]]) -> FloatArray:
    """Mean log-likelihood of each character's cued slot above that of a guess, in nats."""
    gains = []
    for summed, cued in surrogates:
        log_p = log_softmax(factor * summed, axis=2)
        gains.append(log_p[np.arange(len(cued)), :, cued].mean() + np.log(summed.shape[2]))
    return np.array(gains)
