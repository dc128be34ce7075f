"""Photodiode or TTL steps among the samples: where they are, when, and how late and unsteady the display is."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.quality import GAP_PERIODS
from acquisition.stream import FloatArray, SampleArray

JITTER_SD_LIMIT_S = 0.004
"""The largest standard deviation of the display's latency with which a study may start.

An average over trials is the response convolved with the latencies' distribution (Woldorff 1993, Psychophysiology 30):
normal jitter of SD s keeps exp(-(2 pi f s)^2 / 2) of an amplitude at f Hz. 4 ms keep 97 % at 10 Hz and 88 % at 20 Hz,
the upper edge of ERP decoding. A display that ignores the screen's refresh is off by up to a frame, evenly spread: SD
4.8 ms at 60 Hz, beyond the limit; packages that wait for the refresh stay below 1 ms (Bridges et al. 2020, PeerJ
8:e9414)."""
FAULTY_LIMIT = 0.01
"""The largest share of flips without an onset, and of onsets without a flip."""
LATENCY_S = (-0.02, 0.15)
"""Where onsets are looked for about their flips: projectors and televisions add up to some 100 ms."""
SEPARATION = 0.9
"""Least share of a channel's variance that lies between its two levels: 1 for clean steps, 0.81 for a sine, 0.64 for
normal noise, 0.75 for a steady drift."""
LEAST_ONSETS = 5
_LOW, _HIGH = 0.35, 0.65  # Thresholds of the hysteresis, between the levels.
_MODE_S = 0.008


@dataclass(frozen=True, slots=True)
class StepChannel:
    """A channel that carries steps.

    Parameters
    ----------
    channel : str
        Its label.
    index : int
        Its column.
    rest, active : float
        The two levels, in the samples' unit.
    separation : float
        Share of the variance that lies between the levels.
    """

    channel: str
    index: int
    rest: float
    active: float
    separation: float


@dataclass(frozen=True, slots=True)
class DisplayTiming:
    """How the screen kept the times at which it was said to flip.

    Parameters
    ----------
    n_flips, n_onsets : int
        What was compared.
    latency_mean_s, latency_median_s : float
        From flip to onset; the median is the constant offset to correct by.
    jitter_sd_s : float
        Standard deviation of the latency.
    jitter_p95_s : float
        95 % of the latencies lie no further than this from their median.
    missed : int
        Flips without an onset.
    extra : int
        Onsets without a flip.
    limit_s : float
        The largest ``jitter_sd_s`` allowed.
    """

    n_flips: int
    n_onsets: int
    latency_mean_s: float
    latency_median_s: float
    jitter_sd_s: float
    jitter_p95_s: float
    missed: int
    extra: int
    limit_s: float

    @property
    def ok(self) -> bool:
        """Whether a study may start."""
        return (
            self.jitter_sd_s <= self.limit_s
            and self.missed <= FAULTY_LIMIT * self.n_flips
            and self.extra <= FAULTY_LIMIT * max(self.n_onsets, 1)
        )

    @property
    def sentence(self) -> str:
        """The verdict in words, with the numbers that decide."""
        seen = self.n_flips - self.missed
        if not seen:
            return f"None of the {self.n_flips} flips has an onset: the study must not start."
        found = (
            f"The screen lights up {1e3 * self.latency_median_s:.1f} ms after its flip (jitter SD "
            f"{1e3 * self.jitter_sd_s:.2f} ms, limit {1e3 * self.limit_s:g} ms; {self.missed} of {self.n_flips} flips "
            f"missed, {self.extra} onsets without a flip, limit {FAULTY_LIMIT:.0%})"
        )
        return f"{found}: the study may start." if self.ok else f"{found}: the study must not start."

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the event log; what no flip has shown is None."""
        figures = {key: value if math.isfinite(value) else None for key, value in asdict(self).items()}
        return {**figures, "ok": self.ok, "sentence": self.sentence}


def find_steps(data: SampleArray, channels: Sequence[str], inverted: bool = False) -> StepChannel:
    """The channel among EEG and auxiliaries that carries photodiode or TTL steps.

    Parameters
    ----------
    data : array, shape (n_samples, n_channels)
        Not filtered: a high-pass turns steps into decays.
    channels : sequence of str
        Labels, one per column.
    inverted : bool
        Whether the lower level is the active one. Samples alone do not tell: a patch may be lit longer than dark.

    Raises
    ------
    ValueError
        If there is none; the message names the best and how far it falls short.
    """
    found = [_two_levels(data[:, index], channel, index, inverted) for index, channel in enumerate(channels)]
    stepping = [step for step in found if step.separation >= SEPARATION and _n_rises(data, step) >= LEAST_ONSETS]
    if not stepping:
        best = max(found, key=lambda step: step.separation)
        raise ValueError(
            f"No channel carries {LEAST_ONSETS} or more clean steps: the best is {best.channel!r}, with "
            f"{best.separation:.2f} of its variance between two levels ({SEPARATION:g} is needed) and "
            f"{_n_rises(data, best)} onsets. Is the photodiode on the patch, and its channel recorded without a filter?"
        )
    return max(stepping, key=lambda step: step.separation)


def detect_onsets(times: FloatArray, data: SampleArray, step: StepChannel) -> FloatArray:
    """When the channel goes from rest to active.

    A rise counts once it has passed from below 35 % to above 65 % of the way; its time is that at which it passed 50 %,
    interpolated between two samples. A rise across a gap has no time and is left out.

    Parameters
    ----------
    times : array, shape (n_samples,)
        In s.
    data : array, shape (n_samples, n_channels)
        All channels.
    step : StepChannel
        Which of them, and its levels.

    Returns
    -------
    array, shape (n_onsets,)
        In s.
    """
    way = _way(data, step)
    rises = _rises(way)
    if not len(rises):
        return np.empty(0)
    half = _crossings(way, rises)
    gap = GAP_PERIODS * float(np.median(np.diff(times)))
    whole = (times[half] - times[half - 1] <= gap) & np.isfinite(way[half - 1])
    half = half[whole]
    share = (0.5 - way[half - 1]) / (way[half] - way[half - 1])
    return np.asarray(times[half - 1] + share * (times[half] - times[half - 1]))


