"""Formulas are cut into tokens, and cells are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.formula.lexer import lex, place_at, quoted_sheet, read_place, sheet_name


def kinds(formula):
    return [token.kind for token in lex(formula)]


@given(st.one_of(st.text(max_size=40), st.text("=A1B$:()!'\"[],;+-*/ {}#.<>&", max_size=30)))
def test_tokens_together_are_the_formula(text):
    assert "".join(token.text for token in lex(text)) == text.removeprefix("=")


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=SUM($A$1:B2)", ["function", "cell", "colon", "cell", "close"]),
        ("='It''s me'!A1+[1]Sheet1!B2", ["sheet", "cell", "operator", "sheet", "cell"]),
        ("=日本!A1&Übersicht!A1", ["sheet", "cell", "operator", "sheet", "cell"]),
        ("=LOG10(A:C,1:3)", ["function", "lines", "separator", "lines", "close"]),
        ("=Table1[[#This Row],[x]]*rate", ["name", "operator", "name"]),
        ('=IF(A1<>"a ""b""",1.5E-3,true)',
         ["function", "cell", "operator", "text", "separator", "number", "separator", "logical", "close"]),
        ("= A1:B2  C3 ", ["space", "cell", "colon", "cell", "intersection", "cell", "space"]),
        ("=#N/A", ["error"]), ('="open', ["unfinished"]), ("='My Sh", ["unfinished"]), ("=SU", ["name"]), ("", []),
    ],
)  # fmt: skip
def test_each_token_has_its_kind(formula, expected):
    assert kinds(formula) == expected


@pytest.mark.parametrize("name", ["Plain", "My Sheet", "It's", "日本", "A1", "1999", "a!b", "Übersicht"])
def test_a_sheet_is_quoted_where_it_must_be_and_reads_back(name):
    written = quoted_sheet(name)
    assert kinds(f"={written}A1") == ["sheet", "cell"]
    assert sheet_name(written) == name


def test_filling_moves_what_no_dollar_sign_holds():
    assert read_place("$B3").moved(2, 2).text == "$B5"
    assert read_place("B$3").moved(2, 2).text == "D$3"
    assert read_place("A1").moved(-1, 0) is None
    assert read_place("XFE1") is None
    assert place_at(1_048_576, 16_384).text == "XFD1048576"
