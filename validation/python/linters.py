"""The slow ring's checks of Python: how black would write it, and what flake8 and pylint note, line by line."""

import contextlib
import importlib.util
import io
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import black
from flake8.checker import FileChecker
from flake8.exceptions import PluginExecutionFailed
from flake8.options.parse_args import parse_args
from flake8.processor import FileProcessor
from flake8.violation import Violation

from generation.types import Candidate, Context
from validation.python.closing import whole
from validation.python.outline import Outline, extend, settle
from validation.python.resumed import ResumedReader
from validation.python.rules import FLAKE8_ERRORS, FLAKE8_STYLE, LINE_LENGTH, PYLINT_ERRORS, PYLINT_STYLE
from validation.types import Verdict

Note = tuple[str, str, int]  # rule, what is wrong, and the line
Look = Callable[[str, int], list[Note]]  # at a program, from a line on

_MODE = black.Mode(line_length=LINE_LENGTH)


class LinterValidator:
    """Notes what a linter finds in the lines that a candidate completes; refuses nothing, since more may follow.

    Parameters
    ----------
    stage : str
        "black", "flake8" or "pylint".

    Raises
    ------
    ImportError
        If pylint is wanted and is not installed.
    ValueError
        If there is no such linter.
    """

    def __init__(self, stage: str) -> None:
        if stage not in LINTERS:
            raise ValueError(f"Argument 'stage' must be one of {', '.join(LINTERS)} (got {stage!r}).")
        if stage == "pylint" and not has_pylint():
            raise ImportError("Stage 'pylint' needs the package pylint: install assent[pylint].")
        self.stage = stage
        self._look = LINTERS[stage]
        self._reader = ResumedReader(Outline(), lambda outline, text: settle(extend(outline, text)))

    def check(self, context: Context, candidate: Candidate) -> Verdict:
        """Note the first thing found; never a refusal, never an exception."""
        begun = time.perf_counter()
        before = self._reader.read(context.before)
        after = extend(before, candidate.text)
        notes: list[Note] = []
        if not after.lexed.fault and len(after.tail) > len(before.tail):
            lines, closing = whole(after, context.before + candidate.text)
            touched = after.tail[len(before.tail)].begin
            found = self._look("\n".join([*lines, *closing, ""]), touched)
            notes = [note for note in found if touched <= note[2] <= len(lines)]
        rule, reason, line = min(notes, key=lambda note: note[2], default=("", "", None))
        return Verdict(True, self.stage, rule, reason, time.perf_counter() - begun, line)


def has_pylint() -> bool:
    """Whether pylint, an optional extra, is installed."""
    return importlib.util.find_spec("pylint") is not None


def look_black(source: str, begin: int = 1) -> list[Note]:
    """How black would write the first line that it would change, from one on."""
    lines = source.split("\n")
    try:
        formatted = black.format_str(source, mode=_MODE, lines=[(begin, len(lines))] if begin > 1 else ())
    except (ValueError, RecursionError, MemoryError, AssertionError):  # what can't be read is for others to say
        return []
    new = formatted.split("\n")
    changed = next((i for i, (a, b) in enumerate(zip(lines, new, strict=False)) if a != b), None)
    if changed is None:
        return []
    return [("format", f"Line {changed + 1}: black would write {new[changed]!r}.", changed + 1)]


def look_flake8(source: str, begin: int = 1) -> list[Note]:  # noqa: ARG001 - it looks at all lines
    """What flake8 finds, by the pinned rules, unless a comment says that it may be so."""
    plugins, options = _flake8()
    with contextlib.suppress(RecursionError, MemoryError, ValueError, PluginExecutionFailed):
        checker = _Flake8(source, plugins, options)
        checker.run_checks()
        return [
            (code, f"Line {line}: {text.removeprefix(code).strip()}.", line)
            for code, line, column, text, physical in checker.results
            if code in FLAKE8_ERRORS.keys() | FLAKE8_STYLE.keys()
            and not Violation(code, "-", line, column, text, physical or "").is_inline_ignored(False)
        ]
    return []


def look_pylint(source: str, begin: int = 1) -> list[Note]:  # noqa: ARG001 - it looks at all lines
    """What pylint finds, by the pinned rules."""
    from astroid import MANAGER  # type: ignore[import-untyped,import-not-found,unused-ignore]

    linter = _pylint()
    MANAGER.astroid_cache.pop("document", None)
    linter.reporter.reset()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        path = Path(folder, "document.py")
        path.write_text(source, encoding="utf-8", errors="replace")
        linter.check([str(path)])
    pinned = PYLINT_ERRORS.keys() | PYLINT_STYLE.keys()
    return [
        (m.symbol, f"Line {m.line}: {m.msg.partition(chr(10))[0]}.", m.line)
        for m in linter.reporter.messages
        if m.symbol in pinned
    ]


LINTERS: dict[str, Look] = {"black": look_black, "flake8": look_flake8, "pylint": look_pylint}


class _Flake8(FileChecker):  # type: ignore[misc]
    """Reads a program from memory."""

    def __init__(self, source: str, plugins: Any, options: Any) -> None:
        self._lines = source.splitlines(keepends=True)
        super().__init__(filename="-", plugins=plugins, options=options)

    def _make_processor(self) -> Any:
        return FileProcessor("-", self.options, self._lines)


@cache
def _flake8() -> tuple[Any, Any]:
    """No file of settings, wherever this runs, changes the rules."""
    plugins, options = parse_args(["--isolated", f"--max-line-length={LINE_LENGTH}"])
    return plugins.checkers, options


@cache
def _pylint() -> Any:
    from pylint.lint import PyLinter
    from pylint.reporters import CollectingReporter

    linter = PyLinter(reporter=CollectingReporter())
    linter.load_default_plugins()
    linter.disable("all")
    names: Sequence[str] = [*PYLINT_ERRORS, *PYLINT_STYLE]
    for name in names:
        linter.enable(name)
    return linter
