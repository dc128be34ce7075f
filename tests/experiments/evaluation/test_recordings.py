"""Recordings that are missing, or do not hold what the data set says, are named."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.evaluate import evaluate


def test_recordings_may_lie_in_a_folder_of_the_data_sets_name(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    (tmp_path / "ssvep_small").mkdir()
    made.save_flicker(tmp_path / "ssvep_small" / "sub-a_run-1_raw.fif", snr=1.0, seed=6)
    assert evaluate(described(made.SSVEP), tmp_path).mean["accuracy@1"] == 1.0


def test_filter_that_the_sampling_rate_cannot_hold_is_refused(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=12)
    with pytest.raises(ValueError, match=r"'band' must lie between 0 and half the sampling rate, 50 Hz"):
        evaluate(described(made.ERP.replace("[1.0, 12.0]", "[1.0, 60.0]").replace("decimate = 2", "")), tmp_path)
    with pytest.raises(ValueError, match=r"'decimate' \(got 8\) must leave at least twice"):
        evaluate(described(made.ERP.replace("decimate = 2", "decimate = 8")), tmp_path)


def test_missing_files_and_folders_are_named(tmp_path: Path, described: Callable[[str], str]) -> None:
    with pytest.raises(FileNotFoundError, match="no data set file"):
        evaluate(str(tmp_path / "none.toml"), tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        evaluate("ssvep_exo", tmp_path / "none")
    with pytest.raises(ValueError, match=r"holds no recording of ssvep_exo"):
        evaluate("ssvep_exo", tmp_path)


def test_recordings_that_differ_in_sampling_rate_are_named(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save_flicker(tmp_path / "sub-a_run-1_raw.fif", snr=1.0, seed=7)
    made.save_flicker(tmp_path / "sub-a_run-2_raw.fif", snr=1.0, seed=7, sfreq=250.0)
    with pytest.raises(ValueError, match=r"one sampling rate \(got 250 Hz in .*run-2_raw\.fif and 200 Hz"):
        evaluate(described(made.SSVEP), tmp_path)


def test_missing_marker_is_named_with_those_there(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=8)
    text = made.ERP.replace("'flash/target'", "'flash/oddball'")
    with pytest.raises(ValueError, match=r"sub-a_raw\.fif has no marker that matches flash/oddball \(it has char/0"):
        evaluate(described(text), tmp_path)


def test_recording_without_annotations_is_named(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save(tmp_path / "sub-a_raw.fif", np.zeros((2, 500)), [], [])
    with pytest.raises(ValueError, match=r"sub-a_raw\.fif has no annotations"):
        evaluate(described(made.ERP), tmp_path)


def test_one_character_cannot_be_left_out(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=9, n_characters=1)
    with pytest.raises(ValueError, match=r"needs at least two \(got one for .*sub-a_raw\.fif"):
        evaluate(described(made.ERP), tmp_path)


def test_repetition_with_another_number_of_targets_is_named(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=10)
    text = made.ERP.replace("rows = 8, columns = 8", "rows = 6, columns = 6")
    with pytest.raises(ValueError, match=r"Every 12 flashes of .*sub-a_raw\.fif must hold two targets"):
        evaluate(described(text), tmp_path)


def test_layout_without_a_prompted_key_is_named(
    made: SimpleNamespace, tmp_path: Path, described: Callable[[str], str]
) -> None:
    made.save_gaze(tmp_path)
    (tmp_path / "triggers.txt").write_text("Q prompt 100.0\nA target 101.0\n")
    with pytest.raises(ValueError, match=r"Prompt 'Q' at 100 s in .*gaze_p0\.csv must name a key"):
        evaluate(described(made.GAZE), tmp_path)
    (tmp_path / "keys.json").write_text("{}")
    with pytest.raises(ValueError, match=r"keys\.json is no JSON object"):
        evaluate(described(made.GAZE), tmp_path)