def compare(onsets: FloatArray, flips: FloatArray, limit_s: float = JITTER_SD_LIMIT_S) -> DisplayTiming:
    """Hold the onsets against the flips at which the patch was lit.

    The usual latency is found first, from all pairs; then each flip takes the onset nearest to where it is due, within
    half the shortest time between two flips. Flips should be unevenly spaced: of evenly spaced ones nothing but the
    shortest of the possible latencies can be told.

    Parameters
    ----------
    onsets : array, shape (n_onsets,)
        In s, as `detect_onsets` gives them.
    flips : array, shape (n_flips,)
        In s, on the same clock, in order.
    limit_s : float
        The largest jitter SD allowed.

    Raises
    ------
    ValueError
        If there are fewer than `LEAST_ONSETS` flips.
    """
    if len(flips) < LEAST_ONSETS:
        raise ValueError(f"Argument 'flips' must hold at least {LEAST_ONSETS} times (got {len(flips)}).")
    apart = float(np.diff(flips).min())
    usual = _usual_latency(onsets, flips, min(LATENCY_S[1], LATENCY_S[0] + 2 * apart))
    latencies = np.empty(0)
    if usual is not None:
        latencies = _pair(onsets, flips, usual, 0.5 * apart)
    if not len(latencies):
        nan = float("nan")
        return DisplayTiming(len(flips), len(onsets), nan, nan, nan, nan, len(flips), len(onsets), limit_s)
    median = float(np.median(latencies))
    return DisplayTiming(
        n_flips=len(flips),
        n_onsets=len(onsets),
        latency_mean_s=float(latencies.mean()),
        latency_median_s=median,
        jitter_sd_s=float(latencies.std(ddof=1)) if len(latencies) > 1 else 0.0,
        jitter_p95_s=float(np.quantile(np.abs(latencies - median), 0.95)),
        missed=len(flips) - len(latencies),
        extra=len(onsets) - len(latencies),
        limit_s=limit_s,
    )


def _two_levels(values: SampleArray, channel: str, index: int, inverted: bool) -> StepChannel:
    """Split a channel into two levels by the threshold that leaves least variance within them (Otsu 1979)."""
    x = np.sort(values[np.isfinite(values)].astype(np.float64))
    if len(x) < 2 or x[0] == x[-1]:
        level = float(x[0]) if len(x) else 0.0
        return StepChannel(channel, index, level, level, 0.0)
    x_mean = x.mean()
    n_below = np.arange(1, len(x))
    below = np.cumsum(x - x_mean)[:-1]
    between = below**2 * (1.0 / n_below + 1.0 / (len(x) - n_below))
    cut = int(between.argmax()) + 1
    levels = float(np.median(x[:cut])), float(np.median(x[cut:]))
    rest, active = levels[::-1] if inverted else levels
    return StepChannel(channel, index, rest, active, float(between[cut - 1] / ((x - x_mean) ** 2).sum()))


def _way(data: SampleArray, step: StepChannel) -> FloatArray:
    """How far each sample is from rest (0) to active (1)."""
    return np.asarray((data[:, step.index].astype(np.float64) - step.rest) / (step.active - step.rest))


def _rises(way: FloatArray) -> NDArray[np.intp]:
    """Samples at which the hysteresis goes from low to high."""
    decided = np.flatnonzero((way < _LOW) | (way > _HIGH))
    is_high = way[decided] > _HIGH
    return np.asarray(decided[1:][is_high[1:] & ~is_high[:-1]])


def _n_rises(data: SampleArray, step: StepChannel) -> int:
    return len(_rises(_way(data, step))) if step.active != step.rest else 0


def _crossings(way: FloatArray, rises: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each rise the first sample above half the way since the last one below it."""
    finite = np.where(np.isfinite(way), way, 0.0)
    below = np.flatnonzero(finite <= 0.5)
    return np.asarray(below[np.searchsorted(below, rises) - 1] + 1)


def _usual_latency(onsets: FloatArray, flips: FloatArray, latest: float) -> float | None:
    """Centre of the narrow window that holds most of the latencies between any flip and any onset."""
    first = np.searchsorted(onsets, flips + LATENCY_S[0])
    last = np.searchsorted(onsets, flips + latest)
    pairs = [onsets[a:b] - flip for a, b, flip in zip(first, last, flips, strict=True)]
    latencies = np.sort(np.concatenate(pairs))
    if not len(latencies):
        return None
    ends = np.searchsorted(latencies, latencies + _MODE_S, side="right")
    fullest = int((ends - np.arange(len(latencies))).argmax())
    return float(np.median(latencies[fullest : ends[fullest]]))


def _pair(onsets: FloatArray, flips: FloatArray, usual: float, within: float) -> FloatArray:
    """Latencies of the flips that have an onset; no onset serves two flips, for they lie further apart than that."""
    due = flips + usual
    after = np.clip(np.searchsorted(onsets, due), 1, max(1, len(onsets) - 1))
    nearest = np.where(
        due - onsets[after - 1] <= np.abs(onsets[np.minimum(after, len(onsets) - 1)] - due), after - 1, after
    )
    nearest = np.minimum(nearest, len(onsets) - 1)
    close = np.abs(onsets[nearest] - due) < within
    return np.asarray(onsets[nearest[close]] - flips[close])
