"""What is recorded is replayed bit for bit, and what was cut off is never more than the last chunk."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import pyxdf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from acquisition import xdf
from acquisition.recording import Recorder, Recording
from acquisition.stream import Chunk, Source, StreamInfo

EEG = StreamInfo("eeg", 250.0, ("Fz", "Cz <&> µ", ""), "V", "amp-1")
GAZE = StreamInfo("gaze", 1000 / 3, ("x", "y"), "px")
Pulls = Sequence[tuple[float, list[Chunk]]]


class Script:
    """A source that delivers what it was given, one list of chunks a pull."""

    def __init__(self, pulls: Pulls, streams: tuple[StreamInfo, ...] = (EEG, GAZE)) -> None:
        self.streams = streams
        self.is_closed = False
        self._pulls = list(pulls)

    def pull(self, until: float) -> list[Chunk]:
        return self._pulls.pop(0)[1]

    def close(self) -> None:
        self.is_closed = True


def some_pulls(n_pulls: int, seed: int = 0) -> Pulls:
    """EEG and gaze at their rates, 20 pulls a second."""
    rng = np.random.default_rng(seed)
    pulls = []
    for i in range(n_pulls):
        now = 1000.0 + i / 20 + rng.uniform(0, 0.01)
        eeg = Chunk("eeg", now - 0.05 + np.arange(12) / 250, rng.normal(0, 1e-5, (12, 3)).astype(np.float32))
        gaze = Chunk("gaze", now - 0.05 + np.arange(6) / 120, rng.uniform(0, 1000, (6, 2)).astype(np.float32))
        pulls.append((now, [eeg, gaze] if i % 3 else [gaze, eeg]))
    return pulls


def record(path: Path, pulls: Pulls) -> None:
    recorder = Recorder(Script(pulls), path)
    for until, _ in pulls:
        recorder.pull(until)
    recorder.close()


def replay(source: Source, pulls: Pulls) -> list[list[Chunk]]:
    return [source.pull(until) for until, _ in pulls]


def bits(chunk: Chunk) -> tuple[str, tuple[int, ...], bytes, bytes]:
    return chunk.stream, chunk.data.shape, chunk.times.tobytes(), chunk.data.tobytes()


def assert_identical(got: Sequence[list[Chunk]], pulls: Pulls) -> None:
    assert [[bits(chunk) for chunk in chunks] for chunks in got] == [
        [bits(chunk) for chunk in chunks] for _, chunks in pulls
    ]


@st.composite
def chunks(draw: st.DrawFn) -> Chunk:
    info = draw(st.sampled_from([EEG, GAZE]))
    n_samples = draw(st.integers(0, 5))
    times = draw(arrays(np.float64, n_samples, elements=st.floats(allow_nan=False, allow_infinity=False)))
    words = draw(arrays(np.uint32, (n_samples, len(info.channels))))
    return Chunk(info.name, times, words.view(np.float32))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    script=st.lists(
        st.tuples(st.floats(-1e9, 1e9), st.lists(chunks(), max_size=4)), max_size=6, unique_by=lambda pull: pull[0]
    )
)
def test_any_chunks_come_back_at_the_same_pulls_bit_for_bit(tmp_path: Path, script: Pulls) -> None:
    pulls = sorted(script, key=lambda pull: pull[0])
    path = tmp_path / f"{uuid.uuid4().hex}.xdf"
    record(path, pulls)
    recording = Recording(path)
    assert recording.streams == (EEG, GAZE)
    assert recording.truncated is None
    assert_identical(replay(recording, pulls), pulls)


def test_the_recorder_passes_chunks_on_unchanged(tmp_path: Path) -> None:
    pulls = some_pulls(3)
    recorder = Recorder(Script(pulls), tmp_path / "a.xdf")
    assert all(recorder.pull(until) is expected for until, expected in pulls)
    assert recorder.streams == (EEG, GAZE)


def test_closing_closes_the_source_and_can_be_done_twice(tmp_path: Path) -> None:
    source = Script([])
    recorder = Recorder(source, tmp_path / "a.xdf")
    recorder.close()
    recorder.close()
    assert source.is_closed
    Recording(tmp_path / "a.xdf").close()


def test_a_late_pull_delivers_what_earlier_ones_would_have(tmp_path: Path) -> None:
    pulls = some_pulls(10)
    record(tmp_path / "a.xdf", pulls)
    recording = Recording(tmp_path / "a.xdf")
    assert recording.pull(999.0) == []
    late = recording.pull(2000.0)
    assert [bits(chunk) for chunk in late] == [bits(chunk) for _, expected in pulls for chunk in expected]
    assert recording.pull(3000.0) == []


def test_other_readers_find_channels_units_offsets_and_footers(tmp_path: Path) -> None:
    pulls = some_pulls(450)
    record(tmp_path / "a.xdf", pulls)
    streams, _ = pyxdf.load_xdf(str(tmp_path / "a.xdf"))
    eeg = streams[0]
    assert eeg["info"]["type"] == ["EEG"]
    assert eeg["info"]["source_id"] == ["amp-1"]
    channels = eeg["info"]["desc"][0]["channels"][0]["channel"]
    assert [channel["label"][0] for channel in channels] == ["Fz", "Cz <&> µ", None]
    assert [channel["unit"][0] for channel in channels] == ["V"] * 3
    assert eeg["clock_values"] == [0.0] * 3  # one every 10 s
    assert eeg["footer"]["info"]["sample_count"] == [str(450 * 12)]
    newest = max(chunk.times[-1] for _, chunks in pulls for chunk in chunks if chunk.stream == "eeg")
    assert eeg["footer"]["info"]["last_timestamp"] == [repr(float(newest))]
    np.testing.assert_array_equal(
        eeg["time_series"], np.concatenate([c.data for _, p in pulls for c in p if c.stream == "eeg"])
    )


def test_a_file_cut_anywhere_keeps_every_complete_chunk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pulls = some_pulls(40)
    record(tmp_path / "a.xdf", pulls)
    content = (tmp_path / "a.xdf").read_bytes()
    expected = [bits(chunk) for _, chunks in pulls for chunk in chunks]
    headers_end = content.index(b"</info>", content.index(b"<name>arrivals")) + len(b"</info>")
    ends_of_samples = [
        end
        for end in _ends_of_chunks(content)
        if content[end[0] : end[0] + 2] == b"\x03\x00" and _is_data(content, end)
    ]
    cut = tmp_path / "cut.xdf"
    for size in [*range(0, len(content), 997), *range(headers_end - 100, headers_end + 200)]:
        cut.write_bytes(content[:size])
        if size < headers_end:
            with pytest.raises(ValueError, match=r"^Argument 'path' must name .*\.$"):
                Recording(cut)
            continue
        recording = Recording(cut)
        got = [bits(chunk) for chunk in recording.pull(np.inf)]
        n_complete = sum(end <= size for _, end in ends_of_samples)
        assert got == expected[:n_complete]
        assert (recording.truncated is None) == (size in {end for _, end in _ends_of_chunks(content)})


def _ends_of_chunks(content: bytes) -> list[tuple[int, int]]:
    """Where each chunk's tag stands, and where the chunk ends."""
    ends, at = [], len(xdf.MAGIC)
    while at < len(content):
        length = int.from_bytes(content[at + 1 : at + 5], "little")
        ends.append((at + 5, at + 5 + length))
        at += 5 + length
    return ends


