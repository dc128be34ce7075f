"""Measure every stream, second by second."""

import math
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.channels import GazeQuality, measure_eeg, rms_s2s
from acquisition.quality import AHEAD_S, BLINK_S, GAP_PERIODS
from acquisition.seconds import StreamQuality
from acquisition.stream import Chunk, FloatArray, SampleArray, StreamInfo

SECOND_S = 1.0
SETTLE_S = 0.5
"""How long after its end a second waits for its samples; what comes later counts as missing in it. Gaze on a screen
that is found by tags comes up to 0.3 s late."""
DRIFT_S = (10.0, 60.0)
"""Drift is told after the first of these, and over the second. 1 ms of jitter leaves 10 ppm of doubt after 10 s."""
BLINK_LEAST_S = 0.05
"""Gaze lost for less than this is a dropout, not a blink; blinks take 0.1 to 0.4 s (Stern et al. 1984,
Psychophysiology 21), and fast samplers see their flanks too."""
BLINKS_S = (10.0, 60.0)
"""Blinks are counted after the first of these, and over the second."""


class QualityMeter:
    """Turns the chunks of every tick into one `StreamQuality` per second and stream.

    A function of the ticks' times and chunks alone, so that a replay tells the same; how samples were cut
    into chunks does not matter as long as they come within `SETTLE_S` of their second's end.

    Parameters
    ----------
    streams : sequence of StreamInfo
        What is expected.
    line_hz : float, optional
        The mains' frequency; by default 50 or 60 Hz, whichever is the louder.
    """

    def __init__(self, streams: Sequence[StreamInfo], line_hz: float | None = None) -> None:
        self._streams = {info.name: _Stream(info, line_hz) for info in streams}
        self._start: float | None = None

    def update(self, now: float, chunks: Iterable[Chunk]) -> list[StreamQuality]:
        """Take in one tick: the session's time (s) and what was pulled at it; return the seconds that are complete."""
        if self._start is None:
            self._start = now
        for chunk in chunks:
            stream = self._streams.get(chunk.stream)
            if stream is not None and len(chunk.times):
                stream.take(chunk.times, chunk.data, self._start, now + AHEAD_S)
        complete = []
        while now >= self._start + SECOND_S + SETTLE_S:
            end = self._start + SECOND_S
            complete += [stream.finish(self._start, end) for stream in self._streams.values()]
            self._start = end
        return complete


class _Stream:
    """What is remembered of one stream between two seconds."""

    def __init__(self, info: StreamInfo, line_hz: float | None) -> None:
        self._info = info
        self._line_hz = line_hz
        self._held: list[tuple[FloatArray, SampleArray]] = []
        self._newest = -math.inf
        self._last: float | None = None
        self._n_misplaced = 0
        self._drift = _Drift(info.sfreq)
        self._blinks = _Blinks()

    def take(self, times: FloatArray, data: SampleArray, start: float, until: float) -> None:
        """Hold the samples that go forward in time and belong to seconds not told yet."""
        before = np.maximum.accumulate(np.concatenate(([self._newest], times[:-1])))
        # One stamp in the far future must not shut out all that follow: it is left out before the order is looked at.
        inside = (times >= start) & (times <= until)
        if not inside.all():
            self._n_misplaced += int(np.sum(~inside))
            times, data = times[inside], data[inside]
            before = np.maximum.accumulate(np.concatenate(([self._newest], times)))[:-1]
        forward = times > before
        if not forward.all():
            self._n_misplaced += int(np.sum(~forward))
            times, data = times[forward], data[forward]
        if len(times):
            self._newest = float(times[-1])
            self._held.append((times, data))

    def finish(self, start: float, end: float) -> StreamQuality:
        """The figures of the second that ends here."""
        times, data = self._split(end)
        sfreq = self._info.sfreq
        misplaced, self._n_misplaced = self._n_misplaced, 0
        rate = jitter = drift = None
        gaps = np.empty(0)
        missing = 0.0
        if sfreq > 0:
            steps = np.diff(times) if self._last is None else np.diff(times, prepend=self._last)
            holes = steps > GAP_PERIODS / sfreq
            gaps = steps[holes]
            even = steps[~holes]
            rate = len(even) / float(even.sum()) if len(even) else None
            jitter = _jitter(times, sfreq)
            drift = self._drift.update(times, broken=bool(len(gaps)))
            n_missing = sfreq * (end - start) - len(times)
            # The second's edges cut a stream at rate r into r - 1, r or r + 1 samples.
            missing = min(1.0, n_missing / (sfreq * (end - start))) if n_missing > 1.0 else 0.0
        if len(times):
            self._last = float(times[-1])
        return StreamQuality(
            stream=self._info.name,
            start=start,
            end=end,
            n_samples=len(times),
            rate_hz=rate,
            drift_ppm=drift,
            jitter_s=jitter,
            n_gaps=len(gaps),
            gap_s=float(gaps.max(initial=0.0)),
            missing=missing,
            n_misplaced=misplaced,
            eeg=measure_eeg(data, sfreq, self._info.channels, self._line_hz) if self._is("V") else None,
            gaze=self._measure_gaze(times, data, end) if self._is("px") else None,
        )

    def _is(self, unit: str) -> bool:
        return self._info.unit == unit and self._info.sfreq > 0

    def _split(self, end: float) -> tuple[FloatArray, SampleArray]:
        """Take out what is held up to a time (s)."""
        if not self._held:
            return np.empty(0), np.empty((0, len(self._info.channels)), dtype=np.float32)
        times = np.concatenate([part for part, _ in self._held])
        data = np.concatenate([part for _, part in self._held])
        cut = int(np.searchsorted(times, end))
        self._held = [(times[cut:], data[cut:])] if cut < len(times) else []
        return times[:cut], data[:cut]

    def _measure_gaze(self, times: FloatArray, data: SampleArray, end: float) -> GazeQuality:
        lost = np.logical_not(np.isfinite(data[:, :2]).all(axis=1))
        positions = np.where(lost[:, None], np.nan, data[:, :2].astype(np.float64))
        return GazeQuality(
            lost=float(lost.mean()) if len(lost) else 1.0,
            rms_s2s_px=rms_s2s(positions, self._info.sfreq),
            blinks_per_min=self._blinks.update(times, lost, end),
        )


