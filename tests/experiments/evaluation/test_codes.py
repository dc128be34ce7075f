"""Codes, runs left out and single looks, judged on files made here."""

import csv
from pathlib import Path

import mne
import numpy as np
import pytest

from experiments.evaluate import evaluate

SFREQ = 120.0
BITS = np.repeat(np.random.default_rng(1).integers(0, 2, (8, 63)), 2, axis=1) ^ np.tile([0, 1], 63)

CVEP = """
name = "cvep_small"
task = "cvep"
files = '(?P<run>[^/]+)_raw\\.fif'
description = "Four channels and eight codes, made in a test."
[codes]
format = "table"
file = "{run}_codes.csv"
frame_rate = 60.0
cycles = 2
[markers]
trial = 'cvep/(?P<code>\\d+)'
unknown = [99]
[[protocols]]
name = "causal"
description = "Four folds."
decoders = [{ name = "rcca" }, { name = "code-ensemble" }]
folds = 4
windows = [1.0, 4.2]
step = 1.0
[[protocols]]
name = "filtered"
description = "Leave one trial out, from the onset."
decoders = [{ name = "rcca" }]
filter = { band = [1.0, 30.0] }
folds = "trial"
windows = [4.2]
[[protocols]]
name = "online"
description = "The loop's decoder."
decoders = [{ name = "code-online" }]
filter = { band = [2.0, 30.0] }
online = true
folds = 2
windows = [1.0, 4.0]
"""

STATES = """
[codes]
format = "states"
file = "{run}_states.npz"
first_name = 1
"""

SSVEP = """
name = "ssvep_small"
task = "ssvep"
files = 'sub-(?P<subject>\\w+)_run-\\d+_raw\\.fif'
description = "Three channels, made in a test."
[markers]
cue = 'ssvep/(?P<frequency>[\\d.]+)Hz'
[[protocols]]
name = "causal"
description = "Leave one run out."
decoders = [{ name = "ssvep-ts" }, { name = "ssvep-mdm" }]
start = 1.0
lead = 1.0
windows = [2.0]
leave_out = "run"
[[protocols]]
name = "cut"
description = "Windows one behind the other."
decoders = [{ name = "cca" }, { name = "fbcca" }]
start = 1.0
lead = 1.0
windows = [1.0, 2.0]
until = 4.0
"""

LOOKS = """
name = "looks_small"
task = "fixations"
files = '(?P<subject>\\w+)/(?P<condition>\\w+)\\.csv'
description = "Nine cells, made in a test."
[grid]
screen_px = [900.0, 600.0]
x = [150.0, 450.0, 750.0]
y = [100.0, 300.0, 500.0]
cell_px = [300.0, 200.0]
[markers]
target = 'target/\\d+/(?P<x>[\\d.]+),(?P<y>[\\d.]+)'
[[protocols]]
name = "causal"
description = "Nearest."
decoders = [{ name = "gaze" }]
[[protocols]]
name = "confirmed"
description = "Learns."
decoders = [{ name = "gaze" }]
confirmed = true
[[protocols]]
name = "probabilities"
description = "Learns, and says how sure it was."
decoders = [{ name = "gaze" }]
confirmed = true
probabilities = true
"""


@pytest.fixture
def described(tmp_path: Path):
    def write(text: str) -> str:
        path = tmp_path / "described.toml"
        path.write_text(text)
        return str(path)

    return write


def save(path: Path, data: np.ndarray, onsets: list[float], labels: list[str], sfreq: float) -> None:
    raw = mne.io.RawArray(1e-6 * data, mne.create_info(len(data), sfreq, "eeg"), verbose="error")
    raw.set_annotations(mne.Annotations(onsets, 0.0, labels))
    raw.save(path, verbose="error")


