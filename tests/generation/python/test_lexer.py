"""Python's tokens, read from unfinished text."""

import io
import itertools
import random
import sys
import sysconfig
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.python.lexer import LexState, lex

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
MODULES = ("textwrap", "shlex", "typing", "asyncio/tasks", "json/decoder", "re/_parser", "_pydecimal")
SNIPPET = '''\
def f(a, *b: "int" = 0x1F, c=1_0.5e-3j) -> None:
\t"""Doc
   string"""
\tif a<=b and\\
 c: # comment
\t\tx = [1,
  2,  # inside

    ...]; y = rb'\\'' f"{x!r:>{1}}"
\treturn {**a}, x if 0if 1 else 2, a@b, a:=1

print(1..real, x[..., ::2])
'''


def significant(source: str) -> list[tuple[str, str]]:
    """What the standard library's tokenizer makes of a whole program."""
    kinds = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        if kind not in ("COMMENT", "NL", "ENDMARKER"):
            kinds.append((kind, "" if kind in ("INDENT", "DEDENT") else token.string))
    return kinds


def whole(source: str) -> list[tuple[str, str]]:
    tokens, state = lex(LexState(), source)
    return [(t.kind, t.text) for t in tokens] + [("DEDENT", "")] * (len(state.indents) - 1)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="tokenize cuts f-strings in pieces from Python 3.12 on")
@pytest.mark.parametrize("module", MODULES)
def test_tokens_equal_those_of_tokenize(module):
    source = (LIBRARY / f"{module}.py").read_text("utf-8")
    assert whole(source) == significant(source)


@given(st.lists(st.integers(0, len(SNIPPET)), max_size=20))
def test_cutting_the_text_anywhere_changes_nothing(cuts):
    places = [0, *sorted(cuts), len(SNIPPET)]
    state, tokens = LexState(), []
    for begin, end in itertools.pairwise(places):
        more, state = lex(state, SNIPPET[begin:end])
        tokens += more
    assert (tokens, state) == lex(LexState(), SNIPPET)


@given(st.text(st.sampled_from("ab1.0_xe'\"\\\n \t()[]{}#:=+-!<$é"), max_size=40))
def test_any_text_reads_alike_in_one_piece_and_by_characters(text):
    state, tokens = LexState(), []
    for character in text:
        more, state = lex(state, character)
        tokens += more
    at_once, end = lex(LexState(), text)
    assert tokens == at_once
    assert (state.fault is None) == (end.fault is None)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("x = 'a\n", "string"),
        ("(]", "bracket"),
        (")", "bracket"),
        ("0777 ", "number"),
        ("1a ", "number"),
        ("$", "character"),
        ("x \\y", "character"),
        ("if x:\n    y\n  z", "indentation"),
        ("if x:\n\ty\n        z", "indentation"),
    ],
)
def test_what_no_text_can_mend_is_a_fault(text, rule):
    _, state = lex(LexState(), text)
    assert state.fault is not None
    assert state.fault[0] == rule
    assert state.fault[1].startswith("Line ")


def test_a_long_program_is_read_fast():
    source = "\n".join(f"x{i} = f({i}, 'a')" for i in random.Random(0).choices(range(1000), k=2000))
    tokens, state = lex(LexState(), source)
    assert len(tokens) == 2000 * 9 - 1
    assert state.fault is None
