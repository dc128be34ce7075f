import contextlib
from collections.abc import Callable
from pathlib import Path

import mne
import numpy as np
import pytest

from acquisition.files import read_any, read_recording

SFREQ = 128
MakeRaw = Callable[..., mne.io.RawArray]
WriteBdf = Callable[..., Path]


def test_fif_keeps_volts_channels_and_markers_but_not_the_padding(tmp_path: Path, eeg_raw: MakeRaw) -> None:
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


def test_fif_cut_at_its_start_keeps_markers_at_their_samples(tmp_path: Path, eeg_raw: MakeRaw) -> None:
    raw = eeg_raw().crop(tmin=1.0)
    raw.save(tmp_path / "late_raw.fif", verbose="error")
    recording = read_recording(tmp_path / "late_raw.fif")
    assert recording.labels == ("b/2",)
    np.testing.assert_allclose(recording.onsets, [0.25])


def test_bdf_keeps_volts_and_markers(tmp_path: Path, eeg_raw: MakeRaw, write_bdf: WriteBdf) -> None:
    raw = eeg_raw()
    recording = read_recording(write_bdf(tmp_path / "run.bdf", raw))
    assert recording.labels == ("a/1", "b/2")
    np.testing.assert_allclose(recording.onsets, [0.5, 1.25], atol=1e-6)
    np.testing.assert_allclose(recording.data, raw.get_data().T, atol=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.999])
def test_truncated_bdf_is_refused_by_name(tmp_path: Path, share: float, eeg_raw: MakeRaw, write_bdf: WriteBdf) -> None:
    path = write_bdf(tmp_path / "cut.bdf", eeg_raw())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match=r"cut\.bdf is truncated"):
        read_recording(path)


def test_bdf_without_a_whole_header_is_refused_by_name(tmp_path: Path, eeg_raw: MakeRaw, write_bdf: WriteBdf) -> None:
    path = write_bdf(tmp_path / "cut.bdf", eeg_raw())
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ValueError, match=r"cut\.bdf has no complete BDF header"):
        read_recording(path)


def test_damaged_fif_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "broken_raw.fif"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(ValueError, match=r"broken_raw\.fif cannot be read"):
        read_recording(path)


def test_recording_without_annotations_is_refused_by_name(tmp_path: Path, eeg_raw: MakeRaw) -> None:
    eeg_raw(markers=False).save(tmp_path / "silent_raw.fif", verbose="error")
    with pytest.raises(ValueError, match=r"silent_raw\.fif has no annotations"):
        read_recording(tmp_path / "silent_raw.fif")


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no recording .*none\.bdf"):
        read_recording(tmp_path / "none.bdf")
    with pytest.raises(ValueError, match=r"must end in one of"):
        read_recording(tmp_path / "notes.txt")


def test_edf_keeps_volts_and_markers(tmp_path: Path, eeg_raw: MakeRaw, write_bdf: WriteBdf) -> None:
    raw = eeg_raw()
    recording = read_recording(write_bdf(tmp_path / "run.edf", raw))
    assert recording.labels == ("a/1", "b/2")
    np.testing.assert_allclose(recording.data, raw.get_data().T, atol=2e-8)


def test_brainvision_keeps_volts_and_markers(tmp_path: Path, eeg_raw: MakeRaw) -> None:
    raw = eeg_raw()
    write_brainvision(tmp_path / "run.vhdr", raw)
    recording = read_recording(tmp_path / "run.vhdr")
    assert recording.channels == ("Cz", "Pz", "Oz")
    assert recording.labels == ("Stimulus/S  1", "Stimulus/S  2")
    np.testing.assert_allclose(recording.onsets, [0.5, 1.25])
    np.testing.assert_allclose(recording.data, raw.get_data().T, atol=1e-10)


def test_brainvision_that_lost_a_file_or_its_end_is_one_sentence(tmp_path: Path, eeg_raw: MakeRaw) -> None:
    write_brainvision(tmp_path / "run.vhdr", eeg_raw())
    samples = tmp_path / "run.eeg"
    samples.write_bytes(samples.read_bytes()[:-1001])
    assert len(read_any(tmp_path / "run.vhdr").stream("eeg").times) == 4 * SFREQ - 84
    with pytest.raises(ValueError, match=r"give its header run\.vhdr"):
        read_any(samples)
    samples.unlink()
    with pytest.raises(ValueError, match=r"run\.vhdr cannot be read"):
        read_any(tmp_path / "run.vhdr")


