"""Cued flashes to fit a decoder to: what they must hold."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selector.calibration import GRID

MIN_TARGETS, MIN_OTHERS = 2, 2 * GRID - 2


def check_cued(X: NDArray, y: NDArray, groups: NDArray, channels: Sequence[str], n_times: int) -> None:
    """See that a decoder of flashes can be fitted, and its probabilities be calibrated.

    Parameters
    ----------
    X : array, shape (n_epochs, n_channels, n_times)
    y : array of int, shape (n_epochs,)
        1 where the cued slot lit up, 0 elsewhere.
    groups : array, shape (n_epochs,)
        The character of each epoch.
    channels : sequence of str
        The channels' labels, or nothing.
    n_times : int
        How many samples an epoch must have.

    Raises
    ------
    ValueError
        If shapes don't match, a class is missing, groups are fewer than two or hold too few flashes, a channel is
        constant or not finite, or labels are not one to a channel.
    """
    if X.ndim != 3 or X.shape[2] != n_times or len(y) != len(X) or len(groups) != len(X):
        raise ValueError(
            f"Arguments 'X', 'y' and 'groups' must have shapes (n_epochs, n_channels, {n_times}), (n_epochs,) and "
            f"(n_epochs,) (got {X.shape}, {y.shape} and {groups.shape})."
        )
    if len(channels) and (len(channels) != X.shape[1] or len(set(channels)) != X.shape[1]):
        raise ValueError(
            f"Argument 'channels' must hold {X.shape[1]} different labels, one to a channel "
            f"(got {', '.join(channels)})."
        )
    if set(np.unique(y)) != {0, 1}:
        raise ValueError(f"Argument 'y' must hold both classes, 0 and 1 (got {sorted(set(y.tolist()))}).")
    if not np.isfinite(X).all():
        bad = _named(~np.isfinite(X).all(axis=(0, 2)), channels)
        raise ValueError(f"Argument 'X' must be finite ({bad} not).")
    flat = np.ptp(X, axis=(0, 2)) == 0
    if flat.any():
        raise ValueError(f"Argument 'X' must vary in every channel ({_named(flat, channels)} constant).")
    counts = [(int(y[groups == g].sum()), int((groups == g).sum())) for g in np.unique(groups)]
    if len(counts) < 2 or any(targets < MIN_TARGETS or n - targets < MIN_OTHERS for targets, n in counts):
        raise ValueError(
            f"Argument 'groups' must name at least two characters with at least {MIN_TARGETS} target and {MIN_OTHERS} "
            f"other flashes each (got, as targets of all, {', '.join(f'{a} of {b}' for a, b in counts)})."
        )


def _named(which: NDArray[np.bool_], channels: Sequence[str]) -> str:
    """Channels (n_channels,) by label, or by number where there are no labels."""
    numbers = np.flatnonzero(which).tolist()
    if len(channels):
        said = f"channels {', '.join(channels[i] for i in numbers)}"
    else:
        said = f"channels {numbers}, counted from 0,"
    return f"{said} are"
