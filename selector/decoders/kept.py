"""What is kept of a fitted decoder, and whether arrays that may come from anywhere hold it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

REAL, COMPLEX, TEXT = "biuf", "biufc", "U"
"""Kinds of array, as `numpy.dtype.kind` names them."""


def unpack(
    name: str, version: int, arrays: Mapping[str, NDArray], numbers: Sequence[str], tables: Mapping[str, str]
) -> dict[str, Any]:
    """The values that a decoder is made of.

    Parameters
    ----------
    name : str
        The decoder's class.
    version : int
        The one that can be read.
    arrays : mapping of str to array
        What a decoder's ``to_arrays`` gave, or so it says.
    numbers : sequence of str
        Single real numbers.
    tables : mapping of str to str
        Arrays with axes, and which kinds each may be of, such as `REAL`.

    Returns
    -------
    dict of str to number or array
        All of them finite; whether shapes fit each other is for the decoder to see.

    Raises
    ------
    ValueError
        If an array is missing, damaged or of another version.
    """
    if missing := [key for key in ("version", *numbers, *tables) if key not in arrays]:
        raise ValueError(f"Argument 'arrays' must hold a {name}, but lacks {', '.join(missing)}.")
    if not np.array_equal(arrays["version"], version):
        raise ValueError(
            f"Argument 'arrays' must be of version {version} (got {arrays['version']}): fit the {name} again."
        )
    found: dict[str, Any] = {}
    for key in (*numbers, *tables):
        value = np.asarray(arrays[key])
        is_sound = value.dtype.kind in tables.get(key, REAL) and (value.ndim > 0) == (key in tables)
        if not is_sound or (value.dtype.kind != TEXT and not np.isfinite(value).all()):
            raise ValueError(f"Argument 'arrays' must hold finite numbers or text (array {key!r} is damaged).")
        found[key] = np.array(value) if key in tables else value.item()
    return found


def check_shapes(found: Mapping[str, Any], wanted: Mapping[str, tuple[int, ...]]) -> None:
    """See that arrays fit each other; ValueError where they don't."""
    if wrong := [key for key, shape in wanted.items() if np.shape(found[key]) != shape]:
        raise ValueError(
            f"Argument 'arrays' must hold arrays whose shapes fit each other ({', '.join(wrong)} are damaged)."
        )
