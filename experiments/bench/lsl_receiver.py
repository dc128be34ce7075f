"""A process of its own that receives what `lsl_sender` publishes, by `acquisition.lsl` or by pylsl alone."""

import atexit
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.lsl import LSLClock, LSLSource, StreamWanted
from acquisition.lsl.network import load_pylsl
from acquisition.recording import Recorder
from acquisition.stream import SampleArray, Source
from experiments.bench.lsl_sender import PERIOD_S, streams

_TIMEOUT_S = 20.0
_SETTLE_S = 2.0  # What queued up while others still connected comes at once, and memory is taken once.
_SPARE_S = 60.0  # Of samples, for those that come after a late end.

Pull = Callable[[], list[tuple[str, SampleArray]]]
"""Waits a moment for samples, and returns each stream's name and those of its samples that have come."""


def by_assent(source_id: str) -> Pull:
    """As a session does, but every millisecond or so."""
    return _pull_of(_assents(source_id))


def by_recording(source_id: str) -> Pull:
    """The same, with everything written to a file on the way, as in a session."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _pull_of(Recorder(_assents(source_id), Path(folder, "signals.xdf")))


def by_pylsl(source_id: str) -> Pull:
    """Just as often, without units, clock offsets, and streams that stop and come back."""
    pause = _pause()
    inlets = _open(source_id)

    def pull() -> list[tuple[str, SampleArray]]:
        pause()
        return [(stream, inlet.pull_chunk(0.0, as_numpy=True)[0]) for stream, inlet in inlets.items()]

    return pull


def by_waiting(source_id: str) -> Pull:
    """Woken by every sample of EEG."""
    inlets = _open(source_id)

    def pull() -> list[tuple[str, SampleArray]]:
        eeg, _ = inlets["eeg"].pull_chunk(_TIMEOUT_S, min_samples=1, as_numpy=True)
        gaze, _ = inlets["gaze"].pull_chunk(0.0, as_numpy=True)
        return [("eeg", eeg), ("gaze", gaze)]

    return pull


def _assents(source_id: str) -> Source:
    return LSLSource([StreamWanted(info.name, source_id=info.source_id) for info in streams(source_id)], _TIMEOUT_S)


def _pull_of(source: Source) -> Pull:
    clock, pause = LSLClock(), _pause()

    def pull() -> list[tuple[str, SampleArray]]:
        pause()
        return [(chunk.stream, chunk.data) for chunk in source.pull(clock.now())]

    return pull


def _pause() -> Callable[[], None]:
    """Sleeps for a millisecond, more or less: at a steady pace all would hang on the phase to the sender's own pace."""
    clock, rng = LSLClock(), np.random.default_rng()

    def pause() -> None:
        clock.sleep_until(clock.now() + rng.uniform(0.5, 1.5) * PERIOD_S)

    return pause


def _open(source_id: str) -> dict[str, Any]:
    lsl = load_pylsl()
    inlets = {}
    for info in streams(source_id):
        found = lsl.resolve_byprop("source_id", info.source_id, timeout=_TIMEOUT_S)
        if not found:
            raise OSError(f"No LSL stream {info.source_id!r} was found within {_TIMEOUT_S:g} s.")
        inlets[info.name] = lsl.StreamInlet(found[0])
        inlets[info.name].open_stream(_TIMEOUT_S)
    return inlets


RECEIVERS: dict[str, Callable[[str], Pull]] = {
    "acquisition.lsl": by_assent,
    "acquisition.lsl, recorded": by_recording,
    "pylsl": by_pylsl,
    "pylsl, waiting": by_waiting,
}


def receive(pull: Pull, seconds: float) -> dict[str, Any]:
    """Pull for so long, and say of each stream how late and how complete its samples were."""
    clock = LSLClock()
    received = {info.name: _Received(info.sfreq * (seconds + _SPARE_S)) for info in streams("")}
    settled = clock.now() + _SETTLE_S
    while clock.now() < settled:
        pull()
    rss_began = resident_mb()
    began, cpu_began = perf_counter(), process_time()
    end = clock.now() + seconds
    while clock.now() < end:
        pulled = pull()
        now = clock.now()
        for stream, data in pulled:
            pushed = data[:, 1].astype(np.float64) + data[:, 2]
            received[stream].add(data[:, 0], now - pushed)
    cpu_share = (process_time() - cpu_began) / (perf_counter() - began)
    process = {"cpu_share": cpu_share, "rss_start_mb": rss_began, "rss_end_mb": resident_mb()}
    return {stream: {**values.summary(), **process} for stream, values in received.items()}


class _Received:
    """Numbers and latencies (s) of samples, in memory that is taken before the first: it is not to count as growth."""

    def __init__(self, n_most: float) -> None:
        self._numbers, self._latencies = np.full(int(n_most), -1.0), np.full(int(n_most), -1.0)
        self._n = 0

    def add(self, numbers: NDArray[np.float32], latencies: NDArray[np.float64]) -> None:
        """Take in samples that came together."""
        n = self._n + len(numbers)
        self._numbers[self._n : n], self._latencies[self._n : n] = numbers, latencies
        self._n = n

    def summary(self) -> dict[str, Any]:
        numbers, latencies = self._numbers[: self._n], self._latencies[: self._n]
        return {
            "n": self._n,
            "lost": int(numbers[-1] - numbers[0]) + 1 - len(np.unique(numbers)),
            "median_s": float(np.median(latencies)),
            "p99_s": float(np.quantile(latencies, 0.99)),
        }


def resident_mb() -> float | None:
    """Memory of this process in MB (2**20 bytes); None where the system does not tell."""
    try:
        n_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return n_pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Connect, say "ready", wait for a line, and print the result as JSON.

    Arguments are a name of `RECEIVERS`, the streams' source_id, and for how many seconds.
    """
    name, source_id, seconds = sys.argv[1:]
    pull = RECEIVERS[name](source_id)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(receive(pull, float(seconds))), flush=True)


if __name__ == "__main__":
    main()
