"""Units of samples, as streams and files name them, and what turns them into V and px."""

_SCALES = {
    "V": {
        **dict.fromkeys(("v", "volt", "volts"), 1.0),
        **dict.fromkeys(("mv", "millivolt", "millivolts", "-3"), 1e-3),
        **dict.fromkeys(("uv", "microvolt", "microvolts", "-6"), 1e-6),
        **dict.fromkeys(("nv", "nanovolt", "nanovolts", "-9"), 1e-9),
    },
    "px": dict.fromkeys(("px", "pixel", "pixels"), 1.0),
}


def scale(unit: str, to: str) -> float:
    """Factor from a unit to "V" or "px".

    Parameters
    ----------
    unit : str
        For instance "uV", "µV", "microvolts", or "-6", the power of ten by which some LSL outlets name it.
    to : str
        "V" or "px".

    Raises
    ------
    ValueError
        If the unit is not known: it is never guessed.
    """
    known = _SCALES[to]
    factor = known.get(unit.strip().lower().replace("µ", "u").replace("μ", "u"))
    if factor is None:
        raise ValueError(f"Argument 'unit' must be one of {', '.join(known)} (got {unit!r}).")
    return factor
