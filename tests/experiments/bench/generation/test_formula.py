"""Blocks of held-out formulas are what they say, and nothing that stands in the cell is known."""

import csv

import pytest
from openpyxl import Workbook

from experiments.bench.generation.coverage import coverage
from experiments.bench.generation.formula import WORKBOOKS, blocks, excel_tokens, held_out_formulas, stages
from experiments.bench.generation.formula_tokens import model_figures, next_tokens, token_figures
from generation.formula.generators import MODEL
from generation.formula.lexer import lex
from generation.formula.model import TokenModel
from generation.formula.training import HELD_OUT_FOLD, fold_of, train_formula_tokens
from generation.models import load

OPERATIONS = ("A{0}+B{0}", "A{0}-B{0}", "SUM(A1:A{0})", "IF(A{0}>0, A{0}, 0)", "MAX(A{0},B{0})*2", "Other!A{0}/B{0}")


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """A corpus of a few patterns, and workbooks whose columns were filled down."""
    folder = tmp_path_factory.mktemp("corpora") / "formulas"
    folder.mkdir()
    patterns = [text + "+1" * n for text in OPERATIONS for n in range(6)]
    with (folder / "xlparser_euses_formulas.txt").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([[p.format(n)] for p in patterns for n in range(2, 9)])
    for name in WORKBOOKS:
        book = Workbook()
        for row in range(1, 9):
            book.active.append([float(row), row / 2, f"=A{row}*B{row}"])
        book.save(folder / name)
    return folder.parent


def test_an_operand_with_its_sheet_is_one_token():
    told = ["".join(part.text for part in parts) for parts in excel_tokens("=SUM('a b'!A1:B2,C3)+1")]
    assert told == ["SUM(", "'a b'!A1:B2", ",", "C3", ")", "+", "1"]


def test_every_case_is_held_out_and_goes_on_with_its_block(corpora):
    found = blocks(corpora, 12)
    assert len(found) == 7
    for name, cases in found.items():
        assert cases
        for case in cases:
            assert case.block
            assert case.rest.startswith(case.block)
            whole = case.context.before + case.rest
            assert not any(token.kind == "space" for token in lex(whole))
            if name.startswith("EUSES"):
                assert case.context.scope is None
                assert fold_of(whole) == HELD_OUT_FOLD
            else:
                assert case.context.scope.cell not in case.context.scope.sheets[case.context.scope.sheet].cells
            if name.endswith("in order"):
                assert max(case.context.scope.sheets["Sheet"].cells, default=(0, 0)) < case.context.scope.cell
    assert blocks(None, 12) == {}


def test_an_argument_ends_with_its_comma_or_bracket(corpora):
    for case in blocks(corpora, 12)["EUSES, argument"]:
        assert case.context.before[-1] in "(,"
        assert case.block[-1] in "),"
        assert case.block.count("(") <= case.block.count(")")


def test_more_takes_part_from_stage_to_stage(corpora):
    cases = blocks(corpora, 6)["workbooks, formula, left out"]
    figures = {name: coverage(generator.propose, cases) for name, generator in stages().items()}
    assert list(figures)[:2] == ["n-gram", "+ own earlier tokens"]
    assert figures["n-gram"]["coverage@8"] < figures["+ neighbours"]["coverage@8"] == 1.0


def test_next_tokens_hold_ranges_as_one_and_leave_nothing_over():
    model = TokenModel(load(MODEL))
    told = next_tokens(model, model.begin().follow(lex("=SUM(B2:B9)/SUM(")))
    assert any(":" in text for text in told)
    assert sum(told.values()) <= 1 + 1e-9


def test_the_next_tokens_of_formulas_without_surprise_are_found():
    figures = model_figures(TokenModel(load(MODEL)), ["=A1+A2+A3+A4+A5+A6"])
    assert figures["tokens"]["n"] == 11
    assert figures["pieces"]["top-4"] >= 0.8
    assert figures["tokens, with ends"]["n"] == 12


def test_figures_come_with_a_floor_of_the_same_formulas(corpora):
    figures = token_figures(corpora, 6, folds=True)
    assert figures["text 6-gram"]["n"] == figures["tokens"]["n"]
    assert "fold 5 of 5, tokens" in figures
    assert all(0 <= value <= 1 for told in figures.values() for name, value in told.items() if name != "n")


def test_no_text_name_or_sheet_is_learnt(corpora):
    held_out = {fold_of(formula) for formula in held_out_formulas(corpora)}
    assert held_out == {HELD_OUT_FOLD}
    assert not any("Other" in symbol for symbol in train_formula_tokens(corpora).vocabulary)