class _Drift:
    """Follows the stamps of a run without gaps against its nominal rate."""

    def __init__(self, sfreq: float) -> None:
        self._sfreq = sfreq
        self._seconds: deque[tuple[float, float]] = deque(maxlen=round(DRIFT_S[1] / SECOND_S))
        self._origin = 0.0
        self._n = 0

    def update(self, times: FloatArray, broken: bool) -> float | None:
        if broken or not len(times):
            self._seconds.clear()
            self._n = 0
            return None
        if not self._n:
            self._origin = float(times[0])
        expected = self._origin + (self._n + np.arange(len(times))) / self._sfreq
        self._n += len(times)
        self._seconds.append((float(times.mean()) - self._origin, float((times - expected).mean())))
        if self._seconds[-1][0] - self._seconds[0][0] < DRIFT_S[0] - SECOND_S:
            return None
        at, late = np.array(self._seconds).T
        return -1e6 * float(np.polyfit(at, late, 1)[0])


class _Blinks:
    """Counts the bouts of lost gaze that are as long as a blink."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._lost_since: float | None = None
        self._ends: deque[float] = deque()

    def update(self, times: FloatArray, lost: NDArray[np.bool_], now: float) -> float:
        for time, is_lost in zip(times.tolist(), lost.tolist(), strict=True):
            if self._began is None:
                self._began = time
            if is_lost:
                self._lost_since = time if self._lost_since is None else self._lost_since
            elif self._lost_since is not None:
                if BLINK_LEAST_S <= time - self._lost_since <= BLINK_S:
                    self._ends.append(time)
                self._lost_since = None
        while self._ends and self._ends[0] < now - BLINKS_S[1]:
            self._ends.popleft()
        watched = 0.0 if self._began is None else min(now - self._began, BLINKS_S[1])
        return 60.0 * len(self._ends) / watched if watched >= BLINKS_S[0] - SECOND_S else float("nan")


def _jitter(times: FloatArray, sfreq: float) -> float | None:
    """Standard deviation of stamps about even spacing, in the longest stretch without a gap."""
    if len(times) < 8:
        return None
    cuts = np.flatnonzero(np.diff(times) > GAP_PERIODS / sfreq) + 1
    stretch = max(np.split(times, cuts), key=len)
    if len(stretch) < 8:
        return None
    x = np.arange(len(stretch)) - (len(stretch) - 1) / 2
    centred = stretch - stretch.mean()
    return float((centred - x * (x @ centred) / (x @ x)).std())
