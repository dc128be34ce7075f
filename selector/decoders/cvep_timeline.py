"""Edges of codes and samples of a growing trial, brought onto one grid of time."""

import numpy as np
from numpy.typing import NDArray

from acquisition.stimulus import Presentation
from acquisition.stream import FloatArray, Signals

DECIMATED_SFREQ = 120.0
"""Samples are thinned to the lowest rate (Hz) not below this one, two to a bit of the codes."""

N_EVENTS = 3
"""Light comes, light goes, and stimulation begins."""

# What was shown at a time is known once a flip after it is, or once so much (s) has passed without any.
_SETTLED_S = 0.25


class CodeTimeline:
    """What each slot showed and what was recorded meanwhile, tick by tick from the trial's first flip on.

    Events come when the flips were measured, so that late and dropped frames are known; between two ticks an event is
    shared out to both. A tick takes the sample that lies nearest.

    Parameters
    ----------
    n_slots : int
    sfreq : float
        Of the stream "eeg", in Hz.
    columns : array of int, shape (n_channels,)
        Channels to take.
    n_lags : int
        How many ticks before the first are given, all dark.
    answer_s : float
        How long after the last flip ticks are of use, in s.

    Attributes
    ----------
    rate : float
        Ticks per second.
    n_ticks : int
        How many ticks are over.
    """

    def __init__(self, n_slots: int, sfreq: float, columns: NDArray[np.intp], n_lags: int, answer_s: float) -> None:
        self.rate = thinned(sfreq)
        self.n_ticks = 0
        self._period, self._columns, self._n_lags, self._answer_s = 1.0 / sfreq, columns, n_lags, answer_s
        self._impulses = np.zeros((512, n_slots, N_EVENTS))
        self._lit = np.zeros(n_slots, dtype=np.int8)
        self._n_taken = 0
        self._origin: float | None = None

    @property
    def until(self) -> float:
        """Session time (s) of the last tick that is over; minus infinity before the first."""
        return self._origin + (self.n_ticks - 1) / self.rate if self._origin is not None and self.n_ticks else -np.inf

    def update(self, presentation: Presentation, signals: Signals, until: float = np.inf) -> FloatArray:
        """Go on as far as what was shown and recorded is known, and no later than a session time (s).

        Returns
        -------
        array, shape (n_new, n_channels)
            The new ticks' samples, in V; NaN where one is missing.
        """
        self._take_flips(presentation)
        if self._origin is None:
            return np.empty((0, len(self._columns)))
        newest = min(signals.newest("eeg"), until)
        known = min(max(presentation.end, newest - _SETTLED_S), presentation.end + self._answer_s)
        over = min((known - self._origin) * self.rate - 1, (newest - self._origin + self._period / 2) * self.rate)
        n_ticks = max(self.n_ticks, int(np.floor(over)) + 1 if np.isfinite(over) else 0)
        wanted = self._origin + np.arange(self.n_ticks, n_ticks) / self.rate
        self.n_ticks = n_ticks
        self._reserve(n_ticks)
        times, data = signals.times("eeg"), signals.data("eeg")
        found = np.searchsorted(times, wanted - self._period / 2)
        rows = np.full((len(wanted), len(self._columns)), np.nan)
        there = np.flatnonzero(found < len(times))
        there = there[np.abs(times[found[there]] - wanted[there]) <= 0.75 * self._period]
        rows[there] = data[found[there]][:, self._columns]
        return rows

    def events(self, tick: int) -> FloatArray:
        """What happened in the lags up to a tick, oldest first, shape (n_lags + 1, n_slots, n_events)."""
        return self._impulses[tick : tick + self._n_lags + 1]

    def _take_flips(self, presentation: Presentation) -> None:
        n_before = 0
        for block, flips in zip(presentation.blocks, presentation.flips, strict=True):
            first = max(0, self._n_taken - n_before)
            n_before += len(flips)
            if first < len(flips):
                self._take(block.codes[:, first : len(flips)], flips[first:])
        self._n_taken = max(self._n_taken, n_before)

    def _take(self, codes: NDArray[np.uint8], flips: FloatArray) -> None:
        begins = self._origin is None
        if self._origin is None:
            self._origin = float(flips[0])
        lit = (codes > 0).astype(np.int8)
        edges = np.diff(lit, axis=1, prepend=self._lit[:, None])
        self._lit = lit[:, -1]
        place = np.maximum((flips - self._origin) * self.rate, 0.0)
        ticks: NDArray[np.intp] = np.floor(place).astype(np.intp)
        share = np.asarray(place - ticks, dtype=np.float64)
        self._reserve(int(ticks[-1]) + 2)
        for kind, sign in enumerate((1, -1)):
            slots, frames = np.nonzero(edges == sign)
            self._add(ticks[frames], slots, kind, share[frames])
        if begins:
            every = np.arange(len(lit))
            self._add(np.repeat(ticks[:1], len(lit)), every, N_EVENTS - 1, np.repeat(share[:1], len(lit)))

    def _add(self, ticks: NDArray[np.intp], slots: NDArray[np.intp], kind: int, share: FloatArray) -> None:
        # Two edges of a kind are more than a tick apart, so that no place is meant twice.
        first = ticks + self._n_lags
        self._impulses[first, slots, kind] += 1 - share
        self._impulses[first + 1, slots, kind] += share

    def _reserve(self, n_ticks: int) -> None:
        missing = n_ticks + self._n_lags - len(self._impulses)
        if missing > 0:
            more = np.zeros((len(self._impulses) + missing, *self._impulses.shape[1:]))
            self._impulses = np.concatenate((self._impulses, more))


def thinned(sfreq: float) -> float:
    """The rate (Hz) to which samples at ``sfreq`` are thinned."""
    return sfreq / max(1, int(sfreq / DECIMATED_SFREQ))
