"""Health as data: what went wrong with a stream, when, and for how long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import Chunk, FloatArray, SampleArray, Source, StreamInfo

GAP_PERIODS = 3.5
AHEAD_S = 0.05
LATE_S = 5.0
"""A stream whose newest sample is older than this says nothing of what is shown now."""
RATE_WINDOW_S = 5.0
RATE_TOLERANCE = 0.05
BLINK_S = 0.5
"""Gaze that is lost for no longer than this is a blink, and no fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that went wrong, or came right again.

    Parameters
    ----------
    stream : str
        The stream's name.
    kind : str
        "lost": silent for too long. "back": the first samples after that. "gap": a hole between two
        samples. "nan": a bout of samples without a finite value begins (``value`` is 0) or has ended;
        in gaze only one that is longer than a blink. "clock": time stamps step back, lie ahead of the session's
        clock or are no times. "rate": the samples come at another rate than the nominal one. Sources tell of
        kinds of their own.
    time : float
        When, in s: the session's clock for "lost", otherwise the stamp of the sample that shows it.
    value : float
        How much: silence or hole in s ("lost", "back", "gap"), step in s ("clock", negative for
        backwards), measured rate in Hz ("rate"), number of samples ("nan").
    detail : str
        The same in words.
    """

    stream: str
    kind: str
    time: float
    value: float
    detail: str


def told_by(source: Source) -> list[Fault]:
    """What a source itself knows of its devices since the last call; those that know nothing have no ``faults``."""
    faults: list[Fault] = getattr(source, "faults", list)()
    return faults


class Health:
    """Watches the chunks of every tick; the same ticks and chunks give the same faults.

    Parameters
    ----------
    streams : sequence of StreamInfo
        What is expected. Irregular streams (``sfreq`` 0) are watched for "nan" and "clock" only, and those
        without a unit not for "nan".
    lost_after_s : float
        Silence, in s, after which a stream is lost; samples that lie ahead of now, or more than `LATE_S` behind,
        do not break it.

    Raises
    ------
    ValueError
        If ``lost_after_s`` is not greater than 0.
    """

    def __init__(self, streams: Sequence[StreamInfo], lost_after_s: float = 1.0) -> None:
        if not lost_after_s > 0:
            raise ValueError(f"Argument 'lost_after_s' must be greater than 0 s (got {lost_after_s}).")
        self._lost_after_s = lost_after_s
        self._states = {info.name: _State(info) for info in streams}

    @property
    def lost(self) -> frozenset[str]:
        """Names of the streams that are silent now."""
        return frozenset(name for name, state in self._states.items() if state.lost)

    @property
    def waiting(self) -> frozenset[str]:
        """Names of the streams that have sent nothing so far."""
        return frozenset(name for name, state in self._states.items() if state.newest is None)

    def update(self, now: float, chunks: Iterable[Chunk]) -> list[Fault]:
        """Take in one tick: the session's time (s) and what was pulled at it; return what is new."""
        faults: list[Fault] = []
        for chunk in chunks:
            state = self._states.get(chunk.stream)
            if state is not None and len(chunk.times):
                faults += state.take(now, chunk.times, chunk.data)
        for state in self._states.values():
            faults += state.tick(now, self._lost_after_s)
        return faults


