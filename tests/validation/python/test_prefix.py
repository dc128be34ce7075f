"""Unfinished Python, judged."""

import ast
import json
import random
import sysconfig
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.python.lexer import LexState, lex
from generation.types import Candidate, Context
from validation.python.prefix import PythonPrefixValidator

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
MODULES = ("textwrap", "heapq", "shlex", "graphlib", "asyncio/taskgroups", "contextlib")
SYNTAX = """\
from __future__ import annotations
from ..a.b import (c as d, e,)
from ... import *
import a.b as c, d
@f(x)[0].y
async def f(a, b=1, /, c: int = 2, *d, e, f=3, **g) -> None:
    async with a as b, c as (d, e): await x
    async for x, *y in z: yield
    return [i async for i in x if i if not j]
def g(*, a): pass
def h(*args: *Ts, **k): return lambda *a, b=1, **c: (yield)
class C(B, *a, metaclass=M, **k):
    x: int; y: str = "a" 'b'
    (z): int = 1
    def f(self, /): nonlocal_ = 1
with (open(a) as b, c as d,): pass
with (a, b) as c, (d): pass
with (a): pass
a = b, *c = d[1:2, ::3, *e] = yield_ = {**a, 'b': 1, c: d}
a.b[c] += 1; x @= y
(a.b) = [c, (d, e)] = 1
for x.y, z[0] in *a, b: continue
else: ...
while (n := f(x)): break
try: pass
except* (A, B) as e: raise
try: pass
except A: raise B from C
except: pass
else: pass
finally: pass
del a, (b.c, [d[0]]), e
global q, r
assert x, "y"
print(*a, b, c=1, *d, **e, f=2)
print(i for i in x)
{a for b in c}, {a: b for c in d}, {*a, b}, (), (*a,), [*a], {}
x = a if b else c if d else lambda: e
not a in b is not c not in d < e
-x ** -y ** ~z, await_.b, 0x1F, 1_0.e5, .5j, 0if 1else 2
match x:
    case 1 | -2 | 3 + 4j | "a" "b" | None: pass
    case a.b.c | C(d, e, f=g, h=_) | {"a": b, c.d: e, **rest}: pass
    case [a, *_, b] | (c, d) | () if x: pass
    case *a, b: pass
    case (a) as b: pass
match = case = 1; match.case[case](match)
match (x), y:
    case _: match(x), y
if x: pass
elif y:
\tz
else:
        \tz
"""


@pytest.fixture(scope="module")
def validator():
    return PythonPrefixValidator()


def verdict(validator, text, before=""):
    return validator.check(Context("python", before), Candidate(text, 0.0, "test"))


def refused_prefix(validator, source):
    """The first refused beginning among all of them, character by character."""
    before = ""
    for place, character in enumerate(source):
        if not verdict(validator, character, before).ok:
            return source[: place + 1]
        before = source[: place + 1]
    return None


@pytest.mark.parametrize("module", MODULES)
def test_every_character_prefix_of_a_library_module_is_accepted(validator, module):
    assert refused_prefix(validator, (LIBRARY / f"{module}.py").read_text("utf-8")[:15_000]) is None


@pytest.mark.filterwarnings("ignore")
def test_every_character_prefix_of_all_syntax_is_accepted(validator):
    ast.parse(SYNTAX)
    assert refused_prefix(validator, SYNTAX) is None


def test_every_token_prefix_of_the_library_is_accepted(validator):
    """A refused token would be a fault of the whole, since tokens are read one by one."""
    n_characters = 0
    for path in sorted([*LIBRARY.glob("*.py"), *LIBRARY.glob("json/*.py"), *LIBRARY.glob("asyncio/*.py")]):
        source = path.read_text("utf-8")
        assert verdict(validator, source).ok, path
        n_characters += len(source)
    print(f"\n{n_characters:,} characters of the standard library read, none refused")


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore")
def test_every_character_prefix_of_every_mbpp_solution_is_accepted(validator, data_root):
    tasks = json.loads((data_root / "corpora" / "code" / "sanitized-mbpp.json").read_text("utf-8"))
    for task in tasks:
        code = task["code"].replace("\r\n", "\n")
        ast.parse(code)
        assert refused_prefix(validator, code) is None, task["task_id"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = (1,\n",
        "def",
        "de",
        "return returned",
        "import ",
        "a not i",
        "x!",
        "1e+",
        "0xfo",
        "1i",
        "from ..",
        "x = r",
        "rb",
        "'a\\\n",
        '"""open',
        "x \\",
        "match x",
        "async w",
        "@f\n\n# comment\n",
        "if x:\n",
        "if x:\n        y\n   ",
        "del f()",
        "f(a=1, b",
        "x\r\ny\r",
    ],
)
def test_what_may_still_become_a_program_is_accepted(validator, text):
    assert verdict(validator, text).ok


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("x = = ", "syntax"),
        (")", "bracket"),
        ("(1]", "bracket"),
        ("def 1", "syntax"),
        ("def None(", "syntax"),
        ("None = ", "syntax"),
        ("f() = ", "syntax"),
        ("1 = ", "syntax"),
        ("a + b = ", "syntax"),
        ("a += b = 1", "syntax"),
        ("a, b += ", "syntax"),
        ("f(): int", "syntax"),
        ("for f() in", "syntax"),
        ("del f()\n", "syntax"),
        ("import a.b as c.d", "syntax"),
        ("from a import b,\n", "syntax"),
        ("a b", "syntax"),
        ("print 'x'", "syntax"),
        ("else:", "syntax"),
        ("if x\n", "syntax"),
        ("if x = 1", "syntax"),
        ("if a: if b", "syntax"),
        ("try:\n    x\ny", "syntax"),
        ("try:\n    x\nexcept:\n    y\nexcept A", "syntax"),
        ("async x", "syntax"),
        ("a not b", "syntax"),
        ("(a.b := 1", "syntax"),
        ("(*a)", "syntax"),
        ("f(a=1, b)", "syntax"),
        ("f(**a, *b", "syntax"),
        ("f(1, x for", "syntax"),
        ("def f(a=1, b)", "syntax"),
        ("def f(*)", "syntax"),
        ("def f(/", "syntax"),
        ("{a: b, c}", "syntax"),
        ("x[a:b:c:", "syntax"),
        ("@f\nx", "syntax"),
        ("match x:\n    y", "syntax"),
        ("!", "syntax"),
        ("x = 1__", "syntax"),
        ("0o8", "syntax"),
        ("1a ", "number"),
        ("0777 ", "number"),
        ("x = 'a\n", "string"),
        ("x = $", "character"),
        ("x = \0", "character"),
        ("if x:\ny", "indentation"),
        ("if x:\n    y\n  z", "indentation"),
        ("x\n  y", "indentation"),
        ("if x:\n\ty\n        z", "indentation"),
    ],
)
def test_what_no_text_can_save_is_refused_with_a_reason(validator, text, rule):
    found = verdict(validator, text)
    assert not found.ok
    assert found.stage == "python"
    assert found.rule == rule
    assert found.reason.startswith("Line ")
    assert found.reason.endswith(".")


