"""Play a recording as if it were live: the same samples and markers, at their own pace or faster."""

import heapq
import logging
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Protocol

import numpy as np

from acquisition.clock import Clock
from acquisition.files import RecordedFile, RecordedMarkers, RecordedStream, read_any
from acquisition.lsl import LSLClock, MarkerOutlet, StreamOutlet
from acquisition.stream import Chunk, StreamInfo
from acquisition.xdf import STREAM_TYPES

logger = logging.getLogger(__name__)

# What LSL still holds when an outlet closes is lost, so outlets stay open for so long after the last sample.
_LINGER_S = 0.5
# Of several streams of EEG or gaze each has its own name, and the unit tells what it is.
_TYPES = {"V": STREAM_TYPES["eeg"], "px": STREAM_TYPES["gaze"]}


class SampleSink(Protocol):
    """Where the samples of one stream go."""

    def push(self, chunk: Chunk) -> None: ...
    def close(self) -> None: ...


class MarkerSink(Protocol):
    """Where the markers of one stream go."""

    def push(self, text: str, time: float) -> None: ...
    def close(self) -> None: ...


class Outlets(Protocol):
    """Opens what a player sends to."""

    def samples(self, info: StreamInfo) -> SampleSink: ...
    def markers(self, name: str, source_id: str) -> MarkerSink: ...


@dataclass(frozen=True, slots=True)
class Played:
    """What a player has sent.

    Parameters
    ----------
    n_samples : mapping of str to int
        For each stream's name.
    n_markers : int
        Of all marker streams.
    duration_s : float
        From the start to the last sample or marker.
    latest_s : float
        By how much, at most, something was sent later than it was due.
    """

    n_samples: Mapping[str, int]
    n_markers: int
    duration_s: float
    latest_s: float


class Player:
    """Sends a recording's samples and markers when they are due.

    At speed 1 the time stamps are the recording's own, moved as a whole to the present; at another speed times and
    declared rates are scaled, so that the streams stay what they say they are.

    Parameters
    ----------
    recording : RecordedFile
        What is played.
    clock : Clock
        The clock of the time stamps.
    outlets : Outlets
        Where it is played to; opened at once, so that others can connect before anything is sent.
    speed : float
        How many s of the recording pass in one s.
    loop : bool
        Whether it begins anew at its end.
    chunk_s : float
        How much of each stream is sent at a time, in s of the clock: a chunk leaves when its last sample is due.

    Attributes
    ----------
    first : float
        Time of the first sample or marker, in s of the recording.

    Raises
    ------
    ValueError
        If the speed or the chunk's length is not positive, or there is nothing to play.
    """

    def __init__(
        self,
        recording: RecordedFile,
        clock: Clock,
        outlets: Outlets,
        speed: float = 1.0,
        loop: bool = False,
        chunk_s: float = 0.02,
    ) -> None:
        for name, value in {"speed": speed, "chunk_s": chunk_s}.items():
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"Argument {name!r} must be greater than 0 (got {value}).")
        streams = [stream for stream in recording.streams if len(stream.times)]
        markers = [markers for markers in recording.markers if len(markers.onsets)]
        starts = [float(stream.times[0]) for stream in streams] + [float(each.onsets[0]) for each in markers]
        if not starts:
            raise ValueError(f"Recording {recording.path} holds neither samples nor markers that could be played.")
        # A regular stream lasts one period beyond its last sample, so that laps join without a seam.
        ends = [float(stream.times[-1]) + _period(stream.info) for stream in streams]
        ends += [float(each.onsets[-1]) for each in markers]
        self._recording, self._clock = recording, clock
        self._speed, self._loop, self._chunk_s = speed, loop, chunk_s
        self.first = min(starts)
        self._lap_s = max(ends) - self.first or 1.0
        source_id = f"assent-stream/{recording.path.name}"
        self._samples: dict[str, SampleSink] = {
            stream.info.name: outlets.samples(
                replace(stream.info, sfreq=stream.info.sfreq * speed, source_id=f"{source_id}/{stream.info.name}")
            )
            for stream in recording.streams
        }
        self._markers: dict[str, MarkerSink] = {
            markers.name: outlets.markers(markers.name, f"{source_id}/{markers.name}") for markers in recording.markers
        }

    def play(self, start: float | None = None, until: float = math.inf) -> Played:
        """Send everything, and close the outlets at the end, even if interrupted.

        Parameters
        ----------
        start : float, optional
            Time in s of the recording's first sample or marker; now by default.
        until : float
            Time in s after which nothing is sent.

        Returns
        -------
        Played
            What was sent, and how punctually.
        """
        start = self._clock.now() if start is None else start
        n_samples = dict.fromkeys(self._samples, 0)
        n_markers, end, latest_s = 0, start, 0.0
        try:
            for due, name, part in self._schedule(start):
                if due > until:
                    break
                self._clock.sleep_until(due)
                latest_s = max(latest_s, self._clock.now() - due)
                end = due
                if isinstance(part, Chunk):
                    self._samples[name].push(part)
                    n_samples[name] += len(part.times)
                else:
                    self._markers[name].push(part, due)
                    n_markers += 1
            self._clock.sleep_until(self._clock.now() + _LINGER_S)
        finally:
            self.close()
        return Played(n_samples, n_markers, end - start, latest_s)

    def close(self) -> None:
        """Take the streams away; safe to call twice."""
        for samples in self._samples.values():
            samples.close()
        for markers in self._markers.values():
            markers.close()

    def _schedule(self, start: float) -> Iterator[tuple[float, str, Chunk | str]]:
        """When each chunk and each marker is due (s), the name of its stream, and itself, in order."""
        for lap in count() if self._loop else range(1):
            lap_start = start + lap * self._lap_s / self._speed
            parts = [
                *(self._chunks(stream, lap_start) for stream in self._recording.streams),
                *(self._texts(markers, lap_start) for markers in self._recording.markers),
            ]
            yield from heapq.merge(*parts, key=lambda part: part[0])

    def _chunks(self, stream: RecordedStream, start: float) -> Iterator[tuple[float, str, Chunk | str]]:
        if not len(stream.times):
            return
        since_start = (stream.times - self.first) / self._speed
        times = start + since_start
        edges = 1 + np.flatnonzero(np.diff(np.floor(since_start / self._chunk_s)))
        name = stream.info.name
        for begin, end in zip([0, *edges.tolist()], [*edges.tolist(), len(times)], strict=True):
            yield float(times[end - 1]), name, Chunk(name, times[begin:end], stream.data[begin:end])

    def _texts(self, markers: RecordedMarkers, start: float) -> Iterator[tuple[float, str, Chunk | str]]:
        times = start + (markers.onsets - self.first) / self._speed
        for time, label in zip(times.tolist(), markers.labels, strict=True):
            yield time, markers.name, label


