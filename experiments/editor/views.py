"""A draft as a person sees it: text and programs as lines, tables and formulas in their grid."""

from collections.abc import Callable

from openpyxl.utils import get_column_letter
from rich import box
from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from experiments.editor.draft import Draft
from experiments.editor.storage import place_name
from generation.formula.types import SheetScope
from generation.table.delimited import cursor_at, read_rows, settled_rows
from generation.table.types import TableScope

_CURSOR = "reverse"
_OWN = "bold green"  # what was put in since the file was opened
_N_ROWS, _WIDEST_CELL, _NUMBER_WIDTH = 9, 18, 5


def document_view(draft: Draft, n_lines: int, width: int) -> RenderableType:
    """What is shown of a draft in so many lines and columns, the cursor within."""
    return _VIEWS[draft.kind](draft, n_lines, width)


def visible(text: str) -> str:
    """A candidate with its blanks and line ends made visible."""
    shown = text.replace("\n", "⏎").replace("\t", "⇥")
    inner = shown.strip(" ")
    lead, trail = len(shown) - len(shown.lstrip(" ")), len(shown) - len(shown.rstrip(" "))
    return "␣" * len(shown) if not inner else "␣" * lead + inner + "␣" * trail


def _lines(draft: Draft, n_lines: int, width: int) -> RenderableType:
    text = draft.text + " "
    if draft.kind == "python":
        shown = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(text)
        shown.plain = text  # the highlighter puts an end of its own to the last line
    else:
        shown = Text(text)
    for block in draft.blocks:
        shown.stylize(_OWN, block.begin, block.end)
    at = len(draft.before)
    if text[at] in "\r\n":
        shown = shown[:at] + Text(" ", _CURSOR) + shown[at:]
    else:
        shown.stylize(_CURSOR, at, at + 1)
    lines = shown.split("\n", allow_blank=True)
    row = draft.before.count("\n")
    first = max(0, min(row - n_lines // 2, len(lines) - n_lines))
    numbered = Table.grid(padding=(0, 1))
    numbered.add_column(justify="right", style="dim", width=_NUMBER_WIDTH)
    numbered.add_column(no_wrap=True)
    for number, line in enumerate(lines[first : first + n_lines], first + 1):
        line.expand_tabs(8)
        line.truncate(width - _NUMBER_WIDTH - 2, overflow="ellipsis")
        numbered.add_row(str(number), line)
    return numbered


def _rows(draft: Draft, n_lines: int, width: int) -> RenderableType:
    """The rows before the cursor's, and its own as far as it goes."""
    if not isinstance(draft.scope, TableScope):
        return _lines(draft, n_lines, width)
    delimiter = draft.scope.delimiter
    settled = list(settled_rows(draft.before, 0, delimiter))
    end = settled[-1][1] if settled else 0
    header, *body = [row for row, _ in settled if row] or [[field.name for field in draft.scope.schema.fields]]
    cursor = cursor_at(draft.before[end:], delimiter)
    partial = Text(_short(cursor.raw)) + Text(" ", _CURSOR)
    following = read_rows(draft.after.partition("\n")[2], delimiter)[:3]
    at = len(cursor.cells)
    n_columns = max(1, (width - _NUMBER_WIDTH - 4) // (_WIDEST_CELL + 2))
    begin = max(0, min(at - n_columns // 2, len(header) - n_columns))
    columns = range(begin, min(len(header), begin + n_columns))
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    grid.add_column("", style="dim", justify="right", width=_NUMBER_WIDTH)
    for column in columns:
        grid.add_column(Text(_short(header[column])), overflow="ellipsis", no_wrap=True)
    kept = max(1, n_lines - 6)
    n_own = sum(block.begin >= end for block in draft.blocks)
    for number, row in list(enumerate(body, 2))[-kept:]:
        grid.add_row(str(number), *(_short(row[c]) if c < len(row) else "" for c in columns))
    own = [*(Text(_short(cell), _OWN if n_own else "") for cell in cursor.cells), partial]
    grid.add_row(str(len(body) + 2), *(own[c] if c < len(own) else Text("·", "dim") for c in columns))
    for number, row in enumerate(following, len(body) + 3):
        grid.add_row(str(number), *(_short(row[c]) if c < len(row) else "" for c in columns), style="dim")
    field = draft.scope.schema.fields[at] if at < len(draft.scope.schema.fields) else None
    told = Text(f"{draft.scope.name}, column {at + 1} of {len(header)}", "dim")
    if field is not None:
        told.append(f": {field.name} ({field.type}{', required' if field.required else ''})")
    return Group(told, grid)


def _sheet(draft: Draft, n_lines: int, width: int) -> RenderableType:
    """The cells around the formula, and the formula below them."""
    scope = draft.scope
    assert isinstance(scope, SheetScope), "a formula stands in a sheet"
    cells = scope.sheets[scope.sheet].cells
    row, column = scope.cell
    n_rows = max(3, min(_N_ROWS, n_lines - 6))
    n_columns = max(1, (width - _NUMBER_WIDTH - 4) // (_WIDEST_CELL + 2))
    top, left = max(1, row - n_rows + 2), max(1, column - n_columns + 2)
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    grid.add_column("", style="dim", justify="right", width=_NUMBER_WIDTH)
    for c in range(left, left + n_columns):
        grid.add_column(get_column_letter(c), overflow="ellipsis", no_wrap=True, min_width=5)
    for r in range(top, top + n_rows):
        shown = [Text(_short(str(cells.get((r, c), "")))) for c in range(left, left + n_columns)]
        if r == row:
            shown[column - left] = Text(_short(draft.text), _CURSOR)
        grid.add_row(str(r), *shown)
    formula = Text(f"{place_name(scope)}  ", "dim") + Text(draft.before, _OWN) + Text(" ", _CURSOR) + Text(draft.after)
    return Group(grid, formula)


def _short(cell: str) -> str:
    line = cell.replace("\n", "⏎")
    return line if len(line) <= _WIDEST_CELL else line[: _WIDEST_CELL - 1] + "…"


_VIEWS: dict[str, Callable[[Draft, int, int], RenderableType]] = {
    "text": _lines,
    "python": _lines,
    "table": _rows,
    "formula": _sheet,
}
