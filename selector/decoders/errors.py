"""Error potentials: does the brain's answer to what was selected say that it was not meant?"""

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from acquisition.stream import FloatArray, Signals
from selector.calibration import platt
from selector.decoders.kept import REAL, check_shapes, unpack
from selector.decoders.lda import xdawn_toeplitz_lda

BAND = (1.0, 12.0)
"""Causal band-pass (Hz) of the EEG."""

DECIMATED_SFREQ = 50.0
"""Epochs are thinned to the lowest rate (Hz) not below this one; the band-pass has removed what would alias."""

N_FILTERS = 2
"""Spatial filters: the answer comes from one place, and a few dozen errors can't teach more."""

VERSION = 1
_NUMBERS = ("intercept_", "slope_", "offset_", "bound_", "auc_")


class ErrorDecoder(BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """Evidence for an error from the epoch after a selection is shown.

    Parameters
    ----------
    sfreq : float
        Sampling rate of the epochs and of the stream, in Hz.
    tmin, tmax : float
        Window after the selection is shown, in s.
    n_folds : int
        Folds for the held-out scores on which the ratio is calibrated.

    Attributes
    ----------
    coef_ : array, shape (n_channels, n_times)
        xDAWN's spatial filters and the block-Toeplitz LDA behind them in one, for thinned epochs.
    intercept_ : float
    slope_, offset_ : float
        Turn a decision value into a log-likelihood ratio; 0 where the labels mean nothing.
    bound_ : float
        No epoch says more than this many nats: so few errors can't vouch for more.
    auc_ : float
        Area under the ROC curve of the held-out decision values.

    Notes
    -----
    Chavarriaga, Sobolewski and Millan, "Errare machinale est: the use of error-related potentials in brain-machine
    interfaces", Front. Neurosci. 8, 208, 2014.
    """

    def __init__(self, sfreq: float = 250.0, tmin: float = 0.1, tmax: float = 0.8, n_folds: int = 5) -> None:
        self.sfreq = sfreq
        self.tmin = tmin
        self.tmax = tmax
        self.n_folds = n_folds

    def fit(self, X: NDArray, y: NDArray) -> Self:
        """Learn from selections of which it is known whether they were meant.

        Parameters
        ----------
        X : array, shape (n_epochs, n_channels, n_times)
            Epochs in V at ``sfreq``, band-passed and cut as `Signals.epochs` does it.
        y : array, shape (n_epochs,)
            1 (or True) where the selection was an error, 0 elsewhere.

        Raises
        ------
        ValueError
            If shapes don't match, a class has fewer epochs than folds, or a channel is constant or not finite.
        """
        X, y = np.asarray(X), np.asarray(y).astype(int)
        counts = [int((y == label).sum()) for label in (1, 0)]
        if min(counts) < self.n_folds:
            raise ValueError(
                f"Argument 'y' must hold at least {self.n_folds} errors and as many others "
                f"(got {counts[0]} and {counts[1]})."
            )
        thin = self._thin(X)
        folds = StratifiedKFold(self.n_folds)
        held_out = cross_val_predict(xdawn_toeplitz_lda(N_FILTERS), thin, y, cv=folds, method="decision_function")
        self.auc_ = float(roc_auc_score(y, held_out))
        self.slope_, self.offset_ = platt(held_out, y)
        self.bound_ = float(np.log(min(counts)))
        xdawn, lda = (step for _, step in xdawn_toeplitz_lda(N_FILTERS).fit(thin, y).steps)
        self.coef_, self.intercept_ = np.asarray(xdawn.filters_).T @ lda.coef_, lda.intercept_
        return self

    def log_likelihood_ratio(self, X: NDArray) -> FloatArray:
        """Evidence (n_epochs,) in nats, error against none, of epochs (n_epochs, n_channels, n_times) at ``sfreq``."""
        scores = np.array([np.sum(epoch * self.coef_) for epoch in self._thin(X)]) + self.intercept_
        return np.asarray(np.clip(self.slope_ * scores + self.offset_, -self.bound_, self.bound_))

    def log_likelihood_ratio_at(self, onset: float, signals: Signals) -> float | None:
        """Evidence in nats of the epoch after a selection was shown at ``onset`` (s); None where samples are missing.

        Raises
        ------
        ValueError
            If the stream "eeg" has another sampling rate or number of channels than the model.
        """
        info = signals.streams["eeg"]
        if abs(info.sfreq - self.sfreq) > 0.005 * self.sfreq or len(info.channels) != len(self.coef_):
            raise ValueError(
                f"Stream 'eeg' has {len(info.channels)} channels at {info.sfreq:g} Hz, but the error decoder was "
                f"fitted on {len(self.coef_)} at {self.sfreq:g} Hz: fit it on a recording of this device."
            )
        epochs, usable = signals.epochs("eeg", np.array([onset]), self.tmin, self.tmax)
        return float(self.log_likelihood_ratio(epochs)[0]) if usable[0] else None

    def to_arrays(self) -> dict[str, NDArray]:
        """Parameters and what was fitted, as plain arrays for `numpy.savez`."""
        names = (*self.get_params(), "coef_", *_NUMBERS)
        return {"version": np.asarray(VERSION), **{name: np.asarray(getattr(self, name)) for name in names}}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray]) -> Self:
        """Inverse of `to_arrays`; decides bit for bit as the decoder that was saved.

        Raises
        ------
        ValueError
            If an array is missing, damaged or of another version.
        """
        decoder = cls()
        found = unpack(cls.__name__, VERSION, arrays, (*decoder.get_params(), *_NUMBERS), {"coef_": REAL})
        for name, value in found.items():
            setattr(decoder, name, value)
        n_times = len(range(0, round((decoder.tmax - decoder.tmin) * decoder.sfreq), decoder._step))
        check_shapes(found, {"coef_": (len(decoder.coef_), n_times)})
        return decoder

    def _thin(self, X: NDArray) -> FloatArray:
        return np.asarray(X[:, :, :: self._step], dtype=np.float64)

    @property
    def _step(self) -> int:
        return max(1, int(self.sfreq / DECIMATED_SFREQ))
