"""Steady-state responses: which flicker frequency is attended to, from canonical correlations."""

from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import signal
from sklearn.base import BaseEstimator, ClassifierMixin

from acquisition.stream import FloatArray


class FBCCA(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Filter bank canonical correlation analysis, which needs no training [1]_.

    Every sub-band of a window is correlated with sines and cosines at each frequency and its harmonics; the squared
    first canonical correlations are added up, the n-th sub-band weighted by ``n**-1.25 + 0.25``.

    Parameters
    ----------
    frequencies : sequence of float
        Flicker frequencies in Hz; they are the classes.
    sfreq : float
        Sampling rate in Hz.
    n_harmonics : int
        How many multiples of a frequency its reference holds, itself among them.
    n_bands : int
        The n-th sub-band begins at ``n * band_step_hz``; they all end at ``upper_hz``, or lower where the
        sampling rate asks for it.
    band_step_hz, upper_hz : float
        In Hz.
    order : int
        Order of each sub-band's Butterworth prototype.
    lead_s : float
        How much of each window's start only settles the filters and is not correlated, in s.
    zero_phase : bool
        Filter forwards and backwards, which no online system can; False for causal filters.

    References
    ----------
    .. [1] X. Chen, Y. Wang, S. Gao, T.-P. Jung, X. Gao, "Filter bank canonical correlation analysis for implementing
       a high-speed SSVEP-based brain-computer interface", J. Neural Eng. 12, 046008, 2015.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> times = np.arange(250) / 250
    >>> trials = np.sin(2 * np.pi * 13 * times) + rng.standard_normal((4, 3, 250))
    >>> FBCCA((11.0, 13.0), sfreq=250).predict(trials)
    array([13., 13., 13., 13.])
    """

    def __init__(
        self,
        frequencies: Sequence[float],
        sfreq: float,
        n_harmonics: int = 3,
        n_bands: int = 5,
        band_step_hz: float = 8.0,
        upper_hz: float = 88.0,
        order: int = 4,
        lead_s: float = 0.0,
        zero_phase: bool = False,
    ) -> None:
        self.frequencies = frequencies
        self.sfreq = sfreq
        self.n_harmonics = n_harmonics
        self.n_bands = n_bands
        self.band_step_hz = band_step_hz
        self.upper_hz = upper_hz
        self.order = order
        self.lead_s = lead_s
        self.zero_phase = zero_phase

    @property
    def classes_(self) -> FloatArray:
        """The frequencies in Hz, shape (n_classes,)."""
        return np.asarray(self.frequencies, dtype=np.float64)

    def fit(self, X: ArrayLike | None = None, y: ArrayLike | None = None) -> Self:  # noqa: ARG002
        """Do nothing: there is nothing to learn."""
        return self

    def decision_function(self, X: ArrayLike) -> FloatArray:
        """Weighted sum of squared canonical correlations.

        Parameters
        ----------
        X : array, shape (n_trials, n_channels, n_times)
            Windows, unfiltered, in any unit; the first ``lead_s`` settle the filters.

        Returns
        -------
        array, shape (n_trials, n_classes)

        Raises
        ------
        ValueError
            If the windows are too short, hold samples that are not finite, or a frequency cannot be seen at this
            sampling rate.
        """
        scores = 0.0
        for band, (window, references) in enumerate(self._bands(X)):
            scores = scores + ((band + 1) ** -1.25 + 0.25) * self._band_scores(band, window, references)
        return np.asarray(scores)

    def correlations(self, X: ArrayLike, n: int = 2) -> FloatArray:
        """Largest canonical correlations of each sub-band with each class, those of a band in falling order.

        Parameters
        ----------
        X : array, shape (n_trials, n_channels, n_times)
            As in `decision_function`, which also says what is raised.
        n : int
            How many; 0 stands for those that fewer channels or references don't have.

        Returns
        -------
        array, shape (n_trials, n_classes, n_bands, n)
        """
        found = np.stack([canonical_correlations(*pair)[..., :n] for pair in self._bands(X)], axis=2)
        return np.pad(found, ((0, 0), (0, 0), (0, 0), (0, n - found.shape[3])))

    def predict(self, X: ArrayLike) -> FloatArray:
        """The likeliest frequency in Hz of each window, shape (n_trials,)."""
        return np.asarray(self.classes_[self.decision_function(X).argmax(axis=1)])

    def _bands(self, X: ArrayLike) -> Iterator[tuple[FloatArray, FloatArray]]:
        """For each sub-band the windows behind the lead, and the references."""
        trials = np.asarray(X, dtype=np.float64)
        n_lead = round(self.lead_s * self.sfreq)
        if trials.ndim != 3 or trials.shape[2] - n_lead <= 2 * self.n_harmonics + trials.shape[1]:
            raise ValueError(
                "Argument 'X' must have shape (n_trials, n_channels, n_times) with more samples behind the lead than "
                f"references and channels together (got {trials.shape}, lead {n_lead})."
            )
        if not np.isfinite(trials).all():
            raise ValueError("Argument 'X' must hold finite samples only (got NaN or infinity).")
        if not 0 < min(self.frequencies) <= max(self.frequencies) < self.sfreq / 2:
            raise ValueError(
                f"Argument 'frequencies' must lie between 0 and half the sampling rate, {self.sfreq / 2:g} Hz "
                f"(got {', '.join(f'{f:g}' for f in self.frequencies)})."
            )
        references = self._references(trials.shape[2] - n_lead)
        for sos in self._filter_bank():
            yield self._filtered(sos, trials)[:, :, n_lead:], references

    def _band_scores(self, band: int, window: FloatArray, references: FloatArray) -> FloatArray:  # noqa: ARG002
        """Score of each class in one sub-band, shape (n_trials, n_classes)."""
        return canonical_correlations(window, references)[..., 0] ** 2

    def _references(self, n_times: int) -> FloatArray:
        """Orthonormal sines and cosines, shape (n_classes, n_times, 2 * n_harmonics), by one QR for all."""
        phase = 2 * np.pi * np.arange(n_times) / self.sfreq
        multiples = np.arange(1, self.n_harmonics + 1)[:, None] * phase
        angles = self.classes_[:, None, None] * multiples
        waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
        return np.asarray(np.linalg.qr(waves.transpose(0, 2, 1) - waves.mean(axis=2)[:, None, :]).Q)

    @property
    def band_edges(self) -> list[tuple[float, float]]:
        """Edges of the sub-bands that the sampling rate can hold, in Hz; ValueError if it holds none."""
        upper = min(self.upper_hz, 0.45 * self.sfreq)
        lowers = [number * self.band_step_hz for number in range(1, self.n_bands + 1)]
        usable = [(lower, upper) for lower in lowers if lower < upper - 1]
        if not usable:
            raise ValueError(
                f"Argument 'band_step_hz' must lie below the filter bank's upper edge, {upper:g} Hz "
                f"(got {self.band_step_hz:g} Hz)."
            )
        return usable

    def _filter_bank(self) -> list[FloatArray]:
        return [
            signal.butter(self.order, edges, btype="bandpass", fs=self.sfreq, output="sos") for edges in self.band_edges
        ]

    def _filtered(self, sos: FloatArray, trials: FloatArray) -> FloatArray:
        if self.zero_phase:
            return np.asarray(signal.sosfiltfilt(sos, trials, axis=-1))
        at_rest = signal.sosfilt_zi(sos)[:, None, None, :] * trials[None, :, :, :1]
        return np.asarray(signal.sosfilt(sos, trials, axis=-1, zi=at_rest)[0])


def cca(
    frequencies: Sequence[float],
    sfreq: float,
    n_harmonics: int = 3,
    lower_hz: float = 6.0,
    upper_hz: float = 88.0,
    order: int = 4,
    lead_s: float = 0.0,
    zero_phase: bool = False,
) -> FBCCA:
    """Canonical correlation analysis without a filter bank [1]_: one band from ``lower_hz`` to ``upper_hz``.

    The other arguments are those of `FBCCA`.

    References
    ----------
    .. [1] Z. Lin, C. Zhang, W. Wu, X. Gao, "Frequency recognition based on canonical correlation analysis for
       SSVEP-based BCIs", IEEE Trans. Biomed. Eng. 53, 2610-2614, 2006.
    """
    return FBCCA(frequencies, sfreq, n_harmonics, 1, lower_hz, upper_hz, order, lead_s, zero_phase)


def canonical_correlations(trials: FloatArray, references: FloatArray) -> FloatArray:
    """Canonical correlations of signals with orthonormal references, in falling order.

    Parameters
    ----------
    trials : array, shape (n_trials, n_channels, n_times)
    references : array, shape (n_classes, n_times, n_references)
        Columns without mean, of length one and at right angles.

    Returns
    -------
    array, shape (n_trials, n_classes, min(n_channels, n_references))
    """
    centred = trials - trials.mean(axis=2, keepdims=True)
    power, axes = np.linalg.eigh(centred @ centred.transpose(0, 2, 1))
    # A channel that is flat, or the sum of others, adds no direction and must not add a correlation.
    present: NDArray[np.bool_] = power > 1e-10 * power[:, -1:]
    scale = np.where(present, 1 / np.sqrt(np.where(present, power, 1.0)), 0.0)
    white = (scale[:, :, None] * axes.transpose(0, 2, 1)) @ centred
    return np.asarray(np.linalg.svd(white[:, None] @ references[None], compute_uv=False))