def test_the_reason_names_the_line(validator):
    assert "Line 3" in verdict(validator, " = = 2", before="a = 1\nb = 2\nc").reason


def test_a_dead_document_stays_dead(validator):
    assert not verdict(validator, "\nx = 1\n", before="x = )").ok


@given(st.integers(0, len(SYNTAX)), st.integers(0, len(SYNTAX)))
@settings(deadline=None)
def test_where_the_document_ends_and_the_candidate_begins_does_not_matter(validator, one, other):
    low, high = sorted((one, other))
    assert verdict(validator, SYNTAX[low:high], SYNTAX[:low]).ok == verdict(validator, SYNTAX[:high]).ok


@pytest.mark.filterwarnings("ignore")
@given(st.text(st.sampled_from("abif =()[]:\n  1.\"'#,*\\\tx"), max_size=30))
@settings(deadline=None, max_examples=300)
def test_whole_programs_that_compile_are_accepted_with_all_their_beginnings(validator, text):
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return
    assert refused_prefix(validator, text.replace("\f", " ")) is None


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=200)
def test_any_text_gets_a_verdict(validator, text):
    found = verdict(validator, text)
    assert found.ok == (not found.reason)


def test_what_python_refuses_for_its_grammar_is_refused(validator):
    """Programs with one token deleted, doubled or swapped: what the parser refuses is refused once a line ends it."""
    rng = random.Random(7)
    unfinished = ("f-string", "never closed", "unexpected EOF", "unterminated triple")
    n_refused, missed = 0, []
    for module in MODULES[:4]:
        tokens, _ = lex(LexState(), (LIBRARY / f"{module}.py").read_text("utf-8"))
        lines: list[list[str]] = [[]]
        for token in tokens:
            if token.kind == "NEWLINE":
                lines.append([])
            elif token.text:
                lines[-1].append(token.text)
        for line in rng.sample([line for line in lines if 2 < len(line) < 40], 60):
            place = rng.randrange(len(line))
            mutated = [line[:place] + line[place + 1 :], [*line[:place], *line[place:][:1], *line[place:]]]
            for words in (*mutated, rng.sample(line, len(line))):
                text = " ".join(words) + "\n"
                try:
                    ast.parse(text + ("    pass\n" if words[-1] == ":" else ""))
                except SyntaxError as error:
                    starts_late = words[0] in ("elif", "else", "except", "finally", "try", "@")
                    if starts_late or any(word in str(error.msg) for word in unfinished):
                        continue
                    n_refused += 1
                    if verdict(validator, text).ok:
                        missed.append((text, error.msg))
    print(f"\n{n_refused - len(missed)} of {n_refused} broken lines refused")
    assert len(missed) <= 0.03 * n_refused, missed


def test_deep_nesting_is_judged(validator):
    assert verdict(validator, "x = " + "(" * 200).ok
    assert verdict(validator, "x = " + "(" * 200 + "1" + ")" * 200 + "\n").ok
    assert verdict(validator, "".join(" " * n + "if x:\n" for n in range(300))).ok


def test_a_candidate_takes_less_than_two_milliseconds(validator):
    before = (LIBRARY / "textwrap.py").read_text("utf-8")[:4000].rsplit("\n", 1)[0]
    verdict(validator, "", before)
    begun = time.process_time()
    for _ in range(200):
        verdict(validator, "\n        width = max(len(line) for line in lines[1:])", before)
    milliseconds = 1e3 * (time.process_time() - begun) / 200
    print(f"\n{milliseconds:.3f} ms per candidate")
    assert milliseconds < 2


def test_brackets_nest_as_deep_as_python_reads_them():
    validator = PythonPrefixValidator()
    context = Context("python", "x = ")
    assert validator.check(context, Candidate("(" * 200 + "1" + ")" * 200 + "\n", 0.0, "test")).ok
    refused = validator.check(context, Candidate("(" * 100_000, 0.0, "test"))
    assert (refused.ok, refused.rule) == (False, "nesting")
    compile("x = " + "(" * 200 + "1" + ")" * 200, "<test>", "exec")
    with pytest.raises(SyntaxError, match="too many nested"):
        compile("x = " + "(" * 201 + "1" + ")" * 201, "<test>", "exec")
