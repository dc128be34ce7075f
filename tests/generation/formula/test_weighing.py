"""Weights of the token model's experts."""

import csv

import numpy as np
import pytest

from generation.formula.copying import ECHOES, N_DEPTHS
from generation.formula.model import WEIGHTS
from generation.formula.weighing import fit_expert_weights, maximise


def test_who_is_always_right_gets_all_weight():
    told = np.tile([0.1, 1.0, 0.2], (50, 1))
    assert maximise(told) == pytest.approx([0, 1, 0], abs=1e-3)


def test_who_says_nothing_loses_nothing():
    told = np.array([[0.5, np.nan]] * 90 + [[0.1, 0.9]] * 10)
    assert maximise(told)[1] > 0.9


def test_weights_of_a_small_corpus_sum_to_one(tmp_path):
    folder = tmp_path / "formulas"
    folder.mkdir()
    operations = ["A{0}+B{0}", "A{0}-B{0}*2", "SUM(A1:A{0})", "MAX(A{0},B{0},C{0})", "A{0}/B{0}+C{0}/D{0}+E{0}"]
    rows = [[(text + "+1" * n).format(k)] for text in operations for n in range(8) for k in range(2, 8)]
    with (folder / "xlparser_euses_formulas.txt").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    assert fit_expert_weights(tmp_path, 2000).sum(axis=1) == pytest.approx(np.ones(N_DEPTHS))


def test_the_weights_that_ship_are_shares():
    assert WEIGHTS.shape == (N_DEPTHS, 2 + len(ECHOES))
    assert WEIGHTS.sum(axis=1) == pytest.approx(np.ones(N_DEPTHS), abs=0.02)
