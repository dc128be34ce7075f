"""LSL with real outlets on the loopback interface; those that are killed live in processes of their own."""

import json
import os
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from acquisition.lsl import LSLClock, LSLSource, MarkerInlet, MarkerOutlet, StreamOutlet, StreamWanted, local_network
from acquisition.stream import Chunk, StreamInfo, StreamLost

pytestmark = pytest.mark.lsl

PUBLISH = textwrap.dedent(
    """
    import sys
    import numpy as np
    from acquisition.lsl import LSLClock, StreamOutlet
    from acquisition.stream import Chunk, StreamInfo
    source_id, n_channels = sys.argv[1], int(sys.argv[2])
    clock = LSLClock()
    outlet = StreamOutlet(StreamInfo("eeg", 250.0, tuple(f"E{i}" for i in range(n_channels)), "V", source_id))
    start, n = clock.now(), 0
    while True:
        outlet.push(Chunk("eeg", start + np.arange(n, n + 5) / 250, np.full((5, n_channels), n)))
        n += 5
        clock.sleep_until(start + n / 250)
    """
)


@pytest.fixture(scope="module")
def network() -> dict[str, str]:
    return local_network()


@pytest.fixture
def clock(network: dict[str, str]) -> LSLClock:
    return LSLClock()


@pytest.fixture
def source_id() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def publish(network: dict[str, str]) -> Iterator[Callable[[str, int], subprocess.Popen]]:
    """Start processes that publish EEG, and kill those left over."""
    running = []

    def start(source_id: str, n_channels: int) -> subprocess.Popen:
        running.append(subprocess.Popen([sys.executable, "-c", PUBLISH, source_id, str(n_channels)]))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()


def eeg_info(source_id: str, unit: str = "V", channels: tuple[str, ...] = ("Fz", "Cz")) -> StreamInfo:
    return StreamInfo("eeg", 250.0, channels, unit, source_id)


def pull_for(source: LSLSource, clock: LSLClock, duration_s: float) -> list[tuple[float, Chunk]]:
    """Chunks and the times of the pulls that delivered them, asking every 5 ms."""
    pulled = []
    end = clock.now() + duration_s
    while (now := clock.now()) < end:
        pulled += [(now, chunk) for chunk in source.pull(now)]
        clock.sleep_until(now + 0.005)
    return pulled


def test_clock_sleeps_until_a_time_to_a_millisecond(clock: LSLClock) -> None:
    late = []
    for _ in range(50):
        target = clock.now() + 0.003
        clock.sleep_until(target)
        late.append(clock.now() - target)
    assert min(late) >= 0
    assert np.median(late) < 1e-3


def test_samples_times_and_metadata_come_through_unchanged(clock: LSLClock, source_id: str) -> None:
    outlet = StreamOutlet(eeg_info(source_id), device={"manufacturer": "Numbers Ltd"})
    source = LSLSource([StreamWanted("eeg", source_id=source_id)])
    assert source.streams == (eeg_info(source_id),)
    assert outlet.wait_for_consumers(5.0)
    times = clock.now() + np.arange(25) / 250
    data = np.random.default_rng(0).normal(0, 1e-5, (25, 2)).astype(np.float32)
    data[7, 1] = np.nan
    outlet.push(Chunk("eeg", times, data))
    pulled = pull_for(source, clock, 0.3)
    received = np.concatenate([chunk.times for _, chunk in pulled])
    np.testing.assert_array_equal(np.concatenate([chunk.data for _, chunk in pulled]), data)
    np.testing.assert_allclose(received, times, atol=1e-3)
    assert abs(source.clock_offsets()["eeg"]) < 1e-3
    source.close()
    source.close()
    assert source.pull(clock.now()) == []


def test_samples_arrive_within_milliseconds(clock: LSLClock, source_id: str) -> None:
    outlet = StreamOutlet(eeg_info(source_id))
    source = LSLSource([StreamWanted("eeg", source_id=source_id)])
    latencies = []
    for i in range(100):
        pushed = clock.now()
        outlet.push(Chunk("eeg", np.array([pushed]), np.full((1, 2), i, dtype=np.float32)))
        while not source.pull(clock.now()) and clock.now() < pushed + 1.0:
            pass
        latencies.append(clock.now() - pushed)
        clock.sleep_until(pushed + 0.004)
    assert np.median(latencies) < 0.010


