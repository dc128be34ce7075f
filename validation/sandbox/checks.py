"""Reads tests into steps for the sandbox, and judges what the steps brought to light."""

import ast
import doctest
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from validation.sandbox.child import OPERATORS
from validation.sandbox.values import Opaque, decode, has_opaque

Judge = Callable[[dict[str, Any]], str]  # what is wrong with a step's record; empty if nothing is

_CONSTRUCTORS: dict[str, Any] = {
    kind.__name__: kind for kind in (set, frozenset, tuple, list, dict, float, complex, bytes, str, int)
}


@dataclass(frozen=True, slots=True)
class Check:
    """One step of a run.

    Parameters
    ----------
    step : dict
        What the child does.
    text : str
        What a person reads of it.
    judge : callable
        From the child's record to what is wrong with it.
    """

    step: dict[str, Any]
    text: str
    judge: Judge


def accept(_: dict[str, Any]) -> str:
    """Find nothing wrong with a step that came to its end."""
    return ""


def read_tests(text: str) -> list[Check]:
    """Read doctest examples, or statements: assertions, test functions and classes as pytest's, and what they need.

    What an assertion compares with is kept out of the sandbox where it is a literal, and so is what a doctest wants:
    only who computes it can show it. The assertions inside a function are judged where they run.

    Raises
    ------
    ValueError
        If the tests are neither, or ask for fixtures.
    """
    if any(line.lstrip().startswith(">>>") for line in text.splitlines()):
        return [_doctest(example) for example in doctest.DocTestParser().get_examples(text)]
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"Argument 'tests' must be Python statements or doctest examples ({error}).") from error
    checks: list[Check] = []
    for statement in tree.body:
        if isinstance(statement, ast.Assert):
            checks.append(_assertion(statement))
            continue
        statement = ast.fix_missing_locations(_Telling().visit(statement))
        code = ast.unparse(statement)
        checks.append(Check(_execute(code, "<tests>"), code.partition("\n")[0], accept))
        checks += [Check(_execute(f"{call}()", "<tests>"), call, accept) for call in _calls(statement)]
    return checks


def program(source: str) -> Check:
    """Make the step that runs the document itself."""
    return Check(_execute(source, "<document>"), "the program", accept)


def _execute(code: str, file: str) -> dict[str, Any]:
    return {"do": "execute", "code": code, "file": file}


def _calls(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef) and statement.name.startswith("test"):
        if statement.args.args or statement.args.posonlyargs or statement.args.kwonlyargs:
            raise ValueError(f"Test {statement.name!r} must take no arguments: there are no fixtures here.")
        return [statement.name]
    if isinstance(statement, ast.ClassDef) and statement.name.startswith("Test"):
        methods = [part.name for part in statement.body if isinstance(part, ast.FunctionDef)]
        return [f"{statement.name}().{name}" for name in methods if name.startswith("test")]
    return []


def _assertion(statement: ast.Assert) -> Check:
    test = statement.test
    text = f"assert {ast.unparse(test)}"
    step: dict[str, Any] = {"do": "observe", "file": "<tests>", "operator": "", "truth": False}
    if not isinstance(test, ast.Compare) or len(test.ops) > 1:
        step |= {"codes": [ast.unparse(test)], "truth": True}
        return Check(step, text, lambda record: "" if _holds(record) else f"{text} failed")
    left, right, comparison = test.left, test.comparators[0], type(test.ops[0]).__name__
    known, expected = _constant(right)
    if comparison in ("Is", "IsNot"):  # identity survives the journey for these alone
        known = known and (expected is None or isinstance(expected, bool))
    if known:
        step["codes"] = [ast.unparse(left)]
    else:
        step |= {"codes": [ast.unparse(left), ast.unparse(right)], "operator": comparison}

    def judge(record: dict[str, Any]) -> str:
        if known:
            got = decode(record["values"][0])
            held = _compare(comparison, got, expected)
        else:
            held = _compare_both(comparison, record)
        if held:
            return ""
        opaque = has_opaque(record["values"][0])
        got = f"{record.get('shown', '?')}, {decode(record['values'][0])!r}" if opaque else record.get("shown", "?")
        return f"{text} failed: got {got}"

    return Check(step, text, judge)


def _holds(record: dict[str, Any]) -> bool:
    return bool(record["held"] if has_opaque(record["values"][0]) else decode(record["values"][0]))


def _compare_both(comparison: str, record: dict[str, Any]) -> bool:
    if comparison in ("Is", "IsNot") or any(map(has_opaque, record["values"])):
        return bool(record["held"])
    return _compare(comparison, *map(decode, record["values"]))


def _compare(comparison: str, left: object, right: object) -> bool:
    if isinstance(left, Opaque):  # an object may say that it equals anything
        return comparison in ("NotEq", "IsNot", "NotIn")
    try:
        return bool(OPERATORS[comparison](left, right))
    except TypeError:
        return False


def _constant(node: ast.expr) -> tuple[bool, Any]:
    """Whether an expression is made of literals and constructors of plain values alone, and its value."""
    try:
        return True, ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        pass
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        constructor = _CONSTRUCTORS.get(node.func.id)
        arguments = [_constant(argument) for argument in node.args]
        if constructor and all(known for known, _ in arguments):
            try:
                return True, constructor(*(value for _, value in arguments))
            except (ValueError, TypeError):
                pass
    return False, None


class _Telling(ast.NodeTransformer):
    """Makes the assertions of a function say what they got."""

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        if node.msg or not isinstance(node.test, ast.Compare):
            return node
        text = f"assert {ast.unparse(node.test)} failed: got "
        named = ast.NamedExpr(ast.Name("_got", ast.Store()), node.test.left)
        shown = ast.FormattedValue(ast.Name("_got", ast.Load()), ord("r"))
        told = ast.JoinedStr([ast.Constant(text), shown])
        return ast.Assert(ast.Compare(named, node.test.ops, node.test.comparators), told)


def _doctest(example: doctest.Example) -> Check:
    text = example.source.strip()
    flags = sum(flag for flag, wanted in example.options.items() if wanted)

    def judge(record: dict[str, Any]) -> str:
        checker = doctest.OutputChecker()
        raised, printed = record.get("raised", ""), record["printed"]
        if example.exc_msg is not None:
            right = bool(raised) and checker.check_output(example.exc_msg, raised, flags)
        else:
            right = not raised and checker.check_output(example.want, printed, flags)
        got, wanted = (raised or printed).strip()[:200], (example.exc_msg or example.want).strip()
        return "" if right else f">>> {text} failed: got {got or 'nothing'}, where {wanted or 'nothing'} was wanted"

    return Check({"do": "interact", "code": example.source, "file": "<tests>"}, text, judge)
