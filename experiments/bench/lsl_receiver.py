"""A process of its own that receives what `lsl_sender` publishes, by `acquisition.lsl` or by pylsl alone."""

import json
import sys
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

import numpy as np

from acquisition.lsl import LSLClock, LSLSource, StreamWanted
from acquisition.lsl.network import load_pylsl
from acquisition.stream import SampleArray
from experiments.bench.lsl_sender import PERIOD_S, streams

_TIMEOUT_S = 20.0
_SETTLE_S = 0.5  # What queued up while others still connected comes at once.

Pull = Callable[[], list[tuple[str, SampleArray]]]
"""Waits a moment for samples, and returns each stream's name and those of its samples that have come."""


def by_assent(source_id: str) -> Pull:
    """As a session does, but every millisecond or so."""
    clock, pause = LSLClock(), _pause()
    source = LSLSource([StreamWanted(info.name, source_id=info.source_id) for info in streams(source_id)], _TIMEOUT_S)

    def pull() -> list[tuple[str, SampleArray]]:
        pause()
        return [(chunk.stream, chunk.data) for chunk in source.pull(clock.now())]

    return pull


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
    "pylsl": by_pylsl,
    "pylsl, waiting": by_waiting,
}


def receive(pull: Pull, seconds: float) -> dict[str, Any]:
    """Pull for so long, and say of each stream how late and how complete its samples were."""
    clock = LSLClock()
    latencies: dict[str, list[float]] = {"eeg": [], "gaze": []}
    numbers: dict[str, list[float]] = {"eeg": [], "gaze": []}
    settled = clock.now() + _SETTLE_S
    while clock.now() < settled:
        pull()
    began, cpu_began = perf_counter(), process_time()
    end = clock.now() + seconds
    while clock.now() < end:
        pulled = pull()
        now = clock.now()
        for stream, data in pulled:
            pushed = data[:, 1].astype(np.float64) + data[:, 2]
            latencies[stream] += (now - pushed).tolist()
            numbers[stream] += data[:, 0].tolist()
    cpu_share = (process_time() - cpu_began) / (perf_counter() - began)
    return {
        stream: {
            "n": len(numbers[stream]),
            "lost": int(numbers[stream][-1] - numbers[stream][0]) + 1 - len(set(numbers[stream])),
            "median_s": float(np.median(latencies[stream])),
            "p99_s": float(np.quantile(latencies[stream], 0.99)),
            "cpu_share": cpu_share,
        }
        for stream in numbers
    }


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
