"""Programs judged by given tests: right ones that fail, and how many changed ones the tests catch."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.bench.table import Row
from experiments.bench.validation.mutants import CHANGES, mutants
from validation.logic import LogicValidator
from validation.sandbox.box import Sandbox
from validation.sandbox.limits import Limits

_SEED = 5
_LIMITS = Limits(wall_s=3.0)
NOTES = (
    "By 'logic': MBPP's solutions with their own tests, in the sandbox. Changed ones have one comparison, operator, "
    "number, condition, order of arguments or statement changed at a place drawn at random; some still do what was "
    "asked, so not all can be caught. A change that makes a program run for more than 3 s is caught too."
)


def measure(corpora: Path, n_solutions: int, n_mutants: int) -> list[Row]:
    """Judge right programs and changed ones.

    Returns
    -------
    list of dict
        "documents", "n", "passed" (share of 0..1), "over_time" (how many) and "exceptions".
    """
    tasks = json.loads((corpora / "code" / "sanitized-mbpp.json").read_text("utf-8"))
    sources = [task["code"].replace("\r\n", "\n").replace("\r", "\n") for task in tasks]
    tests = ["\n".join([*task["test_imports"], *task["test_list"]]) for task in tasks]
    sandbox = Sandbox(_LIMITS)
    if not sandbox.available()[0]:
        return []
    rng = np.random.default_rng(_SEED)
    right = rng.permutation(len(tasks))[:n_solutions].tolist()
    failed = [
        f"{tasks[i]['task_id']}: {verdict.reason}"
        for i in right
        if not (verdict := LogicValidator(tests[i], sandbox).check_document(sources[i])).ok
    ]
    found: list[Row] = [
        {
            "documents": "MBPP, right",
            "n": len(right),
            "passed": 1 - len(failed) / len(right),
            "over_time": 0,
            "exceptions": "; ".join(failed),
        }
    ]
    return [*found, *_changed(sources, tests, n_mutants, sandbox, rng)]


def _changed(sources: list[str], tests: list[str], n: int, sandbox: Sandbox, rng: np.random.Generator) -> Iterator[Row]:
    """Rows of all changes together, and of each kind."""
    made, passed, late = Counter[str](), Counter[str](), Counter[str]()
    for place, change, mutant in mutants(sources, n, rng):
        outcome = sandbox.run(mutant, tests[place])
        for name in ("any change", change):
            made[name] += 1
            passed[name] += outcome.ok
            late[name] += outcome.killed_by in ("wall", "cpu")
    for name in ("any change", *CHANGES):
        if made[name]:
            yield {
                "documents": f"MBPP, {name}",
                "n": made[name],
                "passed": passed[name] / made[name],
                "over_time": late[name],
                "exceptions": "",
            }
