"""Epochs with blinks and movements, made harmless before anything is learnt from them or said of them."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from acquisition.stream import FloatArray

MAD_TO_SD = 1.4826
"""A normal variable's standard deviation over its median absolute deviation."""


class PeakLimiter(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """Turns down, epoch by epoch, every channel whose peak stands out.

    A blink of hundreds of microvolts would outweigh all other epochs in a covariance, and all other flashes in a sum.
    Scaling the whole channel keeps the epoch's shape, and the channel says less instead of nothing.

    Parameters
    ----------
    limit : float
        Largest peak left alone, in standard deviations of the channel as its median absolute deviation tells them.

    Attributes
    ----------
    limits_ : array, shape (n_channels,)
        The same in V.

    Notes
    -----
    Huber's bounded influence (Robust Statistics, 1981), by channel and epoch. Of 40 independent normal samples one
    beyond 4 standard deviations comes in one epoch of 400.
    """

    def __init__(self, limit: float = 4.0) -> None:
        self.limit = limit

    def fit(self, X: NDArray, y: NDArray | None = None) -> Self:  # noqa: ARG002
        """Learn each channel's spread from epochs (n_epochs, n_channels, n_times).

        Raises
        ------
        ValueError
            If the limit is not positive, or there is no epoch.
        """
        X = np.asarray(X, dtype=np.float64)
        if self.limit <= 0:
            raise ValueError(f"Argument 'limit' must be positive (got {self.limit:g}).")
        if X.ndim != 3 or not len(X):
            raise ValueError(f"Argument 'X' must have shape (n_epochs, n_channels, n_times) (got {X.shape}).")
        centred = np.abs(X - np.median(X, axis=(0, 2), keepdims=True))
        self.limits_ = self.limit * MAD_TO_SD * np.median(centred, axis=(0, 2))
        return self

    def transform(self, X: NDArray) -> FloatArray:
        """Epochs (n_epochs, n_channels, n_times) with no peak beyond the limits."""
        return limit_peaks(np.asarray(X, dtype=np.float64), self.limits_)


def limit_peaks(X: FloatArray, limits: FloatArray) -> FloatArray:
    """Scale channels of epochs (..., n_channels, n_times) down to peaks of ``limits`` (n_channels,) where beyond."""
    peaks = np.maximum(X.max(axis=-1), -X.min(axis=-1))
    return np.asarray(X * (limits / np.maximum(peaks, limits))[..., None])
