"""Who listens to a faulty device: a session's source, recorder, health, signals and log, or an inlet for markers."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

import numpy as np

from acquisition.lsl import LSLClock, MarkerInlet
from acquisition.quality import Fault, Health, told_by
from acquisition.recording import Recorder, Recording
from acquisition.stream import Chunk, FloatArray, Source, StreamInfo, StreamLost
from experiments.config import load
from experiments.display.headless import HeadlessDisplay
from experiments.log import MemoryLog
from experiments.replay import LoggedPages
from experiments.rig import rig, screen
from selector.decoders.erp import ErpDecoder
from selector.decoders.gaze import GazeDecoder
from selector.types import Decoder

Truth = Callable[[Chunk], FloatArray]
"""The true times (s) of a chunk's samples, shape (n_samples,); NaN where a sample does not tell."""

EPOCH_S = 0.2
_BLOCK_S = 0.1


class Kept:
    """A source that passes on what another delivers, and keeps it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.chunks: list[Chunk] = []

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        return self._source.streams

    def pull(self, until: float) -> list[Chunk]:
        chunks = self._source.pull(until)
        self.chunks += chunks
        return chunks

    def faults(self) -> list[Fault]:
        return told_by(self._source)

    def close(self) -> None:
        self._source.close()


class SampleEar:
    """Hears one stream as a session does: between the display's ticks, holding the page while the stream is silent.

    Parameters
    ----------
    source : Source
    stream : str
        "eeg" or "gaze".
    truth : callable
    path : Path
        Of the recording.
    patience_s : float
        How long a lost stream may stay away, in s.
    """

    def __init__(self, source: Source, stream: str, truth: Truth, path: Path, patience_s: float) -> None:
        self.stream, self._truth, self._path = stream, truth, path
        self.kept = Kept(source)
        self.ended = ""
        self.is_busy = False
        clock = LSLClock()
        config = load(paradigm="dwell" if stream == "gaze" else "p300", settings=[f"timing.patience_s={patience_s}"])
        decoder: Decoder = GazeDecoder() if stream == "gaze" else ErpDecoder()
        self._display = HeadlessDisplay(clock, screen(config), (), tick_frames=1)
        self._log = MemoryLog()
        self._session = rig(
            config,
            source=Recorder(self.kept, path),
            display=self._display,
            decoders=[decoder],
            pages=LoggedPages([]),
            n_layers=1,
            log=self._log,
        )

    def listen(self, until: Event) -> None:
        """Hear until then, or until the session ends with a sentence; no other way out is foreseen."""
        try:
            while not until.is_set():
                self._session.hold()
                for tick in self._display.wait(_BLOCK_S):
                    self._session.hear(tick, "show")
                while self.is_busy:
                    sleep(0.01)
        except StreamLost as lost:
            self.ended = str(lost)
        finally:
            self._session.source.close()

    @property
    def n_pulled(self) -> int:
        """How many chunks of the stream have come so far."""
        return sum(chunk.stream == self.stream for chunk in self.kept.chunks)

    @property
    def held_s(self) -> float:
        """How long the page waited for the stream, in s."""
        ticks = [event["t"] for event in self._events("flips") if event["phase"] == "hold"]
        return float(ticks[-1] - ticks[0]) if ticks else 0.0

    @property
    def faults(self) -> list[str]:
        """The kinds of fault in the log, each once."""
        return list(dict.fromkeys(event["fault"] for event in self._events("fault")))

    def arrived(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Times, true times (s), and rows of every sample that the source delivered, in the order of arrival."""
        chunks = [chunk for chunk in self.kept.chunks if chunk.stream == self.stream]
        if not chunks:
            return np.empty(0), np.empty(0), np.empty((0, 5))
        return (
            np.concatenate([chunk.times for chunk in chunks]),
            np.concatenate([self._truth(chunk) for chunk in chunks]),
            np.concatenate([chunk.data for chunk in chunks]).astype(np.float64),
        )

    def is_recorded(self) -> bool:
        """Whether the recording holds exactly what was delivered, bit for bit."""
        recorded = Recording(self._path).pull(np.inf)
        return len(recorded) == len(self.kept.chunks) and all(
            ours.stream == theirs.stream
            and ours.times.tobytes() == theirs.times.tobytes()
            and ours.data.tobytes() == theirs.data.tobytes()
            for ours, theirs in zip(recorded, self.kept.chunks, strict=True)
        )

    def errors(self, since: float) -> FloatArray:
        """By how much (s) the times of the samples that decoders see are off, of those truly taken after ``since``."""
        times, true = self._seen()
        return (times - true)[true > since]

    def wrong_epochs(self, allowed_s: float) -> int:
        """How many epochs that count as usable hold a sample whose time is off by more than allowed (s)."""
        times, true = self._seen()
        if len(times) < 2:
            return 0
        onsets = np.arange(times[0] + 0.1, times[-1] - 2 * EPOCH_S, 0.03)
        _, usable = self._session.signals.epochs(self.stream, onsets, 0.0, EPOCH_S)
        is_off = np.abs(times - true) > allowed_s
        firsts, lasts = np.searchsorted(times, onsets[usable]), np.searchsorted(times, onsets[usable] + EPOCH_S)
        return sum(bool(is_off[first:last].any()) for first, last in zip(firsts, lasts, strict=True))

    def _seen(self) -> tuple[FloatArray, FloatArray]:
        """Times and true times of what decoders see, without those that do not tell."""
        times, true, _ = self.arrived()
        order = np.argsort(times, kind="stable")
        seen = self._session.signals.times(self.stream)
        true = true[order][np.searchsorted(times[order], seen)] if len(seen) else np.empty(0)
        return seen[np.isfinite(true)], true[np.isfinite(true)]

    def _events(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in map(json.loads, self._log.lines) if event["kind"] == kind]


