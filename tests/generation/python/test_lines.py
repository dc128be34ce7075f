"""Lines proposed."""

import math

import pytest

from generation.types import Context


def texts(halves, before, n=32):
    _, lines = halves["python"][0]
    return [c.text for c in lines.propose(Context("python", before), n)]


@pytest.mark.parametrize(
    ("before", "line"),
    [
        (
            "def f(items):\n    result = []\n    for item in items:\n        result.append(item)\n    ",
            "return result\n",
        ),
        ("def f(items):\n    result = []\n    for item in items:\n        ", "result.append(item)\n"),
        ("def f(items):\n    result = []\n    for item in items:\n        result.app", "end(item)\n"),
        ("def f(number):\n    total = 0\n    for i in", " range(number):\n"),
        ("import os\nimport sys\n\n\nif __name__", ' == "__main__":\n'),
        ("def f(xylophone):\n", "    return xylophone\n"),
    ],
)
def test_idioms_are_filled_with_the_names_in_scope(halves, before, line):
    assert line in texts(halves, before)


def test_a_line_is_whole_and_ends(halves):
    for text in texts(halves, "def f(a, b):\n    "):
        assert text.endswith("\n")
        assert text.count("\n") == 1


def test_a_line_is_no_likelier_than_its_beginning(halves):
    tokens, lines = halves["python"][0]
    context = Context("python", "def f(a):\n    if a")
    by_tokens = {c.text: c.log_p for c in tokens.propose(context, 96)}
    of_line = {c.text: c.log_p for c in lines.propose(context, 32)}
    assert by_tokens[":"] - 0.5 < of_line[":\n"] <= by_tokens[":"]
    assert math.fsum(math.exp(log_p) for log_p in of_line.values()) <= 1


@pytest.mark.parametrize("before", ["x = 'op", "# a comm", '"""Doc', "x = \\", "a )"])
def test_no_line_is_proposed_inside_strings_comments_and_after_errors(halves, before):
    assert texts(halves, before) == []


def test_no_branch_comes_without_its_if(halves):
    assert not any(text.startswith(("el", "except", "finally")) for text in texts(halves, "def f(a):\n    a = 1\n    "))
    assert any(text.startswith("else:") for text in texts(halves, "if a:\n    b = 1\n"))


def test_nothing_returns_outside_a_function(halves):
    assert not any(text.startswith(("return", "break")) for text in texts(halves, "a = 1\n"))
