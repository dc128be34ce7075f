"""Layout of Python as black sets it."""

import pytest

from generation.python.layout import double_quote_all, double_quotes, gap_after, gap_before
from generation.python.lexer import LexState, lex

# Formatted by black 26.10.1.
BLACK = """\
from . import a
from .b import c as d, e
import os.path, sys


@wraps(f, key=1)
async def g(a, /, b: int = 1, *args, c="x", **kwargs) -> dict[str, int]:
    global x
    x = -1 if not a else ~b
    y: list[int] = [*args, 1, (2,), 3 - -4]
    z = {"k": v, **kwargs, "l": lambda q, r=1: q + r}
    i = x[1:2], y[-1:], z["k"][1:]
    return await h(*args, a=b, **c) ** 2, x**-y.z, (i @ j) // k, x**2


class A(B, metaclass=C):
    def f(self):
        assert x is not None and y not in (1, 2), "no"
        if (n := len(a)) > 1:
            print(f"{n}" "b", end="")
        for i, (j, k) in enumerate(z):
            del i, z[0]
        with open(a) as f, g() as h:
            raise E(1) from e
        while True:
            yield x
            yield from y
            a += b << 2
            try:
                pass
            except (A, B) as e:
                ...
        return lambda: x, [i for i in y if i], {i for i in y}
"""


def test_gaps_equal_those_of_black():
    tokens, _ = lex(LexState(), BLACK)
    line = []
    for token in tokens:
        if token.kind in ("NEWLINE", "INDENT", "DEDENT"):
            line = []
            continue
        if line:
            assert gap_before(line, token.text) == token.gap, (" ".join(t.text for t in line), token.text)
            assert token.gap or not gap_after(line)
        line.append(token)


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("'a'", '"a"'),
        ("''", '""'),
        ("u'a'", '"a"'),
        ("B'a'", 'b"a"'),
        ("'''a'''", '"""a"""'),
        ("'say \"x\"'", "'say \"x\"'"),
        ("'it\\'s'", "'it\\'s'"),
        ('"a"', '"a"'),
    ],
)
def test_quotes_equal_those_of_black(literal, expected):
    assert double_quotes(literal) == expected


def test_comments_keep_their_quotes():
    assert double_quote_all("x = 'a'  # 'b'\n") == "x = \"a\"  # 'b'\n"
