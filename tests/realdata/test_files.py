"""Recordings of real devices, read by the one door."""

from pathlib import Path

import numpy as np
import pytest

from acquisition.clock import VirtualClock
from acquisition.files import RecordedFile, read_any
from acquisition.player import Player
from acquisition.stream import Chunk, StreamInfo

pytestmark = pytest.mark.realdata

SCREEN = (1920.0, 1080.0)


@pytest.fixture
def recordings(data_root: Path) -> Path:
    return data_root / "recordings"


def test_labrecorder_files_have_volts_labels_and_markers(recordings: Path) -> None:
    recorded = read_any(recordings / "xdf_bci_essentials" / "misswitch_run-002.xdf")
    eeg = recorded.stream("eeg")
    assert (eeg.info.sfreq, eeg.info.unit, eeg.data.shape) == (256.0, "V", (30992, 16))
    assert eeg.info.channels[:3] == ("F3", "Fz", "F4")
    assert np.abs(np.diff(eeg.times) - 1 / 256).max() < 1e-5
    assert {markers.name: len(markers.labels) for markers in recorded.markers} == {
        "UnityMarkerStream": 83,
        "PythonResponse": 556,
    }
    onsets = recorded.markers[0].onsets
    assert eeg.times[0] < onsets[0] < onsets[-1] < eeg.times[-1]


def test_samples_that_came_in_bursts_are_laid_out_evenly(recordings: Path) -> None:
    eeg = read_any(recordings / "xdf_bci_essentials" / "ssvep_example.xdf").stream("eeg")
    # Their stamps are up to 180 ms apart.
    assert np.abs(np.diff(eeg.times) - 1 / 300).max() < 5e-5


def test_a_clock_reset_is_one_long_gap_and_a_wrong_rate_is_told(recordings: Path) -> None:
    path = recordings / "xdf_examples" / "clock_resets.xdf"
    with pytest.raises(ValueError, match="Argument 'units' must name the unit of 'eeg'"):
        read_any(path)
    recorded = read_any(path, {"eeg": "uV"})
    eeg = recorded.stream("eeg")
    assert len(eeg.times) == 27815
    steps = np.diff(eeg.times)
    assert steps.min() > 0
    assert np.flatnonzero(steps > 1).tolist() == [12875]
    assert steps.max() == pytest.approx(273.55, abs=0.05)
    assert any("declares 100 Hz but runs at" in note for note in recorded.notes)
    # Samples and markers of both sides went through the same resets.
    assert eeg.times[0] < recorded.markers[0].onsets[0] < recorded.markers[0].onsets[-1] < eeg.times[-1]


def test_empty_streams_are_kept_and_named(recordings: Path) -> None:
    recorded = read_any(recordings / "xdf_examples" / "empty_streams.xdf")
    assert sorted(len(stream.times) for stream in recorded.streams) == [0, 10]
    assert sum("is empty" in note for note in recorded.notes) == 2
    minimal = read_any(recordings / "xdf_examples" / "minimal.xdf", {"eeg": "uV"})
    np.testing.assert_allclose(minimal.stream("eeg").times, 5.0 + np.arange(9) / 10)
    assert minimal.markers[0].labels[1:3] == ("Hello", "World")


def test_eyelink_text_has_gaze_in_px_messages_and_eye_events(recordings: Path, tmp_path: Path) -> None:
    path = recordings / "gaze_eyelink_asc" / "test_eyelink.asc"
    recorded = read_any(path)
    gaze = recorded.stream("gaze")
    assert gaze.info == StreamInfo("gaze", 500.0, ("left_x", "left_y", "right_x", "right_y"), "px")
    np.testing.assert_allclose(gaze.data[0], [988.3, 534.7, 989.5, 513.6], atol=0.1)
    assert 0.005 < np.isnan(gaze.data).mean() < 0.05
    counts = {markers.name: len(markers.labels) for markers in recorded.markers}
    assert counts == {"markers": 18, "eye_events": 530}

    content = path.read_bytes()
    for n_bytes in (3000, len(content) // 3 + 7, len(content) - 200):
        (tmp_path / "cut.asc").write_bytes(content[:n_bytes])
        if n_bytes == 3000:
            with pytest.raises(ValueError, match=r"cut\.asc cannot be read"):
                read_any(tmp_path / "cut.asc")
            continue
        cut = read_any(tmp_path / "cut.asc")
        np.testing.assert_array_equal(cut.stream("gaze").data, gaze.data[: len(cut.stream("gaze").data)])
        assert len(cut.notes) == 1


def test_gaze_tables_hold_no_sentinel_of_a_lost_eye(recordings: Path) -> None:
    lost = {}
    for path in sorted((recordings / "gaze_gp3_eyelink").glob("*/*.csv")):
        recorded = read_any(path)
        data = recorded.stream("gaze").data
        assert data.shape == (72, 4)
        assert len(recorded.markers[0].labels) == 72
        assert np.nanmin(data) > -1000
        assert np.nanmax(data) < 2400
        tracker = path.name.split("_")[0]
        lost[tracker] = lost.get(tracker, 0) + int(np.isnan(data).sum())
    assert lost == {"gp3": 1118, "eyelink": 152}


def test_other_gaze_files_are_in_px_and_s(recordings: Path) -> None:
    toy = read_any(recordings / "gaze_pymovements_toy" / "trial_0_1.csv", {"gaze": "px", "time": "ms"}).stream("gaze")
    assert (toy.info.sfreq, toy.data.shape) == (1000.0, (17223, 2))
    tobii = read_any(recordings / "gaze_bcipy_tobii" / "eyetracker_data_tobii-p0.csv.gz", screen_px=SCREEN)
    assert tobii.stream("gaze").info.sfreq == 60.0
    assert len(tobii.markers[0].labels) == 336


@pytest.mark.parametrize("name", ["xdf_bci_essentials/misswitch_run-002.xdf", "p300_gtec8ch/sub-01.bdf"])
def test_a_whole_recording_played_is_the_recording(recordings: Path, name: str) -> None:
    recorded = read_any(recordings / name)
    sink = Sink()
    played = Player(recorded, VirtualClock(), sink).play(start=0.0)
    eeg = recorded.stream("eeg")
    np.testing.assert_array_equal(np.concatenate([chunk.data for chunk in sink.chunks]), eeg.data)
    times = np.concatenate([chunk.times for chunk in sink.chunks])
    np.testing.assert_allclose(times - times[0], eeg.times - eeg.times[0], atol=1e-9)
    assert played.n_markers == sum(len(markers.labels) for markers in recorded.markers)
    assert sorted(sink.texts) == sorted(all_labels(recorded))


def all_labels(recorded: RecordedFile) -> list[str]:
    return [label for markers in recorded.markers for label in markers.labels]


class Sink:
    """Keeps what is played to it."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.texts: list[str] = []

    def samples(self, info: StreamInfo) -> "Sink":
        return self

    def markers(self, name: str, source_id: str) -> "Sink":
        return self

    def push(self, part: Chunk | str, time: float | None = None) -> None:
        if isinstance(part, Chunk):
            self.chunks.append(part)
        else:
            self.texts.append(part)

    def close(self) -> None:
        pass