def _is_data(content: bytes, chunk: tuple[int, int]) -> bool:
    return int.from_bytes(content[chunk[0] + 2 : chunk[0] + 6], "little") in (1, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"BIOSEMI" * 100, "is not XDF"),
        (b"XDF:", "stream 'arrivals' .*no streams"),
        (b"XDF:" + bytes(range(256)) * 8, "stream 'arrivals'"),
        (xdf.file_header() + xdf.stream_header(1, EEG), "stream 'arrivals' .*has 'eeg'"),
    ],
)
def test_what_is_no_recording_gets_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.xdf"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        Recording(path)


def test_a_damaged_header_and_a_missing_file_get_one_sentence(tmp_path: Path) -> None:
    record(tmp_path / "a.xdf", some_pulls(2))
    content = (tmp_path / "a.xdf").read_bytes()
    (tmp_path / "b.xdf").write_bytes(content.replace(b"<name>eeg</name>", b"<name>eeg</mane>"))
    with pytest.raises(ValueError, match="is damaged"):
        Recording(tmp_path / "b.xdf")
    with pytest.raises(FileNotFoundError, match="is not a file"):
        Recording(tmp_path / "c.xdf")


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    record(tmp_path / "a.xdf", some_pulls(2))
    with pytest.raises(FileExistsError, match="must name a new file"):
        Recorder(Script([]), tmp_path / "a.xdf")
    with pytest.raises(OSError, match="Cannot create the recording"):
        Recorder(Script([]), tmp_path / "nowhere" / "a.xdf")


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 64 KiB."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small file system can be mounted by root on Linux only")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"mounting a small file system failed: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_one_sentence_and_leaves_all_pulls_before_it(small_disk: Path) -> None:
    pulls = some_pulls(400)
    recorder = Recorder(Script(pulls), small_disk / "a.xdf")
    n_written = 0

    def pull_all() -> None:
        nonlocal n_written
        for until, _ in pulls:
            recorder.pull(until)
            n_written += 1

    with pytest.raises(OSError, match=rf"Cannot write the recording {small_disk}/a.xdf: No space left on device\."):
        pull_all()
    with pytest.raises(OSError, match="ended when it could not be written"):
        recorder.pull(5000.0)
    recorder.close()
    recorder.close()
    recording = Recording(small_disk / "a.xdf")
    assert n_written > 10
    assert recording.truncated is None
    assert_identical(replay(recording, pulls[:n_written]), pulls[:n_written])
    assert recording.pull(np.inf) == []


