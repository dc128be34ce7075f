"""What every simulated participant can do, whatever its answers are made of."""

from typing import Protocol

from acquisition.stimulus import StimulusBlock
from acquisition.stream import FloatArray, Source


class Participant(Source, Protocol):
    """A source of samples that looks at a screen, and reacts to nothing but what is really shown there.

    A trial is `attend`, then for each block `present` and any number of `flip` calls. Samples are taken by `pull`
    at any time, and do not depend on when or how often that is done.
    """

    def attend(self, slot: int | None, region: FloatArray | None, time: float, stimulation_at: float) -> None:
        """Turn to a slot of a new page.

        Parameters
        ----------
        slot : int or None
            The slot attended to; None for nothing.
        region : array, shape (4,), or None
            Left, top, width and height of that slot, in px from the top left; None where there is nothing to look at.
        time : float
            Session time (s) from which the slot is attended to.
        stimulation_at : float
            Session time (s) for which the page's first block is announced.
        """
        ...

    def present(self, block: StimulusBlock) -> None:
        """Begin a block, of which no frame is shown yet."""
        ...

    def flip(self, times: FloatArray) -> None:
        """Show the block's next frames; shape (n_shown,), the session times (s) at which they really came."""
        ...

    def notice(self, time: float, expected: bool) -> None:
        """See what was selected, at this session time (s), and whether it is what was attended to."""
        ...


class PacedParticipant(Participant, Protocol):
    """A participant whose answers are recorded, so that the display has to follow its time."""

    def flip_times(self, block: StimulusBlock, earliest: float) -> FloatArray:
        """Session times (s), shape (n_frames,), at which a block's frames have to come, none before ``earliest``."""
        ...
