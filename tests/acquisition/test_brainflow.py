import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from acquisition.brainflow import BrainFlowSource, board_names
from acquisition.clock import VirtualClock
from acquisition.stream import Chunk

pytestmark = pytest.mark.realtime

installed = pytest.mark.skipif(
    importlib.util.find_spec("brainflow") is None, reason="the extra 'brainflow' is not installed"
)


class TimeOfDay:
    """A session clock that runs apart from the time of day by a known offset."""

    def __init__(self, offset: float) -> None:
        self.offset = offset

    def now(self) -> float:
        return time.time() + self.offset

    def sleep_until(self, until: float) -> None:
        while (remaining := until - self.now()) > 0:
            time.sleep(remaining)


@pytest.fixture
def clock() -> TimeOfDay:
    return TimeOfDay(-1.7e9)


@pytest.fixture
def source(clock: TimeOfDay) -> Iterator[BrainFlowSource]:
    source = BrainFlowSource("synthetic", clock)
    yield source
    source.close()


def pull_for(source: BrainFlowSource, clock: TimeOfDay, duration_s: float) -> tuple[list[Chunk], list[float]]:
    chunks, ages = [], []
    end = clock.now() + duration_s
    while (now := clock.now()) < end:
        for chunk in source.pull(now):
            chunks.append(chunk)
            ages.append(now - chunk.times[-1])
        clock.sleep_until(now + 0.01)
    return chunks, ages


@installed
def test_the_synthetic_board_loses_no_sample_and_its_times_are_right_to_a_few_ms(
    source: BrainFlowSource, clock: TimeOfDay
) -> None:
    (info,) = source.streams
    assert (info.name, info.sfreq, len(info.channels), info.unit) == ("eeg", 250.0, 16, "V")
    assert info.channels[:3] == ("Fz", "C3", "Cz")
    assert info.source_id == "brainflow:synthetic"
    chunks, ages = pull_for(source, clock, 3.0)
    times = np.concatenate([chunk.times for chunk in chunks])
    data = np.concatenate([chunk.data for chunk in chunks])
    assert data.shape == (len(times), 16)
    assert data.dtype == np.float32
    assert 0 < np.abs(data).max() < 1e-2
    steps = np.diff(times)
    assert steps.min() > 0
    # A lost sample would be a step of 8 ms that no shorter ones make up for.
    lost = (times[-1] - times[0]) * info.sfreq - (len(times) - 1)
    assert abs(lost) < 2
    assert np.median(np.abs(ages)) < 0.015
    assert np.abs(np.median(steps) - 0.004) < 2e-4


@installed
def test_a_time_of_day_that_is_set_anew_is_followed(clock: TimeOfDay) -> None:
    source = BrainFlowSource("synthetic", clock)
    clock.offset += 100.0
    source.pull(clock.now())
    assert source.clock_offsets()["eeg"] == pytest.approx(clock.offset, abs=1e-3)
    source.close()


@installed
def test_a_pull_does_not_wait(source: BrainFlowSource, clock: TimeOfDay) -> None:
    took = []
    for _ in range(200):
        start = time.perf_counter()
        source.pull(clock.now())
        took.append(time.perf_counter() - start)
    assert np.median(took) < 0.001


@installed
def test_a_board_that_stops_is_silent_and_a_closed_source_can_be_closed_again(clock: TimeOfDay) -> None:
    source = BrainFlowSource("synthetic", clock)
    pull_for(source, clock, 0.1)
    source._board.stop_stream()
    pull_for(source, clock, 0.1)
    assert source.pull(clock.now()) == []
    source._board.release_session()
    assert source.pull(clock.now()) == []
    source.close()
    source.close()
    assert source.pull(clock.now()) == []


@installed
def test_a_released_board_can_be_opened_again(clock: TimeOfDay) -> None:
    for _ in range(2):
        source = BrainFlowSource("synthetic", clock)
        chunks, _ = pull_for(source, clock, 0.2)
        assert chunks
        source.close()


@installed
def test_an_unknown_board_lists_those_there_are() -> None:
    assert {"synthetic", "cyton", "cyton_daisy", "ganglion", "muse_2"} <= set(board_names())
    assert not {"playback_file", "streaming", "emotibit"} & set(board_names())
    with pytest.raises(ValueError, match=r"'board' must be one of synthetic, cyton, .* \(got 'citon'\)"):
        BrainFlowSource("citon", VirtualClock())


@installed
def test_a_board_on_a_cable_is_asked_for_its_port_and_one_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(ValueError, match="'serial_port' must say where the board 'cyton' is"):
        BrainFlowSource("cyton", VirtualClock())
    with pytest.raises(OSError, match="'cyton' does not answer at /dev/ttyNONE: BrainFlow says UNABLE_TO_OPEN"):
        BrainFlowSource("cyton", VirtualClock(), serial_port="/dev/ttyNONE")


def test_where_brainflow_is_missing_one_sentence_names_the_extra() -> None:
    script = (
        "import sys; sys.modules['brainflow'] = None\n"
        "from acquisition.brainflow import BrainFlowSource\n"
        "from acquisition.clock import VirtualClock\n"
        "try: BrainFlowSource('synthetic', VirtualClock())\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("which is not installed: uv sync --extra brainflow.")
    assert not done.stderr
