"""Text, judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.types import Candidate, Context
from validation.text import TextValidator


def verdict(text, before="", kind="text", **settings):
    return TextValidator(**settings).check(Context(kind, before), Candidate(text, 0.0, "test"))


@pytest.mark.parametrize("text", ["hello ", "", "a\n\tb", "Привет", "أهلا", "漢字", "🙂", "e\u0301"])
def test_text_of_any_script_stands(text):
    assert verdict(text).ok


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("\ud800", "encoding"),
        ("a\udfff", "encoding"),
        ("\ufffe", "encoding"),
        ("\U0010ffff", "encoding"),
        ("\ufdd0", "encoding"),
        ("a\0", "control-character"),
        ("\x1b[31m", "control-character"),
        ("\r", "control-character"),
        ("\x85", "control-character"),
    ],
)
def test_what_cannot_be_stored_or_shown_is_refused_with_a_reason(text, rule):
    found = verdict(text)
    assert not found.ok
    assert (found.stage, found.rule) == ("text", rule)
    assert found.reason.startswith("U+")


@pytest.mark.parametrize("sign", ["\u202e", "\u202d", "\u2066", "\u2069"])
def test_what_turns_the_direction_is_style_in_text_and_refused_in_code(sign):
    assert (verdict("a" + sign).ok, verdict("a" + sign).rule) == (True, "direction")
    assert not verdict("a" + sign, kind="python").ok
    assert not verdict("a" + sign, kind="formula").ok


@pytest.mark.parametrize("text", ["\u200e", "\u200f", "\u061c", "\u200d", "\u200c"])
def test_marks_that_scripts_need_stand(text):
    assert not verdict(text).rule


def test_line_ends_of_windows_stand():
    assert verdict("a\r\nb").ok
    assert verdict("\r", kind="table").ok
    assert not verdict("a\rb").ok


@pytest.mark.parametrize(
    ("before", "text", "rule"),
    [
        ("He said (as if", ")", ""), ("He said", ")", "unbalanced"), ("(a", "]", "unbalanced"), ("«Да", "»", ""),
        ("", "a) first", ""), ("Fine", " :)", ""), ("(open\n\nnext", ")", "unbalanced"), ("", "(not yet", ""),
        ("قال (نعم", ")", ""), ("“Well", "”", ""), ("Well", "”", "unbalanced"),
    ],
)  # fmt: skip
def test_what_closes_nothing_is_a_matter_of_style(before, text, rule):
    found = verdict(text, before)
    assert (found.ok, found.rule) == (True, rule)


def test_what_stays_open_is_told_once_the_text_is_finished():
    rules = [(v.ok, v.rule) for v in TextValidator().check_finished('He said "no (really.\n\n“Yes.')]
    assert rules == [(True, "unbalanced")] * 3
    assert TextValidator().check_finished("He (she) said “yes”.")[0].rule == ""
    assert not TextValidator().check_finished("a\0")[0].ok


def test_length_counts_the_whole_document():
    assert verdict("ab", before="c" * 8, max_length=10).ok
    found = verdict("abc", before="c" * 8, max_length=10)
    assert found.rule == "length"
    assert "11" in found.reason
    assert "10" in found.reason


def test_a_length_of_nothing_is_refused():
    with pytest.raises(ValueError, match=r"'max_length' \(got 0\)"):
        TextValidator(max_length=0)


@given(st.text(st.characters()))
def test_what_stands_can_be_stored_as_utf_8(text):
    found = verdict(text)
    if found.ok:
        assert text.encode("utf-8").decode("utf-8") == text
    assert found.ok or found.rule
    assert (not found.rule) == (not found.reason)
    assert found.seconds >= 0
