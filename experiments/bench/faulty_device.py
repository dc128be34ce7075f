"""A process of its own that is a device with a fault: EEG, gaze and markers over LSL, spoilt for as long as it is told.

Lines on its input rule it: "on" and "off" begin and end the fault, "end" ends sampling, and is answered with how many
samples each stream has sent. It ends when its input is closed. "ready" on its output says that its streams are there.
"""

import json
import math
import os
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from acquisition.lsl import LSLClock, MarkerOutlet, StreamOutlet, local_network
from acquisition.lsl.network import load_pylsl
from acquisition.stream import Chunk, FloatArray, SampleArray, StreamInfo
from experiments.bench.lsl_device import Announcement

SFREQS = {"eeg": 250.0, "gaze": 120.0, "markers": 20.0}
CHANNELS = ("true_s", "true_rest", "number", "run", "value")
PERIOD_S = 0.01
STEP_S = 0.5
DRIFT_PPM = 100.0
OFFSET_S = 3.2
RATE = 0.8
"""What a device with a wrong rate delivers, as a share of what it declares."""
_GARBAGE_STAMPS = (math.nan, math.inf, -math.inf, 1e300, -7.0)


@dataclass(frozen=True, slots=True)
class Part:
    """What a device is to play.

    Parameters
    ----------
    fault : str
        Which; one that it does not know is none.
    stem : str
        What its streams' ``source_id`` begins with, and what they are called under the fault "two of one name".
    run : int
        Carried by every sample: devices that are confused can be told apart by it.
    session_id : str
        The LSL session of the one who listens.
    n_channels : int
        Its samples have as many.
    """

    fault: str
    stem: str
    run: int
    session_id: str
    n_channels: int = len(CHANNELS)

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is as if on another machine: in an LSL session of its own, and announced by this process."""
        return self.fault in ("clock step", "drift of 100 ppm", "garbage answers")

    def source_id(self, stream: str) -> str:
        """By which the stream is found."""
        ending = f"-{self.run}" if self.fault == "two of one name" else ""
        return f"{self.stem}-{stream}{ending}"


class Clock:
    """The device's: ours, or one that is off, and drifts or steps."""

    def __init__(self, start: float, fault: str) -> None:
        self.start = start
        self.drift_ppm = DRIFT_PPM if fault == "drift of 100 ppm" else 0.0
        self.offset_s = OFFSET_S if fault in ("drift of 100 ppm", "clock step") else 0.0

    def read(self, time: FloatArray) -> FloatArray:
        """What it shows at our times (s)."""
        return np.asarray(time + self.offset_s + 1e-6 * self.drift_ppm * (time - self.start))


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples that leave together: true times and stamps (s), numbers, and a value."""

    true: FloatArray
    stamps: FloatArray
    numbers: FloatArray
    values: FloatArray

    def rows(self, run: int, n_channels: int) -> SampleArray:
        """Shape (n_samples, n_channels); whole seconds and rest apart, for float32 is too short for a time in s."""
        whole, rest = np.divmod(self.true, 1.0)
        columns = [whole, rest, self.numbers, np.full(len(self.true), float(run))]
        columns += [self.values] * (n_channels - len(columns))
        return np.stack(columns, axis=1).astype(np.float32)

    def texts(self, run: int) -> list[str]:
        """The same for markers; a value that is not finite makes them say nothing that can be read."""
        return [
            json.dumps({"true": true, "number": number, "run": run}) if math.isfinite(value) else "\x01{nonsense"
            for true, number, value in zip(self.true.tolist(), self.numbers.tolist(), self.values.tolist(), strict=True)
        ]


class Feed:
    """One stream of a device: what is due, and how it is spoilt on its way out."""

    def __init__(self, part: Part, sfreq: float, clock: Clock, push: Callable[[Batch], None]) -> None:
        self.n_sent = 0
        self._fault, self._clock, self._push = part.fault, clock, push
        self._sfreq = sfreq * (RATE if part.fault == "wrong rate" else 1.0) * (1.0 + 1e-6 * clock.drift_ppm)
        self._n_due = 0
        self._held: list[Batch] = []

    def send(self, now: float, is_bad: bool) -> None:
        """Push what the device has sampled up to our time (s)."""
        n_due = max(0, int((now - self._clock.start) * self._sfreq) - self._n_due)
        true = self._clock.start + (self._n_due + 1 + np.arange(n_due)) / self._sfreq
        self._n_due += n_due
        if self._fault == "gap" and is_bad:
            return
        batch = Batch(true, self._clock.read(true), self.n_sent + np.arange(n_due, dtype=np.float64), np.zeros(n_due))
        self.n_sent += n_due
        for spoilt in self._spoil(batch, is_bad) if n_due else ():
            self._push(spoilt)

    def _spoil(self, batch: Batch, is_bad: bool) -> Iterator[Batch]:
        n = len(batch.true)
        is_swapped = self._fault == "out of order" and is_bad
        if (is_swapped and not self._held) or (self._fault == "burst after silence" and is_bad):
            self._held.append(batch)
        elif is_swapped:
            yield batch
            yield from self._release()
        elif self._fault == "duplicates" and is_bad:
            yield batch
            yield batch
        elif self._fault in ("stamps step ahead", "stamps step back") and is_bad:
            step = STEP_S if self._fault == "stamps step ahead" else -STEP_S
            yield replace(batch, stamps=batch.stamps + step)
        elif self._fault in ("NaN", "Inf") and is_bad:
            yield replace(batch, values=np.full(n, float(self._fault)))
        elif self._fault == "garbage" and is_bad:
            yield replace(batch, stamps=np.resize(_GARBAGE_STAMPS, n), values=np.full(n, np.nan))
        else:
            yield from self._release()
            yield batch

    def _release(self) -> Iterator[Batch]:
        held, self._held = self._held, []
        yield from held


def _sample_feed(part: Part, stream: str, clock: Clock) -> Feed:
    name = f"{part.stem}-{stream}" if part.fault == "two of one name" else stream
    channels = (*CHANNELS, *(f"more_{i}" for i in range(part.n_channels - len(CHANNELS))))
    unit = "V" if stream == "eeg" else "px"
    info = StreamInfo(name, SFREQS[stream], channels, unit, part.source_id(stream))
    outlet = StreamOutlet(info)

    def push(batch: Batch) -> None:
        outlet.push(Chunk(info.name, batch.stamps, batch.rows(part.run, part.n_channels)))

    return Feed(part, SFREQS[stream], clock, push)


def _marker_feed(part: Part, clock: Clock) -> Feed:
    outlet = MarkerOutlet(f"{part.stem}-markers", part.source_id("markers"))

    def push(batch: Batch) -> None:
        for text, stamp in zip(batch.texts(part.run), batch.stamps.tolist(), strict=True):
            outlet.push(text, stamp)

    return Feed(part, SFREQS["markers"], clock, push)


def _announce(part: Part, clock: Clock, data_port: int | None = None) -> list[Announcement]:
    """Answer for the streams, by the device's clock, in the session of the one who listens."""
    found = [load_pylsl().resolve_byprop("source_id", part.source_id(s), timeout=10.0)[0] for s in SFREQS]
    return [Announcement(info.as_xml(), part.session_id, clock, data_port) for info in found]