RECORD_FOREVER = textwrap.dedent(
    """
    import sys, time
    import numpy as np
    from acquisition.recording import Recorder
    from acquisition.stream import Chunk, StreamInfo

    class Counter:
        streams = (StreamInfo("eeg", 250.0, ("Cz",), "V"),)
        def pull(self, until):
            return [Chunk("eeg", until + np.arange(50) / 50, np.full((50, 1), until, dtype=np.float32))]
        def close(self):
            pass

    recorder = Recorder(Counter(), sys.argv[1])
    for i in range(10**6):
        recorder.pull(float(i))
        print(i, flush=True)
    """
)


def test_kill_9_loses_nothing_that_was_pulled(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    process = subprocess.Popen([sys.executable, "-c", RECORD_FOREVER, path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(300)]
    process.send_signal(signal.SIGKILL)
    lines += process.stdout.readlines()
    process.wait()
    last_pulled = int([line for line in lines if line.endswith("\n")][-1])
    recording = Recording(path)
    replayed = [recording.pull(float(i)) for i in range(last_pulled + 1)]
    assert [len(chunks) for chunks in replayed] == [1] * (last_pulled + 1)
    assert all(chunks[0].data[0, 0] == i for i, chunks in enumerate(replayed))
    assert recording.pull(last_pulled + 1.5) is not None
    assert recording.pull(np.inf) == []


@pytest.mark.lsl
def test_a_recording_over_lsl_replays_the_same_chunks_at_the_same_ticks(tmp_path: Path) -> None:
    from acquisition.lsl import LSLClock, LSLSource, StreamOutlet, StreamWanted, local_network

    local_network()
    clock = LSLClock()
    infos = [
        StreamInfo(name, 250.0, ("a", "b"), unit, uuid.uuid4().hex) for name, unit in (("eeg", "V"), ("gaze", "px"))
    ]
    outlets = [StreamOutlet(info) for info in infos]
    source = LSLSource([StreamWanted(info.name, source_id=info.source_id) for info in infos])
    recorder = Recorder(source, tmp_path / "a.xdf")
    rng = np.random.default_rng(1)
    pulls = []
    for _ in range(100):
        now = clock.now()
        pulls.append((now, recorder.pull(now)))
        for info, outlet in zip(infos, outlets, strict=True):
            n_samples = int(rng.integers(0, 4))
            outlet.push(
                Chunk(info.name, now + np.arange(n_samples) * 1e-3, rng.normal(size=(n_samples, 2)).astype("f4"))
            )
        clock.sleep_until(now + 0.01)
    recorder.sync()
    recorder.close()
    assert sum(len(chunk.times) for _, chunks in pulls for chunk in chunks) > 200
    recording = Recording(tmp_path / "a.xdf")
    assert recording.streams == tuple(infos)
    assert_identical(replay(recording, pulls), pulls)
