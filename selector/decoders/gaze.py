"""Gaze: how well the eyes' path fits a look at each slot."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from acquisition.stimulus import Presentation
from acquisition.stream import FloatArray, Signals
from selector.decoders.gaze_calibration import (
    MAX_PAUSE_S,
    check_cued,
    correlation_time,
    cut_looks,
    errors,
    held_out_looks,
)
from selector.decoders.gaze_density import Expected, LookDensity, temperature
from selector.decoders.gaze_eyes import eyes_of, resting_place
from selector.decoders.gaze_field import FieldPrior, Looks, OffsetField
from selector.decoders.gaze_kept import FITTED, LOOKS, check_kept
from selector.types import Evidence

LOOK_SHARE = 0.15
"""Standard deviation of where in a slot people look, as a share of its width and height."""

MAX_LOOKS = 128
"""Older ones are forgotten."""


class GazeDecoder(BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """Evidence from where the eyes rest.

    Each eye is off by a smooth field over the screen, learnt from looks at known places: those of a calibration, and
    selections that the person let stand. Samples spread around what the field expects as a two-dimensional Student
    t, as wide as the field is unsure, and some look elsewhere. Neighbouring samples are not independent: samples
    over T seconds count as 1 + T / tau. Without calibration the field is zero and wide.

    Parameters
    ----------
    screen_px : tuple of float
        Width and height of the screen in px; someone who attends to nothing looks anywhere on it.
    nu : float
        Degrees of freedom of the Student t.
    latency_s : float
        Samples up to this long (s) after the trial's start are not used: the eyes have yet to move.
    scale_px : float
        Spread (px) of a look around the field, as long as nothing is learnt.
    tau_s : float
        Correlation time (s) as long as there is no calibration: as long as the eyes rest at one place.
    field_px : float
        How far off (px) a tracker is, typically, on each axis.
    drift_px : float
        How far (px) that wanders off in a minute, typically.
    lapse : float
        Share of the time in which the eyes are elsewhere although a slot is attended to.

    Attributes
    ----------
    looks_at_ : array, shape (n_looks, n_eyes, 2)
        Where the eyes rested in each look learnt from, in px; NaN where an eye was lost.
    looks_targets_, looks_aims_ : array, shape (n_looks, 2)
        Centre of what was looked at, and spread of where in it people look, in px.
    looks_elapsed_ : array, shape (n_looks,)
        Since the first of them, in s.
    last_time_ : float
        Of the last look, in s of the session in which it was.
    tau_ : float
        Time (s) after which a sample tells something new.
    temperature_ : float
        Factor of the evidence, at most 1, that makes probabilities of held-out looks true.
    """

    version = 2

    _key: tuple[Signals, int, float] | None
    _field: OffsetField
    _page: Expected

    def __init__(
        self,
        screen_px: tuple[float, float] = (1920.0, 1080.0),
        nu: float = 4.0,
        latency_s: float = 0.2,
        scale_px: float = 60.0,
        tau_s: float = 0.5,
        field_px: float = 80.0,
        drift_px: float = 10.0,
        lapse: float = 0.05,
    ) -> None:
        self.screen_px = screen_px
        self.nu = nu
        self.latency_s = latency_s
        self.scale_px = scale_px
        self.tau_s = tau_s
        self.field_px = field_px
        self.drift_px = drift_px
        self.lapse = lapse
        self._forget()

    @property
    def modality(self) -> str:
        """The stream that it reads."""
        return "gaze"

    def fit(
        self,
        X: NDArray,
        centers: NDArray,
        times: NDArray,
        sizes: NDArray | None = None,
        channels: Sequence[str] = (),
    ) -> Self:
        """Learn field, spread, correlation time and temperature from looks at known places.

        Parameters
        ----------
        X : array, shape (n_samples, n_channels)
            Raw gaze in px: x and y, or those of the left and then of the right eye; NaN where lost.
        centers : array, shape (n_samples, 2)
            Centre (px) of the slot that was cued at each sample.
        times : array, shape (n_samples,)
            In s, ascending within a recording.
        sizes : array, shape (n_samples, 2), optional
            Width and height (px) of the slot cued; points where not given.
        channels : sequence of str
            Labels of the columns of ``X``.

        Raises
        ------
        ValueError
            If shapes don't match, centres or times are not finite, times don't ascend, fewer than 20 samples are
            valid or the gaze never moves.
        """
        X, centers, times = (np.asarray(array, dtype=np.float64) for array in (X, centers, times))
        sizes = np.zeros_like(centers) if sizes is None else np.asarray(sizes, dtype=np.float64)
        eyes = eyes_of(X, channels, self.screen_px)
        check_cued(eyes, centers, times, sizes)
        looks, paths = cut_looks(eyes, centers, times, LOOK_SHARE * sizes)
        looks, paths = looks.take(slice(-MAX_LOOKS, None)), paths[-MAX_LOOKS:]
        self._remember(looks, float(times[-1]))
        looks = self._looks(eyes.shape[1])
        sfreq = 1 / float(np.median(np.diff(times)))
        expected = zip(paths, *self._field.predict(looks.targets, looks.aims), strict=True)
        self.tau_ = correlation_time([errors(path, mean, variance) for path, mean, variance in expected], 1 / sfreq)
        held_out = held_out_looks(looks, paths, self._prior(), self._density(), sfreq, self._worth)
        self.temperature_ = temperature(*held_out)
        self._forget()
        return self

    def learn(self, presentation: Presentation, slot: int, signals: Signals) -> None:
        """Take a trial whose selection the person let stand as one more look at a known place.

        What is being decoded stays as it is: the next trial is the first to profit.

        Parameters
        ----------
        presentation : Presentation
            The trial, as shown.
        slot : int
            What was selected; if it was another slot that was looked at, the look counts little.
        signals : Signals
            Holds stream "gaze"; a trial that it does not hold any more teaches nothing.

        Raises
        ------
        ValueError
            If there is no such slot, or the stream has another number of eyes than what was learnt before.
        """
        if not 0 <= slot < presentation.n_slots:
            raise ValueError(f"Argument 'slot' must be in 0..{presentation.n_slots - 1} (got {slot}).")
        times = signals.times("gaze")
        begin = presentation.start + self.latency_s
        first, stop = np.searchsorted(times, (begin, max(presentation.end, begin)), side="right")
        eyes = eyes_of(signals.data("gaze")[first:stop], signals.streams["gaze"].channels, self.screen_px)
        place = resting_place(eyes)
        if not np.isfinite(place).any():
            return
        known = self._looks(eyes.shape[1])
        region = presentation.regions[slot]
        after = np.clip(begin - getattr(self, "last_time_", begin), 0, MAX_PAUSE_S)
        looks = known.then(place, region[:2] + region[2:] / 2, LOOK_SHARE * region[2:], float(after))
        self._remember(looks.take(slice(-MAX_LOOKS, None)), begin)

    def log_likelihood(self, data: NDArray, regions: FloatArray, sfreq: float) -> FloatArray:
        """Log-likelihood (n_slots + 1,) in nats of raw gaze (n_samples, n_channels) in px, sampled at ``sfreq`` Hz.

        ``regions``, shape (n_slots, 4), are the slots' places in px; the last value is for a look at nothing.
        """
        eyes = eyes_of(data, (), self.screen_px)
        rows, seen = self._density().rows(eyes, self._expected(regions, eyes.shape[1]))
        return np.asarray(self._tempering(int(seen.sum()), sfreq) * rows.sum(axis=0))

    def decode(self, presentation: Presentation, signals: Signals) -> Evidence:
        """Log-likelihood of the gaze since the trial's start, were each slot the attended one.

        Parameters
        ----------
        presentation : Presentation
            Where the slots are, and when the trial began.
        signals : Signals
            Holds stream "gaze" in px from the top left.

        Returns
        -------
        Evidence
            log_likelihood, shape (n_slots + 1,), in nats; the last, "attends to nothing", is that of
            looks spread evenly over the screen. The quality is the share of valid samples.

        Raises
        ------
        ValueError
            If the stream has no sampling rate, or another number of eyes than what was learnt from.
        """
        info = signals.streams["gaze"]
        key = (signals, presentation.trial, presentation.start)
        if self._key != key:
            self._forget()
            n_eyes = eyes_of(signals.data("gaze")[:0], info.channels, self.screen_px).shape[1]
            self._page = self._expected(presentation.regions, n_eyes, presentation.start)
            self._key = key
            self._total = np.zeros(presentation.n_slots + 1)
            self._last_time = presentation.start + self.latency_s
        times = signals.times("gaze")
        first = int(np.searchsorted(times, self._last_time, side="right"))
        if first < len(times):
            eyes = eyes_of(signals.data("gaze")[first:], info.channels, self.screen_px)
            rows, seen = self._density().rows(eyes, self._page)
            # cumsum adds one row after the other, so that chunking never changes a bit of the sum
            self._total = np.vstack((self._total, rows)).cumsum(axis=0)[-1]
            self._n_samples += len(eyes)
            self._n_valid += int(seen.sum())
            self._last_time = float(times[-1])
        newest = signals.newest("gaze")
        time = newest if np.isfinite(newest) else presentation.start
        return Evidence(
            modality=self.modality,
            time=time,
            log_likelihood=self._tempering(self._n_valid, info.sfreq) * self._total,
            complete_until=time,
            quality=self._n_valid / self._n_samples if self._n_samples else 1.0,
            n_observations=self._n_valid,
        )

    def to_arrays(self) -> dict[str, NDArray]:
        """Parameters and what was learnt, if anything, as plain arrays for `numpy.savez`."""
        names = (*self.get_params(), *(name for name in (*LOOKS, *FITTED) if hasattr(self, name)))
        return {"version": np.asarray(self.version)} | {name: np.asarray(getattr(self, name)) for name in names}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray]) -> Self:
        """Inverse of `to_arrays`; decides bit for bit as the decoder that was saved.

        Raises
        ------
        ValueError
            If an array is missing, damaged or of another version.
        """
        decoder = cls()
        check_kept(arrays, list(decoder.get_params()), cls.version)
        for name in (*decoder.get_params(), *(name for name in (*LOOKS, *FITTED) if name in arrays)):
            value = np.array(arrays[name], dtype=np.float64)
            setattr(decoder, name, value.item() if value.ndim == 0 else value)
        decoder.screen_px = (float(arrays["screen_px"][0]), float(arrays["screen_px"][1]))
        if hasattr(decoder, "looks_at_"):
            decoder._remember(decoder._looks(decoder.looks_at_.shape[1]), decoder.last_time_)
        return decoder

    def _prior(self) -> FieldPrior:
        return FieldPrior(self.screen_px, self.nu, self.scale_px, self.field_px, self.drift_px)

    def _looks(self, n_eyes: int) -> Looks:
        """All that were learnt from; ValueError where they were of another number of eyes."""
        if not hasattr(self, "looks_at_"):
            return Looks(np.empty((0, n_eyes, 2)), np.empty((0, 2)), np.empty((0, 2)), np.empty(0))
        if self.looks_at_.shape[1] != n_eyes:
            raise ValueError(
                f"Gaze must be of {self.looks_at_.shape[1]} eyes, as what the decoder learnt from (got {n_eyes}): "
                "fit it on a recording of this tracker."
            )
        return Looks(self.looks_at_, self.looks_targets_, self.looks_aims_, self.looks_elapsed_)

    def _remember(self, looks: Looks, last_time: float) -> None:
        self.looks_at_, self.looks_targets_, self.looks_aims_ = looks.at, looks.targets, looks.aims
        self.looks_elapsed_ = looks.elapsed - looks.elapsed[0]
        self.last_time_ = last_time
        # Between trials there is time for it, in a trial's first frame there is not.
        self._field = OffsetField(self._prior(), self._looks(looks.at.shape[1]))

    def _expected(self, regions: FloatArray, n_eyes: int, start: float | None = None) -> Expected:
        """Where each eye would be seen, were each slot looked at in a trial that starts then (s)."""
        looks = self._looks(n_eyes)
        field = self._field if len(looks) else OffsetField(self._prior(), looks)
        after = 0.0 if start is None or not len(looks) else float(np.clip(start - self.last_time_, 0, MAX_PAUSE_S))
        size = regions[:, 2:]
        mean, variance = field.predict(regions[:, :2] + size / 2, LOOK_SHARE * size, after)
        return Expected(mean, variance, field.shared)

    def _density(self) -> LookDensity:
        return LookDensity(self.screen_px, self.nu, self.lapse)

    def _tempering(self, n_samples: int, sfreq: float) -> float:
        """Factor of a sum over samples."""
        return getattr(self, "temperature_", 1.0) * self._worth(n_samples, sfreq)

    def _worth(self, n_samples: int, sfreq: float) -> float:
        """How much of an independent sample each sample is worth; the first one counts in full."""
        if sfreq <= 0:
            raise ValueError("Stream 'gaze' must have a sampling rate (got 0 Hz, irregular).")
        per_sample = min(1.0, 1.0 / (sfreq * getattr(self, "tau_", self.tau_s)))
        return (1 + (n_samples - 1) * per_sample) / n_samples if n_samples else 0.0

    def _forget(self) -> None:
        self._key = None
        self._total = np.zeros(0)
        self._last_time = -np.inf
        self._n_samples = self._n_valid = 0