def save_codes(folder: Path, names: list[int], snr: float, seed: int) -> None:
    """Trials of two cycles, in a row; one marker may name a code that nobody knows."""
    rng = np.random.default_rng(seed)
    codes = np.tile(np.repeat(BITS, 2, axis=1), (1, 2))
    lags = np.arange(36)
    response = np.sin(2 * np.pi * 6 * lags / SFREQ) * np.exp(-lags / 15)
    data = rng.standard_normal((4, len(names) * 504))
    for trial, name in enumerate(names):
        if name < len(codes):
            begins = (np.diff(codes[name], prepend=0) > 0).astype(float)
            answer = np.convolve(begins, response)[:504]
            data[:, trial * 504 : (trial + 1) * 504] += snr * np.linspace(0.3, 1, 4)[:, None] * answer
    onsets = [4.2 * trial for trial in range(len(names))]
    save(folder / "a_raw.fif", data, onsets, [f"cvep/{name}" for name in names], SFREQ)
    np.savetxt(folder / "a_codes.csv", BITS, fmt="%d", delimiter=",")
    states = np.tile(np.concatenate([codes[:1], codes]).T, (len(names), 1, 1)).astype(np.uint8)
    np.savez(folder / "a_states.npz", states=states, fs=SFREQ, pre_s=0.0)


def save_flicker(path: Path, seed: int, snr: float = 1.0) -> None:
    rng = np.random.default_rng(seed)
    onsets = [1.0 + 5.0 * trial for trial in range(9)]
    labels = [f"ssvep/{(12, 15.5, 20)[trial % 3]}Hz" for trial in range(9)]
    data = rng.standard_normal((3, 50 * 200))
    for onset, label in zip(onsets, labels, strict=True):
        first, last = round(onset * 200), round((onset + 4.5) * 200)
        data[:, first:last] += snr * np.sin(2 * np.pi * float(label[6:-2]) * np.arange(last - first) / 200)
    save(path, data, onsets, labels, 200.0)


