"""Judges the statements that a candidate completes in an unfinished Python program: what no later line can mend."""

import ast
import builtins
import re
import time
import warnings
from collections.abc import Iterator

from pyflakes import checker, messages

from generation.types import Candidate, Context
from validation.python.closing import Excerpt, excerpt
from validation.python.outline import Outline, extend, settle
from validation.python.resumed import ResumedReader
from validation.types import Verdict

# What pyflakes finds that surely fails when run; what is left unused, or only looks odd, is a matter of style.
_FATAL = (
    messages.PercentFormatInvalidFormat,
    messages.PercentFormatMixedPositionalAndNamed,
    messages.PercentFormatPositionalCountMismatch,
    messages.PercentFormatMissingArgument,
    messages.PercentFormatUnsupportedFormatCharacter,
    messages.PercentFormatExpectedMapping,
    messages.PercentFormatExpectedSequence,
    messages.PercentFormatStarRequiresSequence,
    messages.StringDotFormatInvalidFormat,
    messages.StringDotFormatMissingArgument,
    messages.StringDotFormatMixingAutomatic,
)
# Names that Python itself provides.
_GIVEN = frozenset(dir(builtins)) | {"__file__", "__path__", "__annotations__", "WindowsError"}
_N_LINES = 400  # of an excerpt, at most: beyond, only the slow ring looks
_LAZY = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.GeneratorExp)
_MENDED_LATER = (ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar)


class PythonStatementsValidator:
    """Compiles the statements that a candidate completes, and has pyflakes look at them.

    Exact for unfinished programs: refused is only what no later line mends. A name that is not yet defined may be
    defined below, unless it is needed at once: where the module itself runs, outside of loops and of "try". What stood
    before the candidate's first line is not judged, nor is what stands after the cursor, nor how a candidate fits
    lines that are complete before it ("global" after a use): finished programs are judged as wholes.
    """

    stage = "pyflakes"

    def __init__(self) -> None:
        self._reader = ResumedReader(Outline(), lambda outline, text: settle(extend(outline, text)))

    def check(self, context: Context, candidate: Candidate) -> Verdict:
        """Judge; an invalid candidate is a verdict, never an exception."""
        begun = time.perf_counter()
        before = self._reader.read(context.before)
        after = extend(before, candidate.text)
        fault = None
        if not after.lexed.fault and len(after.tail) > len(before.tail):
            fault = _fault(after, len(before.tail))
        rule, reason, line = fault or ("", "", None)
        return Verdict(fault is None, self.stage, rule, reason, time.perf_counter() - begun, line)


def _fault(outline: Outline, n_before: int) -> tuple[str, str, int] | None:
    """Rule, reason and line of what is wrong in the lines that follow the first few."""
    touched = outline.tail[n_before].begin
    piece = excerpt(outline, n_before)
    if len(piece.numbers) > _N_LINES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(piece.source)
            compile(tree, "<document>", "exec", dont_inherit=True)
    except SyntaxError as error:
        line = piece.line(error.lineno or 1)
        if line < touched or str(error.msg).startswith("no binding for nonlocal"):  # which may be bound below
            return None
        return "compile", f"Line {line}: {error.msg}.", line
    except (RecursionError, MemoryError):
        return "nesting", f"Line {touched}: what stands here is nested too deeply to be compiled.", touched
    except ValueError as error:
        return "compile", f"Line {touched}: this can't be compiled ({error}).", touched
    try:
        return _flaw(outline, piece, tree, touched)
    except RecursionError:
        return "nesting", f"Line {touched}: what stands here is nested too deeply to be followed.", touched


def _flaw(outline: Outline, piece: Excerpt, tree: ast.Module, touched: int) -> tuple[str, str, int] | None:
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    at_once = {(name.lineno, name.col_offset) for name in _needed_at_once(tree.body)}
    known = read & (outline.names | _GIVEN)
    for found in sorted(_Checker(tree, builtins=known).messages, key=lambda message: message.lineno):
        line = piece.line(found.lineno)
        if line < touched:
            continue
        undefined = isinstance(found, messages.UndefinedName) and (found.lineno, found.col) in at_once
        if undefined and not outline.dynamic and not _stands_before(found.message_args[0], outline, touched):
            return "undefined-name", f"Line {line}: {found.message_args[0]!r} is not defined yet.", line
        if isinstance(found, _FATAL):
            return rule_of(found), f"Line {line}: {found.message % found.message_args}.", line
    return None


class _Checker(checker.Checker):  # type: ignore[misc]
    """Binds no built-in but those it is told of: to bind all of them takes longer than to check a line."""

    builtIns = frozenset[str]()  # noqa: N815 - pyflakes' name


def _stands_before(name: str, outline: Outline, touched: int) -> bool:
    """Whether the open top-level statement mentions a name before a line, and so may have bound it."""
    before = outline.text.split("\n")[: touched - outline.begin]
    return re.search(rf"\b{re.escape(name)}\b", "\n".join(before)) is not None


def rule_of(message: messages.Message) -> str:
    """The name of a pyflakes message in kebab case."""
    name = type(message).__name__
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


def _needed_at_once(body: list[ast.stmt]) -> Iterator[ast.Name]:
    """Names that the module itself reads as it runs, where nothing below can have bound them first."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            yield node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]
        elif isinstance(node, ast.ClassDef):
            waiting += [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.For | ast.AsyncFor):
            waiting.append(node.iter)
        elif not isinstance(node, (*_LAZY, *_MENDED_LATER)):
            waiting += ast.iter_child_nodes(node)
