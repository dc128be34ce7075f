"""Text, judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.types import Candidate, Context
from validation.text import TextValidator


def verdict(text, before="", **settings):
    return TextValidator(**settings).check(Context("text", before), Candidate(text, 0.0, "test"))


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
    assert found.ok == (not found.rule) == (not found.reason)
    assert found.seconds >= 0
