"""Stretches of time that come at random: blinks, lapses, lost track, bursts of muscles."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray

_AT_ONCE = 32
_MIN_S, _MAX_FACTOR = 0.05, 4.0


class Bouts:
    """Bouts that never overlap, the same whenever they are asked for.

    Parameters
    ----------
    start : float
        Time before which there is none, in s.
    per_min : float
        How many a minute; 0 for none at all.
    median_s : float
        Half of them are shorter, in s; lengths are spread log-normally.
    rng : numpy.random.Generator
        The same state gives the same bouts.
    spread : float
        Standard deviation of the logarithm of the length.
    """

    def __init__(self, start: float, per_min: float, median_s: float, rng: np.random.Generator, spread: float) -> None:
        self._rng = rng
        self._per_min, self._median_s, self._spread = per_min, median_s, spread
        self._begins, self._ends = np.empty(0), np.empty(0)
        self._marks = np.empty((0, 3))
        self._known_until = start if per_min > 0 else np.inf

    def between(self, begin: float, end: float) -> Iterator[tuple[float, float, FloatArray]]:
        """Begin and end (s) of each bout that touches this stretch of time, and three marks in 0..1, shape (3,)."""
        self._draw_until(end)
        first = int(np.searchsorted(self._ends, begin, side="right"))
        stop = int(np.searchsorted(self._begins, end))
        for i in range(first, stop):
            yield float(self._begins[i]), float(self._ends[i]), self._marks[i]

    def cover(self, times: FloatArray) -> NDArray[np.bool_]:
        """Whether each of these times (s), shape (n_times,) and ascending, lies in a bout."""
        if not len(times):
            return np.zeros(0, dtype=bool)
        self._draw_until(float(times[-1]))
        begun = np.searchsorted(self._begins, times, side="right")
        over = np.searchsorted(self._ends, times, side="right")
        return np.asarray(begun > over)

    def _draw_until(self, time: float) -> None:
        while self._known_until <= time:
            waits = self._rng.exponential(60.0 / self._per_min, _AT_ONCE)
            factors = np.exp(self._spread * self._rng.standard_normal(_AT_ONCE))
            lengths = np.maximum(_MIN_S, self._median_s * np.minimum(factors, _MAX_FACTOR))
            ends = self._known_until + np.cumsum(waits + lengths)
            self._begins = np.concatenate((self._begins, ends - lengths))
            self._ends = np.concatenate((self._ends, ends))
            self._marks = np.concatenate((self._marks, self._rng.uniform(size=(_AT_ONCE, 3))))
            self._known_until = float(ends[-1])
