"""What the sheet around a cell proposes for its formula."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.formula.graph import areas_of, reference_graph
from generation.formula.lexer import lex
from generation.formula.neighbours import NeighbourFormulas, WorkbookFormulas
from generation.formula.ranges import SheetRanges
from generation.formula.references import SheetReferences
from generation.formula.relative import steps, written
from generation.formula.types import Sheet, SheetScope
from generation.types import Context
from validation.formula.validator import FormulaValidator

INVOICE = {
    (1, 1): "Item", (1, 2): "Price", (1, 3): "Count", (1, 4): "Amount",
    **{(row, 1): f"thing {row}" for row in range(2, 7)},
    **{(row, 2): 1.5 * row for row in range(2, 7)},
    **{(row, 3): float(row) for row in range(2, 7)},
    **{(row, 4): f"=B{row}*C{row}" for row in range(2, 7)},
    (7, 1): "Total", (8, 1): "Average price",
}  # fmt: skip
EVERY = (NeighbourFormulas(), SheetRanges(), SheetReferences(), WorkbookFormulas())


def scope_of(cells, cell, name="S", **others):
    own = {at: value for at, value in cells.items() if at != cell}
    sheets = {name: Sheet(name, own), **{other: Sheet(other, known) for other, known in others.items()}}
    return SheetScope(sheets, name, cell)


def texts(generator, cells, cell, before="="):
    return [c.text for c in generator.propose(Context("formula", before, "", scope_of(cells, cell)), 32)]


@pytest.mark.parametrize(
    "formula", ["=A1+$B$2", "=SUM(A:A,$B:C,3:$4)", "='x y'!C3&\"A1\"", "=LOG10(XFD1048576)", "=SUM(A1:B9 B2:C3)"]
)
def test_steps_read_back_in_their_own_cell(formula):
    path = steps(lex(formula), (5, 5))
    assert "=" + "".join(written(path, (5, 5))) == formula


def test_steps_are_none_outside_a_sheet():
    assert written(steps(lex("=A1"), (1, 1)), (1, 1)) == ["A1"]
    assert written(steps(lex("=A1"), (2, 1)), (1, 1)) is None


def test_a_column_goes_on_as_its_formulas_do():
    assert texts(NeighbourFormulas(), INVOICE, (6, 4)) == ["B6*C6"]
    assert texts(NeighbourFormulas(), INVOICE, (6, 4), "=B6*")[0] == "C6"
    assert texts(NeighbourFormulas(), INVOICE, (6, 4), "") == ["=B6*C6"]


def test_formulas_are_cut_where_others_part_from_them():
    cells = {(1, 3): "=ROUND(A1,2)", (2, 3): "=ROUND(A2,0)", (3, 3): "=ROUND(A3,0)"}
    assert texts(NeighbourFormulas(), cells, (4, 3)) == ["ROUND(A4,", "ROUND(A4,0)", "ROUND(A4,2)"]
    assert texts(NeighbourFormulas(), cells, (4, 3), "=ROUND(A4") == [",", ",0)", ",2)"]


def test_a_neighbours_probability_is_that_of_all_who_agree():
    (first, *_) = NeighbourFormulas().propose(Context("formula", "=", "", scope_of(INVOICE, (6, 4))), 5)
    agreeing = sum(1 / distance for distance in range(1, 5))
    assert math.exp(first.log_p) == pytest.approx(agreeing / (agreeing + 1))


def test_a_total_sums_what_lies_above_and_an_average_takes_the_mean():
    assert texts(SheetRanges(), INVOICE, (7, 4))[:3] == ["SUM(", "SUM(D2:D6", "SUM(D2:D6)"]
    assert texts(SheetRanges(), INVOICE, (8, 2))[:3] == ["AVERAGE(", "AVERAGE(B2:B6", "AVERAGE(B2:B6)"]
    assert texts(SheetRanges(), INVOICE, (8, 2), "=AVERAGE(")[:2] == ["B2:B6", "B2:B6)"]
    assert ":D6" in texts(SheetRanges(), INVOICE, (7, 4), "=SUM(D2")
    assert "D6)" in texts(SheetRanges(), INVOICE, (7, 4), "=SUM(D2:")
    assert "2:D6)" in texts(SheetRanges(), INVOICE, (7, 4), "=SUM(D")
    assert "VERAGE(B2:B6)" in texts(SheetRanges(), INVOICE, (8, 2), "=A")


def test_an_amount_multiplies_the_numbers_left_of_it():
    alone = {cell: value for cell, value in INVOICE.items() if cell[1] != 4 or cell[0] == 1}
    assert texts(SheetRanges(), alone, (2, 4))[0] == "B2*C2"


def test_a_sequence_of_cells_goes_on():
    column = {(row, 1): float(row) for row in range(1, 9)}
    assert texts(SheetReferences(), column, (9, 3), "=A2+A4+")[0] == "A6"


def test_other_sheets_and_names_are_proposed_and_then_their_cells():
    other = {(1, 1): "Rate", (1, 2): 0.2, (2, 2): "=B1"}
    scope = SheetScope({"S": Sheet("S", {}), "It's": Sheet("It's", other)}, "S", (5, 3), {"rate": "'It''s'!$B$1"})
    told = [c.text for c in SheetReferences().propose(Context("formula", "=1+", "", scope), 9)]
    assert {"'It''s'!", "rate"} <= set(told)
    assert [c.text for c in SheetReferences().propose(Context("formula", "='It", "", scope), 9)] == ["''s'!"]
    there = [c.text for c in SheetReferences().propose(Context("formula", "='It''s'!", "", scope), 9)]
    assert set(there) == {"B2", "C5"}


def test_cells_that_depend_on_the_formula_are_not_proposed():
    cells = {**INVOICE, (7, 4): "=SUM(D2:D6)", (7, 3): "=D7", (2, 2): "=C7"}
    for generator in EVERY:
        for before in ("=", "=B2*", "=SUM("):
            scope = scope_of(cells, (2, 4))
            graph = reference_graph(scope)
            for candidate in generator.propose(Context("formula", before, "", scope), 32):
                found = set(areas_of(before + candidate.text, "S", {})) - set(areas_of(before, "S", {}))
                assert not any(graph.closes_cycle(area) for area in found), (generator.name, candidate.text)


def test_other_sheets_are_remembered():
    other = {(1, 2): "=ROUND(A1*rate,2)", (2, 2): "=ROUND(A2*rate,2)"}
    context = Context("formula", "=ROUND(", "", scope_of({(5, 1): 3.0}, (5, 2), T=other))
    assert [c.text for c in WorkbookFormulas().propose(context, 9)][-1] == "A5*rate,2)"
    assert "*rate,2)" in [
        c.text
        for c in WorkbookFormulas().propose(Context("formula", "=1+ROUND(A5", "", scope_of({}, (5, 2), T=other)), 9)
    ]


def test_without_a_sheet_only_the_formula_itself_speaks():
    for generator in EVERY:
        assert generator.propose(Context("formula", "=SUM("), 9) == []


def random_sheets():
    rng = random.Random(5)
    values = [1.0, "x", "=A1", "=B2+C3", "=SUM(A1:C3)", "=$A2", "=A:A", "=1:1", "='é t'!A1", "=(", '="', "=XFD1", True]
    return [
        {(rng.randint(1, 6), rng.randint(1, 5)): rng.choice(values) for _ in range(12)} for _ in range(20)
    ]  # circular ones among them


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([{}, INVOICE, *random_sheets()]),
    st.sampled_from([(1, 1), (3, 2), (7, 4), (1_048_576, 16_384)]),
    st.sampled_from(["", "=", "=SUM(", "=A", "=A1:", "=B2*C", "=IF(A1>0,", '="op', "='é", "=)", "=A1 ", "=$"]),
    st.sampled_from(["S", "It's", "日本 語"]),
)
def test_any_sheet_gives_distinct_probable_candidates_that_cite_no_cycle(cells, cell, before, name):
    scope = scope_of(cells, cell, name)
    for generator in EVERY:
        candidates = generator.propose(Context("formula", before, "", scope), 12)
        assert len({c.text for c in candidates}) == len(candidates) <= 12
        assert all(c.text and c.log_p <= 0 and c.source == generator.name for c in candidates)
        assert [c.log_p for c in candidates] == sorted((c.log_p for c in candidates), reverse=True)
        assert candidates[:3] == generator.propose(Context("formula", before, "", scope), 3)
        already = set(areas_of(before, name, {}))
        for candidate in candidates:
            new = set(areas_of(before + candidate.text, name, {})) - already
            assert not any(reference_graph(scope).closes_cycle(area) for area in new)


@pytest.mark.parametrize(
    "cells", [INVOICE, {(1, 2): "=SUM(A1:A9)*$C$1", (2, 2): "=IF('é t'!A2>0,B1,{1,2})", (3, 1): 1.0}]
)
@pytest.mark.parametrize("cell", [(2, 4), (7, 4), (8, 2), (3, 2)])
def test_every_candidate_keeps_a_formula_that_can_be_finished(cells, cell):
    validator = FormulaValidator()
    for before in (
        "",
        "=",
        "=SUM(",
        "=SUM(D2",
        "=SUM(D2:",
        "=B2*",
        "=B2*C",
        "=IF(A1>0,",
        "=-(",
        "={1,",
        "='é t'!",
        "=A1%",
        "=NOW(",
    ):
        context = Context("formula", before, "", scope_of(cells, cell, "S", **{"é t": {(1, 1): 2.0}}))
        for generator in EVERY:
            for candidate in generator.propose(context, 32):
                verdict = validator.check(context, candidate)
                assert verdict.ok or verdict.rule.startswith("argument"), (before, candidate, verdict.reason)


@pytest.mark.parametrize("cell", [(1, 1), (0, 0), (-1, 3), (2_000_000, 20_000)])
@pytest.mark.parametrize("sheet", ["S", "gone"])
@pytest.mark.parametrize("before", ["=", "=SUM(", "=T!", "=A1+"])
def test_a_cell_outside_the_sheet_is_none_to_stumble_over(cell, sheet, before):
    scope = SheetScope({"S": Sheet("S", {**INVOICE, (9, 1): "=T!A1"}), "T": Sheet("T", {})}, sheet, cell)
    for generator in EVERY:
        assert all(c.text for c in generator.propose(Context("formula", before, "", scope), 5))
