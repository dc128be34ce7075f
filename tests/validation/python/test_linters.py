"""Linters look at what a candidate completes, and at finished programs as a whole."""

import pytest

from generation.types import Candidate, Context
from validation.python.finished import check_finished
from validation.python.linters import LinterValidator, has_pylint

needs_pylint = pytest.mark.skipif(not has_pylint(), reason="pylint is not installed")


def check(stage, before, text):
    return LinterValidator(stage).check(Context("python", before), Candidate(text, 0.0, "test"))


def test_black_says_how_a_candidate_will_be_written_and_leaves_alone_what_stood_before():
    note = check("black", "x=1\n\n\ndef f(a,b):\n", "    return  a+b\n")
    assert (note.ok, note.rule, note.line) == (True, "format", 5)
    assert note.reason == "Line 5: black would write '    return a + b'."
    assert check("black", "x=1\n", "y = 2\n").rule == ""


@pytest.mark.parametrize(
    ("stage", "before", "text", "rule", "line"),
    [
        ("flake8", "import os\nif os:\n", "    y = os != None\n", "E711", 3),
        ("flake8", "def f():\n", "    return later()\n", "F821", 2),
        pytest.param(
            "pylint", "def f(a):\n    return a\n", "f(1, 2)\n", "too-many-function-args", 3, marks=needs_pylint
        ),
    ],
)
def test_a_linter_notes_what_a_candidate_brings_and_refuses_nothing(stage, before, text, rule, line):
    note = check(stage, before, text)
    assert (note.ok, note.rule, note.line) == (True, rule, line)


@pytest.mark.parametrize("stage", ["black", "flake8", pytest.param("pylint", marks=needs_pylint)])
@pytest.mark.parametrize("text", ["x", "\0\n", "x = (1,\n", "\ud800\n", "\tx\n        y\n", "try:\n"])
def test_what_is_unfinished_or_no_program_is_left_to_others(stage, text):
    assert check(stage, "if x:\n", text).ok


def test_no_linter_but_these():
    with pytest.raises(ValueError, match="'stage'"):
        LinterValidator("lint")


def test_a_finished_program_is_told_its_errors_and_its_style_apart():
    found = {v.rule: v for v in check_finished("import os\r\nprint(y)\r\nx=1\r\nLIMIT = 1\r\nLIMIT = 2\r\n") if v.rule}
    assert {rule: (v.ok, v.line) for rule, v in found.items()}.items() >= {
        "F401": (True, 1), "F821": (False, 2), "format": (True, 2), "constant-changed": (False, 5),
    }.items()  # fmt: skip


@pytest.mark.parametrize("text", ["print 'x'\n", "x = (\n", "\tx\n  y\n", "a\0b\n", "(" * 999 + ")" * 999])
def test_what_cannot_be_compiled_is_an_error_and_is_looked_at_no_further(text):
    (found,) = check_finished(text)
    assert (found.ok, found.stage) == (False, "compile")
    assert found.reason


def test_a_clean_program_has_a_verdict_of_every_stage_and_nothing_to_say():
    assert all(v.ok and not v.rule for v in check_finished('"""Doc."""\n\nx = 1\n'))


@pytest.mark.parametrize("text", ["x**" * 580 + "x\n", "x" + "(0)" * 530 + "\n"], ids=["powers", "calls"])
def test_what_a_linter_itself_can_not_follow_is_no_mistake(text):
    assert [verdict.stage for verdict in check_finished(text) if not verdict.ok] == []
