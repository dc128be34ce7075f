"""Event-related potentials: was the flash that went before this epoch attended to?"""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pyriemann.geometry.base import invsqrtm
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from acquisition.stream import FloatArray
from selector.calibration import platt, temperature
from selector.decoders.flashes import FlashDecoder
from selector.decoders.xdawn import shrunk_covariance, xdawn_tangent_space

BAND = (1.0, 12.0)
"""The causal band-pass (Hz) for which the decoder's other settings were chosen."""

DECIMATED_SFREQ = 50.0
"""Epochs are thinned to the lowest rate (Hz) not below this one; the band-pass has removed what would alias."""


class ErpDecoder(FlashDecoder):
    """Evidence from the brain's answers to flashes.

    Parameters
    ----------
    sfreq : float
        Sampling rate of the epochs and of the stream, in Hz.
    tmin, tmax : float
        Window after each onset, in s.
    n_filters, C
        See `xdawn_tangent_space`.
    n_folds : int
        Folds over whole groups for the held-out scores on which probabilities are calibrated.
    n_layouts : int
        Surrogate layouts per group for the temperature.
    random_state : int
        Seed of those layouts.

    Attributes
    ----------
    filters_ : array, shape (n_filters, n_channels)
    prototypes_ : array, shape (n_filters, n_times)
    whitener_ : array, shape (n, n)
        Inverse square root of the tangent space's reference; n = 2 * n_filters.
    weights_ : array, shape (n, n)
        The logistic regression's coefficients, as a symmetric matrix.
    intercept_ : float
    slope_, offset_ : float
        Turn a decision value into a log-likelihood ratio; fitted on held-out groups.
    temperature_ : float
        Factor for sums of ratios; 0 where the labels mean nothing.
    auc_ : float
        Area under the ROC curve of the held-out decision values, mean over the groups.
    pipeline_ : sklearn.pipeline.Pipeline
        As fitted on all epochs; absent after `from_arrays`, which does not need it.
    """

    version: ClassVar[int] = 1
    fitted: ClassVar[tuple[str, ...]] = (
        "filters_",
        "prototypes_",
        "whitener_",
        "weights_",
        "intercept_",
        "slope_",
        "offset_",
        "auc_",
    )

    def __init__(
        self,
        sfreq: float = 250.0,
        tmin: float = 0.0,
        tmax: float = 0.8,
        n_filters: int = 8,
        C: float = 0.03,
        n_folds: int = 5,
        n_layouts: int = 20,
        random_state: int = 0,
    ) -> None:
        self.sfreq = sfreq
        self.tmin = tmin
        self.tmax = tmax
        self.n_filters = n_filters
        self.C = C
        self.n_folds = n_folds
        self.n_layouts = n_layouts
        self.random_state = random_state

    def fit(self, X: NDArray, y: NDArray, groups: NDArray, channels: Sequence[str] = ()) -> Self:
        """Learn the person's answers from cued flashes.

        Parameters
        ----------
        X : array, shape (n_epochs, n_channels, n_times)
            Epochs in V at ``sfreq``, band-passed and cut as `Signals.epochs` does it, in the order of time.
        y : array, shape (n_epochs,)
            1 (or True) where the cued slot lit up, 0 elsewhere.
        groups : array, shape (n_epochs,)
            The character (trial) of each epoch; the calibration holds whole groups out.
        channels : sequence of str
            The channels' labels, by which a stream's are found; without them its channels must be as many, and count
            as being in this order.

        Raises
        ------
        ValueError
            If shapes don't match, a class is missing, groups are fewer than two or hold too few flashes,
            a channel is constant or not finite, or labels are not one to a channel.
        """
        X, y, groups = np.asarray(X), np.asarray(y).astype(int), np.asarray(groups)
        self._check_epochs(X, y, groups, channels)
        thin = self._thin(X)
        n_groups = len(np.unique(groups))
        scores = cross_val_predict(
            xdawn_tangent_space(self.n_filters, self.C),
            thin,
            y,
            groups=groups,
            cv=GroupKFold(min(self.n_folds, n_groups)),
            method="decision_function",
        )
        self.auc_ = float(np.mean([roc_auc_score(y[groups == g], scores[groups == g]) for g in np.unique(groups)]))
        self.slope_, self.offset_ = platt(scores, y)
        rng = np.random.default_rng(self.random_state)
        self.temperature_ = temperature(self.slope_ * scores + self.offset_, y, groups, self.n_layouts, rng)

        self.pipeline_ = xdawn_tangent_space(self.n_filters, self.C).fit(thin, y)
        covariances, tangent, regression = (step for _, step in self.pipeline_.steps)
        self.filters_ = np.asarray(covariances.Xd_.filters_)
        self.prototypes_ = np.asarray(covariances.P_)
        self.whitener_ = invsqrtm(tangent.reference_)
        self.weights_ = _symmetric(regression.coef_[0], len(tangent.reference_))
        self.intercept_ = float(regression.intercept_[0])
        self.channels_ = np.array(channels, dtype=np.str_)
        self.n_channels_ = X.shape[1]
        self._forget()
        return self

    def decision_function(self, X: NDArray) -> FloatArray:
        """Log-odds (n_epochs,) of epochs (n_epochs, n_channels, n_times) at ``sfreq``, classes equally frequent."""
        return np.array([self._decide(epoch) for epoch in self._thin(X)])

    def log_likelihood_ratio(self, X: NDArray) -> FloatArray:
        """Evidence (n_epochs,), in nats, that may be summed over flashes: target against nontarget."""
        return np.asarray(self.temperature_ * (self.slope_ * self.decision_function(X) + self.offset_))

    def _score(self, epochs: FloatArray) -> FloatArray:
        return np.asarray(self.slope_ * self.decision_function(epochs) + self.offset_)

    def _misshapen(self) -> list[str]:
        n_filters, n_times = np.shape(self.prototypes_) if np.ndim(self.prototypes_) == 2 else (0, 0)
        wanted = {
            "filters_": (n_filters, self.n_channels_),
            "prototypes_": (n_filters, n_times),
            "whitener_": (2 * n_filters, 2 * n_filters),
            "weights_": (2 * n_filters, 2 * n_filters),
        }
        return [name for name, shape in wanted.items() if np.shape(getattr(self, name)) != shape]

    def _thin(self, X: NDArray) -> FloatArray:
        step = max(1, int(self.sfreq / DECIMATED_SFREQ))
        return np.asarray(X[:, :, ::step], dtype=np.float64)

    def _decide(self, epoch: FloatArray) -> float:
        """What the pipeline's decision function gives for one thinned epoch, without its overhead."""
        rows = np.vstack((self.prototypes_, self.filters_ @ epoch))
        whitened = self.whitener_ @ shrunk_covariance(rows) @ self.whitener_
        eigenvalues, vectors = np.linalg.eigh(whitened)
        projected = np.einsum("ji,jk,ki->i", vectors, self.weights_, vectors, optimize=True)
        return float(np.log(eigenvalues) @ projected) + self.intercept_

    def _check_epochs(self, X: NDArray, y: NDArray, groups: NDArray, channels: Sequence[str]) -> None:
        n_times = round((self.tmax - self.tmin) * self.sfreq)
        if X.ndim != 3 or X.shape[2] != n_times or len(y) != len(X) or len(groups) != len(X):
            raise ValueError(
                f"Arguments 'X', 'y' and 'groups' must have shapes (n_epochs, n_channels, {n_times}), (n_epochs,) and "
                f"(n_epochs,) (got {X.shape}, {y.shape} and {groups.shape})."
            )
        if len(channels) and (len(channels) != X.shape[1] or len(set(channels)) != X.shape[1]):
            raise ValueError(
                f"Argument 'channels' must hold {X.shape[1]} different labels, one to a channel "
                f"(got {', '.join(channels)})."
            )
        if set(np.unique(y)) != {0, 1}:
            raise ValueError(f"Argument 'y' must hold both classes, 0 and 1 (got {sorted(set(y.tolist()))}).")
        if not np.isfinite(X).all():
            bad = np.flatnonzero(~np.isfinite(X).all(axis=(0, 2))).tolist()
            raise ValueError(f"Argument 'X' must be finite (channels {bad}, counted from 0, are not).")
        flat = np.flatnonzero(np.ptp(X, axis=(0, 2)) == 0).tolist()
        if flat:
            raise ValueError(
                f"Argument 'X' must vary in every channel (channels {flat}, counted from 0, are constant)."
            )
        counts = [(int(y[groups == g].sum()), int((groups == g).sum())) for g in np.unique(groups)]
        if len(counts) < 2 or any(n_targets < 2 or n - n_targets < 14 for n_targets, n in counts):
            raise ValueError(
                "Argument 'groups' must name at least two characters with at least 2 target and 14 other flashes each "
                f"(got, as targets of all, {', '.join(f'{a} of {b}' for a, b in counts)})."
            )


def _symmetric(coefficients: FloatArray, n: int) -> FloatArray:
    """The matrix whose inner product with another symmetric one is that of their upper triangles' vectors."""
    matrix: Any = np.zeros((n, n))
    rows, columns = np.triu_indices(n)
    matrix[rows, columns] = coefficients / np.where(rows == columns, 1.0, np.sqrt(2.0))
    return np.asarray(matrix + matrix.T - np.diag(matrix.diagonal()))
