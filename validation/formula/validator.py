"""Judges whether an unfinished formula with a candidate can still become one that may stand in its cell."""

import time
from collections.abc import Iterable

from generation.types import Candidate, Context
from validation.formula.reading import Finding, Reading, read_formula
from validation.types import Verdict


class FormulaValidator:
    """Grammar, arguments and references of an Excel formula, finished or not.

    Parameters
    ----------
    sheets, names : iterable of str, optional
        What the workbook holds; a formula may then refer to nothing else. Compared without regard to case.
    """

    stage = "formula"

    def __init__(self, sheets: Iterable[str] | None = None, names: Iterable[str] | None = None) -> None:
        self._sheets = None if sheets is None else {sheet.casefold() for sheet in sheets}
        self._names = None if names is None else {name.casefold() for name in names}

    def check(self, context: Context, candidate: Candidate) -> Verdict:
        """Judge what stands before the cursor with the candidate; an invalid one is a verdict, never an exception."""
        begun = time.perf_counter()
        reading = read_formula(context.before + candidate.text, finished=False)
        rule, reason = self._fault(reading) or ("", "")
        return Verdict(not rule, self.stage, rule, reason, time.perf_counter() - begun)

    def check_finished(self, formula: str) -> list[Verdict]:
        """Every verdict on a whole formula: one that refuses it, or one that does not and the matters of style."""
        begun = time.perf_counter()
        reading = read_formula(formula, finished=True)
        fault = self._fault(reading)
        if fault is None and reading.unfinished:
            fault = ("unfinished", reading.unfinished)
        seconds = time.perf_counter() - begun
        if fault:
            return [Verdict(False, self.stage, *fault, seconds)]
        notes = list(dict.fromkeys(reading.notes)) or [("", "")]
        return [Verdict(True, self.stage, *note, seconds) for note in notes]

    def _fault(self, reading: Reading) -> Finding | None:
        if reading.fault:
            return reading.fault
        for reference in (use.reference for use in reading.uses):
            for sheet in reference.sheets:
                if self._sheets is not None and sheet.casefold() not in self._sheets:
                    return "unknown-sheet", f"The workbook has no sheet {sheet!r}."
            for name in reference.names:
                if self._names is not None and name.casefold() not in self._names:
                    return "unknown-name", f"The workbook defines no name {name!r}."
        return None
