import gzip
from pathlib import Path

import numpy as np
import pytest

from acquisition.files import read_any, read_bcipy_gaze


def write_gaze(folder: Path, n_samples: int = 120) -> tuple[Path, Path]:
    lines = ["daq_type,Tobii-P0", "sample_rate,60.0", "timestamp,left_x,left_y,right_x,right_y,lsl_timestamp"]
    lines += [f"{i},0.5,0.25,{'' if i == 3 else 0.5},0.25,{100 + i / 60}" for i in range(n_samples)]
    gaze = folder / "gaze.csv.gz"
    with gzip.open(gaze, "wt") as file:
        file.write("\n".join(lines))
    triggers = folder / "triggers.txt"
    triggers.write_text("starting_offset offset -100.0\nA prompt 100.5\nB nontarget 101.0\nA target 100.75\n")
    return gaze, triggers


def test_gaze_is_in_px_with_a_lost_eye_as_nan_and_markers_in_order(tmp_path: Path) -> None:
    gaze, triggers = write_gaze(tmp_path)
    recording = read_bcipy_gaze(gaze, triggers, (1920, 1080))
    assert recording.unit == "px"
    np.testing.assert_array_equal(recording.data[0], [960, 270, 960, 270])
    assert np.isnan(recording.data[3, 2])
    assert recording.labels == ("prompt/A", "target/A", "nontarget/B")
    np.testing.assert_allclose(recording.onsets, [100.5, 100.75, 101.0])


def test_broken_gaze_files_are_refused_by_name(tmp_path: Path) -> None:
    gaze, triggers = write_gaze(tmp_path)
    gaze.write_bytes(gaze.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"gaze\.csv\.gz is no complete gaze CSV"):
        read_bcipy_gaze(gaze, triggers, (1920, 1080))
    gaze, triggers = write_gaze(tmp_path)
    triggers.write_text("A prompt soon\n")
    with pytest.raises(ValueError, match=r"Line 1 of .*triggers\.txt"):
        read_bcipy_gaze(gaze, triggers, (1920, 1080))


def test_gaze_as_shares_of_the_screen_needs_the_screen_and_takes_the_triggers_beside_it(tmp_path: Path) -> None:
    gaze, triggers = write_gaze(tmp_path)
    with pytest.raises(ValueError, match="Argument 'screen_px' must give"):
        read_any(gaze)
    recorded = read_any(gaze, screen_px=(1920, 1080))
    np.testing.assert_array_equal(recorded.stream("gaze").data[0], [960, 270, 960, 270])
    assert recorded.markers[0].labels == ("prompt/A", "target/A", "nontarget/B")
    triggers.unlink()
    assert "has no markers" in read_any(gaze, screen_px=(1920, 1080)).notes[0]


def test_lost_eyes_at_targets_are_nan_and_positions_above_the_screen_negative(tmp_path: Path) -> None:
    path = tmp_path / "gp3.csv"
    path.write_text(
        "Timestamp,Target-ID,Target-X,Target-Y,Actual-X-Right,Actual-Y-Right,Actual-X-Left,Actual-Y-Left\n"
        "2023-07-18 14:56:48,22,1530,646,1652,480,1567,571\n"
        "2023-07-18 14:56:50,3,1150,10,2147483647,2147483647,1150,4294967288\n"
        "2023-07-18 14:56:50,1,390,10,391,4294964020,,12\n"
    )
    recorded = read_any(path)
    gaze = recorded.stream("gaze")
    assert (gaze.info.unit, gaze.info.sfreq) == ("px", 0.0)
    np.testing.assert_array_equal(gaze.times, [0.0, 2.0, 2.0])
    lost = np.nan
    np.testing.assert_array_equal(gaze.data, [[1567, 571, 1652, 480], [1150, -8, lost, lost], [lost, 12, 391, lost]])
    assert recorded.markers[0].labels == ("target/22/1530,646", "target/3/1150,10", "target/1/390,10")


def test_a_table_of_samples_is_asked_for_its_units(tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    path.write_bytes(b"timestamp\tx\ty\tstimuli_x\r\n1000.0\t1.5\t2.5\t-1\r\n1002.0\t3.5\t4.5\t-1\r\n")
    with pytest.raises(ValueError, match="Argument 'units' must give the unit of 'time'"):
        read_any(path, {"gaze": "px"})
    with pytest.raises(ValueError, match="Argument 'units' must give the unit of 'gaze'"):
        read_any(path, {"time": "ms"})
    with pytest.raises(ValueError, match=r"unit of 'time' must be one of s, ms, us, ns \(got 'h'\)"):
        read_any(path, {"time": "h", "gaze": "px"})
    gaze = read_any(path, {"time": "ms", "gaze": "px"}).stream("gaze")
    assert gaze.info.sfreq == 500.0
    np.testing.assert_allclose(gaze.times, [0, 0.002])
    np.testing.assert_array_equal(gaze.data, [[1.5, 2.5], [3.5, 4.5]])


@pytest.mark.parametrize("content", [b"timestamp\tx\ty\n1\t2\n", b"timestamp\tx\ty\n1\t2\tthree\n", b"timestamp,x,y\n"])
def test_a_broken_table_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trial.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"Recording .*trial\.csv (is no complete table|holds no samples)"):
        read_any(path, {"time": "ms", "gaze": "px"})
