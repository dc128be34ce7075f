"""Judges whether an unfinished formula with a candidate can still become one that may stand in its cell."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from generation.formula.types import SheetScope
from generation.types import Candidate, Context
from validation.formula.frames import Finding, Use
from validation.formula.reading import Reading, read_formula
from validation.formula.units import unit_note
from validation.formula.workbook import Node, Workbook, workbook_of
from validation.types import Verdict

_KEPT = 16  # beginnings that are remembered


@dataclass(frozen=True, slots=True)
class _Settled:
    """What is known of a beginning: its finished tokens, and the first fault of its references."""

    reading: Reading
    fault: Finding | None
    n_uses: int


class FormulaValidator:
    """Grammar, arguments and references of an Excel formula, finished or not.

    With a scope a formula may refer only to sheets and names that the workbook has, and never to its own cell, even by
    way of others. What stands before the cursor is read once.
    """

    stage = "formula"

    def __init__(self) -> None:
        self._settled: dict[tuple[str, SheetScope | None], _Settled] = {}

    def check(self, context: Context, candidate: Candidate) -> Verdict:
        """Judge what stands before the cursor with the candidate; an invalid one is a verdict, never an exception."""
        begun = time.perf_counter()
        scope = context.scope if isinstance(context.scope, SheetScope) else None
        settled = self._before(context.before, scope)
        text = (context.before + candidate.text).removeprefix("=")
        reading = settled.reading.fork().read(text, finished=False)
        fault, notes = reading.fault or settled.fault, reading.notes[len(settled.reading.notes) :]
        if fault is None and scope is not None:
            workbook = workbook_of(scope)
            added = reading.uses[settled.n_uses :]
            fault = _first_fault(workbook, reading, added) or workbook.pending_fault(reading.pending)
            notes += _notes(workbook, added, scope.sheet) if fault is None else []
        finding: Finding = fault or (notes[0] if notes else ("", ""))
        return Verdict(fault is None, self.stage, *finding, time.perf_counter() - begun)

    def check_finished(self, formula: str, scope: SheetScope | None = None) -> list[Verdict]:
        """Every verdict on a whole formula: one that refuses it, or one that does not and the matters of style."""
        return judge_finished(formula, None if scope is None else workbook_of(scope))

    def _before(self, before: str, scope: SheetScope | None) -> _Settled:
        key = (before, scope)
        if key not in self._settled:
            reading = Reading().settle(before.removeprefix("="))
            fault = None
            if scope is not None:
                workbook = workbook_of(scope)
                workbook.prepare()
                fault = _first_fault(workbook, reading, reading.uses)
            self._settled[key] = _Settled(reading, fault, len(reading.uses))
            if len(self._settled) > _KEPT:
                del self._settled[next(iter(self._settled))]
        return self._settled[key]


def judge_finished(formula: str, workbook: Workbook | None, node: Node | None = None) -> list[Verdict]:
    """Every verdict on a whole formula, in the workbook's own cell or another one that is known to be in no cycle."""
    begun = time.perf_counter()
    reading = read_formula(formula, finished=True)
    fault = reading.fault
    if fault is None and reading.unfinished:
        fault = ("unfinished", reading.unfinished)
    notes = list(reading.notes)
    if fault is None and workbook is not None:
        fault = _first_fault(workbook, reading, reading.uses, node)
        notes += [] if fault else _notes(workbook, reading.uses, (node or workbook.own)[0])
    seconds = time.perf_counter() - begun
    if fault:
        return [Verdict(False, FormulaValidator.stage, *fault, seconds)]
    unique: list[Finding] = list(dict.fromkeys(notes)) or [("", "")]
    return [Verdict(True, FormulaValidator.stage, *note, seconds) for note in unique]


def _first_fault(workbook: Workbook, reading: Reading, uses: list[Use], node: Node | None = None) -> Finding | None:
    """The first reference that can't stand in a cell, by default the workbook's own."""
    for use in uses:
        fault = workbook.sheet_fault(use) or (None if reading.defines_names else workbook.name_fault(use))
        if fault is None and (node is None or node in workbook.circular):
            fault = workbook.cycle_fault(use, node or workbook.own)
        if fault:
            return fault
    return None


def _notes(workbook: Workbook, uses: list[Use], sheet: str) -> Iterator[Finding]:
    for use in uses:
        note = unit_note(workbook, use, sheet)
        if note:
            yield note
        for area in workbook.areas(use.reference, sheet):
            if workbook.is_empty(area):
                yield "empty-reference", "The formula refers to cells that hold nothing."
                break
