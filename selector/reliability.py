"""Are probabilities true: calibration error, proper scores and reliability curves, with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray

# What was ruled out and came true costs this much surprise, and not infinitely much.
_LEAST_P = 1e-12


@dataclass(frozen=True, slots=True)
class Bin:
    """Decisions of nearly the same confidence.

    Parameters
    ----------
    n : int
        How many.
    confidence : float
        Mean probability of what was decided.
    accuracy : float
        Share that was right.
    """

    n: int
    confidence: float
    accuracy: float


def reliability_curve(confidence: FloatArray, correct: NDArray[np.bool_], n_bins: int = 10) -> tuple[Bin, ...]:
    """Accuracy against confidence, in bins of equally many decisions.

    Parameters
    ----------
    confidence : array, shape (n_decisions,)
        Probability of what was decided.
    correct : array of bool, shape (n_decisions,)
        Whether it was right.
    n_bins : int
        How many at most; never more than decisions.

    Returns
    -------
    tuple of Bin
        From the least confident to the most.

    Raises
    ------
    ValueError
        If there is no decision, shapes differ, or a confidence is no probability.
    """
    confidence, correct = np.asarray(confidence, dtype=np.float64), np.asarray(correct, dtype=bool)
    if confidence.ndim != 1 or not len(confidence) or confidence.shape != correct.shape:
        raise ValueError(
            f"Arguments 'confidence' and 'correct' must be rows of one length (got {confidence.shape} and "
            f"{correct.shape})."
        )
    if not np.all((confidence >= 0) & (confidence <= 1)):
        raise ValueError("Argument 'confidence' must hold probabilities between 0 and 1.")
    order = np.argsort(confidence, kind="stable")
    return tuple(
        Bin(len(part), float(confidence[part].mean()), float(correct[part].mean()))
        for part in np.array_split(order, min(n_bins, len(order)))
    )


def calibration_error(confidence: FloatArray, correct: NDArray[np.bool_], n_bins: int = 10) -> float:
    """Expected calibration error: mean distance between confidence and accuracy over `reliability_curve`.

    Notes
    -----
    With few decisions a bin it is larger than 0 for true probabilities, too. Naeini et al., "Obtaining well calibrated
    probabilities using Bayesian binning", AAAI 2015; equally filled bins as in Nixon et al., "Measuring calibration in
    deep learning", CVPR workshops 2019.
    """
    curve = reliability_curve(confidence, correct, n_bins)
    return sum(part.n * abs(part.confidence - part.accuracy) for part in curve) / sum(part.n for part in curve)


def brier_score(p: FloatArray, label: NDArray[np.integer]) -> float:
    """Mean squared distance of p (n_decisions, n_classes) from the truth, label (n_decisions,); between 0 and 2.

    Notes
    -----
    Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950.
    """
    p = np.asarray(p, dtype=np.float64)
    wanted = p[np.arange(len(p)), label]
    return float(np.mean((p**2).sum(axis=1) - 2 * wanted + 1))


def negative_log_likelihood(p: FloatArray, label: NDArray[np.integer]) -> float:
    """Mean of -ln p of the truth (nats), where p has shape (n_decisions, n_classes) and label (n_decisions,)."""
    wanted = np.asarray(p, dtype=np.float64)[np.arange(len(p)), label]
    return float(-np.mean(np.log(np.maximum(wanted, _LEAST_P))))


def group_bootstrap(
    statistic: Callable[[NDArray[np.intp]], float],
    groups: NDArray,
    rng: np.random.Generator,
    n_draws: int = 1000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Interval of a statistic by drawing whole groups again, since decisions of one group are not independent.

    Parameters
    ----------
    statistic : callable
        Takes the indices of decisions and gives a number.
    groups : array, shape (n_decisions,)
        Which recorded character, or trial, each decision is from.
    rng : numpy.random.Generator
    n_draws : int
    confidence : float
        Coverage.

    Returns
    -------
    low, high : float
        A statistic that is the same in every group has no width: of events that never came, it bounds nothing.

    Notes
    -----
    The percentile interval of Efron & Tibshirani, "An introduction to the bootstrap", 1993.
    """
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    drawn = [
        statistic(np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))]))
        for _ in range(n_draws)
    ]
    low, high = np.quantile(drawn, ((1 - confidence) / 2, (1 + confidence) / 2))
    return float(low), float(high)
