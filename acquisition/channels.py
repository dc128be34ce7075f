"""One second of samples in figures: flat, railed, line noise, muscle and spread of EEG; loss and noise of gaze."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray, SampleArray

LINE_HZ = (50.0, 60.0)
BACKGROUND_HZ = (1.0, 40.0)
MUSCLE_HZ = (30.0, 100.0)
"""Electromyogram of face and neck reaches from 20 to 300 Hz and outweighs the EEG from some 30 Hz on (Whitham et al.
2007, Clinical Neurophysiology 118; Muthukumaraswamy 2013, Frontiers in Human Neuroscience 7)."""
FLAT_UV = 0.5
"""Peak to peak in a second. The inputs of a good amplifier, shorted, show about 1 uV (ADS1299 data sheet, 70 Hz)."""
RAIL_UV = 1000.0
"""A constant value beyond this is a limit of the amplifier; one below it is a channel that says nothing."""
RAIL_SAMPLES = 5
"""So many equal samples in a row at the second's highest or lowest value are clipped: noise does not repeat itself."""
LINE_RATIO = 1.0
"""Power at the line's frequency over that of the background: beyond this the line is most of what is recorded. In wet
recordings of the public sets p300_gtec8ch and ssvep_exo 95 % of seconds stay below 0.15 in all persons but one."""
MUSCLE_UV = 10.0
"""Five times and more what scalp EEG holds between 30 and 100 Hz when muscles rest, 1 to 2 uV (Whitham et al. 2007)."""
SD_UV = 50.0
"""Epochs beyond +-75 to 100 uV are usually rejected (Luck 2014, An Introduction to the ERP Technique); a second with
this standard deviation passes that in one sample of ten."""
WINDOW_S = 0.2
"""Noise of gaze is taken in windows of this length, and their median, so that saccades do not count (Niehorster et al.
2020, Behavior Research Methods 52)."""
_LINE_HALF_WIDTH_HZ = 2.0  # A tone in one second under a Hann window is two bins wide on either side.
_LEAST_SAMPLES = 16


@dataclass(frozen=True, slots=True)
class EEGQuality:
    """Figures of every channel over one second; NaN where too few samples came to tell.

    Parameters
    ----------
    channels : tuple of str
        Labels.
    sd_uv : tuple of float
        Standard deviation about a straight line, in uV.
    line_ratio : tuple of float
        Power within 2 Hz of the line's frequency over that from 1 to 40 Hz.
    muscle_uv : tuple of float
        Root mean square from 30 to 100 Hz (or 0.45 of the sampling rate) without the line and its harmonics, in uV.
    flat, railed, unsteady : tuple of bool
        Does not move; rests on a limit of the amplifier; holds values that are not finite.
    """

    channels: tuple[str, ...]
    sd_uv: tuple[float, ...]
    line_ratio: tuple[float, ...]
    muscle_uv: tuple[float, ...]
    flat: tuple[bool, ...]
    railed: tuple[bool, ...]
    unsteady: tuple[bool, ...]

    @property
    def scores(self) -> tuple[float, ...]:
        """How usable each channel is, in 0..1: 0 if dead, 1 within its limits, else limit over value."""
        dead = np.array(self.flat) | np.array(self.railed) | np.array(self.unsteady)
        # A ratio of powers counts by its root, as the amplitudes of the other two do.
        values = np.array([self.sd_uv, np.sqrt(self.line_ratio), self.muscle_uv])
        over = np.nan_to_num(values / np.array([[SD_UV], [np.sqrt(LINE_RATIO)], [MUSCLE_UV]]), nan=0.0)
        return tuple(np.where(dead, 0.0, 1.0 / np.maximum(1.0, over.max(axis=0, initial=0.0))).tolist())

    def faults(self) -> dict[str, tuple[str, ...]]:
        """What is beyond its limit, in words, and at which channels."""
        found = {
            "flat": self.flat,
            "railed": self.railed,
            "not finite": self.unsteady,
            "line noise": [value > LINE_RATIO for value in self.line_ratio],
            "muscle": [value > MUSCLE_UV for value in self.muscle_uv],
            "large": [value > SD_UV for value in self.sd_uv],
        }
        named = {
            word: tuple(channel for channel, here in zip(self.channels, at, strict=True) if here)
            for word, at in found.items()
        }
        return {word: channels for word, channels in named.items() if channels}


@dataclass(frozen=True, slots=True)
class GazeQuality:
    """Figures of gaze over one second.

    Parameters
    ----------
    lost : float
        Share of the samples that came without a position.
    rms_s2s_px : float
        Noise: root mean square of the steps from sample to sample (Holmqvist et al. 2012, ETRA), in px; the median
        over windows of 0.2 s. NaN where no window is whole.
    blinks_per_min : float
        Over the last minute; NaN during the first ten seconds.
    """

    lost: float
    rms_s2s_px: float
    blinks_per_min: float


