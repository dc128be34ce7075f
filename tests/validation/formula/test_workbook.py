"""Formulas in their workbook: sheets, names, cycles, units, and what they give."""

import random
import time
from dataclasses import replace
from itertools import count

import pytest
from openpyxl import Workbook as File
from openpyxl.workbook.defined_name import DefinedName

from generation.formula.types import Sheet, SheetScope
from generation.types import Candidate, Context
from validation.formula import evaluation
from validation.formula.evaluation import NotEvaluated, check_value, evaluate
from validation.formula.finished import check_workbook
from validation.formula.validator import FormulaValidator


@pytest.fixture
def scope():
    """Cell B4 of sheet Costs: prices above, a chain of formulas beside that leads to it."""
    costs = {(1, 1): "Item", (1, 2): "Price ($)", (1, 3): "Weight (kg)", (2, 1): "Tea", (2, 2): 3.5, (3, 2): 4.0}
    costs |= {(2, 3): 0.5, (3, 3): 1.5, (5, 2): "=B4*2", (6, 2): "=B5+B3", (7, 2): "=SUM(B2:B3)"}
    other = {(1, 1): 0.2, (1, 2): "=Costs!B6", (2, 1): "none"}
    sheets = {
        "Costs": Sheet("Costs", costs, {(2, 3): '0.0 "kg"'}),
        "My rates": Sheet("My rates", other, {(1, 1): "0%"}),
    }
    names = {"rate": "'My rates'!$A$1", "all": "Costs!$B:$B", "Stock": "Costs!$A$1:$C$9"}
    return SheetScope(sheets, "Costs", (4, 2), names)


def judge(text, scope, before="="):
    return FormulaValidator().check(Context("formula", before, "", scope), Candidate(text, 0.0, "test"))


@pytest.mark.parametrize(
    "text",
    [
        "B2+B3",
        "SUM(B2:B3)*RATE",
        "'my rates'!A1+costs!B7",
        "Costs!#REF!+A2:#REF!",
        "'My",
        "My",
        "ROW(B4)",
        "Stock[[#This Row],[x]]+1",
        "B",
        "B4",
        "COUNTA(Costs!A:A)",
    ],
)
def test_what_the_workbook_holds_may_be_used(text, scope):
    for end in range(len(text) + 1):
        verdict = judge(text[:end], scope)
        assert verdict.ok, (text[:end], verdict.reason)


@pytest.mark.parametrize(
    ("text", "rule", "reason"),
    [
        ("Income!A1+", "unknown-sheet", "Income"), ("'Inc", "unknown-sheet", "Inc"),
        ("Income!A", "unknown-sheet", "Income"),
        ("tax*", "unknown-name", "tax"), ("12B", "unknown-sheet", "12B"),
        ("Gone!#REF!+", "unknown-sheet", "Gone"),
        ("B4+", "cycle", "B4 → B4"), ("SUM(B1:B9)", "cycle", "B4 → B4"),
        ("B5+", "cycle", "B4 → B5 → B4"), ("'My rates'!B1*", "cycle", "B4 → My rates!B1 → B6 → B5 → B4"),
        ("SUM(B:B)", "cycle", "B4"), ("SUM(4:4)", "cycle", "B4"), ("all*", "cycle", "B4"),
        ("SUM('My rates'!A:B)", "cycle", "My rates!B1"), ("Gone!B2:B5+", "unknown-sheet", "Gone"),
        ("SUM('Costs:My rates'!B2:B5)", "cycle", "B4"),
    ],
)  # fmt: skip
def test_what_can_not_stand_in_this_workbook_is_refused(text, rule, reason, scope):
    verdict = judge(text, scope)
    assert (verdict.ok, verdict.rule) == (False, rule)
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("formula", "rule"),
    [
        ("=B2+C2", "unit"), ("=B2>C2", "unit"), ("=D9+1", "empty-reference"), ("=SUM(F1:G9)", "empty-reference"),
        ('=B2+"x"', "text-in-arithmetic"), ("=TODAY()-B2", "volatile"), ("=[1]Sheet1!A1", "external-link"),
        ("=B2+B3", ""), ("=B2*C2", ""), ("=B2-B3*rate", ""),
    ],
)  # fmt: skip
def test_what_is_unusual_is_a_matter_of_style(formula, rule, scope):
    verdicts = FormulaValidator().check_finished(formula, scope)
    assert all(verdict.ok for verdict in verdicts)
    assert [verdict.rule for verdict in verdicts] == [rule]