def test_a_channel_without_a_unit_is_asked_for(tmp_path: Path, eeg_raw: MakeRaw, write_bdf: WriteBdf) -> None:
    raw = eeg_raw()
    path = write_bdf(tmp_path / "run.bdf", raw, ("uV", "", "uV"))
    with pytest.raises(ValueError, match=r"Argument 'units' must name the unit of 'eeg'.*names no unit for Pz"):
        read_any(path)
    np.testing.assert_allclose(read_any(path, {"eeg": "uV"}).stream("eeg").data, raw.get_data().T, atol=1e-9)
    with pytest.raises(ValueError, match=r"Argument 'unit' must be one of"):
        read_any(path, {"eeg": "furlong"})


def test_units_that_mne_does_not_know_are_converted_too(tmp_path: Path, eeg_raw: MakeRaw, write_bdf: WriteBdf) -> None:
    raw = eeg_raw()
    path = write_bdf(tmp_path / "run.bdf", raw, ("uV", "nV", "mV"))
    expected = raw.get_data().T * [1.0, 1e-3, 1e3]
    np.testing.assert_allclose(read_any(path).stream("eeg").data, expected, atol=1e-6)


def test_a_channel_that_measures_something_else_is_left_out(
    tmp_path: Path, eeg_raw: MakeRaw, write_bdf: WriteBdf
) -> None:
    recorded = read_any(write_bdf(tmp_path / "run.bdf", eeg_raw(), ("uV", "%", "uV")))
    assert recorded.stream("eeg").info.channels == ("Cz", "Oz")
    assert recorded.notes == ("Left out of 'eeg', for not being in V: Pz (%).",)


@pytest.mark.parametrize("suffix", [".bdf", ".edf"])
def test_a_file_cut_anywhere_opens_up_to_its_last_whole_record(
    tmp_path: Path, eeg_raw: MakeRaw, write_bdf: WriteBdf, suffix: str
) -> None:
    raw = eeg_raw(40)
    content = write_bdf(tmp_path / f"whole{suffix}", raw).read_bytes()
    record_bytes = (len(content) - 256 * 5) // 40
    cut = tmp_path / f"cut{suffix}"
    lengths = []
    for n_bytes in range(0, len(content), 4096):
        cut.write_bytes(content[:n_bytes])
        if n_bytes < 256 * 5 + record_bytes:
            with pytest.raises(ValueError, match=f"cut{suffix}"):
                read_any(cut)
            continue
        recorded = read_any(cut)
        data = recorded.stream("eeg").data
        assert len(data) == (n_bytes - 256 * 5) // record_bytes * SFREQ
        np.testing.assert_allclose(data, raw.get_data().T[: len(data)], atol=2e-8)
        assert "is truncated" in recorded.notes[0]
        lengths.append(len(data))
    assert len(set(lengths)) > 5


def test_a_fif_cut_anywhere_is_one_sentence(tmp_path: Path, eeg_raw: MakeRaw) -> None:
    eeg_raw(40).save(tmp_path / "whole_raw.fif", verbose="error")
    content = (tmp_path / "whole_raw.fif").read_bytes()
    cut = tmp_path / "cut_raw.fif"
    for n_bytes in range(0, len(content), 4096):
        cut.write_bytes(content[:n_bytes])
        with pytest.raises(ValueError, match=r"cut_raw\.fif cannot be read, it may be cut short or damaged"):
            read_any(cut)


@pytest.mark.parametrize("seed", range(20))
def test_bytes_changed_in_the_header_never_leave_a_traceback(
    tmp_path: Path, eeg_raw: MakeRaw, write_bdf: WriteBdf, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    path = write_bdf(tmp_path / "run.bdf", eeg_raw())
    content = bytearray(path.read_bytes())
    for position in rng.integers(0, 1280, 8):
        content[position] = rng.integers(256)
    path.write_bytes(content)
    with contextlib.suppress(ValueError):
        read_any(path)


def write_brainvision(path: Path, raw: mne.io.RawArray) -> None:
    channels = "\n".join(f"Ch{i}={name},,1,µV" for i, name in enumerate(raw.ch_names, start=1))
    path.write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={path.stem}.eeg\nMarkerFile={path.stem}.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
        f"NumberOfChannels=3\nSamplingInterval={1e6 / SFREQ}\n[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n"
        f"[Channel Infos]\n{channels}\n",
        encoding="utf-8",
    )
    path.with_suffix(".vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={path.stem}.eeg\n[Marker Infos]\nMk1=Stimulus,S  1,{SFREQ // 2 + 1},1,0\n"
        f"Mk2=Stimulus,S  2,{5 * SFREQ // 4 + 1},1,0\n"
    )
    path.with_suffix(".eeg").write_bytes((raw.get_data().T * 1e6).astype("<f4").tobytes())
