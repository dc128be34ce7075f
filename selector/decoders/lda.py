"""Linear discriminants of single epochs, whose covariance is shrunk, and block-Toeplitz where wanted."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pyriemann.spatialfilters import Xdawn
from scipy.linalg import solve
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.covariance import ledoit_wolf
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.validation import check_is_fitted

from acquisition.stream import FloatArray
from selector.decoders.xdawn import shrunk_covariance


def ledoit_wolf_covariance(X: FloatArray) -> FloatArray:
    """Covariance of centred features (n_epochs, n_features), shrunk toward its own diagonal.

    Parameters
    ----------
    X : array, shape (n_epochs, n_features)
        Each feature has mean 0 and varies.

    Returns
    -------
    array, shape (n_features, n_features)

    Notes
    -----
    Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", J. Multivar. Anal. 88,
    2004; of standardised features, so that channels of other amplitudes are shrunk alike.
    """
    scale = X.std(axis=0)
    correlation, _ = ledoit_wolf(X / scale, assume_centered=True)
    return np.asarray(correlation * np.outer(scale, scale))


def block_toeplitz(covariance: FloatArray, n_channels: int) -> FloatArray:
    """Average a covariance over time, and let it fade with the lag.

    Parameters
    ----------
    covariance : array, shape (n_times * n_channels, n_times * n_channels)
        Of features in the order of time, the channels of one time side by side.
    n_channels : int

    Returns
    -------
    array, shape (n_times * n_channels, n_times * n_channels)
        Its block at times i and j depends on j - i alone. Positive definite where ``covariance`` is.

    Notes
    -----
    Sosulski and Tangermann, "Introducing block-Toeplitz covariance matrices to remaster linear discriminant analysis
    for event-related potential brain-computer interfaces", J. Neural Eng. 19, 2022. A sum along a diagonal divided by
    ``n_times``, instead of by how many blocks it holds, is their average and their linear taper in one.
    """
    n_times = len(covariance) // n_channels
    blocks = covariance.reshape(n_times, n_channels, n_times, n_channels)
    toeplitz = np.empty_like(blocks)
    times = np.arange(n_times)
    for lag in range(n_times):
        earlier, later = times[: n_times - lag], times[lag:]
        block = blocks[earlier, :, later, :].sum(axis=0) / n_times
        toeplitz[earlier, :, later, :] = block
        toeplitz[later, :, earlier, :] = block.T
    return toeplitz.reshape(covariance.shape)


class ShrinkageLDA(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """Linear discriminant of whole epochs with a shrunk covariance.

    Attributes
    ----------
    coef_ : array, shape (n_channels, n_times)
    intercept_ : float
    classes_ : array, shape (2,)
        0 and 1.

    Notes
    -----
    Blankertz et al., "Single-trial analysis and classification of ERP components: a tutorial", NeuroImage 56, 2011.
    """

    def fit(self, X: NDArray, y: NDArray) -> Self:
        """Learn from epochs (n_epochs, n_channels, n_times) and labels (n_epochs,), 1 for targets and 0 for others.

        Raises
        ------
        ValueError
            If shapes don't match, a class has less than two epochs, or a sample is constant or not finite.
        """
        X, y = np.asarray(X, dtype=np.float64), np.asarray(y).astype(int)
        check_epochs(X, y)
        n_channels, n_times = X.shape[1:]
        features = features_by_time(X)
        target, other = features[y == 1].mean(axis=0), features[y == 0].mean(axis=0)
        within = features - np.where(y[:, None] == 1, target, other)
        weights = solve(self._covariance(within, n_channels), target - other, assume_a="pos")
        self.classes_ = np.array([0, 1])
        self.coef_ = weights.reshape(n_times, n_channels).T.copy()
        self.intercept_ = float(-weights @ (target + other) / 2)
        return self

    def decision_function(self, X: NDArray) -> FloatArray:
        """Log-odds (n_epochs,) of epochs (n_epochs, n_channels, n_times), classes equally frequent.

        Raises
        ------
        NotFittedError
            If it has learnt nothing yet.
        ValueError
            If epochs have another shape than those learnt from, or are not finite.
        """
        check_is_fitted(self)
        X = np.asarray(X)
        n_channels, n_times = self.coef_.shape
        if X.ndim != 3 or X.shape[1:] != self.coef_.shape or not np.isfinite(X).all():
            raise ValueError(
                f"Argument 'X' must hold finite epochs of {n_channels} channels and {n_times} times "
                f"(got shape {X.shape}{'' if np.isfinite(X).all() else ', and NaN or infinity in it'})."
            )
        return np.asarray(np.tensordot(X, self.coef_, axes=2) + self.intercept_)

    def predict(self, X: NDArray) -> NDArray[np.int64]:
        """Likelier label (n_epochs,), classes equally frequent."""
        return np.asarray(self.decision_function(X) > 0, dtype=np.int64)

    def _covariance(self, within: FloatArray, n_channels: int) -> FloatArray:  # noqa: ARG002
        return ledoit_wolf_covariance(within)


class BlockToeplitzLDA(ShrinkageLDA):
    """Linear discriminant whose noise is taken as stationary within the epoch: far fewer numbers to learn.

    Notes
    -----
    See `block_toeplitz` for the paper.
    """

    def _covariance(self, within: FloatArray, n_channels: int) -> FloatArray:
        return block_toeplitz(ledoit_wolf_covariance(within), n_channels)


def xdawn_lda(n_filters: int = 4) -> Pipeline:
    """Classifier of single epochs: xDAWN's spatial filters for the target response, then `ShrinkageLDA`.

    Parameters
    ----------
    n_filters : int
        Spatial filters; all of them where there are fewer channels.

    Notes
    -----
    Rivet et al., "xDAWN algorithm to enhance evoked potentials", IEEE Trans. Biomed. Eng. 56, 2009.
    """
    return make_pipeline(_xdawn(n_filters), ShrinkageLDA())


def xdawn_toeplitz_lda(n_filters: int = 4) -> Pipeline:
    """Classifier of single epochs: as `xdawn_lda`, but with `BlockToeplitzLDA`."""
    return make_pipeline(_xdawn(n_filters), BlockToeplitzLDA())


def features_by_time(X: FloatArray) -> FloatArray:
    """Epochs (n_epochs, n_channels, n_times) as features, the channels of one time side by side."""
    return X.transpose(0, 2, 1).reshape(len(X), -1)


def _xdawn(n_filters: int) -> Xdawn:
    return Xdawn(nfilter=n_filters, classes=[1], estimator=shrunk_covariance)


def check_epochs(X: FloatArray, y: NDArray) -> None:
    """Refuse epochs (n_epochs, n_channels, n_times) and labels (n_epochs,) from which nothing can be learnt.

    Raises
    ------
    ValueError
        If shapes don't match, a class has less than two epochs, or a sample is constant or not finite.
    """
    if X.ndim != 3 or y.shape != X.shape[:1]:
        raise ValueError(
            "Arguments 'X' and 'y' must have shapes (n_epochs, n_channels, n_times) and (n_epochs,) "
            f"(got {X.shape} and {y.shape})."
        )
    counts = [int((y == label).sum()) for label in (0, 1)]
    if min(counts) < 2 or sum(counts) != len(y):
        raise ValueError(
            "Argument 'y' must hold 0 and 1 at least twice each, and nothing else "
            f"(got {counts[0]} times 0, {counts[1]} times 1, {len(y) - sum(counts)} others)."
        )
    if not np.isfinite(X).all():
        bad = np.flatnonzero(~np.isfinite(X).all(axis=(0, 2))).tolist()
        raise ValueError(f"Argument 'X' must be finite (channels {bad}, counted from 0, are not).")
    flat = np.flatnonzero((np.ptp(X, axis=0) == 0).any(axis=1)).tolist()
    if flat:
        raise ValueError(f"Argument 'X' must vary in every channel (channels {flat}, counted from 0, are constant).")