@pytest.mark.parametrize(
    ("formula", "value"),
    [("=B2+B3", 7.5), ("=B7/2", 3.75), ("=B2/D9", "#DIV/0!"), ('=B2*A2', "#VALUE!"), ("=rate*100", 20.0),
     ('=A2&"!"', "Tea!"),
     ("=VLOOKUP(4,B2:C3,2,FALSE)", 1.5), ("=#REF!+1", "#REF!"), ("=IF(B2>3,\"much\",\"little\")", "much")],
)  # fmt: skip
def test_finished_formulas_are_worked_out(formula, value, scope):
    pytest.importorskip("formulas")
    found = evaluate(formula, scope)
    assert found == (pytest.approx(value) if isinstance(value, float) else value)
    verdict = check_value(formula, scope)
    assert verdict.ok == (not str(value).startswith("#"))
    assert not str(value).startswith("#") or value in verdict.reason


@pytest.mark.parametrize("formula", ["=NOW()", "=[1]S!A1", "=MINE(2)", "=Stock[x]"])
def test_what_can_not_be_worked_out_is_no_mistake(formula, scope):
    pytest.importorskip("formulas")
    with pytest.raises(NotEvaluated):
        evaluate(formula, scope)
    verdict = check_value(formula, scope)
    assert (verdict.ok, verdict.rule) == (True, "not-evaluated")


def test_what_takes_too_long_to_work_out_is_no_mistake(scope, monkeypatch):
    monkeypatch.setattr(evaluation, "MOST_S", 0.05)
    monkeypatch.setattr(evaluation, "evaluate", lambda *_: [n for n in count() if n < 0])
    verdict = check_value("=A1", scope)
    assert (verdict.ok, verdict.rule) == (True, "time")


def test_a_workbook_file_is_judged_cell_by_cell(tmp_path):
    pytest.importorskip("formulas")
    file = File()
    sheet = file.active
    sheet.title = "Costs"
    for cell, value in {
        "A1": 1,
        "A2": "=A1+1",
        "A3": "=A4",
        "A4": "=A3",
        "A5": "=A1/0",
        "A6": "=Gone!A1",
        "A7": "=vat*2",
    }.items():
        sheet[cell] = value
    sheet["B1"] = "=A1"
    sheet.merge_cells("B1:C2")
    file.defined_names["vat"] = DefinedName("vat", attr_text="Costs!$A$1")
    path = tmp_path / "book.xlsx"
    file.save(path)
    found = {(place, verdict.ok, verdict.rule) for place, verdict in check_workbook(path, evaluated=True)}
    assert found == {
        ("Costs!A3", False, "cycle"), ("Costs!A4", False, "cycle"), ("Costs!A5", False, "value"),
        ("Costs!A6", False, "unknown-sheet"), ("Costs!B1", True, "merged-cells"),
    }  # fmt: skip


def test_a_candidate_in_a_large_workbook_takes_under_two_milliseconds():
    n = 3000
    cells = {(row, 1): float(row) for row in range(1, n)} | {(row, 2): f"=B{row - 1}+A{row}" for row in range(2, n)}
    cells |= {(row, 3): f"=SUM(B$1:B{row})/$A$1" for row in range(2, n)}
    scope = SheetScope({"S": Sheet("S", cells)}, "S", (1, 2))
    validator = FormulaValidator()
    long = "=" + "+".join(f"IF(A{row}>0,ROUND(A{row},2),0)" for row in range(1, 100))
    for before in ("=", "=SUM(A1:A9)+", long):
        context = Context("formula", before, "", scope)
        validator.check(context, Candidate("A1", 0.0, "test"))
        begun, texts = time.process_time(), ["A2)", "SUM(B2:B9)", "C7*2", "IF(A1>2,A3,", "A:A+"]
        for text in texts:
            validator.check(context, Candidate(text, 0.0, "test"))
        assert (time.process_time() - begun) / len(texts) < 0.002


def test_verdicts_depend_on_nothing_that_was_judged_before(scope):
    rng, shared = random.Random(2), FormulaValidator()
    pieces = ["B4", "+", "rate", "SUM(", ")", "'My rates'!", "A1", ",", ":", "tax", '"a"', " "]
    for _ in range(400):
        before = "=" + "".join(rng.choices(pieces, k=rng.randrange(4)))
        context = Context("formula", before, "", rng.choice([scope, None]))
        candidate = Candidate("".join(rng.choices(pieces, k=2)), 0.0, "test")
        mine, fresh = shared.check(context, candidate), FormulaValidator().check(context, candidate)
        assert replace(mine, seconds=0) == replace(fresh, seconds=0)


def test_what_stands_in_a_text_is_no_sheet_while_it_is_written(scope):
    formula = '=INDIRECT("\'["&B2&" - 2011.xlsx]Total\'!$B$5")'
    validator = FormulaValidator()
    for end in range(2, len(formula) + 1):
        verdict = validator.check(
            Context("formula", formula[: end - 1], scope=scope), Candidate(formula[end - 1], 0.0, "x")
        )
        assert verdict.ok, (formula[:end], verdict.reason)
