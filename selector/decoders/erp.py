"""Event-related potentials: was the flash that went before this epoch attended to?"""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pyriemann.geometry.base import invsqrtm
from sklearn.metrics import roc_auc_score

from acquisition.stream import FloatArray
from selector.calibration import bounded, platt, separation, temperature
from selector.decoders.artefacts import limit_peaks
from selector.decoders.cued import check_cued
from selector.decoders.ensemble import MeanLogOdds, calibrated_erp_ensemble
from selector.decoders.flashes import FlashDecoder
from selector.decoders.xdawn import shrunk_covariance

BAND = (1.0, 12.0)
"""The causal band-pass (Hz) for which the decoder's other settings were chosen."""

DECIMATED_SFREQ = 50.0
"""Epochs are thinned to the lowest rate (Hz) not below this one; the band-pass has removed what would alias."""


class ErpDecoder(FlashDecoder):
    """Evidence from the brain's answers to flashes, by `calibrated_erp_ensemble`.

    Parameters
    ----------
    sfreq : float
        Sampling rate of the epochs and of the stream, in Hz.
    tmin, tmax : float
        Window after each onset, in s.
    n_filters, C, limit, n_folds
        See `calibrated_erp_ensemble`; what its folds over whole groups hold out also serves to calibrate probabilities.
    n_layouts : int
        Surrogate layouts per group for the temperature.
    random_state : int
        Seed of those layouts.

    Attributes
    ----------
    limits_ : array, shape (n_channels,)
        Peaks beyond are turned down to this, in V.
    linear_ : array, shape (n_channels, n_times)
        Both linear members' weights in one.
    filters_ : array, shape (n_filters, n_channels)
    prototypes_ : array, shape (n_filters, n_times)
    whitener_ : array, shape (n, n)
        Inverse square root of the tangent space's reference; n = 2 * n_filters.
    weights_ : array, shape (n, n)
        The logistic regression's coefficients in the mean, as a symmetric matrix.
    intercept_ : float
        Of all members together.
    slope_, offset_ : float
        Turn a decision value into a log-likelihood ratio; fitted on held-out groups.
    doubt_ : float
        Bounds what one flash may say (see `selector.calibration.bounded`): one in so many targets as it was fitted to.
    separation_ : float
        How far ratios of targets and nontargets lie apart, in nats, on held-out groups.
    temperature_ : float
        Factor for sums of ratios; 0 where the labels mean nothing.
    auc_ : float
        Area under the ROC curve of the held-out decision values, mean over the groups.
    ensemble_ : MeanLogOdds
        As fitted on all epochs; absent after `from_arrays`, which does not need it.
    """

    version: ClassVar[int] = 3
    tables: ClassVar[tuple[str, ...]] = ("limits_", "linear_", "filters_", "prototypes_", "whitener_", "weights_")
    numbers: ClassVar[tuple[str, ...]] = ("intercept_", "slope_", "offset_", "doubt_", "separation_", "auc_")

    def __init__(
        self,
        sfreq: float = 250.0,
        tmin: float = 0.0,
        tmax: float = 0.8,
        n_filters: int = 8,
        C: float = 0.03,
        limit: float = 4.0,
        n_folds: int = 5,
        n_layouts: int = 20,
        random_state: int = 0,
    ) -> None:
        self.sfreq = sfreq
        self.tmin = tmin
        self.tmax = tmax
        self.n_filters = n_filters
        self.C = C
        self.limit = limit
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
            See `check_cued`.
        """
        X, y, groups = np.asarray(X), np.asarray(y).astype(int), np.asarray(groups)
        check_cued(X, y, groups, channels, n_times=round((self.tmax - self.tmin) * self.sfreq))
        ensemble = calibrated_erp_ensemble(self.n_filters, self.C, self.limit, self.n_folds)
        self.ensemble_ = ensemble.fit(self._thin(X), y, groups)
        self._write_out(self.ensemble_)

        scores = self.ensemble_.held_out_
        self.auc_ = float(np.mean([roc_auc_score(y[groups == g], scores[groups == g]) for g in np.unique(groups)]))
        self.slope_, self.offset_ = platt(scores, y)
        # What no example of so many contradicts may still be wrong; two are enough to doubt.
        self.doubt_ = 1.0 / max(3, int(y.sum()))
        ratios = bounded(self.slope_ * scores + self.offset_, self.doubt_)
        self.separation_ = separation(ratios, y)
        rng = np.random.default_rng(self.random_state)
        self.temperature_ = temperature(ratios, y, groups, self.n_layouts, rng)
        self.channels_ = np.array(channels, dtype=np.str_)
        self.n_channels_ = X.shape[1]
        self._forget()
        return self

    def decision_function(self, X: NDArray) -> FloatArray:
        """Log-odds (n_epochs,) of epochs (n_epochs, n_channels, n_times) at ``sfreq``, classes equally frequent."""
        return np.array([self._decide(epoch) for epoch in self._thin(X)])

    def log_likelihood_ratio(self, X: NDArray) -> FloatArray:
        """Evidence (n_epochs,), in nats, that may be summed over flashes: target against nontarget."""
        return np.asarray(self.temperature_ * self._score(X))

    def _score(self, epochs: FloatArray) -> FloatArray:
        return bounded(self.slope_ * self.decision_function(epochs) + self.offset_, self.doubt_)

    def _thin(self, X: NDArray) -> FloatArray:
        return np.asarray(X[:, :, :: self._step], dtype=np.float64)

    @property
    def _step(self) -> int:
        return max(1, int(self.sfreq / DECIMATED_SFREQ))

    def _write_out(self, ensemble: MeanLogOdds) -> None:
        """Keep of the fitted members what a decision needs, the two linear ones folded into one."""
        tangent_space, after_xdawn, alone = (member.steps[-1][1] for member in ensemble.members_)
        shares = ensemble.slopes_ / len(ensemble.members_)
        covariances, tangent, regression = (step for _, step in tangent_space.steps)
        xdawn, lda = (step for _, step in after_xdawn.steps)

        self.limits_ = np.asarray(ensemble.members_[0].steps[0][1].limits_)
        self.filters_ = np.asarray(covariances.Xd_.filters_)
        self.prototypes_ = np.asarray(covariances.P_)
        self.whitener_ = invsqrtm(tangent.reference_)
        self.weights_ = shares[0] * _symmetric(regression.coef_[0], len(tangent.reference_))
        self.linear_ = shares[1] * xdawn.filters_.T @ lda.coef_ + shares[2] * alone.coef_
        intercepts = np.array([regression.intercept_[0], lda.intercept_, alone.intercept_])
        self.intercept_ = float(shares @ intercepts + ensemble.offsets_.mean())

    def _decide(self, epoch: FloatArray) -> float:
        """What the ensemble's decision function gives for one thinned epoch, without its overhead."""
        limited = limit_peaks(epoch, self.limits_)
        rows = np.vstack((self.prototypes_, self.filters_ @ limited))
        whitened = self.whitener_ @ shrunk_covariance(rows) @ self.whitener_
        eigenvalues, vectors = np.linalg.eigh(whitened)
        projected = np.sum(vectors * (self.weights_ @ vectors), axis=0)
        return float(np.log(eigenvalues) @ projected + np.vdot(self.linear_, limited)) + self.intercept_

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        n_filters = len(self.prototypes_)
        n_times = len(range(0, round((self.tmax - self.tmin) * self.sfreq), self._step))
        return {
            "limits_": (self.n_channels_,),
            "linear_": (self.n_channels_, n_times),
            "filters_": (n_filters, self.n_channels_),
            "prototypes_": (n_filters, n_times),
            "whitener_": (2 * n_filters, 2 * n_filters),
            "weights_": (2 * n_filters, 2 * n_filters),
        }


def _symmetric(coefficients: FloatArray, n: int) -> FloatArray:
    """The matrix whose inner product with another symmetric one is that of their upper triangles' vectors."""
    matrix: Any = np.zeros((n, n))
    rows, columns = np.triu_indices(n)
    matrix[rows, columns] = coefficients / np.where(rows == columns, 1.0, np.sqrt(2.0))
    return np.asarray(matrix + matrix.T - np.diag(matrix.diagonal()))
