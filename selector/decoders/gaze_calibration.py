"""Looks at cued places: what they must hold, how long their samples tell the same, and what held-out ones score."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray
from selector.decoders.gaze_density import Expected, LookDensity
from selector.decoders.gaze_eyes import resting_place
from selector.decoders.gaze_field import FieldPrior, Looks, OffsetField

MAX_PAUSE_S = 600.0
"""The offset does not wander any further in a longer pause."""

MAX_TAU_S = 2.0

MIN_SAMPLES = 20
"""Valid ones that a decoder can be fitted to."""

_PAUSE_S = 0.5
_N_FOLDS = 10
_LENGTHS_S = (0.25, 0.5, 1.0, 2.0, 60.0)


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


def cut_looks(
    eyes: FloatArray, centers: FloatArray, times: FloatArray, aims: FloatArray
) -> tuple[Looks, list[FloatArray]]:
    """Each stretch at one place as one look, and the samples (n_samples, n_eyes, 2) of each in which an eye was seen.

    Parameters
    ----------
    eyes : array, shape (n_samples, n_eyes, 2)
    centers, aims : array, shape (n_samples, 2)
        Of the slot cued: where it is, and standard deviation of where in it people look, in px.
    times : array, shape (n_samples,)
        In s.
    """
    seen = np.isfinite(eyes).all(axis=2).max(axis=1)
    eyes, centers, times, aims = eyes[seen], centers[seen], times[seen], aims[seen]
    first = _first_samples(centers, times)
    paths = np.split(eyes, first[1:])
    elapsed = np.cumsum(np.clip(np.diff(times[first], prepend=times[0]), 0, MAX_PAUSE_S))
    return Looks(np.stack([resting_place(path) for path in paths]), centers[first], aims[first], elapsed), paths


def errors(path: FloatArray, mean: FloatArray, variance: FloatArray) -> FloatArray:
    """Of samples (n_samples, n_eyes, 2) of one look, mean of the eyes seen, in standard deviations within three."""
    return np.asarray(np.nanmean(np.clip((path - mean) / np.sqrt(variance), -3, 3), axis=1))


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


def held_out_looks(
    looks: Looks,
    paths: Sequence[FloatArray],
    prior: FieldPrior,
    density: LookDensity,
    sfreq: float,
    worth: Callable[[int, float], float],
) -> tuple[list[FloatArray], list[int]]:
    """What looks score of which the field knows nothing, over several lengths.

    Parameters
    ----------
    looks : Looks
    paths : sequence of array, shape (n_samples, n_eyes, 2)
        The samples of each.
    prior, density
        Of the decoder.
    sfreq : float
        In Hz.
    worth : callable
        ``(n_samples, sfreq)`` to the share of an independent sample that each of so many is worth.

    Returns
    -------
    scores : list of array, shape (n_places,)
        Log-likelihood of each place that was cued, in nats.
    cued : list of int
        Which one was looked at.
    """
    places, which = np.unique(looks.targets, axis=0, return_inverse=True)
    aims = np.tile(np.median(looks.aims, axis=0), (len(places), 1))
    scores, cued = [], []
    for fold in np.array_split(np.arange(len(looks)), min(len(looks), _N_FOLDS)):
        field = OffsetField(prior, looks.take(np.setdiff1d(np.arange(len(looks)), fold)))
        expected = Expected(*field.predict(places, aims), field.shared)
        for look in fold:
            rows, _ = density.rows(paths[look], expected)
            for n_samples in sorted({min(len(rows), round(length * sfreq) or 1) for length in _LENGTHS_S}):
                scores.append(worth(n_samples, sfreq) * rows[:n_samples, :-1].sum(axis=0))
                cued.append(int(which.ravel()[look]))
    return scores, cued


def _first_samples(centers: FloatArray, times: FloatArray) -> NDArray[np.intp]:
    """Index of the first sample of each look: another place is cued, or samples pause or begin anew."""
    step = np.diff(times)
    moved = (np.diff(centers, axis=0) != 0).any(axis=1) | (step > _PAUSE_S) | (step <= 0)
    return np.concatenate(([0], np.flatnonzero(moved) + 1))