def _serve_garbage() -> int:
    """Open a port at which something answers that speaks no LSL."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(os.urandom(256) + b"\r\n\r\n")

    threading.Thread(target=serve, daemon=True).start()
    return int(server.getsockname()[1])


def main() -> None:
    """Play the part that the only argument gives as JSON, until the parent closes this process's input."""
    part = Part(**json.loads(sys.argv[1]))
    local_network()
    ours = LSLClock()
    clock = Clock(ours.now(), part.fault)
    feeds = {stream: _sample_feed(part, stream, clock) for stream in ("eeg", "gaze")}
    feeds["markers"] = _marker_feed(part, clock)
    announced: list[Announcement] = []
    if part.is_elsewhere:
        announced = _announce(part, clock, _serve_garbage() if part.fault == "garbage answers" else None)
    print("ready", flush=True)
    is_bad = has_ended = False
    next_push = ours.now()
    while True:
        sockets = [announcement.socket for announcement in announced]
        ready, _, _ = select.select([sys.stdin, *sockets], [], [], max(0.0, next_push - ours.now()))
        for announcement in announced:
            if announcement.socket in ready:
                announcement.answer()
        if sys.stdin in ready:
            word = sys.stdin.readline().strip()
            if not word:
                return
            if word == "end":
                has_ended = True
                print(json.dumps({stream: feed.n_sent for stream, feed in feeds.items()}), flush=True)
            else:
                is_bad = word == "on"
                clock.offset_s += STEP_S if part.fault == "clock step" and is_bad else 0.0
        if ours.now() >= next_push:
            for feed in feeds.values() if not has_ended else ():
                feed.send(ours.now(), is_bad)
            next_push = ours.now() + PERIOD_S


if __name__ == "__main__":
    main()
