"""From classifier scores to true probabilities: fitted on held-out data, by maximum likelihood."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats
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


def bounded(log_ratio: FloatArray, doubt: float) -> FloatArray:
    """Log-likelihood ratios of flashes that with a small probability are not what they seem.

    A target may go unnoticed and an artefact may look like an answer. However extreme a score, it then says no more
    than ``ln((1 - doubt) / doubt)``, and moderate ones say nearly what they said.

    Parameters
    ----------
    log_ratio : array
        Target against nontarget, in nats.
    doubt : float
        Probability of the mix-up, between 0 and 0.5. Of ``n`` examples, none can rule out less than about ``1 / n``.

    Returns
    -------
    array, of the same shape
        In nats; as they are where ``doubt`` is 0.

    Raises
    ------
    ValueError
        If the probability is no such number.

    Notes
    -----
    The likelihood of a mixture with mislabelled examples: Bootkrajang & Kaban, "Label-noise robust logistic
    regression and its applications", ECML 2012.
    """
    if not 0 <= doubt < 0.5:
        raise ValueError(f"Argument 'doubt' (got {doubt:g}) must be at least 0 and less than 0.5.")
    if doubt == 0:
        return log_ratio
    trust, mix_up = np.log1p(-doubt), np.log(doubt)
    return np.asarray(np.logaddexp(trust + log_ratio, mix_up) - np.logaddexp(trust, mix_up + log_ratio))


def separation(log_ratio: FloatArray, y: NDArray[np.integer]) -> float:
    """How far the means of targets' and nontargets' ratios lie apart, in nats; at least 0."""
    return max(0.0, float(log_ratio[y == 1].mean() - log_ratio[y == 0].mean()))


def flash_log_likelihood(log_ratio: FloatArray, lit: NDArray, apart: float) -> FloatArray:
    """Log-likelihood of a trial's flashes, were each slot attended to, or nothing.

    A slot's is the sum of its flashes' ratios. "Attends to nothing" is not the nontargets of somebody who attends:
    at rest every score may be higher or lower than theirs. Nothing is assumed of how much, so a slot must beat it by
    the contrast between its flashes and the others of the trial, and what all flashes have in common counts for
    neither side.

    Parameters
    ----------
    log_ratio : array, shape (n_flashes,)
        Target against nontarget, in nats.
    lit : array of bool, shape (n_flashes, n_slots)
        Which slots each flash lit.
    apart : float
        See `separation`.

    Returns
    -------
    array, shape (n_slots + 1,)
        In nats, up to a constant; the last is "attends to nothing".

    Notes
    -----
    With ratios of two normal densities that differ by ``apart`` in the mean and have one variance, and a common
    offset with a flat prior, the ratio of a slot with m of n flashes to nothing is the sum of its own minus
    ``m * (mean of all + apart / 2 * (1 - m / n))``. The subtrahend with the mean m over the slots is the last value.
    """
    n_flashes, n_slots = lit.shape
    log_likelihood = np.zeros(n_slots + 1)
    if n_flashes:
        log_likelihood[:-1] = log_ratio @ lit.astype(np.float64)
        m = lit.sum() / n_slots
        log_likelihood[-1] = m * (log_ratio.mean() + apart / 2 * (1 - m / n_flashes))
    return log_likelihood


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
        0 where the likelihood gained may be none: where zero lies in its 95 % interval over the characters, by
        Student's t.

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
    if len(gains) < 2:
        return 0.0
    needed = stats.t.ppf(0.975, len(gains) - 1) * np.std(gains, ddof=1) / np.sqrt(len(gains))
    return float(found.x) if gains.mean() > needed else 0.0


def _gains(factor: float, surrogates: Sequence[tuple[FloatArray, NDArray[np.intp]]]) -> FloatArray:
    """Mean log-likelihood of each character's cued slot above that of a guess, in nats."""
    gains = []
    for summed, cued in surrogates:
        log_p = log_softmax(factor * summed, axis=2)
        gains.append(log_p[np.arange(len(cued)), :, cued].mean() + np.log(summed.shape[2]))
    return np.array(gains)
