"""What is kept of a gaze decoder, and whether arrays hold it."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

LOOKS = ("looks_at_", "looks_targets_", "looks_aims_", "looks_elapsed_", "last_time_")
FITTED = ("tau_", "temperature_")


def check_kept(arrays: Mapping[str, NDArray], params: Sequence[str], version: int) -> None:
    """See that arrays hold a gaze decoder.

    Parameters
    ----------
    arrays : mapping of str to array
    params : sequence of str
        Names of its parameters.
    version : int
        The one that can be read.

    Raises
    ------
    ValueError
        If an array is missing, damaged or of another version.
    """
    learnt = LOOKS if any(name in arrays for name in LOOKS) else ()
    calibrated = FITTED if any(name in arrays for name in FITTED) else ()
    missing = [name for name in ("version", *params, *learnt, *calibrated) if name not in arrays]
    if missing:
        raise ValueError(f"Argument 'arrays' must hold a gaze decoder, but lacks {', '.join(missing)}.")
    if not np.array_equal(arrays["version"], version):
        raise ValueError(
            f"Argument 'arrays' must be of version {version} (got {arrays['version']}): fit the gaze decoder again."
        )
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys((*params, "last_time_", *FITTED), ()) | {"screen_px": (2,)}
    if learnt:
        n_looks, n_eyes = (*np.shape(arrays["looks_at_"]), 0, 0)[:2]
        shapes |= {"looks_at_": (n_looks, n_eyes, 2), "looks_elapsed_": (n_looks,)}
        shapes |= dict.fromkeys(("looks_targets_", "looks_aims_"), (n_looks, 2))
    damaged = [name for name, shape in shapes.items() if name in arrays and not _is_sound(name, arrays[name], shape)]
    if damaged:
        raise ValueError(f"Argument 'arrays' must hold numbers that fit each other (damaged: {', '.join(damaged)}).")


def _is_sound(name: str, array: NDArray, shape: tuple[int, ...]) -> bool:
    array = np.asarray(array)
    if array.dtype.kind not in "biuf" or array.shape != shape or 0 in shape:
        return False
    # A lost eye is NaN.
    return not np.isinf(array).any() if name == "looks_at_" else bool(np.isfinite(array).all())
