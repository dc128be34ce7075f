"""Even out the arrival jitter of a device's time stamps, without smearing a gap over what follows it."""

import math

import numpy as np

from acquisition.stream import FloatArray

_PERIOD_VARIANCE = 4e-4  # A nominal rate is trusted to 2 %, where the stamps jitter by a period.
# The bias is averaged over some 50 samples, the jitter over some 200: a bias stands out before it counts as jitter.
_BIAS_GAIN, _JITTER_GAIN = 0.02, 0.005
_ON_GRID = 0.05  # Stamps that are off by whole periods, to this share of one, are another sample's.


class Dejitter:
    """Follows a stream's time stamps by a line that forgets, sample by sample.

    Recursive least squares for the time of the newest sample and the period, as in liblsl's own
    smoothing. That one takes samples as evenly spaced whatever happens, and so places all that
    follows a gap of 3 s up to 3 s too early; here a step beyond the stream's own jitter starts
    the line anew from the stamp itself, and keeps the period. Steps by whole periods in a stream whose
    stamps step back are samples out of order or repeated, and no jitter.

    Parameters
    ----------
    sfreq : float
        Nominal sampling rate in Hz.
    memory_s : float
        Time in s after which a sample's weight has halved.
    """

    def __init__(self, sfreq: float, memory_s: float = 10.0) -> None:
        self._forget = 0.5 ** (1.0 / (sfreq * memory_s))
        self._nominal = self._period = 1.0 / sfreq
        self._time = self._stamp = -np.inf
        self._memory, self._n_suspect = round(sfreq * memory_s), 0
        self._jitter = self._bias = 0.0
        self._n = 0
        # Covariance of (time, period) in units of the stamps' own variance.
        self._p_time, self._p_cross, self._p_period = 1.0, 0.0, _PERIOD_VARIANCE

    def __call__(self, times: FloatArray) -> FloatArray:
        """Smoothed times (s) of the samples that follow the last ones, shape (n_samples,)."""
        # Plain floats make the recursion five times as fast as numpy's scalars.
        return np.array([self._follow(time) for time in times.tolist()])

    def _follow(self, time: float) -> float:
        last, predicted = self._time, self._time + self._period
        error = time - predicted
        beyond = not abs(error) <= 0.5 * self._nominal + 8.0 * self._jitter
        is_swapped = beyond and self._is_swapped(time, error)
        self._stamp, self._n_suspect = time, self._n_suspect - 1
        if math.isfinite(error) and not is_swapped:
            self._n += 1
            gain = max(_JITTER_GAIN, 1.0 / self._n)
            self._jitter += gain * (min(abs(error), 10.0 * self._nominal) - self._jitter)
        if beyond:
            self._restart(time)
            return time
        self._bias += _BIAS_GAIN * (error - self._bias)
        if abs(self._bias) > 0.5 * self._nominal + 0.75 * self._jitter:
            # A few samples were lost, fewer than the jitter shows at once: the stamps stay on one side of the line.
            self._restart(time)
        else:
            self._correct(predicted, error)
        # Samples of one run keep their order, whatever the jitter.
        self._time = max(self._time, last + 0.1 * self._nominal)
        return self._time

    def _is_swapped(self, time: float, error: float) -> bool:
        """Whether a stamp is out of order; where one steps back by whole periods, those after it jump by such too."""
        n_periods = error / self._period
        on_grid = math.isfinite(n_periods) and abs(n_periods - round(n_periods)) < _ON_GRID
        if on_grid and time < self._stamp:
            self._n_suspect = self._memory
        return on_grid and self._n_suspect > 0

    def _restart(self, time: float) -> None:
        self._time, self._bias = time, 0.0
        self._p_time, self._p_cross = 1.0, 0.0

    def _correct(self, predicted: float, error: float) -> None:
        p_time = (self._p_time + 2 * self._p_cross + self._p_period) / self._forget
        p_cross = (self._p_cross + self._p_period) / self._forget
        p_period = self._p_period / self._forget
        gain_time, gain_period = p_time / (p_time + 1.0), p_cross / (p_time + 1.0)
        self._p_time = (1.0 - gain_time) * p_time
        self._p_cross = (1.0 - gain_time) * p_cross
        self._p_period = p_period - gain_period * p_cross
        self._time = predicted + gain_time * error
        self._period += gain_period * error