def _period(info: StreamInfo) -> float:
    return 1 / info.sfreq if info.sfreq > 0 else 0.0


class LSLOutlets:
    """Opens LSL outlets for a player."""

    def __init__(self) -> None:
        self._opened: list[StreamOutlet | MarkerOutlet] = []

    def samples(self, info: StreamInfo) -> StreamOutlet:
        device = {"manufacturer": "Assent", "played_from": info.source_id}
        outlet = StreamOutlet(info, device, type=STREAM_TYPES.get(info.name) or _TYPES.get(info.unit))
        self._opened.append(outlet)
        return outlet

    def markers(self, name: str, source_id: str) -> MarkerOutlet:
        outlet = MarkerOutlet(name, source_id)
        self._opened.append(outlet)
        return outlet

    def wait_for_consumers(self, timeout_s: float) -> bool:
        """Whether somebody listens to every stream, waited for at most so long (s)."""
        clock = LSLClock()
        end = clock.now() + timeout_s
        return all(outlet.wait_for_consumers(max(0.0, end - clock.now())) for outlet in self._opened)


def play(
    path: str | Path,
    speed: float = 1.0,
    loop: bool = False,
    units: Mapping[str, str] | None = None,
    screen_px: tuple[float, float] | None = None,
    triggers: str | Path | None = None,
    wait_s: float = 0.0,
    tell: Callable[[str], None] = logger.info,
) -> Played:
    """Play a recording of any kind over LSL, until its end or an interrupt.

    Parameters
    ----------
    path, units, screen_px, triggers
        As for `acquisition.files.read_any`.
    speed, loop
        As for `Player`.
    wait_s : float
        How long, in s, to wait at most until somebody listens to every stream.
    tell : callable
        Takes sentences on what is played, for people.

    Returns
    -------
    Played
        What was sent, and how punctually.

    Raises
    ------
    ValueError, FileNotFoundError
        If the recording cannot be read, or an argument is out of range.
    """
    recording = read_any(path, units, screen_px, triggers)
    for note in recording.notes:
        tell(note)
    outlets = LSLOutlets()
    player = Player(recording, LSLClock(), outlets, speed, loop)
    for stream in recording.streams:
        info = stream.info
        tell(
            f"Stream {info.name!r}: {len(info.channels)} channels, {info.sfreq * speed:g} Hz, "
            f"{len(stream.times)} samples."
        )
    for markers in recording.markers:
        tell(f"Stream {markers.name!r}: {len(markers.labels)} markers.")
    try:
        if wait_s > 0 and not outlets.wait_for_consumers(wait_s):
            tell(f"Nobody listens to all streams after {wait_s:g} s; the recording is played nevertheless.")
        return player.play()
    finally:
        player.close()
