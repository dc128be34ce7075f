import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from experiments.evaluate import evaluate
from experiments.evaluation.cells import cell_hits, lit_cells, wanted_cells
from experiments.evaluation.datasets import Cells, Characters
from experiments.evaluation.in_order import Spelt, cell_scores, surrogate_scores
from selector.decoders.answers import AnswerModel
from selector.decoders.umm import UMM

CELLS = Cells(rows=3, columns=4, flashes=(7,))
PATTERN = r"(?:row/(?P<row>\d+)|col/(?P<column>\d+)|cells/(?P<cells>[\d-]+))"


def flash(text):
    return re.fullmatch(PATTERN, text)


def test_rows_columns_and_groups_are_lit():
    lit = lit_cells([flash("row/1"), flash("col/2"), flash("cells/0-11")], CELLS)
    assert [np.flatnonzero(row).tolist() for row in lit] == [[1, 4, 7, 10], [6, 7, 8], [0, 11]]


@pytest.mark.parametrize("text", ["row/3", "col/4", "cells/12"])
def test_a_flash_that_lights_nothing_is_refused(text):
    with pytest.raises(ValueError, match=f"'{text}' must name a row, a column or cells of 3 rows and 4 columns"):
        lit_cells([flash(text)], CELLS)


def test_wanted_cell_is_that_of_the_latest_cue():
    cues = [(0.0, re.fullmatch(r"(?P<cell>\d+)", "5")), (10.0, re.fullmatch(r"(?P<cell>\d+)", "7"))]
    assert wanted_cells(np.array([1.0, 9.0, 11.0]), cues).tolist() == [5, 5, 7]
    with pytest.raises(ValueError, match="must follow a cue"):
        wanted_cells(np.array([-1.0, 1.0]), cues)


def decided(scores, n_rounds=2):
    texts = [*(f"row/{i}" for i in range(3)), *(f"col/{i}" for i in range(4))]
    lit = lit_cells([flash(text) for text in texts * n_rounds], CELLS)
    wanted = np.full(len(lit), 7)
    return cell_hits(lit, wanted, np.zeros(len(lit), dtype=int), scores(lit[:, 7]), CELLS, "it")


def test_cell_with_the_largest_sum_is_a_hit_and_a_tie_is_none():
    assert decided(lambda is_target: np.where(is_target, 1.0, -1.0)) == {7: (2, 2)}
    assert decided(lambda is_target: np.zeros(len(is_target))) == {7: (0, 2)}


def test_lost_flashes_say_nothing():
    assert decided(lambda is_target: np.where(np.arange(len(is_target)) < 7, np.nan, is_target - 0.5)) == {7: (1, 2)}


def test_more_flashes_than_there_are_is_refused():
    with pytest.raises(ValueError, match=r"'flashes' must not exceed what it holds \(got 7\)"):
        decided(lambda is_target: is_target * 1.0, n_rounds=0)


SPELLER = Characters(rows=4, columns=4, repetitions=(2, 4), draws=3, seed=0)


def spelt(snr, n_characters=4, seed=0):
    rng = np.random.default_rng(seed)
    characters = []
    for _ in range(n_characters):
        is_target = np.concatenate([rng.permutation([True, True, *[False] * 6]) for _ in range(4)])
        epochs = rng.normal(size=(32, 3, 10))
        epochs[is_target, :, 3:7] += snr
        characters.append((epochs, is_target))
    return characters


@pytest.mark.parametrize("memory", [UMM(), AnswerModel()])
def test_characters_in_order_are_found_without_calibration(memory):
    scores = {score.key: score for score in surrogate_scores("1", "any", spelt(3.0), memory, SPELLER)}
    assert scores["characters@4"].value == scores["characters_from_third@4"].value == 1.0
    assert scores["characters_after_whole@2"].value >= scores["characters_from_third@2"].value
    assert scores["characters_confirmed@2"].value >= scores["characters_from_third@2"].value
    assert "characters_after_whole@4" not in scores
    assert (scores["characters@2"].n, scores["characters_from_third@2"].n) == (4, 2)


