"""Judges, outside of the sandbox, how a run ended."""

import json
import signal
from collections.abc import Sequence
from typing import Any

from validation.sandbox.checks import Check
from validation.sandbox.limits import KilledBy, Limits, Outcome
from validation.sandbox.watching import Record

_TAMPERED = "The program tampered with the report on its tests."


def judge(record: Record, checks: Sequence[Check], nonce: str, limits: Limits) -> Outcome:
    """Tell whether a program ran to its end and every check held.

    Parameters
    ----------
    record : Record
    checks : sequence of Check
        The program itself first.
    nonce : str
        What every line of the child's report carries.
    limits : Limits

    Raises
    ------
    RuntimeError
        If the program was never begun.
    """
    if record.begun is None:
        said = record.streams["err"].decode("utf-8", "replace").strip().splitlines()
        raise RuntimeError(f"The sandbox did not start: {said[-1] if said else 'it said nothing'}.")
    reason = _fault(bytes(record.streams["report"]), checks, nonce)
    killed_by = record.killed_by or ("memory" if "MemoryError" in reason else None)
    if not killed_by and record.code > 128:
        killed_by = "cpu" if record.code - 128 in (signal.SIGXCPU, signal.SIGKILL) else "signal"
    if killed_by:
        reason = _passed(killed_by, record.code, limits)
    out, err = (record.streams[name][: limits.output].decode("utf-8", "replace") for name in ("out", "err"))
    return Outcome(not reason, reason, out, err, record.ended - record.begun, killed_by)


def _passed(limit: KilledBy, code: int, limits: Limits) -> str:
    """What ended a program, in a sentence."""
    return {
        "wall": f"The program was stopped after {limits.wall_s:g} s.",
        "output": f"The program was stopped after it had printed {limits.output} bytes.",
        "cpu": f"The program used more than {limits.cpu_s} s of processor time.",
        "memory": f"The program needs more than {limits.memory >> 20} MB of memory.",
        "signal": f"The program was ended by signal {code - 128}.",
    }[limit]


def _fault(report: bytes, checks: Sequence[Check], nonce: str) -> str:
    """What is wrong with the report; its lines must be this run's, and be there from the first step to the end."""
    expected = -1
    for line in report.splitlines():
        try:
            told = json.loads(line)
            if told["nonce"] != nonce or told["step"] != expected:
                return _TAMPERED
            fault = "" if not 0 <= expected < len(checks) else _step_fault(told, checks[expected])
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            return _TAMPERED
        if fault:
            return fault
        expected += 1
    if expected <= len(checks):
        text = checks[max(min(expected, len(checks) - 1), 0)].text
        return f"The program ended before {text!r} was done." if expected else "The program ended itself."
    return ""


def _step_fault(told: dict[str, Any], check: Check) -> str:
    error = told.get("error")
    if error is None:
        return check.judge(told)
    kind, message, line = str(error["kind"]), str(error["message"])[:500], error["line"]
    if kind == "AssertionError" and message.startswith("assert "):
        return message
    where = f"Line {line:d}: " if isinstance(line, int) else ""
    what = kind + (f": {message}" if message else "")
    return f"{where}{what}" if check.text == "the program" else f"{check.text} failed: {where}{what}"
