"""The token model of formulas, what it proposes, and how formulas are spelled."""

import math
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.formula.cells import encode_place, read_symbol
from generation.formula.copying import echoes
from generation.formula.lexer import lex, place_at
from generation.formula.ngram import FormulaNgram
from generation.formula.symbols import Everything, History
from generation.formula.training import fold_of, pattern
from generation.types import Candidate, Context
from validation.formula.validator import FormulaValidator

DOCUMENTS = (
    "", "=", "=SU", "=SUM(", "=SUM(A1:", "=SUM(A1:B2", "=SUM(A1:B2)", "=IF(A1>0,", '=IF(A1="x",', '="open', "='My Sh",
    "='It''s'!A1+", "='日本'!", "=A1 ", "=(((", "=)", "={1,2", "=NOW(", "=ROUND(A1,2", "=-", "=#REF!+", "=A1%", "=@A1",
    "=1E", "=Table1[x]*", "=LAMBDA(x,", "text", "=\ud800", "=\0", "=XFE1048577+", "=" + "A1+" * 2700, "=" + "(" * 300,
    "=A1\n+",
)  # fmt: skip
documents = st.one_of(st.sampled_from(DOCUMENTS), st.text("=A1B$:()!'\",+-*/ <>%SUM", max_size=24))


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 60), st.integers(1, 60), st.booleans(), st.booleans())
def test_a_cells_symbols_tell_the_cell(row, column, from_row, from_column, fixed_row, fixed_column):
    place = place_at(row, column, fixed_row, fixed_column)
    for anchor in (None, place_at(from_row, from_column)):
        symbols = [read_symbol(symbol) for symbol in encode_place(place, anchor, Everything())]
        whole = symbols[0] if len(symbols) == 1 else symbols[0].with_row(symbols[1])
        assert whole.at(anchor) == place


def test_copies_of_a_formula_have_one_pattern_and_one_fold():
    formula, copy = 'IF(A1>0,Sheet1!B2*1.5,"yes")', "IF($C7>12, 'My Sheet'!D8*2,\"no\")"
    assert pattern(formula) == pattern(copy)
    assert fold_of(formula) == fold_of(copy)
    assert pattern("SUM(A1:A9)") != pattern("SUM(A1,A9)")


def test_a_formula_that_repeats_itself_moves_along():
    history = History(Everything()).follow(lex("=MAX(B9-40,0)+MAX(C9-40,0)+MAX("))
    depth, shares = echoes(history)
    assert depth == 4
    assert shares["moved"] == {"D9": 1.0}
    later = history.follow(lex("=D9-"))
    assert echoes(later)[1]["same"] == {"40": 1.0}


def test_the_next_token_is_a_distribution(model):
    for document in DOCUMENTS:
        following = model.next(model.begin().follow(lex(document)))
        assert all(p > 0 for p in following.values())
        assert sum(following.values()) <= 1 + 1e-9
        assert list(following.values()) == sorted(following.values(), reverse=True)


def test_a_known_function_knows_its_argument(model):
    following = model.next(model.begin().follow(lex("=VLOOKUP(A1,B1:C9,2,")))
    assert following["FALSE"] > 0.1


def test_candidates_are_distinct_sorted_and_probable(model):
    generator = FormulaNgram(model)

    @settings(deadline=None, max_examples=60)
    @given(documents)
    def hold(before):
        candidates = generator.propose(Context("formula", before), 12)
        assert len({c.text for c in candidates}) == len(candidates) <= 12
        assert all(c.text and math.isfinite(c.log_p) and c.log_p <= 0 and c.source == "ngram" for c in candidates)
        assert [c.log_p for c in candidates] == sorted((c.log_p for c in candidates), reverse=True)
        assert candidates == generator.propose(Context("formula", before), 12)

    hold()
    assert generator.propose(Context("formula", "="), 0) == []


def test_every_candidate_keeps_a_formula_that_can_be_finished(model):
    generator, validator = FormulaNgram(model), FormulaValidator()
    for before in DOCUMENTS:
        context = Context("formula", before)
        if before and not (before.startswith("=") and validator.check(context, Candidate("", 0.0, "")).ok):
            continue
        for candidate in generator.propose(context, 48):
            verdict = validator.check(context, candidate)
            # How many arguments a function takes, and of which kind, is left to the validator.
            assert verdict.ok or verdict.rule.startswith("argument"), (before, candidate.text, verdict.reason)


def test_a_partial_token_is_completed(model):
    generator = FormulaNgram(model)
    for before, rest in [
        ("=SU", "M("),
        ("=su", "m("),
        ("=COUNTI", "F("),
        ("=LINE", "ST("),
        ('=IF(A1="ab",1,IF(B1="a', 'b"'),
    ]:
        assert rest in [c.text for c in generator.propose(Context("formula", before), 24)], before


def test_layers_hold_every_character_once_and_fit_the_screen(half):
    characters = [character for layer in half[1].layers for character in layer]
    assert all(len(layer) <= 38 for layer in half[1].layers)
    assert sorted(characters) == sorted({*map(chr, range(32, 127)), "\n", "\t"})


def test_the_next_character_is_a_distribution_over_all_layers(half):
    for document in DOCUMENTS:
        p = half[1].next_character(Context("formula", document))
        assert set(p) == {character for layer in half[1].layers for character in layer}
        assert min(p.values()) > 0
        assert math.fsum(p.values()) == pytest.approx(1.0)


def test_every_formula_can_be_spelled(half):
    formula = '=IF(\'My "Sheet"\'!$A$1>=0.5,"Yes, {it} [is]",#N/A)&T(@b^2%;1)'
    product = sum(
        math.log(half[1].next_character(Context("formula", formula[:at]))[character])
        for at, character in enumerate(formula)
    )
    assert half[1].log_p(Context("formula", ""), formula) == pytest.approx(product)
    assert half[1].log_p(Context("formula", "="), "漢") == -math.inf
    assert half[1].log_p(Context("formula", ""), string.printable[:94]) > -math.inf


def test_all_generators_speak_for_formulas_without_a_sheet(half):
    assert [g.name for g in half[0]] == ["ngram", "neighbours", "ranges", "references", "workbook"]
    assert half[0][0].propose(Context("formula", ""), 3)[0].text.startswith("=")
