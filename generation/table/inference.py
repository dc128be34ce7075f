"""A schema guessed from the first rows of a table."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from generation.table.types import Field, FieldType, Schema

DATE_FORMATS = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%b %d %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%Y%m%d",
)
DATETIME_FORMATS = (
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M",
)
_TIME_FORMATS = ("%H:%M:%S", "%H:%M")
# Codes such as "007" are no numbers: they would lose their zeros.
_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d*)", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*)?(?:\.\d+|\.|(?<=\d))(?:[eE][+-]?\d+)?", re.ASCII)
_COMMA_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*),\d+", re.ASCII)
_YEAR_MONTH = re.compile(r"[12]\d{3}-(?:0[1-9]|1[0-2])", re.ASCII)
_BOOLEANS = ({"true", "false"}, {"True", "False"}, {"TRUE", "FALSE"})
_ROWS = 2000
# Fewer cells than this say nothing of whether all are filled or all differ.
_ENOUGH = 20


def infer_schema(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Schema:
    """Guess types, formats and which columns are filled and unique, from the first 2,000 rows.

    Parameters
    ----------
    header : sequence of str
        Distinct names of the columns.
    rows : sequence of sequence of str

    Returns
    -------
    Schema
        With ``given`` false.
    """
    sample = rows[:_ROWS]
    columns = [[row[place] if place < len(row) else "" for row in sample] for place in range(len(header))]
    return Schema(tuple(map(_infer_field, header, columns)), given=False)


def is_written(cell: str, form: str) -> bool:
    """Whether a date or time is written in this form of `strptime`."""
    try:
        datetime.strptime(cell, form)
    except ValueError:
        return False
    return True


def _infer_field(name: str, column: Sequence[str]) -> Field:
    values = [cell for cell in column if cell]
    distinct = set(values)
    enough = len(values) >= _ENOUGH
    kind, form, decimal = _infer_type(sorted(distinct))
    return Field(
        name,
        kind,
        form,
        required=enough and len(values) == len(column),
        unique=enough and len(distinct) == len(values) and kind != "number",
        decimal=decimal,
    )


def _infer_type(values: Sequence[str]) -> tuple[FieldType, str, str]:
    """Type, format and decimal sign."""
    if not values:
        return "any", "default", "."
    if any(set(values) <= words for words in _BOOLEANS):
        return "boolean", "default", "."
    patterns: tuple[tuple[FieldType, re.Pattern[str], str], ...] = (
        ("integer", _INTEGER, "."),
        ("number", _NUMBER, "."),
        ("number", _COMMA_NUMBER, ","),
        ("yearmonth", _YEAR_MONTH, "."),
    )
    for kind, pattern, decimal in patterns:
        if all(map(pattern.fullmatch, values)):
            return kind, "default", decimal
    moments: tuple[tuple[FieldType, tuple[str, ...]], ...] = (
        ("date", DATE_FORMATS),
        ("datetime", DATETIME_FORMATS),
        ("time", _TIME_FORMATS),
    )
    for kind, forms in moments:
        form = next((form for form in forms if all(map(_writes(form), values))), None)
        if form is not None:
            return kind, "default" if form == forms[0] else form, "."
    return "string", "default", "."


def _writes(form: str) -> Callable[[str], bool]:
    return lambda cell: is_written(cell, form)
