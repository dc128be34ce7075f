"""Steady-state responses by the covariance of signals filtered around every flicker frequency."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from pyriemann.classification import MDM
from pyriemann.estimation import Covariances
from pyriemann.tangentspace import TangentSpace
from scipy import signal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from acquisition.stream import FloatArray


class RiemannianSSVEP(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Covariance of the signals filtered around each frequency and stacked, classified as such [1]_.

    Phase does not matter, and trials need not be locked to the flicker.

    Parameters
    ----------
    frequencies : sequence of float
        Flicker frequencies in Hz; they are the classes.
    sfreq : float
        Sampling rate in Hz.
    classifier : estimator
        Takes covariances, shape (n_trials, n, n).
    half_width_hz : float
        Each filter passes from that far below a frequency to that far above, in Hz.
    order : int
        Order of each filter's Butterworth prototype.
    lead_s : float
        How much of each window's start only settles the filters, in s.
    zero_phase : bool
        Filter forwards and backwards, which no online system can do.

    References
    ----------
    .. [1] E. K. Kalunga, S. Chevallier, Q. Barthelemy, K. Djouani, E. Monacelli, Y. Hamam, "Online SSVEP-based BCI
       using Riemannian geometry", Neurocomputing 191, 55-68, 2016.
    """

    def __init__(
        self,
        frequencies: Sequence[float],
        sfreq: float,
        classifier: Any,
        half_width_hz: float = 1.0,
        order: int = 2,
        lead_s: float = 0.0,
        zero_phase: bool = False,
    ) -> None:
        self.frequencies = frequencies
        self.sfreq = sfreq
        self.classifier = classifier
        self.half_width_hz = half_width_hz
        self.order = order
        self.lead_s = lead_s
        self.zero_phase = zero_phase

    @property
    def classes_(self) -> FloatArray:
        """The frequencies in Hz, shape (n_classes,)."""
        return np.asarray(self.frequencies, dtype=np.float64)

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from windows (n_trials, n_channels, n_times), and the frequency in Hz attended to in each.

        Raises
        ------
        ValueError
            If a frequency is missing, samples are not finite, or a frequency cannot be filtered out.
        """
        attended = np.asarray(y)
        if missing := [f"{f:g}" for f in self.classes_ if f not in attended]:
            raise ValueError(f"Argument 'y' must name every frequency at least once (lacks {', '.join(missing)} Hz).")
        known = np.isin(attended, self.classes_)
        if not known.all():
            raise ValueError(f"Argument 'y' must name frequencies only (got {attended[~known][0]!r}).")
        rows = np.array([int(np.flatnonzero(self.classes_ == frequency)[0]) for frequency in attended])
        self.classifier_ = clone(self.classifier).fit(self._covariances(X), rows)
        return self

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Probability of each class, shape (n_trials, n_classes)."""
        check_is_fitted(self, "classifier_")
        return np.asarray(self.classifier_.predict_proba(self._covariances(X)))

    def predict(self, X: ArrayLike) -> FloatArray:
        """The likeliest frequency in Hz of each window, shape (n_trials,)."""
        check_is_fitted(self, "classifier_")
        return np.asarray(self.classes_[self.classifier_.predict(self._covariances(X))])

    def _covariances(self, X: ArrayLike) -> FloatArray:
        trials = np.asarray(X, dtype=np.float64)
        n_lead = round(self.lead_s * self.sfreq)
        if trials.ndim != 3 or trials.shape[2] <= n_lead + 1 or not np.isfinite(trials).all():
            raise ValueError(
                "Argument 'X' must have shape (n_trials, n_channels, n_times), finite and longer than the lead of "
                f"{n_lead} samples (got {trials.shape})."
            )
        stacked = []
        for frequency in self.classes_:
            band = (frequency - self.half_width_hz, frequency + self.half_width_hz)
            if not 0 < band[0] < band[1] < self.sfreq / 2:
                raise ValueError(
                    f"Argument 'frequencies' must lie more than {self.half_width_hz:g} Hz within 0 and half the "
                    f"sampling rate, {self.sfreq / 2:g} Hz (got {frequency:g})."
                )
            sos = signal.butter(self.order, band, btype="bandpass", fs=self.sfreq, output="sos")
            centred = trials - trials[:, :, :1]
            run = signal.sosfiltfilt if self.zero_phase else signal.sosfilt
            stacked.append(run(sos, centred, axis=-1)[:, :, n_lead:])
        return np.asarray(Covariances("lwf").transform(np.concatenate(stacked, axis=1)))


def ssvep_mdm(frequencies: Sequence[float], sfreq: float, **options: Any) -> RiemannianSSVEP:
    """Nearest mean by Riemannian distance; ``options`` are those of `RiemannianSSVEP`."""
    return RiemannianSSVEP(frequencies, sfreq, MDM(metric="riemann"), **options)


def ssvep_tangent_space(frequencies: Sequence[float], sfreq: float, **options: Any) -> RiemannianSSVEP:
    """Logistic regression in the tangent space; ``options`` are those of `RiemannianSSVEP`."""
    classifier = make_pipeline(TangentSpace(metric="riemann"), LogisticRegression(max_iter=1000))
    return RiemannianSSVEP(frequencies, sfreq, classifier, **options)
