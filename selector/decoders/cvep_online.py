"""Code-modulated responses while a trial grows: how likely is the EEG, were each slot's code the one attended to?"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from acquisition.stimulus import Presentation
from acquisition.stream import FloatArray, Signals
from selector.decoders.cvep_likelihood import LinearResponse, fit_response
from selector.decoders.cvep_sums import CodeSums, CuedTimeline, calibrate, log_likelihood_ratio, sums_after_times
from selector.decoders.cvep_timeline import N_EVENTS, CodeTimeline, thinned
from selector.decoders.kept import REAL, TEXT, check_shapes, unpack
from selector.types import Evidence

BAND = (2.0, 30.0)
"""The causal band-pass (Hz) for which the decoder's other settings were chosen."""

# The longest pieces into which calibration trials are cut, in s: one code cycle.
_PIECE_S = 2.1

_MIN_TRIALS = 4
_TOO_FEW = f"Argument 'signals' must hold {_MIN_TRIALS} trials of half a second, or more, without missing samples."

_PARTS = ("filters", "responses", "ar", "ridge")
_FITTED = ("sfreq_", "channels_", "gain_sd_", "temperature_", *(f"{name}_" for name in _PARTS))


class CVEPDecoder(BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """Log-likelihood of the EEG under each slot's code, against that of no response at all.

    The model is `selector.decoders.cvep_likelihood.ResponseLikelihood`'s: every edge of the attended code is answered,
    as in reconvolution [1]_, and the rest is noise of known colour. Its sums run along with the trial, and edges come
    when the flips were measured.

    Parameters
    ----------
    response_s : float
        How long an edge is answered, in s.
    ar_order : int
        Order of the noise's autoregressive filter, in samples of the thinned signals.
    max_rank : int
        Most sources tried.
    n_folds : int
        Whole trials are held out in so many folds to calibrate the probabilities.

    Attributes
    ----------
    sfreq_ : float
        Sampling rate of the stream in Hz.
    channels_ : array of str, shape (n_channels,)
    filters_, responses_, ar_, ridge_
        What `LinearResponse` is made of; features are lags, oldest first, of light's coming, going and first coming.
    gain_sd_ : float
        How much the size of the response varies from trial to trial, as a share of its mean; from trials held out.
    temperature_ : float
        Factor for log-likelihoods, from trials held out; 0 where they tell nothing.

    References
    ----------
    .. [1] J. Thielen, P. van den Broek, J. Farquhar, P. Desain, "Broad-band visually evoked potentials:
       re(con)volution in brain-computer interfacing", PLOS ONE 10, e0133797, 2015.
    """

    version: ClassVar[int] = 1
    """Of what `to_arrays` gives; another one is refused."""

    _key: tuple[Signals, int, float] | None = None
    _sums: CodeSums

    def __init__(self, response_s: float = 0.4, ar_order: int = 10, max_rank: int = 8, n_folds: int = 4) -> None:
        self.response_s = response_s
        self.ar_order = ar_order
        self.max_rank = max_rank
        self.n_folds = n_folds

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
            If there are fewer than four trials, or four usable ones, or a channel is constant.
        """
        if not _MIN_TRIALS <= len(X) == len(y):
            raise ValueError(
                f"Arguments 'X' and 'y' must hold the same number of trials, at least {_MIN_TRIALS} "
                f"(got {len(X)} and {len(y)})."
            )
        info = signals.streams[self.modality]
        self.sfreq_, self.channels_ = info.sfreq, np.array(info.channels, dtype=np.str_)
        cued = [
            CuedTimeline(self._timeline(trial.n_slots), trial, int(slot), signals)
            for trial, slot in zip(X, y, strict=True)
        ]
        usable = [number for number, trial in enumerate(cued) if np.isfinite(trial.samples).all(axis=1).any()]
        _check_channels(np.concatenate([trial.samples for trial in cued]), info.channels)
        if len(usable) < _MIN_TRIALS:
            raise ValueError(_TOO_FEW)
        self._keep(self._learn([cued[number] for number in usable]))
        told: list[tuple[FloatArray, int]] = []
        for fold in np.array_split(usable, min(self.n_folds, len(usable))):
            held_out = self._learn([cued[number] for number in usable if number not in fold])
            told += [
                (sums_after_times(X[number], signals, self._sums_of(X[number], held_out)), int(y[number]))
                for number in fold
            ]
        self.gain_sd_, self.temperature_ = calibrate(told)
        self._key = None
        return self

    def decode(self, presentation: Presentation, signals: Signals) -> Evidence:
        """Log-likelihood of the signals since the trial's start, were each slot the attended one.

        Parameters
        ----------
        presentation : Presentation
            Blocks of codes, and the flips so far.
        signals : Signals
            Holds stream "eeg" in V, band-passed as in calibration. Channels are found by their labels.

        Returns
        -------
        Evidence
            log_likelihood, shape (n_slots + 1,), in nats; the last, "attends to nothing", is 0: there is noise alone.
            Observations are samples of the thinned signals. A sample that is missing or NaN says nothing, nor do those
            after it whose noise it would tell, and all of these lower the quality: the usable share of those over.

        Raises
        ------
        ValueError
            If the decoder is not fitted, or the stream has another sampling rate or lacks a channel.
        """
        key = (signals, presentation.trial, presentation.start)
        if self._key != key:
            columns = self._columns_of(signals)
            self._sums = self._sums_of(presentation, self._model, columns)
            self._key = key
        sums = self._sums
        sums.update(presentation, signals)
        ratios = log_likelihood_ratio(sums.agreement, sums.energy, self.gain_sd_)
        newest = signals.newest(self.modality)
        return Evidence(
            modality=self.modality,
            time=newest if np.isfinite(newest) else presentation.start,
            log_likelihood=np.append(self.temperature_ * ratios, 0.0),
            complete_until=max(sums.timeline.until - self.response_s, presentation.start),
            quality=sums.n_used / sums.n_due if sums.n_due else 1.0,
            n_observations=sums.n_used,
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
        tables = {"channels_": TEXT, "filters_": REAL, "responses_": REAL, "ar_": REAL}
        numbers = (*decoder.get_params(), "sfreq_", "gain_sd_", "temperature_", "ridge_")
        found = unpack(cls.__name__, cls.version, arrays, numbers, tables)
        for name, value in found.items():
            setattr(decoder, name, value)
        n_channels, rank = len(decoder.channels_), len(decoder.responses_)
        shapes = {
            "channels_": (n_channels,),
            "filters_": (n_channels, rank),
            "responses_": (rank, N_EVENTS * decoder._n_lags),
            "ar_": (decoder.ar_order + 1,),
        }
        check_shapes(found, shapes)
        return decoder

    @property
    def _model(self) -> LinearResponse:
        return LinearResponse(self.filters_, self.responses_, self.ar_, self.ridge_)

    @property
    def _n_lags(self) -> int:
        return max(1, round(self.response_s * thinned(self.sfreq_)))

    def _keep(self, model: LinearResponse) -> None:
        for name in _PARTS:
            setattr(self, f"{name}_", getattr(model, name))

    def _timeline(self, n_slots: int, columns: NDArray[np.intp] | None = None) -> CodeTimeline:
        columns = np.arange(len(self.channels_)) if columns is None else columns
        return CodeTimeline(n_slots, self.sfreq_, columns, self._n_lags - 1 + self.ar_order, self.response_s)

    def _sums_of(
        self, presentation: Presentation, model: LinearResponse, columns: NDArray[np.intp] | None = None
    ) -> CodeSums:
        return CodeSums(self._timeline(presentation.n_slots, columns), model, presentation.n_slots)

    def _learn(self, trials: Sequence[CuedTimeline]) -> LinearResponse:
        n_times = min(round(_PIECE_S * thinned(self.sfreq_)), *(len(trial.samples) for trial in trials))
        pieces = [
            (number, trial.samples[begin : begin + n_times].T, trial.lagged(begin, n_times, self._n_lags))
            for number, trial in enumerate(trials)
            for begin in range(0, len(trial.samples) - n_times + 1, n_times)
            if np.isfinite(trial.samples[begin : begin + n_times]).all()
        ]
        groups = np.array([number for number, _, _ in pieces])
        if len(np.unique(groups)) < 2 or n_times <= 2 * self.ar_order:
            raise ValueError(_TOO_FEW)
        X, M = (np.stack([piece[part] for piece in pieces]) for part in (1, 2))
        return fit_response(X, M, groups, self.ar_order, self.max_rank)

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


def _check_channels(samples: FloatArray, channels: Sequence[str]) -> None:
    """Refuse channels that hold no signal, in samples (n_samples, n_channels)."""
    spread = np.nanmax(samples, axis=0, initial=-np.inf) - np.nanmin(samples, axis=0, initial=np.inf)
    if flat := [name for name, width in zip(channels, spread, strict=True) if not width > 0]:
        raise ValueError(f"Argument 'signals' must vary in every channel (not so: {', '.join(flat)}).")
