"""Works finished formulas out, where the library `formulas` is installed, and finds those that give an error."""

import logging
import time
import warnings
from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from openpyxl.utils.datetime import to_excel

from generation.formula.types import Cell, SheetScope
from validation.formula.functions import VOLATILE
from validation.formula.lexer import lex
from validation.formula.references import ERRORS, REFERENCE, Area, read_reference
from validation.formula.workbook import Workbook, workbook_of
from validation.rings import within
from validation.types import Verdict

MOST_FORMULAS = 200  # cells that are worked out on the way
MOST_CELLS = 10_000  # cells that one reference may take in
MOST_S = 2.0  # once it has taken so long, no further formula is begun, and none is checked any longer
_CAUSES: Mapping[str, str] = {
    "#REF!": "it refers to cells that are gone", "#DIV/0!": "it divides by zero, or by a cell that holds nothing",
    "#VALUE!": "a value is of the wrong kind", "#NAME?": "a name or function is unknown",
    "#N/A": "what it looks for is not there", "#NUM!": "a number is impossible", "#NULL!": "two ranges do not meet",
}  # fmt: skip
_WRONG = frozenset(("#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"))


class NotEvaluated(ValueError):
    """Why a formula could not be worked out; it may be right all the same."""


def evaluate(formula: str, scope: SheetScope) -> object:
    """The value of a finished formula in its cell: a number, a text, a truth, or an error such as "#DIV/0!".

    Raises
    ------
    NotEvaluated
        One sentence: the library is not installed, or can't work it out.
    """
    if find_spec("formulas") is None:
        raise NotEvaluated("Formulas are worked out where the extra 'formulas' is installed.")
    return _Evaluation(workbook_of(scope)).value_of(formula, scope.sheet)


def check_value(formula: str, scope: SheetScope) -> Verdict:
    """Whether a finished formula gives an error; what can't be worked out, or not in time, is a matter of style."""
    return within(MOST_S, "formula", lambda: _check_value(formula, scope))


def _check_value(formula: str, scope: SheetScope) -> Verdict:
    begun = time.perf_counter()
    rule = reason = ""
    ok = True
    try:
        value = evaluate(formula, scope)
        if isinstance(value, str) and value in _CAUSES:
            ok = value not in _WRONG
            rule, reason = "value", f"The formula gives {value}: {_CAUSES[value]}."
    except NotEvaluated as why:
        rule, reason = "not-evaluated", str(why)
    return Verdict(ok, "formula", rule, reason, time.perf_counter() - begun)


class _Evaluation:
    """Works out cells, each once."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._values: dict[tuple[str, Cell], object] = {}
        self._n_formulas = 0
        self._until = time.monotonic() + MOST_S

    def value_of(self, formula: str, sheet: str) -> object:
        """The value of a formula that stands in a sheet."""
        from formulas.parser import Parser  # a slow import, of an optional library

        logging.getLogger("schedula").setLevel(logging.CRITICAL)
        self._n_formulas += 1
        if self._n_formulas > MOST_FORMULAS:
            raise NotEvaluated(f"The formula hangs on more than {MOST_FORMULAS} others.")
        if time.monotonic() > self._until:
            raise NotEvaluated(f"The formula takes more than {MOST_S:g} s to work out.")
        if any(function in VOLATILE for function in _functions(formula)):
            raise NotEvaluated("A formula that is worked out anew at every change has no value of its own.")
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                function = Parser().ast("=" + formula.removeprefix("="))[1].compile()
                inputs = [self._input(written, sheet) for written in function.inputs]
                result = function(*inputs)
        except NotEvaluated:
            raise
        except Exception as error:  # noqa: BLE001 - the library raises whatever its functions do
            raise NotEvaluated(f"The library can't work the formula out ({type(error).__name__}).") from None
        value = np.asarray(result, dtype=object).ravel()[0]
        return str(value) if str(value) in ERRORS else value.item() if isinstance(value, np.generic) else value

    def _input(self, written: str, sheet: str) -> NDArray[np.object_]:
        """The values of a reference, shape (n_rows, n_columns)."""
        if not REFERENCE.fullmatch(written):
            raise NotEvaluated(f"Nothing is known of {written[:40]}.")
        areas = list(self._workbook.areas(read_reference(written), sheet))
        if len(areas) != 1:
            raise NotEvaluated(f"Nothing is known of {written[:40]}.")
        area = self._used(areas[0])
        if (area.bottom - area.top + 1) * (area.right - area.left + 1) > MOST_CELLS:
            raise NotEvaluated(f"{written} takes in more than {MOST_CELLS} cells.")
        rows = range(area.top, area.bottom + 1)
        columns = range(area.left, area.right + 1)
        cells = [[self._cell(str(area.sheet), (row, column)) for column in columns] for row in rows]
        values = np.empty((len(rows), len(columns)), dtype=object)
        values[:] = [[_to_library(cell) for cell in row] for row in cells]
        return values

    def _used(self, area: Area) -> Area:
        """An area without the rows and columns beyond the last cell that holds anything."""
        cells = self._workbook.scope.sheets[str(area.sheet)].cells
        bottom = max((row for row, _ in cells), default=1)
        right = max((column for _, column in cells), default=1)
        last_row, last_column = max(area.top, min(area.bottom, bottom)), max(area.left, min(area.right, right))
        return Area(area.sheet, area.top, area.left, last_row, last_column)

    def _cell(self, sheet: str, cell: Cell) -> object:
        if (sheet, cell) in self._values:
            return self._values[sheet, cell]
        value = self._workbook.scope.sheets[sheet].cells.get(cell)
        if isinstance(value, str) and value.startswith("="):
            self._values[sheet, cell] = "#REF!"  # where cells hang on each other
            value = self.value_of(value, sheet)
        if isinstance(value, datetime):
            value = float(to_excel(value))
        self._values[sheet, cell] = value
        return value


def _to_library(value: object) -> object:
    """A cell's value as the library has it."""
    from formulas.functions import sh
    from formulas.tokens.operand import Error

    if value is None:
        return sh.EMPTY
    return Error.errors.get(value, value) if isinstance(value, str) else value


def _functions(formula: str) -> set[str]:
    """Names of the functions that a formula calls."""
    calls = (token.text for token in lex(formula.removeprefix("=")) if token.kind == "call")
    return {call[:-1].lstrip("@").upper() for call in calls}
