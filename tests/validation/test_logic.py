"""Programs are judged by their variables and their tests, once they are finished."""

import ast
import json
import os
from pathlib import Path

import numpy as np
import pytest

from generation.types import Candidate, Context
from validation.logic import LogicValidator
from validation.python.names import faults
from validation.sandbox.box import Sandbox
from validation.sandbox.limits import Limits

POSSIBLE, WHY_NOT = Sandbox().available()
isolated = pytest.mark.skipif(not POSSIBLE, reason=WHY_NOT or "programs are isolated here")
TESTS = "assert mean([1, 2]) == 1.5"


def verdict(text, before="", after="", tests=TESTS, **settings):
    validator = LogicValidator(tests, **settings)
    return validator.check(Context("python", before, after), Candidate(text, 0.0, "test"))


@isolated
def test_a_right_program_stands_and_a_wrong_one_says_what_it_got():
    before = "def mean(x):\n"
    assert verdict("    return sum(x) / len(x)\n", before).ok
    wrong = verdict("    return max(x)\n", before)
    assert (wrong.ok, wrong.stage, wrong.rule) == (False, "logic", "tests")
    assert wrong.reason == "assert mean([1, 2]) == 1.5 failed: got 2"


@isolated
def test_a_program_that_never_ends_is_refused_in_time():
    endless = verdict("    while True: pass\n", "def mean(x):\n", "\n", sandbox=Sandbox(Limits(wall_s=0.5)))
    assert endless.reason == "The program was stopped after 0.5 s."


@pytest.mark.parametrize(
    "document",
    ["", "def mean(x):\n    total = sum(x)\n", "def mean(x):\n    return sum(x)", "def mean(", "x = 1\n"],
)
def test_tests_wait_for_a_program_that_is_not_finished(document):
    found = verdict(document)
    assert (found.ok, found.rule) == (True, "unfinished")


def test_where_nothing_can_be_isolated_nothing_is_run_and_the_verdict_says_so():
    found = verdict("def mean(x):\n    return 0\n", sandbox=Sandbox(bubblewrap="/bin/false"))
    assert (found.ok, found.rule) == (True, "execution-off")
    assert found.reason.startswith("Execution is off")


@pytest.mark.parametrize(
    ("source", "rule", "line"),
    [
        ("print(x)\nx = 1\n", "used-before-assigned", 1),
        ("def f():\n    x += 1\n    return x\n", "used-before-assigned", 2),
        ("x = 1\ndel x\nprint(x)\n", "used-before-assigned", 3),
        ("def f():\n    return y + 1\n    y = 2\n", "used-before-assigned", 2),
        ("LIMIT = 3\nLIMIT = 4\n", "constant-changed", 2),
        ("MAX_N = 3\nMAX_N += 1\n", "constant-changed", 2),
        ("from typing import Final\nn: Final = 3\nn = 4\n", "constant-changed", 3),
    ],
)
def test_variables_out_of_order_are_found(source, rule, line):
    (found,) = faults(ast.parse(source))
    assert (found.rule, found.line) == (rule, line)
    assert found.reason.startswith(f"Line {line}: ")
    refused = verdict(source + "if ", tests="")
    assert (refused.ok, refused.rule) == (False, rule)


@pytest.mark.parametrize(
    "source",
    [
        "for i in range(3):\n    if i:\n        print(x)\n    x = i\n",
        "try:\n    import a as NAME\nexcept ImportError:\n    NAME = None\n",
        "if a:\n    DEBUG = True\nelse:\n    DEBUG = False\n",
        "def f():\n    return later\nlater = 1\n",
        "with a as b, b as c:\n    print(b, c)\n",
        "if (m := f()) and m:\n    print(m)\n",
        "print([y for y in z])\ny = 1\n",
        "match a:\n    case [b, *c] if b:\n        print(b, c)\n",
        "from x import *\nprint(a)\na = 1\n",
        "N = 1\nN += 1\n",
    ],
)
def test_variables_in_order_stand(source):
    assert faults(ast.parse(source)) == []


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("limit = 3\nlimit = 4\n", 2),
        ("limit = 3\nfor limit in range(2):\n    pass\n", 2),
        ("limit = 3\nwith a as limit:\n    pass\n", 2),
        ("limit = 3\nprint(limit := 4)\n", 2),
        ("limit = 3\ndel limit\n", 2),
        ("limit = 3\ndef f():\n    global limit\n    limit += 1\n", 4),
        ("limit = 3\nclass A:\n    def f(self):\n        global limit\n        limit = 4\n", 5),
    ],
)
def test_what_is_given_as_constant_is_bound_once(source, line):
    (found,) = faults(ast.parse(source), constants=("limit",))
    assert (found.rule, found.line) == ("constant-changed", line)
    assert [fault for fault in faults(ast.parse(source)) if fault.rule == "constant-changed"] == []
    assert verdict(source, tests="", constants=["limit"]).rule == "constant-changed"


@pytest.mark.parametrize(
    "source",
    [
        "limit = 3\ndef f(limit):\n    limit = 4\n",
        "limit = 3\ndef f():\n    limit = 4\n    limit += 1\n",
        "if a:\n    limit = 3\nelse:\n    limit = 4\n",
        "limit = []\nlimit.append(1)\n",
        "for limit in range(3):\n    print(limit)\n",
    ],
)
def test_a_name_of_another_scope_or_bound_on_one_path_alone_is_no_change_of_a_constant(source):
    assert faults(ast.parse(source), constants=("limit",)) == []


def test_an_endless_program_is_not_followed():
    found = verdict("x = 1\n" * 100_000, tests="")
    assert (found.ok, found.rule) == (True, "length")


@isolated
@pytest.mark.realdata
def test_right_solutions_of_mbpp_stand():
    root = os.environ.get("ASSENT_DATA")
    if not root:
        pytest.skip("ASSENT_DATA names no folder")
    tasks = json.loads((Path(root) / "corpora/code/sanitized-mbpp.json").read_text(encoding="utf-8"))
    for index in np.random.default_rng(0).choice(len(tasks), 30, replace=False):
        task = tasks[index]
        tests = "\n".join([*task["test_imports"], *task["test_list"]])
        found = LogicValidator(tests).check_document(task["code"].replace("\r\n", "\n"))
        assert found.ok, (task["task_id"], found.reason)
