"""A process of its own that publishes EEG and gaze over LSL; each sample carries its number and when it was pushed."""

import select
import sys

import numpy as np

from acquisition.lsl import LSLClock, StreamOutlet
from acquisition.stream import Chunk, SampleArray, StreamInfo

PERIOD_S = 0.001


def streams(source_id: str) -> tuple[StreamInfo, StreamInfo]:
    """Gaze at 200 Hz and 64 channels of EEG at 1000 Hz, pushed in this order: who waits for EEG then finds both."""
    return (
        StreamInfo("gaze", 200.0, ("x", "y", "pupil"), "px", f"{source_id}-gaze"),
        StreamInfo("eeg", 1000.0, tuple(f"E{i}" for i in range(64)), "V", f"{source_id}-eeg"),
    )


def stamped(first: int, n_samples: int, n_channels: int, now: float) -> SampleArray:
    """Samples whose first three channels hold number, whole seconds and rest of the time at which they are pushed.

    A time in one channel of float32 would be exact to milliseconds only.
    """
    data = np.zeros((n_samples, n_channels), dtype=np.float32)
    data[:, 0] = np.arange(first, first + n_samples)
    data[:, 1], data[:, 2] = divmod(now, 1.0)
    return data


def main() -> None:
    """Publish until the parent closes this process's input; the only argument is the streams' source_id."""
    clock = LSLClock()
    infos = streams(sys.argv[1])
    outlets = [StreamOutlet(info) for info in infos]
    sent = [0] * len(infos)
    start = clock.now()
    while not select.select([sys.stdin], [], [], 0.0)[0]:
        for i, (info, outlet) in enumerate(zip(infos, outlets, strict=True)):
            n_due = int((clock.now() - start) * info.sfreq) - sent[i]
            times = start + (sent[i] + 1 + np.arange(n_due)) / info.sfreq
            outlet.push(Chunk(info.name, times, stamped(sent[i], n_due, len(info.channels), clock.now())))
            sent[i] += n_due
        clock.sleep_until(clock.now() + PERIOD_S)


if __name__ == "__main__":
    main()
