"""How likely each sample of gaze is, were each slot looked at, and what factor makes sums of it true."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from acquisition.stream import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Where each eye would be seen.

    Parameters
    ----------
    mean, variance : array, shape (n_slots, n_eyes, 2)
        In px and px squared, were each slot looked at.
    shared : float
        Correlation of the eyes' errors: two that err alike are worth 2 / (1 + shared).
    """

    mean: FloatArray
    variance: FloatArray
    shared: float


@dataclass(frozen=True, slots=True)
class LookDensity:
    """A Student t around what is expected, and now and then a look anywhere on the screen.

    Parameters
    ----------
    screen_px : tuple of float
        Width and height of the screen, in px.
    nu : float
        Degrees of freedom.
    lapse : float
        Share of looks that are anywhere.
    """

    screen_px: tuple[float, float]
    nu: float
    lapse: float

    def rows(self, eyes: FloatArray, expected: Expected) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Log-density of each sample.

        Parameters
        ----------
        eyes : array, shape (n_samples, n_eyes, 2)
            In px; NaN where an eye is lost.
        expected : Expected

        Returns
        -------
        rows : array, shape (n_samples, n_slots + 1)
            In nats, 0 where no eye was seen; the last is for looks spread evenly over the screen.
        seen : array of bool, shape (n_samples,)
        """
        both = np.asarray(np.isfinite(eyes).all(axis=2))
        n_seen = both.sum(axis=1)
        worth = both / (1 + expected.shared * (np.maximum(n_seen, 1) - 1))[:, None]
        nowhere = -float(np.log(self.screen_px[0] * self.screen_px[1]))
        rows = np.zeros((len(eyes), len(expected.mean) + 1))
        for eye in range(eyes.shape[1]):
            place = np.where(both[:, [eye]], eyes[:, eye], 0.0)
            variance = expected.variance[:, eye]
            away = (place[:, None] - expected.mean[:, eye]) ** 2 / variance
            density = -(self.nu + 2) / 2 * np.log1p((away[:, :, 0] + away[:, :, 1]) / self.nu)
            density -= np.log(2 * np.pi) + 0.5 * np.log(variance[:, 0] * variance[:, 1])
            density = np.logaddexp(np.log1p(-self.lapse) + density, np.log(self.lapse) + nowhere)
            rows[:, :-1] += worth[:, [eye]] * density
            rows[:, -1] += worth[:, eye] * nowhere
        return rows, n_seen > 0


def temperature(scores: Sequence[FloatArray], cued: Sequence[int]) -> float:
    """Factor in 0..1 that makes the held-out looks' places likeliest.

    Parameters
    ----------
    scores : sequence of array, shape (n_places,)
        Log-likelihoods of a look, in nats.
    cued : sequence of int
        Which place it was at.

    Notes
    -----
    Guo et al., "On calibration of modern neural networks", ICML 2017. It never exceeds 1: a few looks that all came
    right would ask for any amount of confidence.
    """
    stacked, index = np.array(scores), np.arange(len(cued))

    def loss(factor: float) -> float:
        return -float(log_softmax(factor * stacked, axis=1)[index, cued].mean())

    best = float(minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded").x)
    # Where all places were found for sure, the search ends anywhere on a plain.
    return 1.0 if loss(1.0) <= loss(best) else best
