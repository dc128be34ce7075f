"""The units of cells, from their number formats and the headers above, and sums in which they do not agree."""

import regex
from openpyxl.styles.numbers import is_date_format

from generation.formula.types import Sheet
from validation.formula.frames import Finding, Use
from validation.formula.references import Area, Reference
from validation.formula.workbook import Workbook

_CURRENCY = regex.compile(r"\[\$(?P<sign>[^\]-]+)[^\]]*\]|(?P<sign>\p{Sc})")
_WORDS = regex.compile(r"\"\s*(?P<unit>[^\"]*?\p{L}[^\"]*?)\s*\"")
_HEADER = regex.compile(
    r"[(\[]\s*(?P<unit>\p{Sc}|%|°?\p{L}{1,4}[²³]?(?:/\p{L}{1,3}[²³]?)?)\s*[)\]]"
    r"|(?P<unit>\p{Sc}|%)|\bin (?P<unit>EUR|USD|GBP|CHF|JPY|kg|g|t|km|m|cm|mm|h|min|s|%)\b"
)
_DATE = "date"
_MOST_ABOVE = 1000  # rows above a cell among which its header is looked for


def unit_of(sheet: Sheet, area: Area) -> str:
    """The unit of an area's first cell, by its number format or the nearest text above it; empty if none is known."""
    unit = _of_format(sheet.formats.get((area.top, area.left), ""))
    if unit:
        return unit
    for row in range(area.top - 1, max(0, area.top - _MOST_ABOVE), -1):
        header = sheet.cells.get((row, area.left))
        if isinstance(header, str) and not header.startswith("="):
            found = _HEADER.search(header)
            return str(found["unit"]) if found else ""
    return ""


def unit_note(workbook: Workbook, use: Use, sheet: str) -> Finding | None:
    """A note where a formula in a sheet adds or compares references of different units."""
    if use.other is None:
        return None
    first, second = (_unit(workbook, reference, sheet) for reference in (use.other, use.reference))
    if not first or not second or first == second or _DATE in (first, second):
        return None
    verb = "adds" if use.operator in ("+", "-") else "compares"
    return "unit", f"The formula {verb} {first} and {second}."


def _unit(workbook: Workbook, reference: Reference, sheet: str) -> str:
    area = next(workbook.areas(reference, sheet), None)
    return unit_of(workbook.scope.sheets[str(area.sheet)], area) if area else ""


def _of_format(number_format: str) -> str:
    found = _CURRENCY.search(number_format)
    if found:
        return str(found["sign"]).strip()
    if "%" in number_format:
        return "%"
    words = _WORDS.search(number_format)
    if words:
        return str(words["unit"])
    return _DATE if number_format and is_date_format(number_format) else ""
