"""Raw gaze: which columns are which eye, what is one look, and how long samples tell the same."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray

MAX_SCREENS = 10.0
"""Gaze that many screens away is a tracker's word for "lost"."""

MAX_TAU_S = 2.0

MIN_SAMPLES = 20
"""Valid ones that a decoder can be fitted to."""

_PAUSE_S = 0.5


def eyes_of(data: NDArray, channels: Sequence[str], screen_px: tuple[float, float]) -> FloatArray:
    """Each eye's place in px, the left one's first where labels tell; NaN where it is lost.

    Parameters
    ----------
    data : array, shape (n_samples, n_channels)
        In px.
    channels : sequence of str
        Labels of the columns, such as "left_x"; where there are none, x and y take turns.
    screen_px : tuple of float

    Returns
    -------
    array, shape (n_samples, n_eyes, 2)

    Raises
    ------
    ValueError
        If there is no x with its y.
    """
    data = np.asarray(data, dtype=np.float64)
    if data.ndim != 2 or data.shape[1] < 2:
        raise ValueError(f"Gaze must have a column for x and one for y (got shape {data.shape}).")
    words = [re.split(r"[^a-z]+", label.lower()) for label in channels]
    x = [i for i, word in enumerate(words) if "x" in word]
    y = [i for i, word in enumerate(words) if "y" in word]
    if not x or len(x) != len(y):
        x = list(range(0, data.shape[1] - 1, 2))
        y = [i + 1 for i in x]
    elif len(x) > 1:
        x, y = (sorted(columns, key=lambda i: ("right" in words[i], "left" not in words[i])) for columns in (x, y))
    eyes = np.stack((data[:, x], data[:, y]), axis=2)
    valid = (np.abs(eyes) <= MAX_SCREENS * np.asarray(screen_px)).all(axis=2, keepdims=True)
    return np.where(valid, eyes, np.nan)


def check_cued(eyes: FloatArray, centers: FloatArray, times: FloatArray, sizes: FloatArray) -> None:
    """See that looks at known places can be learnt from.

    Parameters
    ----------
    eyes : array, shape (n_samples, n_eyes, 2)
    centers, sizes : array, shape (n_samples, 2)
    times : array, shape (n_samples,)

    Raises
    ------
    ValueError
        If shapes don't match, what is known is not finite, times don't ascend, fewer than 20 samples are valid or
        the gaze never moves.
    """
    if len({len(eyes), len(centers), len(times), len(sizes)}) != 1 or {centers.shape, sizes.shape} != {(len(eyes), 2)}:
        raise ValueError(
            "Arguments 'X', 'centers', 'times' and 'sizes' must have as many rows, 'centers' and 'sizes' two columns "
            f"(got {len(eyes)} rows, and shapes {centers.shape}, {times.shape} and {sizes.shape})."
        )
    for name, known in {"centers": centers, "times": times, "sizes": sizes}.items():
        if not np.isfinite(known).all():
            raise ValueError(
                f"Argument {name!r} must be finite (got {np.sum(~np.isfinite(known))} values that are not)."
            )
    if len(times) > 1 and np.median(np.diff(times)) <= 0:
        raise ValueError(f"Argument 'times' must ascend (got a median step of {np.median(np.diff(times)):g} s).")
    points = eyes[np.isfinite(eyes).all(axis=2)]
    if len(points) < MIN_SAMPLES or not np.all(np.ptp(points, axis=0) > 0):
        raise ValueError(
            f"Argument 'X' must hold at least {MIN_SAMPLES} valid samples that are not all the same "
            f"(got {len(points)} valid)."
        )


def resting_place(eyes: FloatArray) -> FloatArray:
    """Median place (n_eyes, 2) of samples (n_samples, n_eyes, 2); NaN where an eye was never seen."""
    place = np.full(eyes.shape[1:], np.nan)
    for eye in range(eyes.shape[1]):
        seen = eyes[np.isfinite(eyes[:, eye]).all(axis=1), eye]
        if len(seen):
            place[eye] = np.median(seen, axis=0)
    return place


def split_looks(centers: FloatArray, times: FloatArray) -> NDArray[np.intp]:
    """Index of the first sample of each look but the first: another place is cued, or samples pause or begin anew."""
    step = np.diff(times)
    moved = (np.diff(centers, axis=0) != 0).any(axis=1) | (step > _PAUSE_S) | (step <= 0)
    return np.flatnonzero(moved) + 1


def correlation_time(looks: Sequence[FloatArray], period_s: float) -> float:
    """Integral of the autocorrelation (s) of errors around what was expected, up to its first zero.

    An error that stays for a whole look counts as correlation: more samples do not average it out.

    Parameters
    ----------
    looks : sequence of array, shape (n_samples, 2)
        Errors of the samples of each look, in standard deviations.
    period_s : float
        Between samples.
    """
    n_samples = sum(len(look) for look in looks)
    variance = sum(float((look**2).sum()) for look in looks) / (2 * n_samples)
    total = 1.0
    for lag in range(1, int(MAX_TAU_S / period_s)):
        products = [np.mean(look[lag:] * look[:-lag], axis=1) for look in looks if len(look) > lag]
        n_pairs = sum(len(p) for p in products)
        if n_pairs < n_samples / 4:
            break
        correlation = sum(float(p.sum()) for p in products) / n_pairs / variance
        if correlation <= 0:
            break
        total += 2 * correlation
    return float(np.clip(total * period_s, period_s, MAX_TAU_S))
