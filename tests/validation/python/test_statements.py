"""Statements that a candidate completes are refused exactly where no later line mends them."""

import calendar
import fractions
from pathlib import Path

import pytest

from generation.types import Candidate, Context
from validation.python.statements import PythonStatementsValidator

VALIDATOR = PythonStatementsValidator()


def check(before, text):
    return VALIDATOR.check(Context("python", before), Candidate(text, 0.0, "test"))


@pytest.mark.parametrize(
    ("before", "text", "rule", "line"),
    [
        ("", "print(x)\n", "undefined-name", 1),
        ("", "return 1\n", "compile", 1),
        ("class A:\n    def f(self):\n        pass\n", "    def g(self):\n        break\n", "compile", 5),
        ("x = 1\n", "from __future__ import annotations\n", "compile", 2),
        ("def f():\n    try:\n", "        yield await x\n", "compile", 3),
        ("def f():\n    for i in x:\n        pass\n    else:\n", "        break\n", "compile", 5),
        ("def f(a, a):", " pass\n", "compile", 1),
        ("@staticmethod\n", "def f(): '%s %s' % (1,)\n", "percent-format-positional-count-mismatch", 2),
        ("def f():\n", "    return '{} {}'.format(1)\n", "string-dot-format-missing-argument", 2),
        ("def f():\n", "    f'{a b}'\n", "compile", 2),
        ("", "f = " + "(" * 300 + "1" + ")" * 300 + "\n", "compile", 1),
    ],
)
def test_what_no_line_mends_is_refused(before, text, rule, line):
    verdict = check(before, text)
    assert (verdict.ok, verdict.rule, verdict.line) == (False, rule, line)
    assert verdict.reason.startswith(f"Line {line}: ")


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("def f():\n", "    return defined_below()\n"),
        ("", "try:\n    unicode\n"),
        ("y = 1\n\n", "print(y)\n"),
        ("if y:\n    z = 1\n", "    print(z)\n"),
        ("while True:\n", "    if False: print(z)\n"),
        ("from x import *\n", "print(z)\n"),
        ("def f():\n    def g():\n", "        nonlocal x\n"),
        ("def f():\n    while x:\n        try:\n            pass\n", "        except A:\n            continue\n"),
        ("def f():\n    try:\n", "        return 1\n"),
        ("match x:\n", "    case [y]:\n"),
        ("def f(x):\n    match x:\n        case 1:\n            pass\n", "        case 2:\n            return\n"),
        ("if x:\n    pass\nelif y:\n    if 1:\n        pass\n", "    elif 2:\n        pass\nelse:\n    pass\n"),
        ("import a\n@a.b\n", "@a.c(\n    1)\n"),
        ("from __future__ import annotations\n", "def f(x: Y): pass\n"),
        ('"""Doc."""\n', "from __future__ import annotations\n"),
        ("async def f():\n    async with a:\n", "        await b\n"),
        ("return 1\n", "x = 2\n"),
        ("x = (1,\n", "2"),
        ("x = 1\r\n", "y = x\n"),
    ],
)
def test_what_a_later_line_may_mend_stands_and_so_does_what_stood_before(before, text):
    verdict = check(before, text)
    assert verdict.ok, verdict.reason


@pytest.mark.parametrize("module", [calendar, fractions])
def test_no_line_of_a_program_is_refused(module):
    lines = Path(module.__file__).read_text(encoding="utf-8").splitlines(keepends=True)
    before = ""
    for number, line in enumerate(lines):
        verdict = check(before, line) if number % 3 == 0 else None
        assert verdict is None or verdict.ok, verdict.reason
        before += line
