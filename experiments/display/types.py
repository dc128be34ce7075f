"""What a display is to the loop: things are shown, and ticks come back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from acquisition.stimulus import StimulusBlock
from acquisition.stream import FloatArray
from experiments.document import Document
from experiments.page import Page
from selector.types import Selection


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """A moment at which the loop looks up: the session time, and the flips (s) since the last one."""

    now: float
    flips: FloatArray


class Display(Protocol):
    """Shows things, and yields a tick every few frames while it does."""

    def read(self, page: Page) -> Iterator[Tick]:
        """Show a page for its reading time; nothing flashes."""
        ...

    def show(self, block: StimulusBlock) -> Iterator[Tick]:
        """Show a block's frames."""
        ...

    def wait(self, seconds: float) -> Iterator[Tick]:
        """Leave the page as it is."""
        ...

    def feedback(self, selection: Selection, document: Document) -> float:
        """Tell the person what was selected and what the document is now; return when that was shown (s)."""
        ...
