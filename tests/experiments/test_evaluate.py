import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from types import SimpleNamespace

import mne
import numpy as np
import pytest
from scipy.stats import beta

from experiments.evaluate import evaluate
from experiments.evaluation.datasets import known_datasets, load_dataset
from experiments.evaluation.scores import exact_interval
from experiments.registry import DECODERS

SFREQ = 100.0

ERP = """
name = "erp_small"
task = "erp"
files = 'sub-(?P<subject>\\w+)_raw\\.fif'
description = "Four channels, made in a test."
[markers]
target = 'flash/target'
nontarget = 'flash/nontarget'
decision = 'char/.+'
[[protocols]]
name = "causal"
description = "Leave one character out."
decoders = [{ name = "xdawn-ts", options = { n_filters = 2 } }]
leave_out = "decision"
filter = { band = [1.0, 12.0] }
tmin = 0.0
tmax = 0.6
decimate = 2
characters = { rows = 8, columns = 8, repetitions = [1, 3], draws = 5, seed = 0 }
[[protocols]]
name = "zero_phase"
description = "Forwards and backwards."
decoders = [{ name = "xdawn-ts", options = { n_filters = 2 } }]
leave_out = "decision"
filter = { band = [1.0, 12.0], phase = "zero" }
tmin = 0.0
tmax = 0.6
decimate = 2
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
description = "No training."
decoders = [{ name = "fbcca", options = { n_harmonics = 2 } }]
start = 1.0
lead = 1.0
windows = [1.0, 2.5]
"""

GAZE = """
name = "gaze_small"
task = "gaze"
layout = "bcipy"
files = 'gaze_(?P<subject>\\w+)\\.csv'
triggers = "triggers.txt"
positions = "keys.json"
key_px = [100.0, 100.0]
description = "Nine keys, made in a test."
[markers]
inquiry = 'prompt/(?P<key>.+)'
flash = '(target|nontarget)/.+'
[[protocols]]
name = "causal"
description = "Leave one inquiry out."
decoders = [{ name = "gaze", options = { latency_s = 0.0 } }]
leave_out = "inquiry"
windows = ["all", 0.5]
"""


def save(path: Path, data: np.ndarray, onsets: list[float], labels: list[str], sfreq: float = SFREQ) -> Path:
    raw = mne.io.RawArray(1e-6 * data, mne.create_info(len(data), sfreq, "eeg"), verbose="error")
    raw.set_annotations(mne.Annotations(onsets, 0.0, labels))
    raw.save(path, verbose="error")
    return path


def save_speller(path: Path, snr: float, seed: int, n_characters: int = 4, n_repetitions: int = 3) -> Path:
    rng = np.random.default_rng(seed)
    onsets, labels, time = [], [], 1.0
    for character in range(n_characters):
        onsets.append(time)
        labels.append(f"char/{character}")
        for _ in range(n_repetitions):
            targets = rng.choice(16, size=2, replace=False)
            for flash in range(16):
                time += 0.2
                onsets.append(time)
                labels.append("flash/target" if flash in targets else "flash/nontarget")
        time += 2.0
    data = rng.standard_normal((4, round((time + 1) * SFREQ)))
    bump = snr * np.exp(-(((np.arange(60) / SFREQ - 0.3) / 0.06) ** 2))
    for onset, label in zip(onsets, labels, strict=True):
        if label == "flash/target":
            first = round(onset * SFREQ)
            data[:, first : first + 60] += np.array([1, 0.8, 0.3, -0.2])[:, None] * bump
    return save(path, data, onsets, labels)


def save_flicker(path: Path, snr: float, seed: int, sfreq: float = 200.0) -> Path:
    rng = np.random.default_rng(seed)
    onsets = [1.0 + 5.0 * trial for trial in range(12)]
    labels = ["ssvep/rest", *(f"ssvep/{rng.choice(['12', '15.5', '20'])}Hz" for _ in onsets[1:])]
    data = rng.standard_normal((3, round(66 * sfreq)))
    for onset, label in zip(onsets[1:], labels[1:], strict=True):
        first, last = round((onset + 0.8) * sfreq), round((onset + 4.5) * sfreq)
        phase = 2 * np.pi * float(label[6:-2]) * np.arange(last - first) / sfreq
        data[:, first:last] += snr * np.sin(phase + rng.uniform(0, 6))
    return save(path, data, onsets, labels, sfreq)


