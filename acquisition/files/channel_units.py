"""Which channels of a stream can be had in V or px, and by what factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray
from acquisition.units import scale


@dataclass(frozen=True, slots=True, eq=False)
class Conversion:
    """How a stream's channels become V or px.

    Parameters
    ----------
    columns : array of int, shape (n_kept,)
        The channels that are kept.
    factors : array, shape (n_kept,)
        By which each of them is multiplied.
    notes : tuple of str
        A sentence on the channels that measure something else.
    """

    columns: NDArray[np.intp]
    factors: FloatArray
    notes: tuple[str, ...]


def conversion(
    path: Path, stream: str, channels: Sequence[str], units: Sequence[str], to: str, given: str | None = None
) -> Conversion:
    """Find out what turns a stream's channels into V or px.

    Parameters
    ----------
    path : Path
        The recording, for messages.
    stream : str
        The stream's name, "eeg" or "gaze", for messages.
    channels, units : sequence of str
        A label and a unit for each channel; "" where the recording names none.
    to : str
        "V" or "px".
    given : str, optional
        The user's word on the unit of all channels, which counts more than the recording's.

    Returns
    -------
    Conversion
        Without the channels that measure something else, such as "%".

    Raises
    ------
    ValueError
        If a channel has no unit and none is given, or no channel is left.
    """
    if given is not None:
        return Conversion(np.arange(len(channels)), np.full(len(channels), scale(given, to)), ())
    unnamed = [channel for channel, unit in zip(channels, units, strict=True) if not unit.strip()]
    factors = {i: factor for i, unit in enumerate(units) if (factor := _known(unit, to)) is not None}
    if unnamed or not factors:
        found = f"names no unit for {', '.join(unnamed)}" if unnamed else f"has {', '.join(sorted(set(units)))}"
        raise ValueError(
            f"Argument 'units' must name the unit of {stream!r}, such as {'uV' if to == 'V' else 'px'!r}, since it is "
            f"needed in {to} (got none, and recording {path} {found})."
        )
    others = [f"{channels[i]} ({units[i]})" for i in range(len(channels)) if i not in factors]
    return Conversion(
        columns=np.array(list(factors), dtype=np.intp),
        factors=np.array(list(factors.values())),
        notes=(f"Left out of {stream!r}, for not being in {to}: {', '.join(others)}.",) if others else (),
    )


def _known(unit: str, to: str) -> float | None:
    try:
        return scale(unit, to)
    except ValueError:
        return None
