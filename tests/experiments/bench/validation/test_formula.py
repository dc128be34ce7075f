"""Figures of formula validation, on a small folder of formulas."""

import csv

import pytest
from openpyxl import Workbook

from experiments.bench.validation.formula import WORKBOOKS, false_accepts, false_rejects, milliseconds


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpora") / "formulas"
    folder.mkdir()
    texts = ("IF(A{0}>0,ROUND(A{0},2),0)", "Costs!B{0}*rate+1", "SUM(A1:A{0})/COUNT(A1:A{0})", "MAX(A{0},-1.5E+3)%")
    with (folder / "xlparser_euses_formulas.txt").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[text.format(n)] for text in texts for n in range(2, 9)])
    for name in WORKBOOKS:
        book = Workbook()
        book.active["A1"], book.active["A2"] = 1, "=A1+1"
        if name == "vinci_circular.xlsx":
            book.active["A3"] = "=A3+1"
        book.save(folder / name)
    return folder.parent


def test_no_beginning_of_a_formula_is_refused_but_in_a_circle(corpora):
    rows = false_rejects(corpora, 12)
    assert [(row["formulas"], row["refused"]) for row in rows] == [
        ("EUSES", 0), ("vinci_excel.xlsx", 0), ("vinci_circular.xlsx", 1), ("vinci_test.xlsx", 0),
    ]  # fmt: skip
    assert "A3 → A3" in rows[2]["exceptions"]
    assert rows[0]["n_prefixes"] > 50


def test_mistakes_that_no_ending_saves_are_made_and_caught(corpora):
    pytest.importorskip("formulas")
    rows = false_accepts(corpora, 12)
    assert len(rows) == 8
    assert all(row["n"] == 0 or row["caught_unfinished"] == row["caught_finished"] == 1 for row in rows), rows


def test_times_are_of_candidates_after_the_first(corpora):
    rows = milliseconds(corpora, 2)
    assert [row["document"] for row in rows] == ["EUSES", "sheet of 4,000 formulas"]
    assert all(0 < row["median_ms"] <= row["p99_ms"] for row in rows)
    assert false_rejects(None, 2) == false_accepts(None, 2) == []
