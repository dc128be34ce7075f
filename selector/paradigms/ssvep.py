"""Every slot flickers at a frequency and a phase of its own."""

import numpy as np

from acquisition.stimulus import StimulusBlock
from acquisition.stream import FloatArray
from selector.types import Posterior

N_FLICKERS = 64
"""How many slots can be told apart."""

FREQUENCIES_HZ = 8.0 + 0.125 * np.arange(N_FLICKERS)
"""Frequencies of all flickers; their second and third multiples don't meet the first ones of most others."""

PHASES = 0.35 * np.pi * np.arange(N_FLICKERS) % (2 * np.pi)
"""Phases at a block's first frame; neighbours in frequency differ by 0.35 pi, as in Chen et al. (2015)."""

# Neighbours on the screen lie far apart in frequency, and as many slots as there are spread over all frequencies:
# steps by the golden section.
_STRIDE = 39

_MIN_FRAMES_PER_CYCLE = 3.0


class JointFrequencyPhase:
    """Flicker whose frequency and phase are coded together [1]_, with the frames that are nearest to it [2]_.

    A slot is lit in the frames in which a sine of its frequency and phase is not negative, so that any frequency can be
    shown and not only fractions of the frame rate. All blocks begin at the same phases.

    Parameters
    ----------
    frame_rate : float
        Frames per second, in Hz.
    block_s : float
        Length of a block, in s.

    Raises
    ------
    ValueError
        If the frame rate is too low, or a block too short to tell neighbouring frequencies apart.

    References
    ----------
    .. [1] X. Chen, Y. Wang, M. Nakanishi, X. Gao, T.-P. Jung, S. Gao, "High-speed spelling with a noninvasive
       brain-computer interface", PNAS 112, E6058-E6067, 2015.
    .. [2] Y. Wang, Y.-T. Wang, T.-P. Jung, "Visual stimulus design for high-rate SSVEP BCI", Electron. Lett. 46,
       1057-1058, 2010.
    """

    arranged: None = None

    def __init__(self, frame_rate: float = 60.0, block_s: float = 4.0) -> None:
        if not frame_rate >= _MIN_FRAMES_PER_CYCLE * FREQUENCIES_HZ[-1]:
            raise ValueError(
                f"Argument 'frame_rate' must be at least {_MIN_FRAMES_PER_CYCLE * FREQUENCIES_HZ[-1]:g} Hz to show "
                f"flicker up to {FREQUENCIES_HZ[-1]:g} Hz (got {frame_rate:g})."
            )
        if not block_s >= 1.0:
            raise ValueError(f"Argument 'block_s' must be at least 1 s (got {block_s:g}).")
        self.frame_rate = frame_rate
        self.block_s = block_s

    def next_block(
        self,
        regions: FloatArray,
        posterior: Posterior,  # noqa: ARG002 a fixed paradigm has no use for it
        pending: int,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
    ) -> StimulusBlock:
        """Schedule one block; only ``regions``, shape (n_slots, 4) in px, matters.

        Raises
        ------
        ValueError
            If there are more slots than flickers.
        """
        if len(regions) > N_FLICKERS:
            raise ValueError(
                f"Argument 'regions' must hold {N_FLICKERS} slots at most, one to a flicker (got {len(regions)})."
            )
        which = _STRIDE * np.arange(len(regions)) % N_FLICKERS
        seconds = np.arange(round(self.block_s * self.frame_rate)) / self.frame_rate
        turns = FREQUENCIES_HZ[which, None] * seconds + PHASES[which, None] / (2 * np.pi)
        # A sine that is zero but for rounding must count as not negative on every machine.
        codes = ((turns + 1e-9) % 1.0 < 0.5).astype(np.uint8)
        return StimulusBlock(codes=codes, frame_rate=self.frame_rate, regions=regions)
