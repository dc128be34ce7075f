"""A draft as a person sees it: text and programs as lines, tables and formulas in their grid."""

from collections.abc import Callable, Sequence

from openpyxl.utils import get_column_letter
from rich import box
from rich.console import Group, RenderableType
from rich.style import Style
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
_N_ROWS, _N_FURTHER = 9, 4  # rows of a sheet, and columns right of the formula's
_WIDEST_CELL, _NARROWEST_CELL, _NUMBER_WIDTH = 18, 5, 5


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
    shown = Text(text)
    if draft.kind == "python":
        found = Syntax("", "python", theme="ansi_dark").highlight(text).spans
        shown.spans = [span._replace(style=_without_background(span.style)) for span in found if span.end <= len(text)]
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
    kept = max(1, n_lines - 6)
    shown_rows = [header, *body[-kept:], [*cursor.cells, cursor.raw + " "], *following]
    widths = [max(len(_short(row[c])) for row in shown_rows if c < len(row)) for c in range(len(header))]
    columns = _columns_around(at, widths, width)
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    grid.add_column("", style="dim", justify="right", width=_NUMBER_WIDTH)
    for column in columns:
        grid.add_column(Text(_short(header[column])), overflow="ellipsis", no_wrap=True)
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
    top = max(1, row - n_rows + 2)
    entered = {**cells, scope.cell: draft.text}
    widths = [
        max([_NARROWEST_CELL, *(len(_short(_told(entered.get((r, c), "")))) for r in range(top, top + n_rows))])
        for c in range(1, column + _N_FURTHER)
    ]
    columns = [c + 1 for c in _columns_around(column - 1, widths, width)]
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    grid.add_column("", style="dim", justify="right", width=_NUMBER_WIDTH)
    for c in columns:
        grid.add_column(get_column_letter(c), overflow="ellipsis", no_wrap=True, min_width=_NARROWEST_CELL)
    for r in range(top, top + n_rows):
        shown = [Text(_short(_told(entered.get((r, c), "")))) for c in columns]
        if r == row:
            shown[columns.index(column)].stylize(_CURSOR)
        grid.add_row(str(r), *shown)
    formula = Text(f"{place_name(scope)}  ", "dim") + Text(draft.before, _OWN) + Text(" ", _CURSOR) + Text(draft.after)
    return Group(grid, formula)


def _columns_around(at: int, widths: Sequence[int], width: int) -> list[int]:
    """Places of the columns that fit: the cursor's, those before it, then those after it."""
    room = width - _NUMBER_WIDTH - 4
    columns = [at] if at < len(widths) else []
    room -= sum(widths[c] + 2 for c in columns)
    for c in (*range(min(at, len(widths)) - 1, -1, -1), *range(at + 1, len(widths))):
        room -= widths[c] + 2
        if room < 0:
            break
        columns.append(c)
    return sorted(columns)


def _without_background(style: str | Style) -> Style:
    told = Style.parse(style) if isinstance(style, str) else style
    return Style(color=told.color, bold=told.bold, italic=told.italic)


def _told(entered: object) -> str:
    return f"{entered:g}" if isinstance(entered, float) else str(entered)


def _short(cell: str) -> str:
    line = cell.replace("\n", "⏎")
    return line if len(line) <= _WIDEST_CELL else line[: _WIDEST_CELL - 1] + "…"


_VIEWS: dict[str, Callable[[Draft, int, int], RenderableType]] = {
    "text": _lines,
    "python": _lines,
    "table": _rows,
    "formula": _sheet,
}