def test_a_pull_never_waits(clock: LSLClock, source_id: str) -> None:
    outlet = StreamOutlet(eeg_info(source_id))
    source = LSLSource([StreamWanted("eeg", source_id=source_id)])
    before = clock.now()
    for _ in range(1000):
        assert source.pull(before) == []
    assert clock.now() - before < 0.5
    outlet.close()


def test_samples_that_come_after_the_moment_of_a_pull_are_of_the_next(clock: LSLClock, source_id: str) -> None:
    outlet = StreamOutlet(eeg_info(source_id))
    source = LSLSource([StreamWanted("eeg", source_id=source_id)])
    tick = clock.now()
    clock.sleep_until(tick + 0.2)
    outlet.push(Chunk("eeg", tick + np.array([-0.004, 0.1, 0.104]), np.zeros((3, 2), dtype=np.float32)))
    clock.sleep_until(tick + 0.3)
    assert [len(chunk.times) for chunk in source.pull(tick)] == [1]
    assert source.pull(tick) == []
    assert [len(chunk.times) for chunk in source.pull(clock.now())] == [2]


def test_samples_that_lie_ahead_are_delivered_at_once(clock: LSLClock, source_id: str) -> None:
    outlet = StreamOutlet(eeg_info(source_id))
    source = LSLSource([StreamWanted("eeg", source_id=source_id)])
    outlet.push(Chunk("eeg", np.array([clock.now() + 5.0]), np.zeros((1, 2), dtype=np.float32)))
    assert len(pull_for(source, clock, 0.3)) == 1


def test_microvolts_become_volts_and_chosen_channels_come_in_order(clock: LSLClock, source_id: str) -> None:
    outlet = StreamOutlet(eeg_info(source_id, unit="microvolts", channels=("Fz", "Cz", "Pz")))
    source = LSLSource([StreamWanted("eeg", source_id=source_id, channels=("Pz", "Fz"))])
    outlet.push(Chunk("eeg", np.array([clock.now()]), np.array([[1.0, 2.0, 3.0]], dtype=np.float32)))
    ((_, chunk),) = pull_for(source, clock, 0.2)
    assert source.streams[0].channels == ("Pz", "Fz")
    np.testing.assert_allclose(chunk.data, [[3e-6, 1e-6]])


def test_an_unknown_unit_is_asked_for(source_id: str, network: dict[str, str]) -> None:
    outlet = StreamOutlet(eeg_info(source_id, unit="counts"))
    with pytest.raises(ValueError, match=r"names units \(counts\).*Argument 'unit' must be one of"):
        LSLSource([StreamWanted("eeg", source_id=source_id)])
    assert LSLSource([StreamWanted("eeg", source_id=source_id, unit="uV")]).streams[0].unit == "V"
    with pytest.raises(ValueError, match=r"channels among Fz, Cz \(got Oz\)"):
        LSLSource([StreamWanted("eeg", source_id=source_id, channels=("Oz",))])
    outlet.close()


def test_a_stream_that_is_not_there_is_an_os_error_that_lists_what_is(source_id: str, network: dict[str, str]) -> None:
    outlet = StreamOutlet(eeg_info(source_id))
    with pytest.raises(OSError, match=f"No LSL stream for 'gaze' .*type 'Gaze'.* within 1 s.*'eeg'.*{source_id}"):
        LSLSource([StreamWanted("gaze")], timeout_s=1.0)
    outlet.close()


def test_two_streams_that_fit_are_a_value_error_that_lists_both(source_id: str, network: dict[str, str]) -> None:
    outlets = [StreamOutlet(eeg_info(f"{source_id}-{i}")) for i in range(2)]
    with pytest.raises(ValueError, match=f"LSL streams fit 'eeg'.*{source_id}-0.*{source_id}-1"):
        LSLSource([StreamWanted("eeg", type="eeg")])
    assert LSLSource([StreamWanted("eeg", source_id=f"{source_id}-1")]).streams[0].source_id == f"{source_id}-1"
    del outlets


