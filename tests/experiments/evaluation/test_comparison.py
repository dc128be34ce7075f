"""All data sets in one table, each figure beside that of a public method."""

import csv
import json

import numpy as np
import pytest

from experiments.evaluate import evaluate, evaluate_all
from experiments.evaluation.anchors import Anchor
from experiments.evaluation.comparison import Comparison, rows_of
from experiments.evaluation.datasets import known_datasets, load_dataset
from experiments.evaluation.scores import EvaluationResult, Score, accuracy

GRID = load_dataset("gaze_gp3_eyelink").grid
ANCHOR = Anchor(method="m", values={"auc": 0.9}, each={"1": {"accuracy@1": 0.5}, "2": {"accuracy@1": 0.7}})


def result(dataset="made", decoders=("good", "bad")):
    scores = []
    for decoder in decoders:
        for subject, hits in (("1", 6), ("2", 9)):
            scores.append(accuracy(subject, decoder, "accuracy", 1.0, hits, 10))
            scores.append(Score(subject, decoder, "auc", None, 0.8 + 0.01 * hits, 100))
    return EvaluationResult(dataset, "causal", "", decoders[0], tuple(scores))


def save_looks(folder):
    """One look at every cell of the grid, each on target but the first, which was lost."""
    folder.mkdir(parents=True)
    header = ["Timestamp", "Target-ID", "Target-X", "Target-Y"]
    header += [f"Actual-{axis}-{eye}" for eye in ("Left", "Right") for axis in "XY"]
    with (folder / "gp3_near_chinrest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(header)
        for look, (y, x) in enumerate(np.array(np.meshgrid(GRID.y, GRID.x, indexing="ij")).reshape(2, -1).T):
            gaze = [2**31 - 1] * 4 if look == 0 else [round(x), round(y)] * 2
            rows.writerow([f"2024-01-01 10:00:{look:02d}", look, x, y, *gaze])


@pytest.fixture
def root(tmp_path):
    """A folder with one data set, and one whose recording is damaged."""
    save_looks(tmp_path / "gaze_gp3_eyelink" / "100")
    (tmp_path / "cvep_biosemi").mkdir()
    (tmp_path / "cvep_biosemi" / "trials.bdf").write_bytes(b"no recording")
    return tmp_path


def test_each_figure_has_its_mean_and_the_people_with_an_anchor():
    rows = {(row.subject, row.figure): row for row in rows_of(result(decoders=("good",)), ANCHOR, "good")}
    assert list(rows) == [(None, "accuracy@1"), (None, "auc"), ("1", "accuracy@1"), ("2", "accuracy@1")]
    mean = rows[None, "accuracy@1"]
    assert (mean.value, mean.n, mean.anchor) == (pytest.approx(0.75), 20, pytest.approx(0.6))
    assert mean.difference == pytest.approx(0.15)
    assert mean.low < 0.75 < mean.high
    assert rows["2", "accuracy@1"].difference == pytest.approx(0.2)
    assert (rows[None, "auc"].low, rows[None, "auc"].n) == (None, 200)
    assert rows[None, "auc"].difference == pytest.approx(-0.025)


def test_the_default_is_marked_whichever_decoders_were_judged():
    assert [row.default for row in rows_of(result(), None, "good")] == [True, True, False, False]
    assert not any(row.default for row in rows_of(result(decoders=("bad",)), None, "good"))


def test_without_an_anchor_there_is_no_difference():
    assert all(row.anchor is row.difference is None for row in rows_of(result(), None, "good"))


@pytest.mark.parametrize(("ends", "difference"), [((0.5, 0.8), 0.0), ((0.8, 0.9), -0.05), ((0.1, 0.7), 0.05)])
def test_between_the_lowest_and_the_highest_known_there_is_no_difference(ends, difference):
    (mean, *_) = rows_of(result(), Anchor(method="m", values={"accuracy@1": ends}), "good")
    assert mean.difference == pytest.approx(difference)


def test_every_data_set_counts_once_in_the_mean_difference_and_defaults_alone():
    few = Anchor(method="m", values={"auc": 0.775})
    rows = [*rows_of(result("a"), ANCHOR, "good"), *rows_of(result("b"), few, "good"), *rows_of(result("c"), None, "x")]
    compared = Comparison((), tuple(rows), {}, {})
    assert compared.differences == {"a": pytest.approx((0.15 - 0.025) / 2), "b": pytest.approx(0.1)}
    assert compared.mean_difference == pytest.approx((0.0625 + 0.1) / 2)
    assert Comparison((), (), {}, {}).mean_difference is None


def test_all_data_sets_at_hand_are_judged_and_the_others_named(root):
    told = []
    compared = evaluate_all(root, progress=lambda *step: told.append(step))
    assert compared.results == (evaluate("gaze_gp3_eyelink", root),)
    assert compared.skipped.keys() == set(known_datasets()) - {"gaze_gp3_eyelink"}
    assert "There is no folder" in compared.skipped["ssvep_exo"]
    assert "trials.bdf" in compared.skipped["cvep_biosemi"]
    assert {what for what, *_ in told} == {"data sets", "gaze_gp3_eyelink"}
    (row,) = compared.rows
    assert (row.value, row.n, row.anchor) == (35 / 36, 36, (0.57, 0.80))
    assert compared.mean_difference == pytest.approx(35 / 36 - 0.80)


def test_a_decoder_that_a_data_set_does_not_know_leaves_it_out(root):
    assert evaluate_all(root, decoder="gaze").mean_difference is not None
    with pytest.raises(ValueError, match=r"holds nothing that can be judged.* by decoder 'rcca'"):
        evaluate_all(root, decoder="rcca")


def test_a_folder_without_data_sets_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"holds nothing that can be judged: no cvep_biosemi, no .* of that name\."):
        evaluate_all(tmp_path)
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        evaluate_all(tmp_path / "none")


def test_training_recordings_lie_apart_by_the_same_names(root, tmp_path):
    (tmp_path / "train").mkdir()
    compared = evaluate_all(root, train_root=tmp_path / "train")
    assert [found.dataset for found in compared.results] == ["gaze_gp3_eyelink"]


def test_the_command_prints_one_object_and_names_what_it_skips_on_stderr(assent, root):
    told = assent("evaluate", "all", "--root", root, "--json")
    values = json.loads(told.stdout)
    assert told.returncode == 0
    assert [found["dataset"] for found in values["results"]] == ["gaze_gp3_eyelink"]
    assert {"dataset", "protocol", "scores", "mean"} <= values["results"][0].keys()
    assert values["table"][0]["difference"] == pytest.approx(values["mean_difference"])
    assert values["anchors"]["gaze_gp3_eyelink"]["method"].startswith("Nearest cell")
    assert all(f"{name} is skipped: {reason}" in told.stderr for name, reason in values["skipped"].items())


def test_the_command_tells_people_a_table(assent, root, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    told = assent("evaluate", "all", "--root", root).stdout
    for said in ("gaze*", "gp3_near_chinrest", "0.972", "0.570 to 0.800", "+0.172", "mean over 1 data set"):
        assert said in told


@pytest.mark.parametrize("option", [("--protocol", "causal"), ("--over-lsl", "10")])
def test_options_of_one_data_set_are_refused_for_all(assent, root, option):
    told = assent("evaluate", "all", "--root", root, *option)
    assert told.returncode == 2
    assert "name one dataset" in told.stderr