@dataclass(slots=True)
class _State:
    """What is remembered of one stream."""

    info: StreamInfo
    newest: float | None = None
    heard_at: float | None = None
    lost: bool = False
    is_ahead: bool = False
    n_nan: int = 0
    nan_until: float = 0.0
    is_off_rate: bool = False
    window_start: float | None = None
    window_n: int = 0

    def take(self, now: float, times: FloatArray, data: SampleArray) -> list[Fault]:
        is_time = np.isfinite(times)
        faults = [] if is_time.all() else self._no_times(now, int(np.sum(~is_time)))
        times, data = times[is_time], data[is_time]
        if not len(times):
            return faults
        is_of_now = bool(((times >= now - LATE_S) & (times <= now + AHEAD_S)).any())
        if is_of_now:
            faults += self._returned(now, times)
        faults += self._steps(now, times)
        if self.info.unit:  # Rows without a unit are events, of which not every one has every value.
            faults += self._bouts(times, np.logical_not(np.isfinite(data).all(axis=1)))
        faults += self._rate(times)
        self.newest = float(times[-1])
        if is_of_now:
            self.heard_at = now
        return faults

    def _no_times(self, now: float, n_samples: int) -> list[Fault]:
        return [self._fault("clock", now, 0.0, f"{n_samples} time stamps are no times")]

    def tick(self, now: float, lost_after_s: float) -> list[Fault]:
        if self.heard_at is None:
            self.heard_at = now
        silent_s = now - self.heard_at
        if self.lost or self.info.sfreq <= 0 or silent_s <= lost_after_s:
            return []
        self.lost = True
        if self.newest is None:
            what = "has sent nothing so far"
        elif now - LATE_S <= self.newest <= now + AHEAD_S:
            what = "is silent"
        else:
            what = "is silent, or sends samples of another time than now,"
        return [self._fault("lost", now, silent_s, f"{what} for {silent_s:.3f} s")]

    def _returned(self, now: float, times: FloatArray) -> list[Fault]:
        if not self.lost:
            return []
        self.lost = False
        self.window_start = None
        first = float(times[0])
        hole = first - self.newest if self.newest is not None else now - (self.heard_at or now)
        if self.newest is not None and hole > 0:
            # The hole is told here, and need not be told as a gap too.
            self.newest = first - 1.0 / self.info.sfreq
        return [self._fault("back", first, hole, f"samples come again after a hole of {hole:.3f} s")]

    def _steps(self, now: float, times: FloatArray) -> list[Fault]:
        faults = []
        steps = np.diff(times, prepend=times[0] if self.newest is None else self.newest)
        if self.newest is None:
            steps = steps[1:]
        shown_by = times[len(times) - len(steps) :]
        if len(steps) and steps.min() <= 0:
            back = int(steps.argmin())
            step = float(steps[back])
            faults.append(self._fault("clock", float(shown_by[back]), step, f"time stamps step back by {-step:.6f} s"))
            self.window_start = None
        if self.info.sfreq > 0 and len(steps) and steps.max() > GAP_PERIODS / self.info.sfreq:
            for at in np.flatnonzero(steps > GAP_PERIODS / self.info.sfreq):
                hole = float(steps[at])
                faults.append(self._fault("gap", float(shown_by[at]), hole, f"no samples for {hole:.3f} s"))
            self.window_start = None
        ahead = float(times[-1]) - now
        if ahead > AHEAD_S and not self.is_ahead:
            faults.append(self._fault("clock", float(times[-1]), ahead, f"time stamps lie {ahead:.3f} s ahead"))
        self.is_ahead = ahead > AHEAD_S
        return faults

    def _bouts(self, times: FloatArray, broken: NDArray[np.bool_]) -> list[Fault]:
        """Begin and end of every stretch of samples with a value that is not finite; in gaze, of those past a blink."""
        if not self.n_nan and not broken.any():
            return []
        faults = []
        n_tolerated = round(BLINK_S * self.info.sfreq) if self.info.unit == "px" else 0
        for time, is_broken in zip(times.tolist(), broken.tolist(), strict=True):
            if is_broken:
                if self.n_nan == n_tolerated:
                    faults.append(self._fault("nan", time, 0.0, "samples without a finite value begin"))
                self.n_nan += 1
                self.nan_until = time
            else:
                if self.n_nan > n_tolerated:
                    detail = f"{self.n_nan} samples without a finite value have ended"
                    faults.append(self._fault("nan", self.nan_until, float(self.n_nan), detail))
                self.n_nan = 0
        return faults

    def _rate(self, times: FloatArray) -> list[Fault]:
        if self.info.sfreq <= 0:
            return []
        if self.window_start is None:
            self.window_start, self.window_n = float(times[-1]), 0
            return []
        self.window_n += len(times)
        span = float(times[-1]) - self.window_start
        if span < RATE_WINDOW_S:
            return []
        rate = self.window_n / span
        was_off, self.is_off_rate = self.is_off_rate, abs(rate / self.info.sfreq - 1.0) > RATE_TOLERANCE
        self.window_start, self.window_n = float(times[-1]), 0
        if was_off or not self.is_off_rate:
            return []
        return [self._fault("rate", float(times[-1]), rate, f"{rate:.2f} samples/s, not {self.info.sfreq:g}")]

    def _fault(self, kind: str, time: float, value: float, detail: str) -> Fault:
        return Fault(stream=self.info.name, kind=kind, time=time, value=value, detail=detail)
