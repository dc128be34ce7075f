"""How a sheet is laid out around a cell: runs of numbers above and to the left, and the words that head it."""

from collections.abc import Iterator

from generation.formula.types import Cell, Sheet, SheetScope

_LONGEST_RUN = 10_000
_FURTHEST_WORD = 200


def is_number(value: object) -> bool:
    """Whether a cell holds a number, or a formula that may give one."""
    if isinstance(value, str):
        return value.startswith("=")
    return isinstance(value, int | float) and not isinstance(value, bool)


def run(sheet: Sheet, start: Cell, step: Cell) -> list[Cell]:
    """Cells with numbers from a cell on, in one direction, up to the first that holds none.

    Parameters
    ----------
    start : Cell
        Part of the run, if it holds a number.
    step : Cell
        Rows and columns from one to the next.
    """
    found: list[Cell] = []
    row, column = start
    while is_number(sheet.cells.get((row, column))) and len(found) < _LONGEST_RUN:
        found.append((row, column))
        row, column = row + step[0], column + step[1]
    return found


def run_above(scope: SheetScope) -> list[Cell]:
    """The run of numbers above the scope's cell, the highest first; one empty cell between is passed over."""
    return _before(scope, (-1, 0))


def run_left(scope: SheetScope) -> list[Cell]:
    """The run of numbers left of the scope's cell, the leftmost first; one empty cell between is passed over."""
    return _before(scope, (0, -1))


def headings(scope: SheetScope) -> tuple[str, str]:
    """The words that head the scope's row, and those that head its column; the nearest ones, in lower case."""
    row, column = scope.cell
    return _word(scope, ((row, at) for at in range(column - 1, 0, -1))), _word(
        scope, ((at, column) for at in range(row - 1, 0, -1))
    )


def _before(scope: SheetScope, step: Cell) -> list[Cell]:
    sheet = scope.sheets[scope.sheet]
    start = scope.cell[0] + step[0], scope.cell[1] + step[1]
    if start not in sheet.cells:
        start = start[0] + step[0], start[1] + step[1]
    return run(sheet, start, step)[::-1]


def _word(scope: SheetScope, cells: Iterator[Cell]) -> str:
    known = scope.sheets[scope.sheet].cells
    for cell, _ in zip(cells, range(_FURTHEST_WORD), strict=False):
        value = known.get(cell)
        if isinstance(value, str) and not value.startswith("="):
            return value.casefold()
    return ""
