"""Where electrodes sit on the head, and how strongly each of them sees what the brain, the eyes and muscles do."""

import numpy as np

from acquisition.stream import FloatArray

# Seen from above, in head radii, nose up; after the international 10-10 system.
POSITIONS = {
    "Fp1": (-0.31, 0.95), "Fp2": (0.31, 0.95), "AF7": (-0.59, 0.81), "AF8": (0.59, 0.81), "AF3": (-0.37, 0.78),
    "AF4": (0.37, 0.78), "F7": (-0.81, 0.59), "F8": (0.81, 0.59), "F3": (-0.42, 0.53), "F4": (0.42, 0.53),
    "Fz": (0.0, 0.5), "FC5": (-0.73, 0.27), "FC6": (0.73, 0.27), "T7": (-1.0, 0.0), "T8": (1.0, 0.0),
    "C3": (-0.5, 0.0), "Cz": (0.0, 0.0), "C4": (0.5, 0.0), "TP9": (-1.1, -0.36), "TP10": (1.1, -0.36),
    "P7": (-0.81, -0.59), "P8": (0.81, -0.59), "P3": (-0.42, -0.53), "Pz": (0.0, -0.5), "P4": (0.42, -0.53),
    "PO7": (-0.6, -0.8), "PO8": (0.6, -0.8), "PO3": (-0.37, -0.78), "POz": (0.0, -0.75), "PO4": (0.37, -0.78),
    "O1": (-0.31, -0.95), "Oz": (0.0, -1.0), "O2": (0.31, -0.95),
}  # fmt: skip

PARIETAL = ("Fz", "C3", "Cz", "C4", "Pz", "PO7", "Oz", "PO8")
OCCIPITAL = ("Oz", "O1", "O2", "PO3", "POz", "PO7", "PO8", "PO4")
HEADSET = ("AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4")
HEADBAND = ("TP9", "AF7", "AF8", "TP10")


def positions(channels: tuple[str, ...]) -> FloatArray:
    """Place of each electrode in head radii, shape (n_channels, 2).

    Raises
    ------
    ValueError
        If an electrode is not known.
    """
    unknown = [channel for channel in channels if channel not in POSITIONS]
    if unknown or not channels:
        raise ValueError(
            f"Argument 'channels' must name electrodes among {', '.join(POSITIONS)} (got {unknown or 'none'})."
        )
    return np.array([POSITIONS[channel] for channel in channels])


def p300_weights(places: FloatArray) -> FloatArray:
    """Broad, its largest part between Cz and Pz; for places (n_channels, 2), as are all below."""
    return _hill(places, (0.0, -0.35), 0.6)


def n2_weights(places: FloatArray) -> FloatArray:
    """Negative on both sides of the visual cortex, a little positive in front."""
    sides = _hill(places, (-0.6, -0.8), 0.35) + _hill(places, (0.6, -0.8), 0.35)
    return 0.2 * _hill(places, (0.0, 0.6), 0.3) - sides


def visual_weights(places: FloatArray) -> FloatArray:
    """Negative around Oz, wider than high, a little positive in front."""
    return 0.15 * _hill(places, (0.0, 0.6), 0.3) - _hill(places, (0.0, -1.0), 0.4, squeeze=0.6)


def alpha_weights(places: FloatArray) -> FloatArray:
    """Strongest over the back of the head, and everywhere a little."""
    return 0.2 + 0.8 * _hill(places, (0.0, -0.9), 0.4, squeeze=0.6)


def error_weights(places: FloatArray) -> FloatArray:
    """Over the medial front of the brain, its largest part at FCz."""
    return _hill(places, (0.0, 0.25), 0.4)


def lid_weights(places: FloatArray) -> FloatArray:
    """What the lids and upward movements of the eyes do: 1 at the forehead, a third at Fz, nothing at the back."""
    return np.asarray(np.exp(-(1.0 - places[:, 1]) / 0.45))


def sideways_weights(places: FloatArray) -> FloatArray:
    """What movements of the eyes to the right do: positive on the right, about 1 at F8."""
    return np.asarray(1.25 * places[:, 0] * np.exp(-(0.59 - places[:, 1]) / 0.45))


def muscle_weights(places: FloatArray) -> FloatArray:
    """Strong at the rim of the head, where the muscles are."""
    return np.asarray(np.clip((np.linalg.norm(places, axis=1) - 0.4) / 0.6, 0.1, 1.0))


def _hill(places: FloatArray, top: tuple[float, float], width: float, squeeze: float = 1.0) -> FloatArray:
    away = (places - np.array(top)) * (squeeze, 1.0)
    return np.asarray(np.exp(-0.5 * (away**2).sum(axis=1) / width**2))
