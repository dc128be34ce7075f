"""Judges every formula of a workbook file."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from generation.formula.types import Cell, Sheet, SheetScope
from generation.formula.workbook import read_workbook
from validation.formula.evaluation import check_value
from validation.formula.validator import judge_finished
from validation.formula.workbook import Workbook
from validation.types import Verdict

Located = tuple[str, Verdict]
"""A cell such as "Costs!B7", and a verdict on what stands there."""


def check_workbook(path: Path, *, evaluated: bool = False) -> list[Located]:
    """Every rule that a workbook's formulas break, and where, and matters of style.

    Parameters
    ----------
    path : Path
        An xlsx or xlsm file.
    evaluated : bool
        Whether formulas that stand are worked out too; that takes milliseconds for each.

    Returns
    -------
    list of (str, Verdict)
        In the order of sheets and cells; nothing for cells in which all rules hold.

    Raises
    ------
    FileNotFoundError, ValueError
        One sentence, where it can't be read.
    """
    sheets, names = read_workbook(path)
    workbook = Workbook(SheetScope(sheets, next(iter(sheets)), (1, 1), names))
    found: list[Located] = []
    for name, sheet in sheets.items():
        for cell, value in sheet.cells.items():
            if isinstance(value, str) and value.startswith("="):
                verdicts = judge_finished(value, workbook, (name, cell))
                if evaluated and verdicts[0].ok:
                    verdicts.append(check_value(value, scope_at(sheets, names, name, cell)))
                found += ((place_of(name, cell), verdict) for verdict in verdicts if verdict.rule)
    return found + list(_merged(path, sheets))


def scope_at(sheets: Mapping[str, Sheet], names: Mapping[str, str], sheet: str, cell: Cell) -> SheetScope:
    """What is known of the workbook where a formula stands in a cell, which itself is no part of it."""
    own = sheets[sheet]
    others = MappingProxyType({place: value for place, value in own.cells.items() if place != cell})
    return SheetScope({**sheets, sheet: replace(own, cells=others)}, sheet, cell, names)


def place_of(sheet: str, cell: Cell) -> str:
    """A cell as people write it."""
    return f"{sheet}!{get_column_letter(cell[1])}{cell[0]}"


def _merged(path: Path, sheets: Mapping[str, Sheet]) -> Iterator[Located]:
    """Formulas in merged cells; those that refer to one that is not the first are told that it holds nothing."""
    book = load_workbook(path)
    for sheet in book.worksheets:
        for area in sheet.merged_cells.ranges:
            first = (area.min_row, area.min_col)
            value = sheets[sheet.title].cells.get(first)
            if isinstance(value, str) and value.startswith("="):
                reason = f"The formula stands in the merged cells {area.coord}."
                yield place_of(sheet.title, first), Verdict(True, "formula", "merged-cells", reason)
