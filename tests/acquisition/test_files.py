import gzip
from pathlib import Path

import mne
import numpy as np
import pytest

from acquisition.files import read_bcipy_gaze, read_recording

SFREQ = 128


def eeg_raw(n_seconds: int = 4, markers: bool = True) -> mne.io.RawArray:
    data = 1e-5 * np.random.default_rng(0).standard_normal((3, n_seconds * SFREQ))
    raw = mne.io.RawArray(data, mne.create_info(["Cz", "Pz", "Oz"], SFREQ, "eeg"), verbose="error")
    if markers:
        raw.set_annotations(mne.Annotations([0.5, 1.25, 3.0], 0.0, ["a/1", "b/2", "BAD_ACQ_SKIP"]))
    return raw


def write_bdf(path: Path, raw: mne.io.RawArray) -> Path:
    # No BDF writer is at hand, so this writes the header and 24-bit samples by the format's description.
    data = np.round(raw.get_data() * 1e6 / 1e3 * (2**23 - 1)).astype("<i4")
    names = [*raw.ch_names, "BDF Annotations"]
    n_records, annotation_samples = data.shape[1] // SFREQ, 40
    columns = [
        (16, names),
        (80, [""] * 4),
        (8, ["uV", "uV", "uV", ""]),
        (8, ["-1000", "-1000", "-1000", "-1"]),
        (8, ["1000", "1000", "1000", "1"]),
        (8, [str(-(2**23))] * 4),
        (8, [str(2**23 - 1)] * 4),
        (80, [""] * 4),
        (8, [str(SFREQ)] * 3 + [str(annotation_samples)]),
        (32, [""] * 4),
    ]
    header = b"\xffBIOSEMI" + b"X X X X".ljust(80) + b"Startdate 01-JAN-2020 X X X".ljust(80) + b"01.01.2000.00.00"
    header += str(256 * 5).encode().ljust(8) + b"BDF+C".ljust(44) + str(n_records).encode().ljust(8)
    header += b"1".ljust(8) + b"4".ljust(4)
    header += b"".join(text.encode().ljust(width) for width, texts in columns for text in texts)
    body = b""
    markers = list(zip(raw.annotations.onset, raw.annotations.description, strict=True))
    for record in range(n_records):
        samples = data[:, record * SFREQ : (record + 1) * SFREQ]
        body += b"".join(channel.view(np.uint8).reshape(-1, 4)[:, :3].tobytes() for channel in samples.copy())
        annotations = f"+{record}\x14\x14\x00"
        annotations += "".join(f"+{onset:g}\x14{label}\x14\x00" for onset, label in markers if int(onset) == record)
        body += annotations.encode().ljust(annotation_samples * 3, b"\x00")
    path.write_bytes(header + body)
    return path


def write_gaze(folder: Path, n_samples: int = 120) -> tuple[Path, Path]:
    lines = ["daq_type,Tobii-P0", "sample_rate,60.0", "timestamp,left_x,left_y,right_x,right_y,lsl_timestamp"]
    lines += [f"{i},0.5,0.25,{'' if i == 3 else 0.5},0.25,{100 + i / 60}" for i in range(n_samples)]
    gaze = folder / "gaze.csv.gz"
    with gzip.open(gaze, "wt") as file:
        file.write("\n".join(lines))
    triggers = folder / "triggers.txt"
    triggers.write_text("starting_offset offset -100.0\nA prompt 100.5\nB nontarget 101.0\nA target 100.75\n")
    return gaze, triggers


def test_fif_keeps_volts_channels_and_markers_but_not_the_padding(tmp_path: Path) -> None:
    raw = eeg_raw()
    raw.save(tmp_path / "run_raw.fif", verbose="error")
    recording = read_recording(tmp_path / "run_raw.fif")
    assert recording.sfreq == SFREQ
    assert recording.channels == ("Cz", "Pz", "Oz")
    assert recording.labels == ("a/1", "b/2")
    np.testing.assert_allclose(recording.onsets, [0.5, 1.25])
    np.testing.assert_allclose(recording.data, raw.get_data().T, rtol=1e-5)
    assert recording.data.dtype == np.float32
    assert recording.times[SFREQ] == 1.0


def test_fif_cut_at_its_start_keeps_markers_at_their_samples(tmp_path: Path) -> None:
    raw = eeg_raw().crop(tmin=1.0)
    raw.save(tmp_path / "late_raw.fif", verbose="error")
    recording = read_recording(tmp_path / "late_raw.fif")
    assert recording.labels == ("b/2",)
    np.testing.assert_allclose(recording.onsets, [0.25])


def test_bdf_keeps_volts_and_markers(tmp_path: Path) -> None:
    raw = eeg_raw()
    recording = read_recording(write_bdf(tmp_path / "run.bdf", raw))
    assert recording.labels == ("a/1", "b/2")
    np.testing.assert_allclose(recording.onsets, [0.5, 1.25], atol=1e-6)
    np.testing.assert_allclose(recording.data, raw.get_data().T, atol=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.999])
def test_truncated_bdf_is_refused_by_name(tmp_path: Path, share: float) -> None:
    path = write_bdf(tmp_path / "cut.bdf", eeg_raw())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match=r"cut\.bdf is truncated"):
        read_recording(path)


def test_bdf_without_a_whole_header_is_refused_by_name(tmp_path: Path) -> None:
    path = write_bdf(tmp_path / "cut.bdf", eeg_raw())
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ValueError, match=r"cut\.bdf has no complete BDF header"):
        read_recording(path)


def test_damaged_fif_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "broken_raw.fif"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(ValueError, match=r"broken_raw\.fif cannot be read"):
        read_recording(path)


def test_recording_without_annotations_is_refused_by_name(tmp_path: Path) -> None:
    eeg_raw(markers=False).save(tmp_path / "silent_raw.fif", verbose="error")
    with pytest.raises(ValueError, match=r"silent_raw\.fif has no annotations"):
        read_recording(tmp_path / "silent_raw.fif")


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no recording .*none\.bdf"):
        read_recording(tmp_path / "none.bdf")
    with pytest.raises(ValueError, match=r"must end in one of"):
        read_recording(tmp_path / "notes.txt")


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
