"""Judges whether a program with a candidate does what its tests ask, and keeps its variables in order."""

import ast
import builtins
import time
from collections.abc import Collection

from generation.types import Candidate, Context
from validation.python.names import faults
from validation.sandbox.box import Sandbox
from validation.sandbox.checks import read_tests
from validation.types import Verdict

_LONGEST = 400_000  # characters of a program whose variables are followed
_N_CUTS = 20  # lines dropped, at most, to find a beginning that can be read


class LogicValidator:
    """Variables first, then the given tests, run in the sandbox once the program can be judged by them.

    Tests wait (rule "unfinished", and the candidate stands) while the program can't be read, does not define what
    they name, or its last block can go on. Where programs can't be isolated, nothing is run (rule "execution-off").

    Parameters
    ----------
    tests : str
        Assertions, test functions, or doctest examples.
    sandbox : Sandbox, optional
    constants : collection of str
        Names of the program's top level that nothing may change, besides those that it declares constant itself.

    Raises
    ------
    ValueError
        If the tests can't be read.
    """

    stage = "logic"

    def __init__(self, tests: str = "", sandbox: Sandbox | None = None, constants: Collection[str] = ()) -> None:
        read_tests(tests)
        self._tests = tests
        self._needed = _needed(tests)
        self._sandbox = sandbox or Sandbox()
        self._constants = constants

    def check(self, context: Context, candidate: Candidate) -> Verdict:
        """Judge; an invalid candidate is a verdict, never an exception."""
        return self._judge(context.before + candidate.text + context.after, finished=bool(context.after))

    def check_document(self, document: str) -> Verdict:
        """Judge a finished document."""
        return self._judge(document, finished=True)

    def _judge(self, document: str, finished: bool) -> Verdict:
        begun = time.perf_counter()
        ok, rule, reason = self._decide(document, finished)
        return Verdict(ok, self.stage, rule, reason, time.perf_counter() - begun)

    def _decide(self, document: str, finished: bool) -> tuple[bool, str, str]:
        if len(document) > _LONGEST:
            return True, "length", f"The program has more than {_LONGEST} characters, and is not followed."
        tree = _parse(document)
        readable = tree or _beginning(document)
        try:
            found = faults(readable, self._constants) if readable else []
        except RecursionError:
            return False, "nesting", "The program is nested too deeply to be followed."
        if found:
            return False, found[0].rule, found[0].reason
        if not self._tests.strip():
            return True, "", ""
        if tree is None or not (finished or (document.endswith("\n") and _closed(tree))):
            return True, "unfinished", "The program is not finished, so its tests wait."
        missing = self._needed - {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - _defined(tree)
        if missing and not finished:
            return True, "unfinished", f"The tests wait for {', '.join(sorted(missing))}."
        possible, why_not = self._sandbox.available()
        if not possible:
            return True, "execution-off", why_not
        try:
            outcome = self._sandbox.run(document, self._tests)
        except RuntimeError as error:  # The machine is too busy even to start it.
            return True, "execution-off", str(error)
        return outcome.ok, "" if outcome.ok else "tests", outcome.reason


def _parse(document: str) -> ast.Module | None:
    try:
        return ast.parse(document)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _beginning(document: str) -> ast.Module | None:
    lines = document.splitlines(keepends=True)
    for n_cut in range(1, min(_N_CUTS, len(lines)) + 1):
        tree = _parse("".join(lines[: len(lines) - n_cut]))
        if tree:
            return tree
    return None


def _closed(tree: ast.Module) -> bool:
    """Whether nothing that follows can belong to, and change, what stands last."""
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.FunctionDef | ast.AsyncFunctionDef):
        return isinstance(last.body[-1], ast.Return | ast.Raise)
    return last is not None and not hasattr(last, "body") and not isinstance(last, ast.Match)


def _needed(tests: str) -> set[str]:
    """Names that tests use and neither they nor Python define."""
    tree = _parse("\n".join(check.step.get("code") or "\n".join(check.step["codes"]) for check in read_tests(tests)))
    if tree is None:
        return set()
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {node.id for node in names} - stored - arguments - _defined(tree) - set(dir(builtins))


def _defined(tree: ast.Module) -> set[str]:
    parts = list(ast.walk(tree))
    named = {p.name for p in parts if isinstance(p, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    return named | {
        (alias.asname or alias.name).partition(".")[0]
        for p in parts
        if isinstance(p, ast.Import | ast.ImportFrom)
        for alias in p.names
    }
