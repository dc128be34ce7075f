"""Steady-state responses while a trial grows: which slot's flicker, by frequency and phase, is in the EEG?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from acquisition.stimulus import Presentation
from acquisition.stream import FloatArray, Signals
from selector.decoders.kept import COMPLEX, REAL, TEXT, check_shapes, unpack
from selector.decoders.ssvep_projections import Projections
from selector.decoders.ssvep_response import CuedTrial, PhaseLockedResponse
from selector.paradigms.ssvep import FREQUENCIES_HZ
from selector.types import Evidence

BAND = (5.0, 50.0)
"""The causal band-pass (Hz) for which the decoder's other settings were chosen."""

# Calibration trials are decided at these shares of their length, too.
_SHARES = (0.25, 0.5, 1.0)


_PARTS = ("patterns", "latencies", "covariances", "powers")
_FITTED = ("sfreq_", "channels_", "temperature_", *(f"{name}_" for name in _PARTS))


class SSVEPDecoder(BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """Likelihood of a phase-locked response at a slot's flicker frequency and its multiples.

    A multiple's phase grows with the frequency as an apparent latency makes it (`PhaseLockedResponse`): so frequencies
    that were never cued are known, too, as in phase constrained canonical correlation analysis [1]_.

    Parameters
    ----------
    frequencies : sequence of float
        What slots may flicker at, in Hz at the display's nominal frame rate.
    n_harmonics : int
        How many multiples, the first among them.

    Attributes
    ----------
    sfreq_ : float
        Sampling rate in Hz.
    channels_ : array of str, shape (n_channels,)
    patterns_, latencies_, covariances_, powers_
        What `PhaseLockedResponse` is made of.
    temperature_ : float
        Factor for log-likelihoods, from calibration trials held out; 0 where they tell nothing.

    References
    ----------
    .. [1] J. Pan, X. Gao, F. Duan, Z. Yan, S. Gao, "Enhancing the classification accuracy of steady-state visual evoked
       potential-based brain-computer interfaces using phase constrained canonical correlation analysis", J. Neural
       Eng. 8, 036027, 2011.
    """

    version: ClassVar[int] = 1
    """Of what `to_arrays` gives; another one is refused."""

    _key: tuple[Signals, int, float] | None = None
    _projections: Projections
    _response: PhaseLockedResponse

    def __init__(self, frequencies: Sequence[float] = tuple(FREQUENCIES_HZ.tolist()), n_harmonics: int = 3) -> None:
        self.frequencies = frequencies
        self.n_harmonics = n_harmonics

    @property
    def modality(self) -> str:
        """The stream that it reads."""
        return "eeg"

    def fit(self, X: Sequence[Presentation], y: Sequence[int] | NDArray[np.integer], signals: Signals) -> Self:
        """Learn the person's response from cued trials.

        Parameters
        ----------
        X : sequence of Presentation
            What was shown in each trial.
        y : sequence of int
            The slot cued in each.
        signals : Signals
            Holds stream "eeg" in V during all of them, band-passed to `BAND`.

        Raises
        ------
        ValueError
            If there are fewer than four trials or a trial whose signals are missing, or a channel is constant.
        """
        if not 4 <= len(X) == len(y):
            raise ValueError(
                f"Arguments 'X' and 'y' must hold the same number of trials, at least 4 (got {len(X)} and {len(y)})."
            )
        info = signals.streams[self.modality]
        self.sfreq_, self.channels_ = info.sfreq, np.array(info.channels, dtype=np.str_)
        answers = [[self._answer(_until(trial, share), signals) for share in _SHARES] for trial in X]
        whole = [CuedTrial.of(parts[-1], int(cued), self._table) for parts, cued in zip(answers, y, strict=True)]
        self._response = PhaseLockedResponse.of(whole, self._table)
        for name in _PARTS:
            setattr(self, f"{name}_", getattr(self._response, name))
        gains = []
        for number, (parts, cued) in enumerate(zip(answers, y, strict=True)):
            held_out = PhaseLockedResponse.of(whole[:number] + whole[number + 1 :], self._table)
            told = [np.append(held_out.log_likelihood(part), 0.0) for part in parts if part.n_samples]
            gains.append((np.array(told), int(cued)))
        self.temperature_ = _temperature(gains)
        self._key = None
        return self

    def decode(self, presentation: Presentation, signals: Signals) -> Evidence:
        """Log-likelihood of the signals since the trial's start, were each slot the attended one.

        Parameters
        ----------
        presentation : Presentation
            Blocks of flicker, and the flips so far.
        signals : Signals
            Holds stream "eeg" in V, band-passed as in calibration. Channels are found by their labels.

        Returns
        -------
        Evidence
            log_likelihood, shape (n_slots + 1,), in nats; the last, "attends to nothing", is 0: there is noise alone.
            Observations are bins of 50 ms. A bin in which samples are missing says nothing and lowers the quality,
            which is the usable share of the bins that are over.

        Raises
        ------
        ValueError
            If the decoder is not fitted, the stream has another sampling rate or lacks a channel, or a slot's code is
            none of the decoder's flickers.
        """
        key = (signals, presentation.trial, presentation.start)
        if self._key != key:
            self._projections = Projections(self._table, self.n_harmonics, self._columns_of(signals), self.sfreq_)
            self._key = key
        seen = self._projections
        seen.update(presentation, signals)
        log_likelihood = np.zeros(presentation.n_slots + 1)
        if seen.n_samples:
            log_likelihood[:-1] = self.temperature_ * self._response.log_likelihood(seen)
        newest = signals.newest(self.modality)
        return Evidence(
            modality=self.modality,
            time=newest if np.isfinite(newest) else presentation.start,
            log_likelihood=log_likelihood,
            complete_until=max(seen.complete_until, presentation.start),
            quality=seen.n_used / seen.n_due if seen.n_due else 1.0,
            n_observations=seen.n_used,
        )

    def to_arrays(self) -> dict[str, NDArray]:
        """Parameters and what was fitted, as plain arrays for `numpy.savez`."""
        names = (*self.get_params(), *_FITTED)
        return {"version": np.asarray(self.version), **{name: np.asarray(getattr(self, name)) for name in names}}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray]) -> Self:
        """Inverse of `to_arrays`; decides bit for bit as the decoder that was saved.

        Raises
        ------
        ValueError
            If an array is missing, damaged or of another version.
        """
        decoder = cls()
        tables = dict.fromkeys(("frequencies", "latencies_", "covariances_", "powers_"), REAL)
        tables |= {"channels_": TEXT, "patterns_": COMPLEX}
        found = unpack(cls.__name__, cls.version, arrays, ("n_harmonics", "sfreq_", "temperature_"), tables)
        for name, value in found.items():
            setattr(decoder, name, value)
        decoder.frequencies = tuple(found["frequencies"].tolist())
        n_channels, n, n_frequencies = len(decoder.channels_), decoder.n_harmonics, len(decoder.frequencies)
        shapes = {
            "frequencies": (n_frequencies,),
            "channels_": (n_channels,),
            "patterns_": (n, n_channels),
            "latencies_": (n,),
            "covariances_": (n, n_channels, n_channels),
            "powers_": (n_frequencies, n),
        }
        check_shapes(found, shapes)
        parts = [np.asarray(getattr(decoder, f"{name}_")) for name in _PARTS]
        decoder._response = PhaseLockedResponse(decoder._table, *parts)
        return decoder

    @property
    def _table(self) -> FloatArray:
        return np.asarray(self.frequencies, dtype=np.float64)

    def _answer(self, presentation: Presentation, signals: Signals) -> Projections:
        projections = Projections(self._table, self.n_harmonics, np.arange(len(self.channels_)), self.sfreq_)
        projections.update(presentation, signals)
        return projections

    def _columns_of(self, signals: Signals) -> NDArray[np.intp]:
        """Where the stream has the decoder's channels."""
        if not hasattr(self, "temperature_"):
            raise NotFittedError(f"This {type(self).__name__} must be fitted before it decodes: call 'fit' first.")
        info = signals.streams[self.modality]
        if abs(info.sfreq - self.sfreq_) > 0.005 * self.sfreq_:
            raise ValueError(
                f"Stream {info.name!r} runs at {info.sfreq:g} Hz, but the decoder was fitted at {self.sfreq_:g} Hz: "
                "fit it on a recording of this device."
            )
        unclear = [channel for channel in self.channels_.tolist() if info.channels.count(channel) != 1]
        if unclear:
            raise ValueError(
                f"Stream {info.name!r} must have each of the decoder's channels once (not so: {', '.join(unclear)}): "
                "fit it on a recording of this montage."
            )
        return np.array([info.channels.index(channel) for channel in self.channels_.tolist()])


def _until(presentation: Presentation, share: float) -> Presentation:
    """The same trial, as if only the first share of each block had been shown."""
    flips = tuple(times[: round(share * len(times))] for times in presentation.flips)
    return replace(presentation, flips=flips)


def _temperature(told: Sequence[tuple[FloatArray, int]]) -> float:
    """Factor in 0..1 that makes held-out log-likelihoods (n_lengths, n_slots + 1) most likely to name the cued slot.

    0 where the likelihood gained is, over the trials, within two standard errors of none.
    """

    def gains(factor: float) -> FloatArray:
        return np.array(
            [log_softmax(factor * rows, axis=1)[:, cued].mean() + np.log(rows.shape[1]) for rows, cued in told]
        )

    factor = float(minimize_scalar(lambda t: -gains(t).mean(), bounds=(0.0, 1.0), method="bounded").x)
    gained = gains(factor)
    error = gained.std(ddof=1) / np.sqrt(len(gained))
    return factor if gained.mean() > 2 * error else 0.0
