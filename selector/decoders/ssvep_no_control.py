"""Steady-state responses with the hypothesis that nothing is attended to, in windows that grow."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from acquisition.stream import FloatArray
from selector.decoders.ssvep import FBCCA
from selector.decoders.ssvep_softmax import ChoiceSoftmax


class SSVEPOrNothing(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A softmax over the flickers and "attends to nothing", one for each length of window.

    A flicker's features are its two largest squared canonical correlations in every sub-band, with weights that all
    flickers share; "nothing" has a constant. Weights and constant are learnt from trials of flicker and of rest at
    each length, since correlations of noise shrink as windows grow. No feature sees when a trial was recorded.

    Parameters
    ----------
    frequencies : sequence of float
        Flicker frequencies in Hz; they may be others than those in training.
    sfreq : float
        Sampling rate in Hz.
    lengths_s : sequence of float
        Lengths of window, without the lead, in s and ascending.
    lead_s, n_harmonics
        As in `FBCCA`.
    penalty : float
        See `ChoiceSoftmax`.
    """

    def __init__(
        self,
        frequencies: Sequence[float],
        sfreq: float,
        lengths_s: Sequence[float] = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0),
        lead_s: float = 0.0,
        n_harmonics: int = 2,
        penalty: float = 10.0,
    ) -> None:
        self.frequencies = frequencies
        self.sfreq = sfreq
        self.lengths_s = lengths_s
        self.lead_s = lead_s
        self.n_harmonics = n_harmonics
        self.penalty = penalty

    def transform(self, X: ArrayLike) -> FloatArray:
        """What is seen of windows of one length, "nothing" last; shape (n_windows, n_classes + 1, n_features)."""
        bank = FBCCA(self.frequencies, self.sfreq, self.n_harmonics, lead_s=self.lead_s)
        seen = bank.correlations(X) ** 2
        seen = seen.reshape(*seen.shape[:2], -1)
        seen = np.pad(seen, ((0, 0), (0, 1), (0, 1)))
        seen[:, -1, -1] = 1.0
        return np.asarray(seen)

    def fit(self, X: Sequence[ArrayLike], y: Sequence[ArrayLike]) -> Self:
        """Learn from windows of each length.

        Parameters
        ----------
        X : sequence of array, shape (n_windows, n_classes + 1, n_features)
            What `transform` gave, for each of ``lengths_s``.
        y : sequence of array, shape (n_windows,)
            Frequency attended to, in Hz; 0 for nothing.

        Raises
        ------
        ValueError
            If a frequency is unknown, or trials of flicker or of rest are missing.
        """
        known = np.array([*self.frequencies, 0.0])
        self.softmax_ = []
        for features, attended in zip(X, y, strict=True):
            wanted = np.asarray(attended, dtype=np.float64)
            if not np.isin(wanted, known).all() or not (wanted == 0).any() or not (wanted > 0).any():
                raise ValueError(
                    "Argument 'y' must hold known frequencies and 0, for nothing "
                    f"(got {', '.join(f'{f:g}' for f in np.unique(wanted))})."
                )
            rows = np.argmax(wanted[:, None] == known, axis=1)
            nobody, alike = np.zeros(len(rows), dtype=bool), np.ones(len(rows))
            self.softmax_.append(ChoiceSoftmax(self.penalty).fit(features, rows, nobody, alike))
        return self

    def predict_log_proba(self, X: ArrayLike, length: int) -> FloatArray:
        """Log-probabilities, shape (n_windows, n_classes + 1), for what `transform` gave at ``lengths_s[length]``."""
        check_is_fitted(self, "softmax_")
        return np.asarray(self.softmax_[length].predict_log_proba(X))
