"""Formulas by where they point from their own cell, so that copies of one are alike."""

from collections.abc import Iterable
from functools import lru_cache

from openpyxl.utils import column_index_from_string, get_column_letter

from generation.formula.lexer import N_COLUMNS, N_ROWS, Token, lex, place_at, read_place
from generation.formula.types import Cell, Sheet, SheetScope

Step = tuple[str, ...]
"""A token's kind and text; cells and lines are counted from the formula's own cell, unless a dollar sign holds them."""


def steps(tokens: Iterable[Token], cell: Cell) -> tuple[Step, ...]:
    """Tokens as R1C1 notation has them, blanks dropped."""
    return tuple(_step(token, cell) for token in tokens if token.kind != "space")


def written(path: Iterable[Step], cell: Cell) -> list[str] | None:
    """The text of each step in a cell; None where one points outside a sheet."""
    texts = []
    for step in path:
        text = _text(step, cell)
        if text is None:
            return None
        texts.append(text)
    return texts


def formulas(scope: SheetScope) -> dict[str, dict[Cell, tuple[Step, ...]]]:
    """Every formula of every sheet, in steps, but what stands in the scope's own cell."""
    known = {name: _of_sheet(sheet) for name, sheet in scope.sheets.items()}
    if scope.cell in known.get(scope.sheet, {}):
        known[scope.sheet] = {cell: path for cell, path in known[scope.sheet].items() if cell != scope.cell}
    return known


@lru_cache(maxsize=256)
def _of_sheet(sheet: Sheet) -> dict[Cell, tuple[Step, ...]]:
    """Sheets that stay the same, cell after cell, are read once, and so are formulas of those that change."""
    return {
        cell: _of_formula(value, cell)
        for cell, value in sheet.cells.items()
        if isinstance(value, str) and value.startswith("=")
    }


@lru_cache(maxsize=65536)
def _of_formula(formula: str, cell: Cell) -> tuple[Step, ...]:
    return steps(lex(formula), cell)


def _step(token: Token, cell: Cell) -> Step:
    row, column = cell
    if token.kind == "cell":
        place = read_place(token.text)
        if place:
            return "cell", _code(place.row, row, place.fixed_row), _code(place.column, column, place.fixed_column)
    if token.kind == "lines":
        ends = token.text.split(":")
        if ends[0].lstrip("$").isdigit():
            return "rows", *[_code(int(end.lstrip("$")), row, end.startswith("$")) for end in ends]
        indices = [column_index_from_string(end.lstrip("$").upper()) for end in ends]
        return "columns", *[_code(i, column, end.startswith("$")) for i, end in zip(indices, ends, strict=True)]
    return token.kind, token.text


def _text(step: Step, cell: Cell) -> str | None:
    kind = step[0]
    if kind == "cell" and len(step) == 3:
        row, column = (_index(code, base) for code, base in zip(step[1:], cell, strict=True))
        place = place_at(row, column, step[1].startswith("$"), step[2].startswith("$"))
        return place.text if place else None
    if kind in ("rows", "columns"):
        base, most = (cell[0], N_ROWS) if kind == "rows" else (cell[1], N_COLUMNS)
        ends = [_index(code, base) for code in step[1:]]
        if not all(1 <= end <= most for end in ends):
            return None
        names = [str(end) if kind == "rows" else get_column_letter(end) for end in ends]
        return ":".join(
            ("$" if code.startswith("$") else "") + name for code, name in zip(step[1:], names, strict=True)
        )
    return step[1]


def _code(index: int, base: int, fixed: bool) -> str:
    return f"${index}" if fixed else str(index - base)


def _index(code: str, base: int) -> int:
    return int(code[1:]) if code.startswith("$") else base + int(code)