def save_gaze(folder: Path, lost: int | None = None) -> None:
    rng = np.random.default_rng(0)
    keys = {name: [x, y] for name, (x, y) in zip("ABCDEFGHI", np.ndindex(3, 3), strict=True)}
    layout = {name: [(x - 1) * 0.5, (y - 1) * 0.5] for name, (x, y) in keys.items()}
    (folder / "keys.json").write_text(json.dumps(layout | {"screen_size_pixels": [1000, 800], "screen_units": "norm"}))
    rows, triggers = ["daq_type,Tobii", "sample_rate,60.0", "left_x,left_y,right_x,right_y,lsl_timestamp"], []
    for number, (name, (x, y)) in enumerate(layout.items()):
        start = 100.0 + 4 * number
        triggers += [f"{name} prompt {start}", f"A nontarget {start + 1.5}", f"{name} target {start + 3.5}"]
        for sample in range(240):
            gaze = np.array([(x + 1) / 2, (1 - y) / 2 + 0.06]) + 0.01 * rng.standard_normal(2)
            fields = ["", ""] if number == lost and sample > 30 else [f"{value:.5f}" for value in gaze]
            rows.append(",".join([*fields, *fields, f"{start + sample / 60:.5f}"]))
    (folder / "gaze_p0.csv").write_text("\n".join(rows))
    (folder / "triggers.txt").write_text("\n".join(triggers))


