"""Steady-state responses by what other people, and the person's own runs, have taught."""

from collections.abc import Hashable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from acquisition.stream import FloatArray
from selector.decoders.ssvep import FBCCA
from selector.decoders.ssvep_recentred import RecentredTangentSpace, narrow_band_covariances, narrow_bands
from selector.decoders.ssvep_softmax import ChoiceSoftmax


class SSVEPEnsemble(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The sum of two log-probabilities: of filter bank correlations, and of recentred narrow-band covariances.

    The first is a softmax over each frequency's two largest canonical correlations in every sub-band, squared, with
    weights shared by the frequencies (`ChoiceSoftmax`); the second a logistic regression in the tangent space at each
    person's centre (`RecentredTangentSpace`). Phase does not matter, and trials need not be locked to the flicker.

    Parameters
    ----------
    frequencies : sequence of float
        Flicker frequencies in Hz; they are the classes.
    sfreq : float
        Sampling rate in Hz.
    n_harmonics, n_bands, band_step_hz, lead_s
        As in `FBCCA`.
    penalty, pull
        See `ChoiceSoftmax`.
    tangent_space : bool
        Whether the second one takes part. Without it, frequencies that were never trained can be decoded.
    half_width_hz, shrinkage
        See `narrow_band_covariances`.
    C : float
        See `RecentredTangentSpace`.
    """

    def __init__(
        self,
        frequencies: Sequence[float],
        sfreq: float,
        n_harmonics: int = 2,
        n_bands: int = 5,
        band_step_hz: float = 8.0,
        lead_s: float = 0.0,
        penalty: float = 10.0,
        pull: float = 10.0,
        tangent_space: bool = True,
        half_width_hz: float = 1.0,
        shrinkage: float = 0.01,
        C: float = 0.03,
    ) -> None:
        self.frequencies = frequencies
        self.sfreq = sfreq
        self.n_harmonics = n_harmonics
        self.n_bands = n_bands
        self.band_step_hz = band_step_hz
        self.lead_s = lead_s
        self.penalty = penalty
        self.pull = pull
        self.tangent_space = tangent_space
        self.half_width_hz = half_width_hz
        self.shrinkage = shrinkage
        self.C = C

    @property
    def classes_(self) -> FloatArray:
        """The frequencies in Hz, shape (n_classes,)."""
        return np.asarray(self.frequencies, dtype=np.float64)

    def transform(self, X: ArrayLike) -> FloatArray:
        """What the decoder sees of each window; nothing in it is learnt.

        Parameters
        ----------
        X : array, shape (n_windows, n_channels, n_times)
            Unfiltered, in any unit; the first ``lead_s`` settle the filters.

        Returns
        -------
        array, shape (n_windows, n_features)
            Squared correlations, and behind them the covariances.

        Raises
        ------
        ValueError
            As `FBCCA.decision_function`.
        """
        windows = np.asarray(X, dtype=np.float64)
        seen = [self._bank.correlations(windows) ** 2]
        if self.tangent_space:
            n_lead = round(self.lead_s * self.sfreq)
            seen.append(narrow_band_covariances(windows, self._narrow_bands, self.sfreq, n_lead, self.shrinkage))
        return np.concatenate([features.reshape(len(windows), -1) for features in seen], axis=1)

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        person: Hashable = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from windows of known frequency.

        Parameters
        ----------
        X : array, shape (n_windows, n_channels, n_times)
            As for `transform`, or what that gave, shape (n_windows, n_features).
        y : array, shape (n_windows,)
            Frequency attended to in each, in Hz.
        groups : array, shape (n_windows,), optional
            Whose each window is; one person's where it is left out.
        person : hashable, optional
            Who of ``groups`` is going to be decoded; somebody else where it is left out.
        sample_weight : array, shape (n_windows,), optional
            How much each counts; windows that overlap should count less.

        Raises
        ------
        ValueError
            If shapes don't match, a frequency is unknown, or, with ``tangent_space``, one is missing.
        """
        features, attended = self._features(X), np.asarray(y)
        people = np.zeros(len(attended)) if groups is None else np.asarray(groups)
        weight = np.ones(len(attended)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if not len(features) == len(attended) == len(people) == len(weight):
            raise ValueError(
                "Arguments 'X', 'y', 'groups' and 'sample_weight' must have the same length "
                f"(got {len(features)}, {len(attended)}, {len(people)} and {len(weight)})."
            )
        rows = self._rows(attended)
        own = np.zeros(len(rows), dtype=bool) if person is None else people == person
        correlations, covariances = self._parts(features)
        self.softmax_ = ChoiceSoftmax(self.penalty, self.pull).fit(correlations, rows, own, weight)
        if self.tangent_space:
            self.tangent_ = RecentredTangentSpace(self.C).fit(covariances, rows, people, own, weight)
        return self

    def predict_log_proba(self, X: ArrayLike) -> FloatArray:
        """Log-probability of each class.

        Parameters
        ----------
        X : array, shape (n_windows, n_channels, n_times) or (n_windows, n_features)
            Windows of one person, in order of time; what one says does not depend on those after it.

        Returns
        -------
        array, shape (n_windows, n_classes)
        """
        check_is_fitted(self, "softmax_")
        correlations, covariances = self._parts(self._features(X))
        log_p = self.softmax_.predict_log_proba(correlations)
        if self.tangent_space:
            log_p = log_p + self.tangent_.predict_log_proba(covariances)
        return np.asarray(log_softmax(log_p, axis=1))

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Probability of each class, shape (n_windows, n_classes)."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: ArrayLike) -> FloatArray:
        """The likeliest frequency in Hz of each window, shape (n_windows,)."""
        return np.asarray(self.classes_[self.predict_log_proba(X).argmax(axis=1)])

    @property
    def _bank(self) -> FBCCA:
        bands = self.n_harmonics, self.n_bands, self.band_step_hz
        return FBCCA(self.frequencies, self.sfreq, *bands, lead_s=self.lead_s)

    @property
    def _narrow_bands(self) -> list[tuple[float, float]]:
        return narrow_bands(self.frequencies, self.sfreq, self.n_harmonics, self.half_width_hz)

    def _features(self, X: ArrayLike) -> FloatArray:
        return np.asarray(X, dtype=np.float64) if np.ndim(X) == 2 else self.transform(X)

    def _rows(self, attended: FloatArray) -> Any:
        known = np.isin(attended, self.classes_)
        if not known.all():
            raise ValueError(f"Argument 'y' must name frequencies only (got {attended[~known][0]:g} Hz).")
        missing = [f"{f:g}" for f in self.classes_ if f not in attended]
        if missing and self.tangent_space:
            raise ValueError(f"Argument 'y' must name every frequency at least once (lacks {', '.join(missing)} Hz).")
        return np.argmax(attended[:, None] == self.classes_, axis=1)

    def _parts(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Correlations (n_windows, n_classes, n) and covariances (n_windows, n_blocks, n_channels, n_channels)."""
        n_classes = len(self.classes_)
        n_correlations = 2 * n_classes * len(self._bank.band_edges)
        correlations = features[:, :n_correlations].reshape(len(features), n_classes, -1)
        covariances = features[:, n_correlations:]
        if not self.tangent_space:
            return correlations, covariances
        n_blocks = len(self._narrow_bands)
        n_channels = round(np.sqrt(covariances.shape[1] / n_blocks))
        return correlations, covariances.reshape(len(features), n_blocks, n_channels, n_channels)


def correlation_softmax(frequencies: Sequence[float], sfreq: float, **options: Any) -> SSVEPEnsemble:
    """The correlations' softmax alone, also for frequencies never trained; ``options`` are those of `SSVEPEnsemble`."""
    return SSVEPEnsemble(frequencies, sfreq, tangent_space=False, **options)
