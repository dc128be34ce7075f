"""Nothing flashes: a stretch of time in which only the eyes speak."""

import numpy as np

from acquisition.stimulus import StimulusBlock
from acquisition.stream import FloatArray
from selector.types import Posterior


class Dwell:
    """Blocks in which no slot lights up.

    Parameters
    ----------
    frame_rate : float
        Frames per second, in Hz.
    block_s : float
        Length of a block, in s.

    Raises
    ------
    ValueError
        If a block would hold no frame.
    """

    arranged: tuple[int, tuple[int, int]] | None = None

    def __init__(self, frame_rate: float = 60.0, block_s: float = 0.5) -> None:
        if not round(block_s * frame_rate) >= 1:
            raise ValueError(
                f"Argument 'block_s' (got {block_s:g}) must last one frame at least, {1 / frame_rate:g} s here."
            )
        self.frame_rate = frame_rate
        self.block_s = block_s

    def next_block(
        self,
        regions: FloatArray,
        posterior: Posterior,  # noqa: ARG002 without flashes there is no use for it
        pending: int,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
    ) -> StimulusBlock:
        """Schedule dark frames; only ``regions``, shape (n_slots, 4) in px, matters."""
        codes = np.zeros((len(regions), round(self.block_s * self.frame_rate)), dtype=np.uint8)
        return StimulusBlock(codes=codes, frame_rate=self.frame_rate, regions=regions)
