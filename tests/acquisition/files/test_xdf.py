import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from acquisition import xdf
from acquisition.files import read_any
from acquisition.recording import Recorder
from acquisition.stream import Chunk, StreamInfo

EEG = StreamInfo("eeg", 250.0, ("Fz", "Cz"), "uV", "amp-1")
OFFSET = 1000.0
"""What must be added to the stream's time stamps."""


def chunk(tag: int, content: bytes) -> bytes:
    return struct.pack("<BIH", 4, len(content) + 2, tag) + content


def header(stream_id: int, name: str, kind: str, channel_format: str, sfreq: float = 0.0, n_channels: int = 1) -> bytes:
    text = (
        f"<info><name>{name}</name><type>{kind}</type><channel_count>{n_channels}</channel_count>"
        f"<nominal_srate>{sfreq}</nominal_srate><channel_format>{channel_format}</channel_format>"
        "<source_id></source_id><desc /></info>"
    )
    return chunk(2, struct.pack("<I", stream_id) + text.encode())


def texts(stream_id: int, time: float, *labels: str) -> bytes:
    content = struct.pack("<IBBBd", stream_id, 1, 1, 8, time)
    return chunk(3, content + b"".join(struct.pack("<BB", 1, len(label)) + label.encode() for label in labels))


def offsets(stream_id: int, times: np.ndarray, offset: float) -> bytes:
    return b"".join(xdf.clock_offset(stream_id, float(time), offset) for time in times)


