"""Ongoing EEG as noise in space and time apart: what there is to know of it adds up, epoch by epoch."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.linalg import cholesky, solve_triangular, toeplitz

from acquisition.stream import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Sums over epochs, whosever answers they hold.

    Parameters
    ----------
    n : int
        How many epochs.
    total : array, shape (n_channels, n_times)
        Their sum.
    lagged : array, shape (n_times, n_channels, n_channels)
        For each lag in samples the sum of all products of two channels so far apart, the second one later.
    """

    n: int
    total: FloatArray
    lagged: FloatArray

    @classmethod
    def nothing(cls, n_channels: int, n_times: int) -> Self:
        """No epoch yet."""
        return cls(0, np.zeros((n_channels, n_times)), np.zeros((n_times, n_channels, n_channels)))

    def plus(self, epoch: FloatArray) -> "Background":
        """With one more epoch (n_channels, n_times)."""
        return Background(self.n + 1, self.total + epoch, self.lagged + _lagged(epoch))

    def joined(self, other: "Background") -> "Background":
        """Of the epochs of both."""
        return Background(self.n + other.n, self.total + other.total, self.lagged + other.lagged)

    def whitener(self, shrinkage: float) -> "Whitener":
        """What makes it white, were its covariance one between channels times one between times.

        Parameters
        ----------
        shrinkage : float
            Share of the way to uncorrelated channels, and to uncorrelated times.

        Notes
        -----
        The mean epoch is taken out first. The covariance between times depends on the lag alone and is that of all
        channels once they are white in space; dividing sums by ``n_times`` at all lags fades it, as in
        `selector.decoders.lda.block_toeplitz`. Space and time apart need some hundred numbers instead of some ten
        thousand, so that a second of EEG is enough to begin with: Bijma, de Munck and Heethaar, "The spatiotemporal
        MEG covariance matrix modeled as a sum of Kronecker products", NeuroImage 27, 2005, of which this is one term.
        """
        lagged = self._covariances()
        space = _inverse_root(_shrunk((lagged[0] + lagged[0].T) / 2, shrinkage))
        fading = np.einsum("cd,lcd->l", space @ space, lagged) / len(space)
        return Whitener(space, _inverse_root(_shrunk(toeplitz(fading), shrinkage)))

    def refined(self, shrinkage: float, overlap: float = 4.0) -> "Whitener":
        """What makes it white by its block-Toeplitz covariance, shrunk toward that of `whitener`.

        Parameters
        ----------
        shrinkage : float
            See `whitener`.
        overlap : float
            How many epochs a sample is in: so many times fewer are independent.

        Notes
        -----
        The share of the way is the optimal one of Ledoit and Wolf, "A well-conditioned estimator for large-dimensional
        covariance matrices", J. Multivar. Anal. 88, 2004, with the variance that a covariance of white noise has. It
        goes to nothing as epochs come.
        """
        first = self.whitener(shrinkage)
        n_channels, n_times = self.total.shape
        n_features = n_channels * n_times
        by_lag = first.space @ self._covariances() @ first.space
        lags = np.arange(n_times) - np.arange(n_times)[:, None]
        blocks = np.where((lags >= 0)[..., None, None], by_lag[abs(lags)], by_lag[abs(lags)].transpose(0, 1, 3, 2))
        blocks = np.tensordot(first.time, np.tensordot(first.time, blocks, axes=(1, 0)), axes=(1, 1))
        covariance = blocks.transpose(2, 1, 3, 0).reshape(n_features, n_features)
        weights = (n_times - np.arange(n_times)) ** 2 / n_times**2
        variance = overlap * n_channels**2 * (2 * weights.sum() - weights[0]) / self.n
        distance = np.sum((covariance - np.eye(n_features)) ** 2)
        share = min(1.0, variance / distance)
        mixed = (1 - share) * covariance + share * np.eye(n_features)
        rest = solve_triangular(cholesky(mixed, lower=True), np.eye(n_features), lower=True)
        return Whitener(first.space, first.time, rest)

    def _covariances(self) -> FloatArray:
        """Covariance of channels at each lag (n_times, n_channels, n_channels), fading with it."""
        summed = self.lagged - _lagged(self.total) / self.n if self.n > 1 else self.lagged
        return np.asarray(summed / (self.n * self.total.shape[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Whitener:
    """Symmetric inverse roots of a covariance between channels and one between times.

    Parameters
    ----------
    space : array, shape (n_channels, n_channels)
    time : array, shape (n_times, n_times)
    rest : array, shape (n_channels * n_times, n_channels * n_times), optional
        Inverse Cholesky factor of what they leave.

    Notes
    -----
    What is white by somebody's own covariance is recentred: comparable between people and days, as in Zanini et al.,
    "Transfer learning: a Riemannian geometry framework with applications to brain-computer interfaces", IEEE Trans.
    Biomed. Eng. 65, 2018.
    """

    space: FloatArray
    time: FloatArray
    rest: FloatArray | None = None

    def __call__(self, X: FloatArray) -> FloatArray:
        """Epochs, or their means, (..., n_channels, n_times) in standard deviations of the ongoing EEG."""
        return self.remaining(self.space @ (X @ self.time))

    def remaining(self, X: FloatArray) -> FloatArray:
        """The same of what is white in space and in time."""
        if self.rest is None:
            return X
        return np.asarray((X.reshape(*X.shape[:-2], -1) @ self.rest.T).reshape(X.shape))


def _lagged(epoch: FloatArray) -> FloatArray:
    n_channels, n_times = epoch.shape
    padded = np.concatenate((epoch, np.zeros((n_channels, n_times - 1))), axis=1)
    later = sliding_window_view(padded, n_times, axis=1)
    return np.asarray(epoch @ np.ascontiguousarray(later.transpose(1, 2, 0)))


def _shrunk(covariance: FloatArray, share: float) -> FloatArray:
    return (1 - share) * covariance + share * np.diag(np.diag(covariance))


def _inverse_root(covariance: FloatArray) -> FloatArray:
    eigenvalues, vectors = np.linalg.eigh(covariance)
    # A channel that is the others' mean leaves a dimension with nothing in it but rounding.
    eigenvalues = np.maximum(eigenvalues, 1e-9 * eigenvalues[-1])
    return np.asarray((vectors / np.sqrt(eigenvalues)) @ vectors.T)
