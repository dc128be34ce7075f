"""Makes of the probabilities of candidates those that held-out documents bear out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from generation.ngrams.arpa import FloatArray
from generation.prefixes import mass_of_any
from generation.types import Candidate

_LEAST = 1e-6  # a probability nearer to nought or to one is taken for this
_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Calibration:
    """Monotone maps of a candidate's probability, and of the page's coverage.

    A candidate of probability p and rank r gets ``expit(low ln p - high ln(1 - p) - rank ln r + bias)``: beta
    calibration (Kull, Silva Filho and Flach, 2017, AISTATS) with a term for the rank. The coverage, which is the
    probability that what is wanted is among the candidates, gets ``expit(coverage_slope logit(c) + coverage_bias)``,
    and all candidates are scaled alike so that they sum to it. No order changes.

    Parameters
    ----------
    low, high, rank : float
        At least zero.
    bias : float
    coverage_slope : float
        At least zero.
    coverage_bias : float
    """

    low: float = 1.0
    high: float = 1.0
    rank: float = 0.0
    bias: float = 0.0
    coverage_slope: float = 1.0
    coverage_bias: float = 0.0

    def apply(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The same candidates in the same order, with calibrated probabilities."""
        if not candidates:
            return []
        log_p = _log_expit_of(self, np.array([c.log_p for c in candidates]))
        mass = mass_of_any([c.text for c in candidates], np.exp(log_p))
        scaled = np.minimum(log_p + math.log(self._coverage(mass) / mass), 0.0)
        return [replace(c, log_p=value) for c, value in zip(candidates, scaled.tolist(), strict=True)]

    def _coverage(self, mass: float) -> float:
        return float(expit(self.coverage_slope * _logit(np.array(mass)) + self.coverage_bias))


def coverage(candidates: Sequence[Candidate]) -> float:
    """Probability that the document goes on with one of the candidates, from their own."""
    return mass_of_any([c.text for c in candidates], np.exp([c.log_p for c in candidates])) if candidates else 0.0


def fit_calibration(pages: Iterable[tuple[Sequence[Candidate], str]]) -> Calibration:
    """The maps under which what held-out documents went on with is likeliest.

    Parameters
    ----------
    pages : iterable of (sequence of Candidate, str)
        Candidates, likeliest first, and what the document went on with.

    Raises
    ------
    ValueError
        If there are no candidates.
    """
    pages = [(list(candidates), rest) for candidates, rest in pages if candidates]
    if not pages:
        raise ValueError("Argument 'pages' must hold candidates (got none).")
    log_p = [np.array([c.log_p for c in candidates]) for candidates, _ in pages]
    right = np.concatenate([[rest.startswith(c.text) for c in candidates] for candidates, rest in pages])
    design = np.concatenate([_features(each) for each in log_p])
    low, high, rank, bias = _fit_logistic(design, right, np.array([1.0, 1.0, 0.0, 0.0]), n_positive=3)
    fitted = Calibration(low, high, rank, bias)
    masses = [
        mass_of_any([c.text for c in candidates], np.exp(_log_expit_of(fitted, each)))
        for (candidates, _), each in zip(pages, log_p, strict=True)
    ]
    covered = np.array([any(rest.startswith(c.text) for c in candidates) for candidates, rest in pages])
    of_pages = np.column_stack([_logit(np.array(masses)), np.ones(len(pages))])
    slope, offset = _fit_logistic(of_pages, covered, np.array([1.0, 0.0]), n_positive=1)
    return replace(fitted, coverage_slope=slope, coverage_bias=offset)


def _log_expit_of(calibration: Calibration, log_p: FloatArray) -> FloatArray:
    c = calibration
    return np.asarray(log_expit(_features(log_p) @ np.array([c.low, c.high, c.rank, c.bias])))


def _features(log_p: FloatArray) -> FloatArray:
    """Of candidates in order of their probability; each column grows with it."""
    p = np.clip(np.exp(log_p), None, 1 - _LEAST)
    return np.column_stack([log_p, -np.log1p(-p), -np.log(np.arange(1, len(log_p) + 1)), np.ones(len(log_p))])


def _fit_logistic(design: FloatArray, right: FloatArray, start: FloatArray, n_positive: int) -> list[float]:
    """Coefficients of a logistic regression, drawn a little to where they start; the first few are at least zero."""
    sign = np.where(right, 1.0, -1.0)

    def loss(x: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (design @ x)
        slope = -(sign * expit(-margin)) @ design / len(sign)
        return float(-log_expit(margin).mean() + _RIDGE * (x - start) @ (x - start)), slope + 2 * _RIDGE * (x - start)

    bounds = [(0.0, None)] * n_positive + [(None, None)] * (len(start) - n_positive)
    return list(map(float, minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x))


def _logit(p: FloatArray) -> FloatArray:
    clipped = np.clip(p, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))
