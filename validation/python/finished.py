"""Judges a finished Python program, line by line: errors first of all, then matters of style."""

import ast
import time
import warnings
from collections.abc import Iterator

from validation.python.linters import LINTERS, Look, has_pylint
from validation.python.names import faults
from validation.python.rules import FLAKE8_ERRORS, PYLINT_ERRORS
from validation.rings import within
from validation.types import Verdict

_ERRORS = FLAKE8_ERRORS.keys() | PYLINT_ERRORS.keys()


def check_finished(text: str, limit_s: float = 30.0) -> list[Verdict]:
    """Compile a program, follow its variables, and ask black, flake8 and, where it is installed, pylint.

    Parameters
    ----------
    text : str
    limit_s : float
        Time (s) that each linter may take.

    Returns
    -------
    list of Verdict
        One for each thing found, by stage and line; one without ``ok`` is an error, one with it a matter of style. A
        stage that finds nothing says so in a verdict without a rule. What can't be compiled is looked at no further.
    """
    begun = time.perf_counter()
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    fault = _compiled(text)
    verdicts = [_verdict("compile", begun, *(fault or ("", "", None)), ok=fault is None)]
    if fault is None:
        verdicts += _variables(text)
        for stage, look in LINTERS.items():
            if stage != "pylint" or has_pylint():
                verdicts += _linted(stage, look, text, limit_s)
    return verdicts


def _compiled(text: str) -> tuple[str, str, int | None] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<document>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return "compile", f"Line {error.lineno or 1}: {error.msg}.", error.lineno or 1
    except (RecursionError, MemoryError):
        return "nesting", "The program is nested too deeply to be compiled.", None
    except ValueError as error:
        return "compile", f"The program can't be compiled: {error}.", None
    return None


def _variables(text: str) -> Iterator[Verdict]:
    begun = time.perf_counter()
    try:
        found = faults(ast.parse(text))
    except RecursionError:
        yield _verdict("logic", begun, "nesting", "The program is nested too deeply to be followed.", None, ok=False)
        return
    for fault in found:
        yield _verdict("logic", begun, fault.rule, fault.reason, fault.line, ok=False)
    if not found:
        yield _verdict("logic", begun)


def _linted(stage: str, look: Look, text: str, limit_s: float) -> list[Verdict]:
    found: list[Verdict] = []

    def check() -> Verdict:
        begun = time.perf_counter()
        for rule, reason, line in sorted(look(text, 1), key=lambda note: note[2]):
            found.append(_verdict(stage, begun, rule, reason, line, ok=rule not in _ERRORS))
        return _verdict(stage, begun)

    last = within(limit_s, stage, check)
    return found or [last]


def _verdict(
    stage: str, begun: float, rule: str = "", reason: str = "", line: int | None = None, ok: bool = True
) -> Verdict:
    return Verdict(ok, stage, rule, reason, time.perf_counter() - begun, line)
