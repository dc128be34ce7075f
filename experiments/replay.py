"""Exact replay: run the loop again on what was recorded, and compare every event."""

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from acquisition.clock import VirtualClock
from acquisition.quality import Fault
from acquisition.recording import Recording
from acquisition.stimulus import StimulusBlock
from acquisition.stream import Chunk, FloatArray, StreamInfo, StreamLost
from experiments.asking import Logged
from experiments.belief import Belief
from experiments.config import load
from experiments.display.types import Tick
from experiments.document import Document
from experiments.folder import RunFolder
from experiments.log import MemoryLog, how_it_ended
from experiments.loop import assemble
from experiments.page import Page
from experiments.pages import Trace
from experiments.proposals import Mishap
from experiments.rig import load_decoders, load_errors, rig
from selector.types import Selection


class EndOfLog(EOFError):
    """The log holds nothing more to replay."""


@dataclass(frozen=True, slots=True)
class Replay:
    """How a replay compares with its log.

    Parameters
    ----------
    n_events : int
        Events in the log.
    n_identical : int
        Events that the replay wrote letter by letter alike.
    first_difference : int or None
        The first event that differs.
    session_s, replay_s : float
        How long the session took by its own clock, and the replay by the wall's.
    ended : str
        How the run had ended, in words.
    """

    n_events: int
    n_identical: int
    first_difference: int | None
    session_s: float
    replay_s: float
    ended: str

    @property
    def exact(self) -> bool:
        """Whether every event is identical."""
        return self.n_identical == self.n_events

    @property
    def speed_x(self) -> float:
        """How many times faster than real time."""
        return self.session_s / self.replay_s

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a report."""
        return {**asdict(self), "exact": self.exact, "speed_x": self.speed_x}


def replay(path: Path) -> Replay:
    """Replay a run and compare.

    Pages, the times of flips and the arrival of samples are taken from the files; blocks, evidence, posteriors,
    selections, beliefs, documents and faults are worked out again by the code that ran live.

    Parameters
    ----------
    path : Path
        The run's folder.

    Raises
    ------
    FileNotFoundError, ValueError
        If files are missing or damaged.
    """
    folder = RunFolder.existing(path)
    lines = folder.read_events()
    if not lines:
        raise ValueError(f"{folder.events} holds no event yet.")
    events = [json.loads(line) for line in lines]
    log = MemoryLog()
    started = perf_counter()
    _run(folder, events, log)
    seconds = perf_counter() - started
    same = [ours == theirs for ours, theirs in zip(log.lines, lines, strict=False)]
    same += [False] * (len(lines) - len(same))
    return Replay(
        n_events=len(lines),
        n_identical=sum(same),
        first_difference=None if all(same) else same.index(False),
        session_s=events[-1]["t"] - events[0]["t"],
        replay_s=seconds,
        ended=how_it_ended(lines),
    )


def _run(folder: RunFolder, events: Sequence[dict[str, Any]], log: MemoryLog) -> None:
    """Let the loop run on the recording until the log ends."""
    first = events[0]
    config = load(folder.config)
    clock = VirtualClock(first["t"])
    session = rig(
        config,
        source=LoggedSource(Recording(folder.signals), events),
        display=LoggedDisplay(clock, events),
        decoders=load_decoders(config, folder),
        pages=LoggedPages(events),
        n_layers=first["n_layers"],
        log=log,
        errors=load_errors(config, folder),
        asks=Logged(events, EndOfLog) if config.choosing.by == "model" else None,
        arrange=LoggedArrangement(events),
    )
    log.now = first["t"]
    log.write("session", **{key: value for key, value in first.items() if key not in ("seq", "t", "kind")})
    try:
        document = assemble(session, Document(config.kind, first["document"]), first["target"], config.max_pages)
        log.write("end", reason="written" if document.text == first["target"] else "pages used up")
    except StreamLost:
        log.write("end", reason="stream lost")
    except EndOfLog:
        if events[-1]["kind"] == "end":
            log.write("end", reason=events[-1]["reason"])


class LoggedSource:
    """A recording, and what the sources themselves had told of their devices, at the ticks at which they told it."""

    def __init__(self, recording: Recording, events: Sequence[dict[str, Any]]) -> None:
        self._recording = recording
        self._now = -np.inf
        self._told = deque(e for e in events if e["kind"] == "fault" and e.get("by") == "source")

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        return self._recording.streams

    def pull(self, until: float) -> list[Chunk]:
        self._now = until
        return self._recording.pull(until)

    def faults(self) -> list[Fault]:
        """What they had told up to the latest pull."""
        told = []
        while self._told and self._told[0]["t"] <= self._now:
            event = self._told.popleft()
            told.append(Fault(event["stream"], event["fault"], event["time"], event["value"], event["detail"]))
        return told

    def close(self) -> None:
        self._recording.close()


class LoggedDisplay:
    """Ticks at the moments, and with the flips, that a log holds."""

    def __init__(self, clock: VirtualClock, events: Sequence[dict[str, Any]]) -> None:
        self._clock = clock
        self._ticks = [e for e in events if e["kind"] == "flips"]
        self._feedback = iter([e for e in events if e["kind"] == "feedback"])
        self._next = 0
        after = events[self._ticks[-1]["seq"] + 1 :] if self._ticks else []
        self._cut_in_phase = not any(e["kind"] in ("selection", "block", "page") for e in after)

    def read(self, page: Page) -> Iterator[Tick]:  # noqa: ARG002 - a log knows how long it was shown
        return self._until_phase_ends("read")

    def show(self, block: StimulusBlock) -> Iterator[Tick]:
        n_shown = 0
        for tick in self._until_phase_ends("show"):
            yield tick
            n_shown += len(tick.flips)
            if n_shown >= block.n_frames:
                break

    def wait(self, seconds: float) -> Iterator[Tick]:  # noqa: ARG002 - a log knows how long it took
        phase = self._ticks[self._next]["phase"] if self._next < len(self._ticks) else "tail"
        return self._until_phase_ends(phase) if phase in ("hold", "tail") else iter(())

    def feedback(self, selection: Selection, document: Document) -> float:  # noqa: ARG002 - nobody looks
        shown = next(self._feedback, None)
        if shown is None:
            raise EndOfLog
        return float(shown["time"])

    def _until_phase_ends(self, phase: str) -> Iterator[Tick]:
        if self._next >= len(self._ticks):
            raise EndOfLog
        while self._next < len(self._ticks) and self._ticks[self._next]["phase"] == phase:
            event = self._ticks[self._next]
            self._next += 1
            self._clock.sleep_until(event["t"])
            yield Tick(event["t"], np.array(event["flips"]))
        if self._next >= len(self._ticks) and self._cut_in_phase:
            raise EndOfLog


class LoggedPages:
    """The pages of a log, in order, and what had gone wrong on the way to each."""

    def __init__(self, events: Sequence[dict[str, Any]]) -> None:
        self._left = deque(e for e in events if e["kind"] == "page" or e.get("by") == "pages")

    def next_page(self, belief: Belief, document: Document) -> tuple[Page, Trace]:  # noqa: ARG002 - both are verified
        if not self._left:
            raise EndOfLog
        event, mishaps = self._left.popleft(), []
        while self._left and self._left[0]["kind"] == "fault":
            fault = self._left.popleft()
            mishaps.append(Mishap(fault["fault"], fault["detail"], fault["value"]))
        told = (event["candidates"], event["seconds"], event.get("origin", "loop"), tuple(mishaps))
        trace = Trace(*told, event.get("asked", {}))
        return Page.from_dict(event, document.text), trace

    def expect(self, document: Document, page: Page, p: FloatArray) -> None:
        """The log knows what comes."""


class LoggedArrangement:
    """The arrangements that a recorded participant asked for, block by block."""

    def __init__(self, events: Sequence[dict[str, Any]]) -> None:
        self._blocks = iter([e for e in events if e["kind"] == "block"])

    def __call__(self) -> Any:
        event = next(self._blocks, None)
        if event is None:
            raise EndOfLog
        return event["arranged"]
