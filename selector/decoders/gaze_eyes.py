"""Raw gaze: which columns are which eye, and where it rests."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray

MAX_SCREENS = 10.0
"""Gaze that many screens away is a tracker's word for "lost"."""


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


def resting_place(eyes: FloatArray) -> FloatArray:
    """Median place (n_eyes, 2) of samples (n_samples, n_eyes, 2); NaN where an eye was never seen."""
    place = np.full(eyes.shape[1:], np.nan)
    for eye in range(eyes.shape[1]):
        seen = eyes[np.isfinite(eyes[:, eye]).all(axis=1), eye]
        if len(seen):
            place[eye] = np.median(seen, axis=0)
    return place
