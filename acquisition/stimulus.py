"""What was scheduled on the screen, and what was really shown: all that a participant reacts to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray

SlotMask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class StimulusBlock:
    """A stretch of frames and the luminance of every slot in each of them.

    Parameters
    ----------
    codes : array of uint8, shape (n_slots, n_frames)
        1 where the slot is lit. P300 flashes and plain gaze (all zero) are codes alike.
    frame_rate : float
        Frames per second, in Hz.
    regions : array, shape (n_slots, 4)
        Left, top, width and height of each slot, in px from the top left.
    """

    codes: NDArray[np.uint8]
    frame_rate: float
    regions: FloatArray

    def __post_init__(self) -> None:
        if self.codes.ndim != 2 or self.regions.shape != (len(self.codes), 4):
            raise ValueError(
                "Arguments 'codes' and 'regions' must have shapes (n_slots, n_frames) and (n_slots, 4) "
                f"(got {self.codes.shape} and {self.regions.shape})."
            )

    @property
    def n_slots(self) -> int:
        return int(self.codes.shape[0])

    @property
    def n_frames(self) -> int:
        return int(self.codes.shape[1])

    @cached_property
    def flashes(self) -> tuple[tuple[int, SlotMask], ...]:
        """Frame of each onset, and which slots (n_slots,) light up in it."""
        rising = np.diff(self.codes.astype(np.int8), axis=1, prepend=0) > 0
        return tuple((int(frame), rising[:, frame]) for frame in np.flatnonzero(rising.any(axis=0)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the log and for markers; each slot's code is packed into hexadecimal."""
        return {
            "codes": [np.packbits(code).tobytes().hex() for code in self.codes],
            "n_frames": self.n_frames,
            "frame_rate": self.frame_rate,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], regions: FloatArray) -> "StimulusBlock":
        """Inverse of `to_dict`, for the page's regions, shape (n_slots, 4)."""
        packed = [np.frombuffer(bytes.fromhex(code), dtype=np.uint8) for code in values["codes"]]
        codes = np.stack([np.unpackbits(code, count=values["n_frames"]) for code in packed])
        return cls(codes=codes, frame_rate=float(values["frame_rate"]), regions=regions)


@dataclass(frozen=True, slots=True)
class Flash:
    """One onset that was really shown: when (s), and which slots, shape (n_slots,)."""

    time: float
    slots: SlotMask


@dataclass(frozen=True, slots=True, eq=False)
class Presentation:
    """The blocks of one trial and the measured flips so far.

    Parameters
    ----------
    trial : int
        Number of the trial in its session.
    regions : array, shape (n_slots, 4)
        The slots' places, in px.
    start : float
        When stimulation began, in s; what was seen before (reading) is no evidence.
    blocks : tuple of StimulusBlock
        In the order shown.
    flips : tuple of array
        For each block the measured flip times, in s, of the frames shown so far.
    flashes : tuple of Flash
        Every onset shown so far, over all blocks.
    """

    trial: int
    regions: FloatArray
    start: float
    blocks: tuple[StimulusBlock, ...] = ()
    flips: tuple[FloatArray, ...] = ()
    flashes: tuple[Flash, ...] = field(default=())

    @property
    def n_slots(self) -> int:
        return len(self.regions)

    @property
    def end(self) -> float:
        """Session time (s) of the last flip, or the start before the first."""
        return next((float(flips[-1]) for flips in reversed(self.flips) if len(flips)), self.start)

    def then(self, block: StimulusBlock) -> "Presentation":
        """The same trial with one more block, of which nothing is shown yet."""
        return replace(self, blocks=(*self.blocks, block), flips=(*self.flips, np.empty(0)))

    def shown(self, flips: FloatArray) -> "Presentation":
        """The same trial after the next frames of the last block came at these times (s)."""
        first = len(self.flips[-1])
        last = first + len(flips)
        new = [
            Flash(time=float(flips[frame - first]), slots=slots)
            for frame, slots in self.blocks[-1].flashes
            if first <= frame < last
        ]
        return replace(
            self,
            flips=(*self.flips[:-1], np.concatenate((self.flips[-1], flips))),
            flashes=(*self.flashes, *new),
        )
