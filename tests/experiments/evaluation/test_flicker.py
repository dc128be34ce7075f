"""Flicker by decoders that other people and other runs teach, and selections at rest."""

from pathlib import Path

import mne
import numpy as np
import pytest

from experiments.evaluate import evaluate

DATASET = """
name = "flicker_small"
task = "ssvep"
files = 'sub-(?P<subject>\\w+)_run-\\d+_raw\\.fif'
description = "Three channels, made in a test."
[markers]
cue = 'ssvep/(?P<frequency>[\\d.]+)Hz'
frequencies = [12.0, 15.5, 20.0]
rest = 'ssvep/rest'
[[protocols]]
name = "others"
description = "Leave one person out."
decoders = [{ name = "ssvep-ensemble" }, { name = "ssvep-softmax" }, { name = "fbcca" }]
start = 1.0
lead = 1.0
windows = [2.0]
leave_out = "person"
train_step = 0.5
train_until = 4.0
[[protocols]]
name = "own_and_others"
description = "Leave one run out."
decoders = [{ name = "ssvep-ensemble" }]
start = 1.0
lead = 1.0
windows = [2.0]
leave_out = "run"
with_others = true
[[protocols]]
name = "no_control"
description = "Rest."
decoders = [{ name = "ssvep-or-nothing" }]
start = 1.0
lead = 1.0
windows = [1.0, 1.5, 2.0]
until = 4.0
leave_out = "person"
thresholds = [0.5, 0.95]
"""


@pytest.fixture
def described(tmp_path: Path) -> str:
    path = tmp_path / "described.toml"
    path.write_text(DATASET)
    return str(path)


def save_runs(folder: Path, subjects: str, snr: float = 0.8) -> None:
    folder.mkdir(exist_ok=True)
    for seed, (subject, run) in enumerate((subject, run) for subject in subjects for run in (1, 2)):
        rng = np.random.default_rng([seed, *map(ord, subjects)])
        data = rng.standard_normal((3, 65 * 200))
        onsets = [1.0 + 5.0 * trial for trial in range(12)]
        names = [("12", "15.5", "20", "rest")[trial % 4] for trial in range(12)]
        for onset, name in zip(onsets, names, strict=True):
            first, last = round(onset * 200), round((onset + 4.5) * 200)
            if name != "rest":
                data[:, first:last] += snr * np.sin(2 * np.pi * float(name) * np.arange(last - first) / 200)
        raw = mne.io.RawArray(1e-6 * data, mne.create_info(3, 200.0, "eeg"), verbose="error")
        labels = ["ssvep/rest" if name == "rest" else f"ssvep/{name}Hz" for name in names]
        raw.set_annotations(mne.Annotations(onsets, 0.0, labels))
        raw.save(folder / f"sub-{subject}_run-{run}_raw.fif", verbose="error")


def test_people_teach_each_other(tmp_path, described) -> None:
    save_runs(tmp_path / "all", "abc")
    result = evaluate(described, tmp_path / "all", protocol="others", decoder="all")
    assert {score.decoder for score in result.scores} == {"ssvep-ensemble", "ssvep-softmax", "fbcca"}
    assert all(score.n == 18 and score.value > 0.9 for score in result.scores)


def test_people_of_another_folder_teach_beside_own_runs(tmp_path, described) -> None:
    save_runs(tmp_path / "train", "ab")
    save_runs(tmp_path / "test", "c")
    for protocol in ("others", "own_and_others"):
        result = evaluate(described, tmp_path / "test", protocol=protocol, train_root=tmp_path / "train")
        assert [(score.subject, score.n) for score in result.scores] == [("c", 18)]
        assert result.mean["accuracy@2"] > 0.9


def test_one_person_alone_cannot_be_left_out(tmp_path, described) -> None:
    save_runs(tmp_path / "all", "a")
    for protocol in ("others", "no_control"):
        with pytest.raises(ValueError, match=r"at least two .got a alone"):
            evaluate(described, tmp_path / "all", protocol=protocol)


def test_selections_at_rest_are_counted_beside_those_on_purpose(tmp_path, described) -> None:
    save_runs(tmp_path / "all", "abc")
    pooled = evaluate(described, tmp_path / "all", protocol="no_control").pooled
    assert pooled["selections_per_min@0.5"]["value"] > pooled["selections_per_min@0.95"]["value"] > 5
    assert pooled["false_selections_per_min@0.95"]["value"] < pooled["selections_per_min@0.95"]["value"] / 5
    assert pooled["wrong_selections_per_min@0.95"]["value"] < 2