class MarkerEar:
    """Hears markers, watched as a session watches its streams."""

    def __init__(self, inlet: MarkerInlet) -> None:
        self._inlet, self._clock = inlet, LSLClock()
        self._health = Health([StreamInfo("markers", 0.0, (), "")])
        self._told: list[Fault] = []
        self._markers: list[tuple[float, str]] = []
        self.ended = ""
        self.is_busy = False
        self.held_s = 0.0

    def listen(self, until: Event) -> None:
        """Hear until then, or until the inlet ends with a sentence."""
        try:
            while not until.is_set():
                now = self._clock.now()
                markers = self._inlet.pull()
                self._markers += markers
                times = np.array([time for time, _ in markers])
                self._told += self._inlet.faults()
                self._told += self._health.update(now, [Chunk("markers", times, np.empty((len(times), 0), np.float32))])
                self._clock.sleep_until(now + 0.01)
                while self.is_busy:
                    sleep(0.01)
        except StreamLost as lost:
            self.ended = str(lost)
        finally:
            self._inlet.close()

    @property
    def n_pulled(self) -> int:
        """How many markers have come so far."""
        return len(self._markers)

    @property
    def faults(self) -> list[str]:
        """The kinds of fault that were told, each once."""
        return list(dict.fromkeys(fault.kind for fault in self._told))

    def arrived(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Times, true times (s), and rows with number and run as samples have them, of every marker."""
        rows = []
        for time, text in self._markers:
            try:
                marker = json.loads(text)
            except ValueError:
                marker = {"true": np.nan, "number": np.nan, "run": np.nan}
            rows.append((time, marker["true"], np.nan, np.nan, marker["number"], marker["run"]))
        table = np.array(rows, dtype=np.float64).reshape(-1, 6)
        return table[:, 0], table[:, 1], table[:, 2:]

    def errors(self, since: float) -> FloatArray:
        """By how much (s) the times of the markers are off, of those truly sent after ``since``."""
        times, true, _ = self.arrived()
        return (times - true)[true > since]