@pytest.mark.parametrize("memory", [UMM(), AnswerModel()])
def test_characters_in_order_are_found_by_chance_where_nothing_answers(memory):
    scores = surrogate_scores("1", "any", spelt(0.0, n_characters=10), memory, SPELLER)
    assert all(score.value < 0.4 for score in scores)


def test_cells_in_order_are_decided_again_and_again_within_a_recording():
    rng = np.random.default_rng(0)
    texts = [*(f"row/{i}" for i in range(3)), *(f"col/{i}" for i in range(4))]
    decisions = []
    for wanted in (7, 2):
        lit = lit_cells([flash(text) for text in texts * 16], CELLS)
        epochs = rng.normal(size=(len(lit), 3, 10))
        epochs[lit[:, wanted], :, 3:7] += 3.0
        decisions.append(Spelt(epochs, lit, wanted))
    settings = CELLS.model_copy(update={"flashes": (35,)})
    scores = {score.key: score for score in cell_scores("1", "any", decisions, AnswerModel(), settings, "it")}
    assert (scores["characters@35"].value, scores["characters@35"].n) == (1.0, 6)
    assert (scores["characters_confirmed@35"].value, scores["characters_confirmed@35"].n) == (1.0, 4)
    with pytest.raises(ValueError, match=r"'flashes' must not exceed what it holds \(got 200\)"):
        cell_scores("1", "any", decisions, UMM(), CELLS.model_copy(update={"flashes": (200,)}), "it")


def test_memory_that_is_judged_is_left_as_it_was():
    memory = AnswerModel()
    surrogate_scores("1", "any", spelt(3.0), memory, SPELLER)
    assert not hasattr(memory, "sums_")


def test_calibrated_log_odds_are_judged_on_the_same_characters():
    characters = spelt(0.0)
    right = [is_target - 0.5 for _, is_target in characters]
    assert all(score.value == 1 for score in surrogate_scores("1", "any", characters, right, SPELLER))
    silent = [np.zeros(32) for _ in characters]
    assert all(score.value == 0 for score in surrogate_scores("1", "any", characters, silent, SPELLER))


def test_more_repetitions_than_there_are_is_refused():
    with pytest.raises(ValueError, match=r"'repetitions' must not exceed what characters have \(got 5 and 4\)"):
        surrogate_scores("1", "umm", spelt(1.0), UMM(), SPELLER.model_copy(update={"repetitions": (5,)}))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("dataset", "least"),
    [
        ("p300_gtec8ch", {"auc": 0.955, "characters@1": 0.72, "characters@3": 0.95, "characters@5": 0.97}),
        ("p300_emotiv_rc", {"auc": 0.93, "characters@36": 0.8, "characters@60": 1.0}),
        ("p300_muse", {"auc": 0.78}),
    ],
)
def test_default_is_at_the_anchors_or_within_what_a_causal_filter_costs(
    data_root: Path, dataset: str, least: dict[str, float]
) -> None:
    mean = evaluate(dataset, data_root / "recordings", decoder="erp-ensemble-calibrated").mean
    assert all(mean[key] >= value for key, value in least.items())


@pytest.mark.realdata
def test_without_calibration_people_spell_from_the_third_character_on(data_root: Path, tmp_path: Path) -> None:
    text = (files("experiments") / "datasets" / "p300_gtec8ch.toml").read_text(encoding="utf-8")
    quick = tmp_path / "p300_gtec8ch.toml"
    quick.write_text(text.replace("[1, 3, 5, 10, 15], draws = 20", "[3, 5], draws = 4"), encoding="utf-8")
    root = data_root / "recordings"
    alone = evaluate(str(quick), root, decoder="erp-adaptive", protocol="zero_calibration")
    helped = evaluate(str(quick), root, decoder="erp-adaptive", protocol="zero_calibration_with_others")
    assert all(score.value >= 0.75 for score in alone.scores if score.key == "characters_from_third@5")
    assert alone.mean["characters_after_whole@3"] >= 0.95
    assert helped.mean["characters_from_third@5"] >= 0.95
    assert helped.mean["characters_from_third@3"] >= 0.75
