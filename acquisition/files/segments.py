"""Even out the time stamps of a whole recorded stream, without smearing its gaps."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from acquisition.stream import FloatArray

_LOOK_S = 1.0
_LINE_S = 20.0


def even_out(times: FloatArray, sfreq: float) -> tuple[FloatArray, NDArray[np.intp]]:
    """Lay the samples of each unbroken stretch on a line that follows their time stamps.

    Parameters
    ----------
    times : array, shape (n_samples,)
        Time stamps in s, with the jitter of their arrival; samples are in the order in which they were taken.
    sfreq : float
        Nominal sampling rate in Hz, right to within half.

    Returns
    -------
    times : array, shape (n_samples,)
        Evened times in s.
    breaks : array of int, shape (n_breaks,)
        The first sample after each gap and each jump of the clock.

    Notes
    -----
    pyxdf fits one line to all samples between gaps, and takes a stream as unbroken until 500 samples are missing, so
    it moves the samples on both sides of a smaller gap by up to half its length, and all of a stream whose rate
    varies. Here the line is a running one, over 20 s, and a stretch ends where the stamps of the following second all
    lie later (or earlier), by more than half a period, than those of the second before would have it: a packet that
    was late catches up within that time, lost samples never do.
    """
    if len(times) < 2:
        return times, np.empty(0, dtype=np.intp)
    period = 1.0 / sfreq
    lateness = times - period * np.arange(len(times))
    n = max(2, round(_LOOK_S * sfreq))
    later = _least_ahead(lateness, n) - _most_behind(lateness, n) > 0.5 * period
    earlier = _least_ahead(-lateness, n) - _most_behind(-lateness, n) > 0.5 * period
    later[0] = earlier[0] = False
    breaks = np.flatnonzero(later | earlier)
    n_line = max(2, round(_LINE_S * sfreq))
    evened = np.concatenate([_follow(stretch, n_line) for stretch in np.split(times, breaks)])
    # Lines of neighbouring stretches may overlap by some of the jitter, but samples keep their order.
    apart = 0.1 * period * np.arange(len(times))
    ordered = [np.maximum.accumulate(part) for part in np.split(evened - apart, np.flatnonzero(earlier))]
    return np.concatenate(ordered) + apart, breaks


def _least_ahead(values: FloatArray, n: int) -> FloatArray:
    """Smallest of each value and the ``n - 1`` after it."""
    padded = np.concatenate([values, np.full(n, np.inf)])
    return np.asarray(minimum_filter1d(padded, n)[n // 2 : n // 2 + len(values)], dtype=np.float64)


def _most_behind(values: FloatArray, n: int) -> FloatArray:
    """Largest of the ``n`` values before each."""
    padded = np.concatenate([np.full(n, -np.inf), values])
    return np.asarray(maximum_filter1d(padded, n)[n // 2 : n // 2 + len(values)], dtype=np.float64)


def _follow(times: FloatArray, n_line: int) -> FloatArray:
    """Each sample on the line through the ``n_line`` stamps around it, and those at the ends on the outermost lines."""
    if len(times) <= n_line + 1:
        return _fit_line(times)
    line = _fit_line(times)
    half = n_line // 2
    whole = 2 * half + 1
    off_line = times - line
    followed = uniform_filter1d(off_line, whole)
    followed[:half] = _fit_line(off_line[:whole])[:half]
    followed[-half:] = _fit_line(off_line[-whole:])[-half:]
    return np.asarray(line + followed)


def _fit_line(times: FloatArray) -> FloatArray:
    if len(times) < 2:
        return times
    index = np.arange(len(times)) - (len(times) - 1) / 2
    middle = times.mean()
    return np.asarray(middle + index * (index @ (times - middle)) / (index @ index))
