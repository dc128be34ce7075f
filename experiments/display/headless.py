"""A display without a window: it keeps the frames' time and tells its viewers what is shown."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from acquisition.clock import Clock
from acquisition.stimulus import StimulusBlock
from acquisition.stream import FloatArray
from acquisition.triggers import Trigger
from experiments.display.screen import Screen
from experiments.display.types import Tick
from experiments.document import Document
from experiments.page import Page
from selector.types import Selection


class Viewer(Protocol):
    """Somebody who looks at the display: a participant, a marker stream, a terminal."""

    def see(self, shown: dict[str, Any]) -> None:
        """Take in one message of plain values: ``what`` is "page", "block", "flips" or "selection"."""
        ...


class Pacing(Protocol):
    """When the frames of a block fall."""

    def flip_times(self, block: StimulusBlock, earliest: float) -> FloatArray:
        """Session times (s) at which to show each frame, shape (n_frames,), none before ``earliest``."""
        ...


class SteadyPacing:
    """Every frame follows the last at the block's frame rate."""

    def flip_times(self, block: StimulusBlock, earliest: float) -> FloatArray:
        return earliest + np.arange(block.n_frames) / block.frame_rate


class HeadlessDisplay:
    """Keeps time by the session's clock and shows nothing itself.

    Parameters
    ----------
    clock : Clock
    screen : Screen
    viewers : sequence of Viewer
        Told of everything in this order.
    pacing : Pacing
        Regular frames, or those of a recording.
    tick_frames : int
        The loop looks up after so many frames.
    trigger : Trigger, optional
        Gets a code right after the flip of each onset: the onset's number in its block, from 1.
    """

    def __init__(
        self,
        clock: Clock,
        screen: Screen,
        viewers: Sequence[Viewer],
        pacing: Pacing | None = None,
        tick_frames: int = 3,
        trigger: Trigger | None = None,
    ) -> None:
        self._clock = clock
        self._screen = screen
        self._viewers = viewers
        self._pacing = pacing or SteadyPacing()
        self._tick_frames = tick_frames
        self._trigger = trigger
        self._next_frame = -np.inf

    def read(self, page: Page) -> Iterator[Tick]:
        """Show the page and wait for its reading time."""
        now = self._clock.now()
        regions = page.regions(self._screen).tolist()
        slots = [
            {"text": slot.candidate.text, "command": slot.candidate.command, "region": region}
            for slot, region in zip(page.slots, regions, strict=True)
        ]
        until = now + page.read_s
        self._tell(what="page", time=now, stimulation_at=until, document=page.document, slots=slots)
        yield from self._idle(now, until)
        self._next_frame = until

    def show(self, block: StimulusBlock) -> Iterator[Tick]:
        """Show every frame at its time, as measured by the clock."""
        now = self._clock.now()
        self._tell(what="block", time=now, **block.to_dict(), regions=block.regions.tolist())
        # A block that follows another at once goes on in its rhythm, however long the loop has thought in between.
        start = self._next_frame if now < self._next_frame + 1.0 / block.frame_rate else now
        times = self._pacing.flip_times(block, start)
        self._next_frame = float(times[-1]) + 1.0 / block.frame_rate
        codes = {frame: number for number, (frame, _) in enumerate(block.flashes, start=1)}
        for first in range(0, block.n_frames, self._tick_frames):
            frames = range(first, min(first + self._tick_frames, block.n_frames))
            flips = [self._flip(times[frame], codes.get(frame)) for frame in frames]
            self._tell(what="flips", flips=flips)
            yield Tick(self._clock.now(), np.array(flips))

    def wait(self, seconds: float) -> Iterator[Tick]:
        """Leave the page as it is."""
        now = self._clock.now()
        yield from self._idle(now, now + seconds)

    def feedback(self, selection: Selection, document: Document) -> float:
        """Tell what was selected; the time to see it belongs to the next page's gap."""
        now = self._clock.now()
        self._tell(what="selection", time=now, slot=selection.slot, reason=selection.reason, document=document.text)
        return now

    def _flip(self, time: float, code: int | None) -> float:
        self._clock.sleep_until(time)
        flip = self._clock.now()
        if self._trigger and code is not None:
            self._trigger.send(code)
        elif self._trigger:
            self._trigger.lower()
        return flip

    def _idle(self, start: float, until: float) -> Iterator[Tick]:
        step = self._tick_frames / self._screen.refresh_hz
        for i in range(1, int(np.ceil((until - start) / step)) + 1):
            self._clock.sleep_until(min(start + i * step, until))
            yield Tick(self._clock.now(), np.empty(0))

    def _tell(self, **shown: Any) -> None:
        for viewer in self._viewers:
            viewer.see(shown)