def measure_eeg(data: SampleArray, sfreq: float, channels: Sequence[str], line_hz: float | None = None) -> EEGQuality:
    """Figures of one second of EEG.

    Parameters
    ----------
    data : array, shape (n_samples, n_channels)
        In V.
    sfreq : float
        Sampling rate in Hz.
    channels : sequence of str
        Labels, one per column.
    line_hz : float, optional
        The mains' frequency; by default 50 or 60 Hz, whichever is the louder in each channel.
    """
    unsteady = np.logical_not(np.isfinite(data).all(axis=0))
    n_channels = data.shape[1]
    if len(data) < max(_LEAST_SAMPLES, sfreq / 4):
        unknown = (float("nan"),) * n_channels
        nothing = (False,) * n_channels
        return EEGQuality(tuple(channels), unknown, unknown, unknown, nothing, nothing, tuple(unsteady.tolist()))
    microvolts = np.where(unsteady, 0.0, data * 1e6)
    high, low = microvolts.max(axis=0), microvolts.min(axis=0)
    still = high - low < FLAT_UV
    beyond = np.abs(microvolts).max(axis=0) > RAIL_UV
    railed = np.where(still, beyond, _rests_at(microvolts, high) | _rests_at(microvolts, low)) & ~unsteady
    moved = _without_line(microvolts)
    sd = moved.std(axis=0)
    line_ratio, muscle = _spectral(moved, sfreq, line_hz)
    for figure in (sd, line_ratio, muscle):
        figure[unsteady] = np.nan
    return EEGQuality(
        channels=tuple(channels),
        sd_uv=tuple(sd.tolist()),
        line_ratio=tuple(line_ratio.tolist()),
        muscle_uv=tuple(muscle.tolist()),
        flat=tuple((still & ~beyond & ~unsteady).tolist()),
        railed=tuple(railed.tolist()),
        unsteady=tuple(unsteady.tolist()),
    )


def rms_s2s(positions: FloatArray, sfreq: float) -> float:
    """Noise of gaze from sample to sample, in px, as `GazeQuality` defines it.

    Parameters
    ----------
    positions : array, shape (n_samples, 2)
        In px; NaN where lost.
    sfreq : float
        Sampling rate in Hz.
    """
    n_steps = max(2, round(WINDOW_S * sfreq) - 1)
    squares = (np.diff(positions, axis=0) ** 2).sum(axis=1)
    n_windows = len(squares) - n_steps + 1
    if n_windows < 1:
        return float("nan")
    means = np.lib.stride_tricks.sliding_window_view(squares, n_steps).mean(axis=1)
    whole = means[np.isfinite(means)]
    return float(np.sqrt(np.median(whole))) if len(whole) else float("nan")


def _rests_at(data: FloatArray, limit: FloatArray) -> NDArray[np.bool_]:
    """Whether each channel stays at its limit for `RAIL_SAMPLES` samples in a row."""
    at = data == limit
    if int(at.sum(axis=0).max(initial=0)) < RAIL_SAMPLES:
        return np.zeros(data.shape[1], dtype=bool)
    run = at[: len(at) - RAIL_SAMPLES + 1].copy()
    for shift in range(1, RAIL_SAMPLES):
        run &= at[shift : len(at) - RAIL_SAMPLES + 1 + shift]
    return np.asarray(run.any(axis=0))


def _without_line(data: FloatArray) -> FloatArray:
    """Each channel about its straight line of best fit."""
    x = np.arange(len(data)) - (len(data) - 1) / 2
    centred = data - data.mean(axis=0)
    return np.asarray(centred - np.outer(x, x @ centred / (x @ x)))


def _spectral(data: FloatArray, sfreq: float, line_hz: float | None) -> tuple[FloatArray, FloatArray]:
    """Line ratio, and muscle in the data's unit, each of shape (n_channels,)."""
    window = np.hanning(len(data))
    spectrum = np.fft.rfft(data * window[:, None], axis=0)
    power = 2 * (spectrum.real**2 + spectrum.imag**2) / (len(data) * (window @ window))
    frequencies = np.fft.rfftfreq(len(data), 1 / sfreq)

    def within(low: float, high: float) -> NDArray[np.bool_]:
        return np.asarray((frequencies >= low) & (frequencies <= high))

    def about(line: float) -> NDArray[np.bool_]:
        return within(line - _LINE_HALF_WIDTH_HZ, line + _LINE_HALF_WIDTH_HZ)

    lines = LINE_HZ if line_hz is None else (line_hz,)
    background = power[within(*BACKGROUND_HZ)].sum(axis=0)
    at_line = np.max([power[about(line)].sum(axis=0) for line in lines], axis=0)
    muscle = within(MUSCLE_HZ[0], min(MUSCLE_HZ[1], 0.45 * sfreq))
    share = muscle.sum()
    for line in lines:
        for harmonic in (line, 2 * line):
            muscle &= ~about(harmonic)
    # What is cut out with the line is taken to be as loud as the rest of the band.
    widen = share / max(1, muscle.sum())
    floor = np.maximum(background, np.finfo(np.float64).tiny)
    return np.asarray(at_line / floor), np.asarray(np.sqrt(widen * power[muscle].sum(axis=0)))