def eeg_samples(n_samples: int = 2500, gap_s: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    times = np.arange(n_samples) / 250.0
    times[n_samples // 2 :] += gap_s
    return times, np.random.default_rng(0).normal(0, 20, (n_samples, 2)).astype(np.float32)


def lab_recording(gap_s: float = 0.0) -> bytes:
    """EEG whose clock stands 1000 s behind the recorder's, and markers on the recorder's own."""
    times, data = eeg_samples(gap_s=gap_s)
    jitter = np.random.default_rng(1).exponential(0.002, len(times))
    parts = [xdf.file_header(), xdf.stream_header(1, EEG), header(2, "Unity", "LSL_Marker_Strings", "string")]
    for start in range(0, len(times), 50):
        rows = slice(start, start + 50)
        parts.append(xdf.samples(1, times[rows] + jitter[rows], data[rows]))
        parts.append(texts(2, OFFSET + times[start], f"m{start}"))
        parts.append(offsets(1, times[rows][:1], OFFSET) + offsets(2, OFFSET + times[rows][:1], 0.0))
        parts.append(xdf.boundary())
    return b"".join(parts)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("gap_s", [0.0, 0.4])
def test_eeg_and_markers_of_two_clocks_meet_to_a_ms_on_both_sides_of_a_gap(tmp_path: Path, gap_s: float) -> None:
    recorded = read_any(write(tmp_path / "run.xdf", lab_recording(gap_s)))
    eeg, (markers,) = recorded.stream("eeg"), recorded.markers
    times, data = eeg_samples(gap_s=gap_s)
    assert eeg.info == StreamInfo("eeg", 250.0, ("Fz", "Cz"), "V", "amp-1")
    np.testing.assert_allclose(eeg.data, data * 1e-6, rtol=1e-6)
    assert np.abs(eeg.times - 0.002 - (OFFSET + times)).max() < 0.001
    assert markers.labels[:3] == ("m0", "m50", "m100")
    np.testing.assert_allclose(markers.onsets, OFFSET + times[::50], atol=1e-6)
    assert len(recorded.notes) == (gap_s > 0)


def test_a_compressed_file_reads_the_same(tmp_path: Path) -> None:
    plain = read_any(write(tmp_path / "run.xdf", lab_recording())).stream("eeg")
    packed = read_any(write(tmp_path / "run.xdfz", gzip.compress(lab_recording()))).stream("eeg")
    np.testing.assert_array_equal(plain.data, packed.data)
    np.testing.assert_array_equal(plain.times, packed.times)


def test_our_own_recording_keeps_every_bit_of_its_times(tmp_path: Path) -> None:
    info = StreamInfo("eeg", 250.0, ("Fz", "Cz"), "V", "amp-1")
    times, data = eeg_samples()
    times = times + 5000 + np.random.default_rng(2).normal(0, 0.001, len(times)).cumsum() * 0.01
    recorder = Recorder(OneStream(info, times, data), tmp_path / "signals.xdf")
    for until in np.arange(5000.0, 5012.0, 0.5):
        recorder.pull(until)
    recorder.close()
    recorded = read_any(tmp_path / "signals.xdf")
    assert [stream.info for stream in recorded.streams] == [info]
    np.testing.assert_array_equal(recorded.stream("eeg").times, times)
    np.testing.assert_array_equal(recorded.stream("eeg").data, data)
    assert recorded.notes == ()


def test_streams_of_one_kind_keep_their_own_names_and_others_their_units(tmp_path: Path) -> None:
    times, data = eeg_samples(500)
    content = xdf.file_header() + b"".join(
        header(i, name, kind, "float32", 250.0, 2) + xdf.samples(i, times, data)
        for i, (name, kind) in enumerate([("Left", "EEG"), ("Right", "EEG"), ("Acc", "Accelerometer"), ("Acc", "X")])
    )
    units = {"Left": "uV", "Right": "mV"}
    recorded = read_any(write(tmp_path / "run.xdf", content), units)
    assert [stream.info.name for stream in recorded.streams] == ["Left", "Right", "Acc (2)", "Acc (3)"]
    np.testing.assert_allclose(recorded.stream("Right").data, data * 1e-3, rtol=1e-6)
    np.testing.assert_array_equal(recorded.stream("Acc (2)").data, data)
    assert recorded.stream("Left").info.channels == ("ch1", "ch2")


def test_a_missing_unit_is_asked_for_and_a_missing_stream_lists_what_is_there(tmp_path: Path) -> None:
    times, data = eeg_samples(500)
    content = xdf.file_header() + header(1, "Amp", "EEG", "float32", 250.0, 2) + xdf.samples(1, times, data)
    path = write(tmp_path / "run.xdf", content)
    with pytest.raises(ValueError, match=r"Argument 'units' must name the unit of 'eeg', such as 'uV'"):
        read_any(path)
    with pytest.raises(ValueError, match=r"must name a stream of .* \(got 'gaze'; it has 'eeg'\)"):
        read_any(path, {"eeg": "uV"}).stream("gaze")


def test_numbers_can_be_markers_and_empty_streams_are_named(tmp_path: Path) -> None:
    content = xdf.file_header() + header(1, "Triggers", "Markers", "int32") + header(2, "Nothing", "Pulse", "float32")
    content += chunk(3, struct.pack("<IBB", 1, 1, 1) + struct.pack("<Bdi", 8, 12.5, 17))
    recorded = read_any(write(tmp_path / "run.xdf", content))
    assert (recorded.markers[0].name, recorded.markers[0].labels) == ("Triggers", ("17",))
    assert recorded.stream("Nothing").data.shape == (0, 1)
    assert "Stream 'Nothing'" in recorded.notes[0]


def test_a_file_cut_anywhere_opens_up_to_the_cut(tmp_path: Path) -> None:
    content = lab_recording()
    whole = read_any(write(tmp_path / "run.xdf", content)).stream("eeg")
    for n_bytes in [*range(4096, len(content), 4096), *range(700, 760)]:
        recorded = read_any(write(tmp_path / "cut.xdf", content[:n_bytes]))
        for stream in recorded.streams:
            np.testing.assert_array_equal(stream.data, whole.data[: len(stream.data)])
        if n_bytes >= 4096:
            assert recorded.notes[0].endswith("bytes are lost.")
            assert len(recorded.stream("eeg").times) >= 0.9 * len(whole.times) * n_bytes / len(content) - 50


@pytest.mark.parametrize("seed", range(30))
def test_bytes_changed_anywhere_never_leave_a_traceback(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    content = bytearray(lab_recording())
    n_first = 1500 if seed % 2 else len(content)
    for position in rng.integers(4, n_first, 10):
        content[position] = rng.integers(256)
    path = write(tmp_path / "broken.xdf", bytes(content))
    try:
        read_any(path, {"eeg": "uV"})
    except ValueError as error:
        message = str(error)
    else:
        message = "broken.xdf"
    assert "broken.xdf" in message


@pytest.mark.parametrize(("content", "what"), [(b"", "is empty"), (b"hello\n", "is none of these")])
def test_what_is_no_recording_gets_one_sentence_on_what_is(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(ValueError, match=rf"XDF, BDF, EDF, FIF, BrainVision .*, which {what}\)"):
        read_any(write(tmp_path / "notes.txt", content))
    with pytest.raises(FileNotFoundError, match="There is no recording"):
        read_any(tmp_path / "none.xdf")


class OneStream:
    """A source with one stream that delivers what is due."""

    def __init__(self, info: StreamInfo, times: np.ndarray, data: np.ndarray) -> None:
        self.streams = (info,)
        self._times, self._data, self._sent = times, data, 0

    def pull(self, until: float) -> list[Chunk]:
        end = int(np.searchsorted(self._times, until, side="right"))
        rows = slice(self._sent, end)
        self._sent = end
        return [Chunk("eeg", self._times[rows], self._data[rows])]

    def close(self) -> None:
        pass
