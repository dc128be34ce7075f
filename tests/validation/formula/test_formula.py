"""Formulas: no beginning of a real one is refused, and what nothing can mend is."""

import csv
import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.formula import Tokenizer

from generation.types import Candidate, Context
from validation.formula.validator import FormulaValidator


def judge(text):
    return FormulaValidator().check(Context("formula", ""), Candidate(text, 0.0, "test"))


@pytest.mark.parametrize(
    "formula",
    [
        '=COUNTIF(A1:B2,"a ""b""")', "='My Sheet'!A1+[1]Sheet1!$B$2", "=IF(A1>=3,,-1.5E+3%)", "={1,-2;3,4}",
        "=A1:INDEX(B:B,3)", "=Table1[[#This Row],[x]]", "=SUM((A1,B2) C:C)", "=#REF!+Sheet1!#REF!", "=[1]!'A,B'",
        "=SUM(_YR1:(YP))", "=SUM(#REF!:#REF!)", "=XFE1+ABCD12", "=A1#*2", "=(A1):B2", "=COUNTIF(A1:INDEX(A:A,9),2)",
        "=A1 2:3", "=SUM((A1,B2:C3,INDEX(D:D,2)))", "=(A1,Costs)",
        "=LOG10(2)+ATAN2(1,2)+[1]!MEAN(A1)+2004!B2",
    ],
)  # fmt: skip
def test_every_beginning_of_a_formula_is_accepted(formula):
    for end in range(len(formula) + 1):
        assert judge(formula[:end]).ok, formula[:end]
    assert FormulaValidator().check_finished(formula)[0].ok


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("=A1+*", "syntax"), ("=A1 2+", "syntax"), ("=SUM(A1))", "brackets"), ("=(A1}", "brackets"), ("=()", "syntax"),
        ("=#REX", "syntax"), ("=ROUND(A1,2,", "argument-count"), ("=ROUND(A1)", "argument-count"), ("=3(", "syntax"),
        ("=COUNTIF(3,", "argument-type"), ('=ROUND("many",2)', "argument-type"), ("={A1,", "syntax"),
        ("={1,2;3}", "array-shape"), ("=A1:B+", "range-shape"), ("=A1048577+", "reference-bounds"),
        pytest.param("=" + "1+" * 5000, "length", id="long"), ("=SUM(A1,+,", "syntax"),
        pytest.param("=" + "ABS(" * 65, "nesting", id="deep"), ("=3:(", "syntax"),
        ('=A1:("a")', "syntax"), ("=A1:SUM(1)", "syntax"),
        ("=(A1):2+", "syntax"), ("=D9(1+", "syntax"), ("=S!D9(", "syntax"), ("=(A1/B4,0)", "syntax"),
        ("=Costs!SUM(", "syntax"),
    ],
)  # fmt: skip
def test_what_no_continuation_can_mend_is_refused_with_its_rule(text, rule):
    verdict = judge(text)
    assert (verdict.ok, verdict.rule) == (False, rule)
    assert verdict.reason.endswith(".")


@pytest.mark.parametrize("text", ["=SUM(A1", "=A1+", '="open', "='My Sh", "", "=Table1["])
def test_a_finished_formula_must_be_whole(text):
    assert not FormulaValidator().check_finished(text)[0].ok


def test_matters_of_style_do_not_refuse():
    verdicts = FormulaValidator().check_finished("=NOW()+[1]Sheet1!A1+SUM(B2:A1)+MINE(1)")
    assert all(v.ok for v in verdicts)
    assert {v.rule for v in verdicts} == {"volatile", "external-link", "range-order", "unknown-function"}


@pytest.mark.parametrize("piece", ["(", "A1:", "[", "'", "1+", "SUM(", "a.b", "{", "A1!", "'a'!", "[a]"])
def test_a_formula_as_long_as_can_be_has_its_verdict_soon(piece):
    begun = time.process_time()
    for length in (1000, 8000):
        text = "=" + piece * (length // len(piece))
        assert isinstance(judge(text).ok, bool)
        assert isinstance(FormulaValidator().check_finished(text)[0].ok, bool)
    assert time.process_time() - begun < 1


def test_what_stands_before_is_too_long_as_soon():
    begun = time.process_time()
    context = Context("formula", "=" + "Prices+" * 100_000)
    assert FormulaValidator().check(context, Candidate("1", 0.0, "test")).rule == "length"
    assert time.process_time() - begun < 0.1


@given(st.text(st.sampled_from("=A1:$!#()+-*%,;{}'\"[] <>.eE2REF/0VALUSMIF&@_\\жд"), max_size=40), st.integers(0, 40))
def test_what_is_settled_changes_no_verdict(text, at):
    """A formula judged in two pieces is judged as in one, and no verdict is an exception."""
    candidate = Candidate(text[at:], 0.0, "test")
    validator = FormulaValidator()
    assert replace(validator.check(Context("formula", text[:at]), candidate), seconds=0, rule="", reason="") == replace(
        judge(text), seconds=0, rule="", reason=""
    )
    finished = validator.check_finished(text)
    assert not finished[0].ok or judge(text).ok


def test_names_of_let_and_lambda_are_the_formula_s_own():
    assert FormulaValidator().check_finished("=LET(x,1,x+1)")[0].ok
    assert FormulaValidator().check_finished("=LAMBDA(_xlpm.x,_xlpm.x+1)(2)")[0].ok
    assert not FormulaValidator().check_finished("=SUM(1)(2)")[0].ok


@pytest.mark.realdata
def test_every_beginning_of_real_formulas_is_accepted(data_root):
    with (data_root / "corpora/formulas/xlparser_euses_formulas.txt").open(encoding="utf-8", newline="") as file:
        formulas = sorted({row[0] for row in csv.reader(file)})
    for formula in random.Random(6).sample(formulas, 1000):
        if "]!'" in formula or ":(" in formula or "!:" in formula:  # openpyxl's tokenizer stops at them
            continue
        text = "="
        for token in Tokenizer("=" + formula).items:
            text += token.value
            verdict = judge(text)
            assert verdict.ok, (text, verdict.reason)
        assert FormulaValidator().check_finished(formula)[0].ok