@pytest.fixture
def described(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "described.toml"
        path.write_text(text)
        return str(path)

    return write


@pytest.mark.parametrize("name", known_datasets())
def test_data_sets_that_come_along_are_valid(name: str) -> None:
    dataset = load_dataset(name)
    names = [protocol.name for protocol in dataset.protocols]
    assert dataset.name == name
    assert len(set(names)) == len(names)
    assert all(choice.name in DECODERS for protocol in dataset.protocols for choice in protocol.decoders)


@pytest.mark.parametrize("protocol", ["causal", "zero_phase"])
def test_strong_responses_are_told_apart(tmp_path: Path, described: Callable[[str], str], protocol: str) -> None:
    save_speller(tmp_path / "sub-a_raw.fif", snr=4.0, seed=1)
    result = evaluate(described(ERP), tmp_path, protocol=protocol)
    assert result.mean["auc"] > 0.95
    assert result.scores[0].n == 4 * 3 * 16
    if protocol == "causal":
        assert result.mean["characters@1"] > 0.8
        assert [score.n for score in result.scores] == [192, 12, 4]


def test_no_response_gives_chance(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_speller(tmp_path / "sub-a_raw.fif", snr=0.0, seed=2, n_characters=5)
    mean = evaluate(described(ERP), tmp_path).mean
    assert 0.35 < mean["auc"] < 0.65
    assert mean["characters@1"] < 0.15


class _Memoriser:
    """Knows what it has seen, and nothing else."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> "_Memoriser":
        self.seen = {epoch.tobytes(): 2.0 * target - 1 for epoch, target in zip(X, y, strict=True)}
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        return np.array([self.seen.get(epoch.tobytes(), 0.0) for epoch in X])


def test_what_is_tested_was_never_learnt_and_a_tie_is_no_hit(
    tmp_path: Path, described: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "memoriser", SimpleNamespace(Memoriser=_Memoriser))
    monkeypatch.setitem(DECODERS, "memoriser", "memoriser:Memoriser")
    text = ERP.replace('{ name = "xdawn-ts", options = { n_filters = 2 } }', '{ name = "memoriser" }')
    save_speller(tmp_path / "sub-a_raw.fif", snr=4.0, seed=3)
    mean = evaluate(described(text), tmp_path).mean
    assert mean == {"auc": 0.5, "characters@1": 0.0, "characters@3": 0.0}
    assert evaluate(described(text), tmp_path, train_root=tmp_path).mean["auc"] == 1.0


def test_same_seed_gives_the_same_figures(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=4)
    first, second = (evaluate(described(ERP), tmp_path).to_dict() for _ in range(2))
    assert first == second


def test_flicker_is_found_and_rest_left_out(tmp_path: Path, described: Callable[[str], str]) -> None:
    for subject in "ab":
        save_flicker(tmp_path / f"sub-{subject}_run-1_raw.fif", snr=1.0, seed=ord(subject))
    told: list[tuple[str, int, int]] = []
    result = evaluate(described(SSVEP), tmp_path, progress=lambda *step: told.append(step))
    assert result.mean == {"accuracy@1": 1.0, "accuracy@2.5": 1.0}
    assert [score.subject for score in result.scores] == ["a", "a", "b", "b"]
    assert {score.n for score in result.scores} == {11}
    assert result.pooled["accuracy@1"]["n"] == 22
    assert told == [("ssvep_small", 0, 2), ("ssvep_small", 1, 2), ("ssvep_small", 2, 2)]


def test_gaze_is_decoded_with_its_offset_learnt_elsewhere(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_gaze(tmp_path)
    result = evaluate(described(GAZE), tmp_path)
    assert result.mean == {"accuracy": 1.0, "accuracy@0.5": 1.0}
    assert result.scores[0].n == 9
    assert evaluate(described(GAZE), tmp_path, train_root=tmp_path).mean["accuracy"] == 1.0


def test_inquiry_without_gaze_is_a_miss(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_gaze(tmp_path, lost=4)
    assert evaluate(described(GAZE), tmp_path).mean["accuracy"] == pytest.approx(8 / 9)


def test_dictionary_follows_the_command_lines_contract(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_flicker(tmp_path / "sub-a_run-1_raw.fif", snr=1.0, seed=5)
    values = json.loads(json.dumps(evaluate(described(SSVEP), tmp_path, decoder="all").to_dict()))
    assert {"dataset", "protocol", "scores", "mean"} <= values.keys()
    assert {"subject", "decoder", "metric", "at", "value", "n", "low", "high", "minutes"} == values["scores"][0].keys()
    assert values["mean"].keys() == {"accuracy@1", "accuracy@2.5"}


def test_recordings_may_lie_in_a_folder_of_the_data_sets_name(tmp_path: Path, described: Callable[[str], str]) -> None:
    (tmp_path / "ssvep_small").mkdir()
    save_flicker(tmp_path / "ssvep_small" / "sub-a_run-1_raw.fif", snr=1.0, seed=6)
    assert evaluate(described(SSVEP), tmp_path).mean["accuracy@1"] == 1.0


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (27, 28), (10, 10), (40, 75)])
def test_interval_is_clopper_pearsons(hits: int, n: int) -> None:
    low, high = exact_interval(hits, n)
    assert low == pytest.approx(0.0 if hits == 0 else beta.ppf(0.025, hits, n - hits + 1))
    assert high == pytest.approx(1.0 if hits == n else beta.ppf(0.975, hits + 1, n - hits))


def test_interval_of_a_mean_of_counts_holds_those_of_both_neighbours() -> None:
    assert exact_interval(12.3, 20) == (exact_interval(12, 20)[0], exact_interval(13, 20)[1])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tmin = 0.0", "tmni = 0.0", r"key 'protocols\.0\.tmni' is unknown"),
        ("tmin = 0.0", "", r"key 'protocols\.0\.tmin' is missing"),
        ("tmin = 0.0", "tmin = 0.0\ncolour = 1", r"key 'protocols\.0\.colour' is unknown"),
        ("tmin = 0.0", "tmin = 0.7", r"'tmin' \(got 0\.7\) must be less than 'tmax'"),
        ("draws = 5", "draws = 0", r"key 'protocols\.0\.characters\.draws' \(got 0\) is not valid"),
        ("'flash/target'", "'flash/(target'", r"no regular expression"),
        ('task = "erp"', 'task = "emg"', r"key 'task' \(got 'emg'\) must be one of 'erp', 'ssvep', 'cvep'"),
        ('task = "erp"', "", r"key 'task' is missing"),
        ("name = ", "name: ", r"is not a TOML file"),
    ],
)
def test_mistake_in_a_data_sets_file_is_named(
    tmp_path: Path, described: Callable[[str], str], old: str, new: str, said: str
) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        evaluate(described(ERP.replace(old, new)), tmp_path)
    assert "described.toml" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dataset": "p300"}, r"must be one of .*p300_gtec8ch, .*ssvep_exo.* \(got 'p300'\)"),
        ({"protocol": "noncausal"}, r"must be one of causal, zero_phase for erp_small \(got 'noncausal'\)"),
        ({"decoder": "fbcca"}, r"must be one of xdawn-ts or all .* \(got 'fbcca'\)"),
    ],
)
def test_unknown_names_list_the_known_ones(
    tmp_path: Path, described: Callable[[str], str], changes: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        evaluate(**{"dataset": described(ERP), "root": tmp_path, **changes})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("n_harmonics", "n_overtones", r"'fbcca' cannot be made from .*n_overtones: .*unexpected"),
        ('"fbcca"', '"xdawn-ts"', r"'xdawn-ts' cannot be made from frequencies"),
        ('"fbcca"', '"fbca"', r"must be one of .*fbcca, .*xdawn-ts \(got 'fbca'\)"),
    ],
)
def test_decoder_that_does_not_fit_is_named(
    tmp_path: Path, described: Callable[[str], str], old: str, new: str, said: str
) -> None:
    save_flicker(tmp_path / "sub-a_run-1_raw.fif", snr=1.0, seed=11)
    with pytest.raises(ValueError, match=said):
        evaluate(described(SSVEP.replace(old, new)), tmp_path)


def test_filter_that_the_sampling_rate_cannot_hold_is_refused(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=12)
    with pytest.raises(ValueError, match=r"'band' must lie between 0 and half the sampling rate, 50 Hz"):
        evaluate(described(ERP.replace("[1.0, 12.0]", "[1.0, 60.0]").replace("decimate = 2", "")), tmp_path)
    with pytest.raises(ValueError, match=r"'decimate' \(got 8\) must leave at least twice"):
        evaluate(described(ERP.replace("decimate = 2", "decimate = 8")), tmp_path)


def test_missing_files_and_folders_are_named(tmp_path: Path, described: Callable[[str], str]) -> None:
    with pytest.raises(FileNotFoundError, match="no data set file"):
        evaluate(str(tmp_path / "none.toml"), tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        evaluate("ssvep_exo", tmp_path / "none")
    with pytest.raises(ValueError, match=r"holds no recording of ssvep_exo"):
        evaluate("ssvep_exo", tmp_path)


def test_recordings_that_differ_in_sampling_rate_are_named(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_flicker(tmp_path / "sub-a_run-1_raw.fif", snr=1.0, seed=7)
    save_flicker(tmp_path / "sub-a_run-2_raw.fif", snr=1.0, seed=7, sfreq=250.0)
    with pytest.raises(ValueError, match=r"one sampling rate \(got 250 Hz in .*run-2_raw\.fif and 200 Hz"):
        evaluate(described(SSVEP), tmp_path)


def test_missing_marker_is_named_with_those_there(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=8)
    text = ERP.replace("'flash/target'", "'flash/oddball'")
    with pytest.raises(ValueError, match=r"sub-a_raw\.fif has no marker that matches flash/oddball \(it has char/0"):
        evaluate(described(text), tmp_path)


def test_recording_without_annotations_is_named(tmp_path: Path, described: Callable[[str], str]) -> None:
    save(tmp_path / "sub-a_raw.fif", np.zeros((2, 500)), [], [])
    with pytest.raises(ValueError, match=r"sub-a_raw\.fif has no annotations"):
        evaluate(described(ERP), tmp_path)


def test_one_character_cannot_be_left_out(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=9, n_characters=1)
    with pytest.raises(ValueError, match=r"needs at least two \(got one for .*sub-a_raw\.fif"):
        evaluate(described(ERP), tmp_path)


def test_repetition_with_another_number_of_targets_is_named(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=10)
    text = ERP.replace("rows = 8, columns = 8", "rows = 6, columns = 6")
    with pytest.raises(ValueError, match=r"Every 12 flashes of .*sub-a_raw\.fif must hold two targets"):
        evaluate(described(text), tmp_path)


def test_layout_without_a_prompted_key_is_named(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_gaze(tmp_path)
    (tmp_path / "triggers.txt").write_text("Q prompt 100.0\nA target 101.0\n")
    with pytest.raises(ValueError, match=r"Prompt 'Q' at 100 s in .*gaze_p0\.csv must name a key"):
        evaluate(described(GAZE), tmp_path)
    (tmp_path / "keys.json").write_text("{}")
    with pytest.raises(ValueError, match=r"keys\.json is no JSON object"):
        evaluate(described(GAZE), tmp_path)


@pytest.mark.lsl
@pytest.mark.parametrize(("text", "speed"), [(ERP, 10.0), (SSVEP, 30.0), (GAZE, 15.0)], ids=["erp", "ssvep", "gaze"])
def test_scores_are_the_same_over_lsl_as_from_disk(
    tmp_path: Path, described: Callable[[str], str], text: str, speed: float
) -> None:
    save_speller(tmp_path / "sub-a_raw.fif", snr=1.0, seed=13)
    save_flicker(tmp_path / "sub-a_run-1_raw.fif", snr=0.2, seed=14)
    save_gaze(tmp_path, lost=4)
    told: dict[str, list[tuple[int, int]]] = {}
    result = evaluate(
        described(text),
        tmp_path,
        over_lsl=speed,
        progress=lambda what, done, total: told.setdefault(what, []).append((done, total)),
    )
    assert result.scores == evaluate(described(text), tmp_path).scores
    over_lsl = result.to_dict()["over_lsl"]
    assert (over_lsl["speed"], over_lsl["n_recordings"]) == (speed, 1)
    assert over_lsl["samples_lost"] == over_lsl["markers_lost"] == over_lsl["largest_sample_difference"] == 0
    assert over_lsl["n_scores_identical"] == over_lsl["n_scores"] == len(result.scores)
    assert over_lsl["largest_score_difference"] == 0
    assert over_lsl["largest_time_error_ms"] < 5
    (playing,) = [steps for what, steps in told.items() if what.startswith("playing ")]
    assert playing == sorted(playing)
    assert playing[-1][0] == playing[-1][1] > 30


@pytest.mark.lsl
def test_what_is_learnt_from_is_played_too(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_gaze(tmp_path)
    result = evaluate(described(GAZE), tmp_path, train_root=tmp_path, over_lsl=40.0)
    assert result.over_lsl is not None
    assert result.over_lsl.n_recordings == 2
    assert result.mean["accuracy"] == 1.0


@pytest.mark.lsl
def test_an_interrupt_ends_the_play_at_once(tmp_path: Path, described: Callable[[str], str]) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if what.startswith("playing ") and done >= 1:
            raise KeyboardInterrupt

    save_gaze(tmp_path)
    began = monotonic()
    with pytest.raises(KeyboardInterrupt):
        evaluate(described(GAZE), tmp_path, over_lsl=1.0, progress=interrupt)
    assert monotonic() - began < 20


def test_from_disk_nothing_is_said_of_lsl(tmp_path: Path, described: Callable[[str], str]) -> None:
    save_gaze(tmp_path)
    assert evaluate(described(GAZE), tmp_path).to_dict()["over_lsl"] is None


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_speed_that_is_not_positive_is_refused(tmp_path: Path, described: Callable[[str], str], speed: float) -> None:
    with pytest.raises(ValueError, match="'over_lsl' must be a speed greater than 0"):
        evaluate(described(GAZE), tmp_path, over_lsl=speed)
