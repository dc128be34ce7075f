"""Runs inside the sandbox: limits itself, runs a program and then its tests, and reports each step."""

import contextlib
import io
import json
import operator
import os
import resource
import sys
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from validation.sandbox.values import encode

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "Is": operator.is_,
    "IsNot": operator.is_not,
    "In": lambda left, right: left in right,
    "NotIn": lambda left, right: left not in right,
}


def main() -> None:
    """Read a job from standard input, do it, and end at once, whatever else still runs here."""
    job = json.loads(sys.stdin.buffer.read())
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.set_inheritable(job["report"], False)
    for path, content in job["files"].items():
        target = Path("/scratch", path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    for limit, value in job["limits"].items():
        resource.setrlimit(getattr(resource, limit), (value, value))
    _run(job["steps"], job["name"], _reporter(job["report"], job["nonce"]))
    with contextlib.suppress(Exception):  # what the program did to its streams is its own affair
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def _reporter(channel: int, nonce: str) -> Callable[[dict[str, Any]], None]:
    """Make what writes records; it holds all it needs, so that a program that changes modules changes nothing here."""
    write, dumps = os.write, json.JSONEncoder().encode

    def report(record: dict[str, Any]) -> None:
        line = memoryview((dumps({"nonce": nonce, **record}) + "\n").encode())
        while line:
            line = line[write(channel, line) :]

    return report


def _run(steps: list[dict[str, Any]], name: str, report: Callable[[dict[str, Any]], None]) -> None:
    module = types.ModuleType(name)
    sys.modules[name] = module
    report({"step": -1})
    for index, step in enumerate(steps):
        record: dict[str, Any] = {"step": index}
        try:
            record |= _DOES[step["do"]](step, module.__dict__)
        except BaseException as error:  # noqa: BLE001 - a program may raise anything, and all of it is its result
            record["error"] = _describe(error)
        report(record)
    report({"step": len(steps)})


def _execute(step: dict[str, Any], namespace: dict[str, Any]) -> dict[str, Any]:
    exec(compile(step["code"], step["file"], "exec"), namespace)  # noqa: S102 - this is what the sandbox is for
    return {}


def _interact(step: dict[str, Any], namespace: dict[str, Any]) -> dict[str, Any]:
    printed = io.StringIO()
    record: dict[str, Any] = {}
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(step["code"], step["file"], "single"), namespace)  # noqa: S102
        except Exception as error:  # noqa: BLE001 - a doctest may ask for one
            record["raised"] = "".join(traceback.format_exception_only(error))
    return {**record, "printed": printed.getvalue()}


def _observe(step: dict[str, Any], namespace: dict[str, Any]) -> dict[str, Any]:
    values = [eval(compile(code, step["file"], "eval"), namespace) for code in step["codes"]]  # noqa: S307
    record: dict[str, Any] = {"values": [encode(value) for value in values]}
    if step["operator"]:
        record["held"] = bool(OPERATORS[step["operator"]](*values))
    elif step["truth"]:
        record["held"] = bool(values[0])
    with contextlib.suppress(Exception):
        record["shown"] = repr(values[0])[:200]
    return record


_DOES = {"execute": _execute, "interact": _interact, "observe": _observe}


def _describe(error: BaseException) -> dict[str, Any]:
    try:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<document>"]
        line = error.lineno if isinstance(error, SyntaxError) else (lines or [None])[-1]
        return {"kind": type(error).__name__, "message": str(error)[:500], "line": line}
    except BaseException:  # noqa: BLE001 - its text is made by the program as well
        return {"kind": "an exception", "message": "", "line": None}
