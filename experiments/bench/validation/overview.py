"""What validation is worth: what it refuses wrongly, what it lets pass, its milliseconds, and what gets out."""

import ast
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.bench.table import Progress, Row, as_table
from experiments.bench.validation import attacks as validation_attacks
from experiments.bench.validation import formula as validation_formula
from experiments.bench.validation import fuzz as validation_fuzz
from experiments.bench.validation import logic as validation_logic
from experiments.bench.validation import python as validation_python
from experiments.bench.validation import table as validation_table
from generation.types import Candidate, Context
from validation.python.linters import LINTERS, LinterValidator, has_pylint

_SEED = 3
_SLOW_MS = 2000.0  # that the slow ring gives each check
_PAGE_MS = 50.0
_CAUGHT = 0.99
_LONGEST = 600  # characters of exceptions that a note quotes
Value = str | int | float | None
NOTES = (
    "x_bound is the ratio to the bound: 50 ms for the fast ring's 32 candidates, the 2 s that the slow ring gives a "
    "check, 99 % of what no completion can save, and none of what may not be. The fast ring's milliseconds are those "
    "of one candidate once what stands before is read; the slow ring's are those of a statement of the same "
    "programs as its last line is written, for each linter."
)
LEFT_OUT = (
    "Left out, since ASSENT_DATA names no folder with corpora/: MBPP, real tables and real formulas; only the standard "
    "library's held-out modules, a long table and a large sheet are measured."
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    n_programs: int
    n_mutants: int
    n_looks: int  # statements that the linters look at
    n_rows: int  # of each table
    n_formulas: int
    n_inputs: int  # fuzzed
    with_attacks: bool
    n_changed: int  # programs that are judged by tests


QUICK, FULL = Size(4, 40, 15, 2, 40, 100, True, 20), Size(100, 1000, 200, 40, 1000, 10_000, True, 1000)


def bench_validation(quick: bool, progress: Progress) -> dict[str, Any]:
    """False rejects, false accepts and milliseconds for every kind of document; then the sandbox, and noise."""
    corpora = Path(os.environ.get("ASSENT_DATA", "")) / "corpora"
    there = corpora if "ASSENT_DATA" in os.environ and corpora.is_dir() else None
    return measure(there, QUICK if quick else FULL, progress)


def measure(corpora: Path | None, size: Size, progress: Progress) -> dict[str, Any]:
    """Take the figures."""
    notes = [NOTES, validation_python.NOTES, validation_table.NOTES, validation_formula.NOTES, validation_logic.NOTES]
    notes += [validation_fuzz.NOTES]
    notes += [] if corpora else [LEFT_OUT]
    parts = (_python, _linters, _tables, _formulas, _logic, _fuzzed, *([_attacked] if size.with_attacks else []))
    rows: list[Row] = []
    for done, part in enumerate(parts):
        progress("measuring validators", done, len(parts))
        rows += part(corpora, size, notes)
    progress("measuring validators", len(parts), len(parts))
    return as_table("validation", rows, " ".join(map(_sentence, notes)))


def _python(corpora: Path | None, size: Size, notes: list[str]) -> Iterator[Row]:
    del notes  # nothing to add
    for found in validation_python.measure(corpora, size.n_programs, size.n_mutants):
        name, n = found["programs"], _int(found["time_n"])
        yield _row("python", name, "refused beginnings", found["n_beginnings"], found["false_rejects"], 0)
        yield _row("python", name, "caught while written", found["n_lost"], found["caught"], _CAUGHT)
        yield from _times("python", name, "fast ring", n * validation_python.N_CANDIDATES, found, "time_")
        yield _row("python", name, "fast ring, 32 candidates, median ms", n, found["time_page_ms"], _PAGE_MS)


def _linters(corpora: Path | None, size: Size, notes: list[str]) -> Iterator[Row]:
    if not has_pylint():
        notes.append("Pylint was left out: it is not installed.")
    for name, sources in validation_python.programs(corpora).items():
        for stage in LINTERS:
            if stage != "pylint" or has_pylint():
                laps = _looks(stage, sources, size.n_looks)
                found: Row = {"median_ms": float(np.median(laps)), "p99_ms": float(np.quantile(laps, 0.99))}
                yield from _times("python", name, f"slow ring, {stage}", len(laps), found, bound=_SLOW_MS)


def _looks(stage: str, sources: Sequence[str], n: int) -> list[float]:
    """Milliseconds of a linter for statements at random; what it does once is not counted."""
    rng, judge = np.random.default_rng(_SEED), LinterValidator(stage)
    judge.check(Context("python", ""), Candidate("x = 1\n", 0.0, "bench"))
    laps = []
    for _ in range(n):
        source = sources[int(rng.integers(len(sources)))]
        lines = source.splitlines(keepends=True)
        simple = [s for s in ast.walk(ast.parse(source)) if isinstance(s, ast.stmt) and not hasattr(s, "body")]
        at = (simple[int(rng.integers(len(simple)))].end_lineno or 1) - 1
        context = Context("python", "".join(lines[:at]))
        judge.check(context, Candidate("", 0.0, "bench"))
        laps.append(1e3 * judge.check(context, Candidate(lines[at].rstrip("\r\n") + "\n", 0.0, "bench")).seconds)
    return laps


def _tables(corpora: Path | None, size: Size, notes: list[str]) -> Iterator[Row]:
    rows = validation_table.false_rejects(corpora, size.n_rows)
    for schema in dict.fromkeys(found["schema"] for found in rows):
        tables = [found for found in rows if found["schema"] == schema]
        name = f"{len(tables)} tables, {schema} schema"
        yield _row("table", name, "refused beginnings", _sum(tables, "n_prefixes"), _sum(tables, "refused"), 0)
        notes += [note for found in tables for note in _exceptions(found["table"], found["exceptions"])]
    for found in validation_table.false_accepts(corpora, size.n_rows):
        yield from _caught("table", found, notes)
    for found in validation_table.milliseconds(10 * size.n_rows):
        yield from _times("table", found["document"], "fast ring", found["n"], found)


def _formulas(corpora: Path | None, size: Size, notes: list[str]) -> Iterator[Row]:
    for found in validation_formula.false_rejects(corpora, size.n_formulas):
        name = found["formulas"]
        yield _row("formula", name, "refused beginnings", found["n_prefixes"], found["refused"], 0)
        yield _row("formula", name, "refused when finished", found["n"], found["refused_finished"], 0)
        notes += _exceptions(name, found["exceptions"])
    for found in validation_formula.false_accepts(corpora, size.n_formulas):
        yield from _caught("formula", found, notes)
    for found in validation_formula.milliseconds(corpora, size.n_formulas // 2):
        yield from _times("formula", found["document"], "fast ring", found["n"], found)


def _logic(corpora: Path | None, size: Size, notes: list[str]) -> Iterator[Row]:
    for found in validation_logic.measure(corpora, size.n_changed, size.n_changed) if corpora else ():
        right = found["documents"] == "MBPP, right"
        share = found["passed"] if right else 1 - float(found["passed"] or 0)
        yield _row("logic", found["documents"], "passed" if right else "caught by tests", found["n"], share)
        yield _row("logic", found["documents"], "over time", found["n"], found["over_time"])
        notes += _exceptions(found["documents"], found["exceptions"])


def _fuzzed(corpora: Path | None, size: Size, notes: list[str]) -> Iterator[Row]:
    rows = validation_fuzz.measure(corpora, size.n_inputs)
    isolated = [found for found in rows if found["validator"] == "sandbox"]
    for name, part in (("hostile inputs", [found for found in rows if found not in isolated]), ("sandbox", isolated)):
        if part:
            yield _row("any", name, "crashes", _sum(part, "n"), _sum(part, "crashes"), 0)
            yield _row("any", name, "over time", _sum(part, "n"), _sum(part, "over_time"), 0)
        notes += [note for found in part for note in _exceptions(found["validator"], found["exceptions"])]


def _attacked(corpora: Path | None, size: Size, notes: list[str]) -> Iterator[Row]:
    del corpora, size  # every attack, always
    found = validation_attacks.attack_row()
    for figure, counted in (("escapes", "n"), ("harm", "n"), ("forged", "n_forgeries")):
        yield _row("any", "sandbox", figure, found[counted], found[figure], 0)
    notes += _exceptions("sandbox", found["exceptions"])


def _caught(kind: str, found: Row, notes: list[str]) -> Iterator[Row]:
    """Rows of one mistake: its share that is caught."""
    for figure, key in (("caught while written", "caught_unfinished"), ("caught when finished", "caught_finished")):
        yield _row(kind, found["mistake"], figure, found["n"], found[key], _CAUGHT)
    notes += _exceptions(f"{kind}, {found['mistake']}, missed", found["missed"])


def _times(
    kind: str, documents: Value, what: str, n: Value, found: Row, prefix: str = "", bound: float | None = None
) -> Iterator[Row]:
    for figure in ("median_ms", "p99_ms"):
        yield _row(kind, documents, f"{what}, {figure.replace('_', ' ')}", n, found[prefix + figure], bound)


def _row(kind: str, documents: Value, figure: str, n: Value, value: Value, bound: float | None = None) -> Row:
    ratio = value / bound if isinstance(value, int | float) and bound else None
    told: Row = {"kind": kind, "documents": documents, "figure": figure, "n": n, "value": value}
    return {**told, "bound": bound, "x_bound": ratio}


def _exceptions(name: Value, told: Value) -> list[str]:
    """What a figure leaves open, as a note; none where there is nothing."""
    if not told:
        return []
    return [f"{name}: {told if len(str(told)) <= _LONGEST else str(told)[:_LONGEST] + ' …'}"]


def _sentence(note: str) -> str:
    return note if note.endswith((".", "…")) else note + "."


def _sum(rows: Sequence[Row], figure: str) -> int:
    return sum(_int(row[figure]) for row in rows)


def _int(value: Value) -> int:
    assert isinstance(value, int)
    return value
