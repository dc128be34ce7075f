"""Tokens proposed, and Python spelled."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.python.layout import gap_before
from generation.python.lexer import LexState, lex
from generation.python.symbols import symbols
from generation.types import Candidate, Context
from validation.python.prefix import PythonPrefixValidator

PROGRAM = """\
import os


def add(first, second=1):
    total = first + second
    if total > 10 and not second:
        return [total, -first]
    for item in range(total):
        print("x", item)
    return {"a": total}


class Box:
    def __init__(self, size):
        self.size = size
"""


def texts(halves, before, n=48):
    (generator, *_), _ = halves["python"]
    return [c.text for c in generator.propose(Context("python", before), n)]


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("", "def "),
        ("def f(x):\n    ret", "urn"),
        ("def f(x):", "\n    "),
        ("def f(x):\n", "    return"),
        ("def f(x):\n    ", "return"),
        ("def f(first):\n    return", " first"),
        ("def f(first):\n    return ", "first"),
        ("def f(first):\n    return fir", "st"),
        ("x =", " None"),
        ("x", " = "),
        ("for i", " in "),
        ("for i in", " range("),
        ("for i in ", "range"),
        ("if x:\n    y = 1\n", "else:"),
        ("if x =", "= "),
        ("f(a", ")"),
        ("f(a,", " b"),
    ],
)
def test_the_next_tokens_are_laid_out_as_black_does(halves, before, text):
    assert text in texts(halves, before, 96)


def test_closing_brackets_fit_what_is_open(halves):
    assert not any(text.startswith((")", "]", "}")) for text in texts(halves, "def f(a):\n    return a"))
    assert not any(text.startswith((")", "}")) for text in texts(halves, "x = [a"))


@pytest.mark.parametrize("before", ["x = 'op", "# a comm", '"""Doc', "x = \\"])
def test_nothing_is_proposed_inside_strings_and_comments(halves, before):
    assert texts(halves, before) == []


def test_a_program_is_written_by_candidates_and_letters(halves):
    at, n_selections = 0, 0
    while at < len(PROGRAM):
        offered = [text for text in texts(halves, PROGRAM[:at], 24) if PROGRAM.startswith(text, at)]
        at += max(map(len, offered), default=1)
        n_selections += 1
    assert n_selections < 0.6 * len(PROGRAM)


def test_most_candidates_can_stand(halves):
    validator = PythonPrefixValidator()
    verdicts = []
    for at in range(0, len(PROGRAM), 5):
        context = Context("python", PROGRAM[:at])
        verdicts += [validator.check(context, Candidate(text, 0.0, "")).ok for text in texts(halves, PROGRAM[:at], 24)]
    assert sum(verdicts) > 0.8 * len(verdicts)


def test_gaps_inside_candidates_are_those_of_black(halves):
    for at in range(0, len(PROGRAM), 7):
        for text in texts(halves, PROGRAM[:at], 12):
            line = []
            tokens, _ = lex(LexState(), PROGRAM[:at] + text + "\n")
            for token in tokens:
                if token.kind in ("NEWLINE", "INDENT", "DEDENT"):
                    line = []
                    continue
                if line:
                    assert gap_before(line, token.text) == token.gap, (PROGRAM[:at], text)
                line.append(token)


def test_names_of_the_document_are_proposed(halves):
    before = "def f(xylophone):\n    g(xylophone)\n    return xyl"
    assert texts(halves, before, 3)[0].startswith("ophone")


def test_symbols_mark_blank_lines_and_layout():
    tokens, _ = lex(LexState(), "if a:\n    b = 'x'\n\n\nc\n")
    assert list(symbols(tokens)) == (
        ["if", "a", ":", "<newline>", "<indent>", "b", "=", '"x"', "<newline>", "<blank>", "<dedent>", "c", "<newline>"]
    )


def test_letters_and_tokens_agree(halves):
    (generator, *_), speller = halves["python"]
    for before in ("def f(x):\n    ret", "import os\nimport sys\n", "for i in ran", "def f(x):"):
        context = Context("python", before)
        best = generator.propose(context, 1)[0]
        assert speller.next_character(context)[best.text[0]] > 0.4 * math.exp(best.log_p)


def test_every_program_text_is_reachable_layer_by_layer(halves):
    _, speller = halves["python"]
    layer_of = {character: place for place, layer in enumerate(speller.layers) for character in layer}

    @settings(deadline=None, max_examples=50)
    @given(st.text([*map(chr, range(32, 127)), "\n", "\t"], max_size=30))
    def reach(target):
        document = ""
        for wanted in target:
            layer = speller.layers[layer_of[wanted]]
            assert speller.next_character(Context("python", document))[wanted] > 0
            document += layer[layer.index(wanted)]
        assert document == target

    reach()