def save_looks(path: Path, shift_x: float, lost: int = 0) -> None:
    rng = np.random.default_rng(0)
    path.parent.mkdir(exist_ok=True)
    names = ["Timestamp", "Target-ID", "Target-X", "Target-Y"]
    names += [f"Actual-{axis}-{eye}" for eye in ("Left", "Right") for axis in "XY"]
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(names)
        for look, cell in enumerate(rng.permutation(np.tile(np.arange(9), 8))):
            x, y = 150 + 300 * (cell % 3), 100 + 200 * (cell // 3)
            gaze = [round(x + shift_x + rng.normal(0, 10)), round(y + rng.normal(0, 10))] * 2
            time = f"2024-01-01 10:{look // 60:02d}:{look % 60:02d}"
            rows.writerow([time, cell, x, y, *([2**31 - 1] * 4 if look < lost else gaze)])


def test_codes_are_told_apart_and_trials_that_nobody_knows_left_out(tmp_path, described) -> None:
    save_codes(tmp_path, [0, 1, 2, 99, 3, 4, 5, 6, 7], snr=2.0, seed=0)
    result = evaluate(described(CVEP), tmp_path, decoder="all")
    assert result.mean["accuracy@4.2"] == 1.0
    assert result.mean["accuracy@1"] > 0.7
    assert {score.n for score in result.scores} == {8}
    assert {score.key for score in result.scores} == {"accuracy@1", "accuracy@4.2", "from_onset@1", "from_onset@4.2"}


def test_the_decoder_of_the_loop_is_judged_by_its_probabilities_too(tmp_path, described) -> None:
    save_codes(tmp_path, [*range(8), 99, *range(4)], snr=2.0, seed=0)
    result = evaluate(described(CVEP), tmp_path, protocol="online")
    names = {"accuracy", "confidence accuracy", "nll accuracy", "ece accuracy"}
    assert {score.key for score in result.scores} == {f"{name}@{at}" for name in names for at in (1, 4)}
    assert result.mean["accuracy@4"] == 1.0
    assert result.mean["nll accuracy@4"] < 0.1


def test_noise_gives_chance(tmp_path, described) -> None:
    save_codes(tmp_path, [*range(8), *range(8)], snr=0.0, seed=1)
    assert evaluate(described(CVEP), tmp_path).mean["accuracy@1"] < 0.35


def test_states_say_what_a_table_says(tmp_path, described) -> None:
    save_codes(tmp_path, list(range(8)), snr=1.0, seed=2)
    from_table = evaluate(described(CVEP), tmp_path).scores
    head, tail = CVEP.index("[codes]"), CVEP.index("[markers]")
    as_states = CVEP[:head] + STATES + CVEP[tail:]
    held = np.load(tmp_path / "a_states.npz")["states"]
    np.savez(tmp_path / "a_states.npz", states=held[:, :, 1:], fs=SFREQ, pre_s=0.0)
    assert evaluate(described(as_states.replace("first_name = 1", "")), tmp_path).scores == from_table


def test_codes_of_one_folder_are_learnt_and_those_of_another_tested(tmp_path, described) -> None:
    for name, codes in {"train": [0, 1, 2, 3, 0, 1, 2, 3], "test": [4, 5, 6, 7]}.items():
        (tmp_path / name).mkdir()
        save_codes(tmp_path / name, codes, snr=2.0, seed=len(codes))
    result = evaluate(described(CVEP), tmp_path / "test", protocol="filtered", train_root=tmp_path / "train")
    assert result.mean["accuracy@4.2"] == 1.0
    assert result.scores[0].n == 4


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"{run}_codes.csv"', '"nothing.csv"', "nothing.csv"),
        ("cycles = 2", "cycles = 1", r"4\.2 s fits into a trial"),
        ("folds = 4", "folds = 40", "as many trials"),
        ("folds = 4", "folds = 1", "folds"),
        ("(?P<code>", "(?P<frequency>", r"must hold a group \(\?P<code>"),
        ("unknown = [99]", "", "code 99, which did not flicker"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path, described, old: str, new: str, message: str) -> None:
    save_codes(tmp_path, [0, 1, 2, 3, 99], snr=1.0, seed=0)
    with pytest.raises((ValueError, OSError), match=message):
        evaluate(described(CVEP.replace(old, new, 1)), tmp_path)


def test_runs_of_a_person_teach_each_other(tmp_path, described) -> None:
    for run in (1, 2):
        save_flicker(tmp_path / f"sub-a_run-{run}_raw.fif", seed=run)
    result = evaluate(described(SSVEP), tmp_path, decoder="all")
    assert [score.value for score in result.scores] == [1.0, 1.0]
    assert result.scores[0].n == 18


def test_a_run_alone_needs_others_to_learn_from(tmp_path, described) -> None:
    for name in ("train", "test"):
        (tmp_path / name).mkdir()
        save_flicker(tmp_path / name / "sub-a_run-1_raw.fif", seed=len(name))
    with pytest.raises(ValueError, match="needs at least two"):
        evaluate(described(SSVEP), tmp_path / "test")
    assert evaluate(described(SSVEP), tmp_path / "test", train_root=tmp_path / "train").mean["accuracy@2"] == 1.0


def test_windows_follow_each_other_as_often_as_they_fit(tmp_path, described) -> None:
    save_flicker(tmp_path / "sub-a_run-1_raw.fif", seed=3)
    result = evaluate(described(SSVEP), tmp_path, decoder="all", protocol="cut")
    assert [(score.at, score.n) for score in result.scores] == [(1.0, 27), (2.0, 9)] * 2
    assert min(score.value for score in result.scores) > 0.8


def test_a_lost_look_is_a_miss_and_conditions_stand_apart(tmp_path, described) -> None:
    save_looks(tmp_path / "p1" / "near.csv", shift_x=0.0)
    save_looks(tmp_path / "p1" / "far.csv", shift_x=0.0, lost=36)
    mean = evaluate(described(LOOKS), tmp_path).mean
    assert mean == {"near": 1.0, "far": 0.5}


def test_confirmed_looks_mend_a_steady_shift(tmp_path, described) -> None:
    save_looks(tmp_path / "p1" / "near.csv", shift_x=170.0)
    assert evaluate(described(LOOKS), tmp_path).mean["near"] < 0.6
    assert evaluate(described(LOOKS), tmp_path, protocol="confirmed").mean["near"] > 0.75


def test_looks_tell_how_sure_the_decoder_was(tmp_path, described) -> None:
    save_looks(tmp_path / "p1" / "near.csv", shift_x=0.0)
    mean = evaluate(described(LOOKS), tmp_path, protocol="probabilities").mean
    assert mean.keys() == {"near", "confidence near", "nll near", "ece near"}
    assert mean["near"] == 1.0
    assert mean["confidence near"] > 0.8
    assert mean["ece near"] == pytest.approx(1 - mean["confidence near"])


def test_a_target_beside_the_grid_is_told(tmp_path, described) -> None:
    save_looks(tmp_path / "p1" / "near.csv", shift_x=0.0)
    with pytest.raises(ValueError, match="no cell of the grid"):
        evaluate(described(LOOKS.replace("x = [150.0,", "x = [140.0,")), tmp_path)