def test_a_killed_stream_is_silent_and_comes_back_with_true_times(
    clock: LSLClock, source_id: str, publish: Callable[[str, int], subprocess.Popen]
) -> None:
    first = publish(source_id, 2)
    source = LSLSource([StreamWanted("eeg", source_id=source_id)])
    assert len(pull_for(source, clock, 0.5)) > 20
    first.kill()
    pull_for(source, clock, 0.3)
    assert pull_for(source, clock, 1.5) == []
    publish(source_id, 2)
    slowest, returned = 0.0, []
    end = clock.now() + 15.0
    while (before := clock.now()) < end and len(returned) < 50:
        returned += source.pull(before)
        slowest = max(slowest, clock.now() - before)
        clock.sleep_until(before + 0.02)
    assert len(returned) >= 50
    assert slowest < 0.2
    # A line fitted across the hole would have placed these seconds too early.
    assert abs(clock.now() - returned[-1].times[-1]) < 0.2


def test_a_stream_that_comes_back_with_other_channels_is_lost(
    clock: LSLClock, source_id: str, publish: Callable[[str, int], subprocess.Popen]
) -> None:
    first = publish(source_id, 2)
    source = LSLSource([StreamWanted("eeg", source_id=source_id)])
    pull_for(source, clock, 0.3)
    first.kill()
    publish(source_id, 3)
    with pytest.raises(StreamLost, match=r"2 channels.* came back as another: .* 3 channels"):
        pull_for(source, clock, 15.0)


def test_a_stream_without_source_id_that_ends_is_lost(network: dict[str, str], clock: LSLClock) -> None:
    outlet = StreamOutlet(StreamInfo("gaze", 120.0, ("x", "y"), "px"))
    source = LSLSource([StreamWanted("gaze")])
    pull_for(source, clock, 0.1)
    outlet.close()
    with pytest.raises(StreamLost, match="has ended and has no source_id"):
        pull_for(source, clock, 10.0)


def test_markers_of_any_length_keep_their_time(clock: LSLClock, source_id: str) -> None:
    outlet = MarkerOutlet("assent-events", source_id)
    inlet = MarkerInlet(source_id=source_id)
    assert outlet.wait_for_consumers(5.0)
    texts = [json.dumps({"seq": i, "codes": "µ" * (i * 5000)}, ensure_ascii=False) for i in range(8)]
    sent = [(clock.now() + i, text) for i, text in enumerate(texts)]
    for time, text in sent:
        outlet.push(text, time)
    received, end = [], clock.now() + 5.0
    while len(received) < len(sent) and clock.now() < end:
        received += inlet.pull()
    assert [text for _, text in received] == texts
    np.testing.assert_allclose([time for time, _ in received], [time for time, _ in sent], atol=1e-3)
    assert inlet.pull() == []
    inlet.close()


def test_markers_that_are_not_there_are_an_os_error(source_id: str, network: dict[str, str]) -> None:
    with pytest.raises(OSError, match="No LSL stream for 'markers'"):
        MarkerInlet(source_id=source_id, timeout_s=0.5)


def test_a_second_network_in_one_process_is_refused(clock: LSLClock, network: dict[str, str]) -> None:
    assert local_network() == network
    with pytest.raises(RuntimeError, match="LSL is in use already"):
        local_network(f"other-{uuid.uuid4().hex}")
    with pytest.raises(ValueError, match="'session_id' must consist of"):
        local_network("../escape")


def test_another_session_on_this_machine_is_not_seen(source_id: str, network: dict[str, str]) -> None:
    elsewhere = {key: value for key, value in os.environ.items() if key not in network}
    script = "from acquisition.lsl import local_network; local_network()" + PUBLISH
    stranger = subprocess.Popen([sys.executable, "-c", script, source_id, "2"], env=elsewhere)
    try:
        with pytest.raises(OSError, match=f"No LSL stream for 'eeg' .*{source_id}"):
            LSLSource([StreamWanted("eeg", source_id=source_id)], timeout_s=3.0)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_only_eeg_and_gaze_are_streams_of_samples() -> None:
    with pytest.raises(ValueError, match="'stream' must be one of eeg, gaze"):
        StreamWanted("ecg")
