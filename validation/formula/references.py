"""What an operand of a formula may look like, finished or not, and what it refers to."""

from dataclasses import dataclass

import regex
from openpyxl.utils import column_index_from_string

N_ROWS, N_COLUMNS = 1_048_576, 16_384

_CELL = r"\$?[A-Za-z]{1,3}\$?\d{1,7}"
_NAME = r"[\p{L}\p{M}_\\][\p{L}\p{M}\p{N}_.?\\]*"
BRACKETS = r"(?P<brackets>\[(?:[^\[\]']|'.|(?&brackets))*\])"
_SHEET = r"(?:'(?:[^']|'')+'|(?:(?&brackets))?[\p{L}\p{M}\p{N}_.]+(?::[\p{L}\p{M}\p{N}_.]+)?|(?&brackets))!"
_ITEM = rf"(?:(?:{_SHEET})?(?:{_CELL}|(?:{_NAME})?(?&brackets)|{_NAME}|\#REF!)|(?&brackets)!'(?:[^']|'')*')"
_LINES = rf"(?:{_SHEET})?(?:\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}|\$?\d{{1,7}}:\$?\d{{1,7}})"
_REFERENCE = rf"@?(?:{_LINES}|{_ITEM}(?::{_ITEM})*)"
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
ERRORS = ("#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#N/A", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA")
_ERROR = "|".join(regex.escape(error) for error in ERRORS)

_DEFINE = rf"(?(DEFINE){BRACKETS})"
REFERENCE = regex.compile(rf"{_DEFINE}(?:{_REFERENCE})")
FUNCTION = regex.compile(rf"{_DEFINE}@?(?P<sheet>{_SHEET})?(?P<name>[\p{{L}}_\\][\p{{L}}\p{{N}}_.\\]*)\(")
NUMBER = regex.compile(_NUMBER)
OPERAND = regex.compile(
    rf"{_DEFINE}(?:{_NUMBER}|{_ERROR}|\"(?:[^\"]|\"\")*\"|{_REFERENCE}|@?(?:{_ITEM}:)?(?:{_SHEET})?{_NAME}\()"
)


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells, by number from 1, ends included; ``sheet`` as it is written, None for the formula's own."""

    sheet: str | None
    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Reference:
    """What one operand refers to.

    Parameters
    ----------
    areas : tuple of Area
    names : tuple of str
        Defined names and tables.
    sheets : tuple of str
        The sheets it names.
    is_structured : bool
        Whether it names a table, of which it takes columns or rows.
    fault, note : (str, str), optional
        Rule and reason: why it can't stand, or what is unusual about it.
    """

    areas: tuple[Area, ...] = ()
    names: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    is_structured: bool = False
    fault: tuple[str, str] | None = None
    note: tuple[str, str] | None = None


def read_reference(text: str) -> Reference:
    """Take a finished reference apart.

    Parameters
    ----------
    text : str
        Matches ``REFERENCE``.
    """
    body = text.removeprefix("@")
    if "[" in body and "!" in body:
        return Reference(note=("external-link", f"{text} reads another workbook."))
    if "[" in body:
        return Reference(names=tuple(name for name in [body.partition("[")[0]] if name), is_structured=True)
    if "#REF!" in body:
        broken = _sheet_and_target(body)[0] or ""
        sheets = () if "#" in broken or not broken else tuple(broken.split(":"))
        return Reference(sheets=sheets, note=("broken-reference", f"{text} refers to cells that are gone."))
    sheet, target = _sheet_and_target(body)
    sheets = tuple(sheet.split(":")) if sheet else ()
    ends = [_sheet_and_target(part)[1] for part in target.split(":")]
    corners = [_corner(end) for end in ends]
    if len(ends) == 1 and corners[0] and None in corners[0]:
        corners = [None]  # letters or digits alone are no place
    names = tuple(end for end, corner in zip(ends, corners, strict=True) if corner is None)
    places = [corner for corner in corners if corner is not None]
    shapes = {(row is None, column is None) for row, column in places}
    if len(shapes) > 1:
        return Reference(fault=("range-shape", f"{text} mixes cells with whole rows or columns."))
    if any(not 1 <= (row or 1) <= N_ROWS or not 1 <= (column or 1) <= N_COLUMNS for row, column in places):
        reason = f"{text} lies outside a sheet of XFD columns and {N_ROWS} rows."
        return Reference(sheets=sheets, fault=("reference-bounds", reason))
    if names or not places:
        return Reference(names=names, sheets=sheets)
    rows, columns = [row for row, _ in places if row], [column for _, column in places if column]
    top, bottom = min(rows, default=1), max(rows, default=N_ROWS)
    left, right = min(columns, default=1), max(columns, default=N_COLUMNS)
    area = Area(sheet, top, left, bottom, right)
    reversed_ends = rows != sorted(rows) or columns != sorted(columns)
    note = ("range-order", f"{text} ends before it begins.") if reversed_ends else None
    return Reference((area,), names, sheets, note=note)


def is_cell(text: str) -> bool:
    """Whether a text is a cell of a sheet, such as "$B$7"."""
    corner = _corner(text)
    return corner is not None and None not in corner


def _sheet_and_target(text: str) -> tuple[str | None, str]:
    """The sheet's name without quotes, and what stands after it."""
    if "!" not in text:
        return None, text
    if text.startswith("'"):
        end = text.index("'!")
        return text[1:end].replace("''", "'"), text[end + 2 :]
    sheet, _, target = text.partition("!")
    return sheet, target


def _corner(text: str) -> tuple[int | None, int | None] | None:
    """Row and column of an end of a range; None for a name."""
    place = regex.fullmatch(r"\$?(?P<column>[A-Za-z]{1,3})?\$?(?P<row>\d{1,7})?", text)
    if place is None:
        return None
    letters, digits = place["column"], place["row"]
    column = column_index_from_string(letters.upper()) if letters else None
    if column is not None and column > N_COLUMNS and digits:
        return None  # beyond the last column letters and digits are a name
    return (int(digits) if digits else None), column
