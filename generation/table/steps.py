"""Values that can be counted on from: numbers, numbered and lettered codes, moments; and the step between two."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from generation.table.inference import DATE_FORMATS, DATETIME_FORMATS
from generation.table.types import Field

Step = tuple[str, int | Decimal]
"""Unit ("", "s" or "month") and how many."""

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})\.\d{1,12}", re.ASCII)
_INTEGER = re.compile(r"-[1-9]\d{0,17}", re.ASCII)
_CODE = re.compile(r"(.*?)(\d{1,18})(\D*)", re.ASCII | re.DOTALL)
_LETTERS = re.compile(r"[a-z]{1,3}|[A-Z]{1,3}", re.ASCII)
_MOMENT = re.compile(r"\w{1,9}[-/. ]\w{1,9}[-/. ]\w{1,9}(?:[T ][\d:.Z]+)?")
_BARE = re.compile(r"\b0(?=\d)")
_MONTHS = 12
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Counted:
    """A value as a place in a sequence.

    Parameters
    ----------
    shape : tuple of str
        Values of one shape can be counted on from one another.
    number : int, Decimal or datetime
    width : int
        Digits that leading zeros fill up to; 0 where there are none.
    """

    shape: tuple[str, ...]
    number: int | Decimal | datetime
    width: int = 0


def moment_format(value: str, field: Field) -> str | None:
    """How a date or time is written, in the terms of `strptime`; None if it is none."""
    if "%" in field.format:
        forms: tuple[str, ...] = (field.format,)
    elif field.type in ("date", "datetime") or (_MOMENT.fullmatch(value) and field.type in ("string", "any")):
        forms = DATE_FORMATS + DATETIME_FORMATS
    else:
        return None
    return next((form for form in forms if _moment(value, form) is not None), None)


def counted(value: str, form: str | None) -> Counted | None:
    """Read a value as a place in a sequence; None where it is in none.

    Parameters
    ----------
    value : str
    form : str or None
        How the column writes dates, where it does.
    """
    if form is not None:
        moment = _moment(value, form)
        return None if moment is None else Counted(("moment", form), moment)
    if _NUMBER.fullmatch(value):
        return Counted(("number", str(len(value.partition(".")[2]))), Decimal(value))
    if _INTEGER.fullmatch(value):
        return Counted(("code", "", ""), int(value))
    if _LETTERS.fullmatch(value):
        number = 0
        for letter in value.lower():
            number = number * 26 + ord(letter) - ord("a")
        return Counted(("letters", str(len(value)), "upper" if value.isupper() else "lower"), number)
    code = _CODE.fullmatch(value)
    if code is None:
        return None
    before, digits, after = code.groups()
    padded = digits[0] == "0" and len(digits) > 1
    return Counted(("code", before, after), int(digits), len(digits) if padded else 0)


def step(first: Counted, second: Counted) -> Step | None:
    """From one value to the next; None if they are of different shapes."""
    if first.shape != second.shape:
        return None
    a, b = first.number, second.number
    if isinstance(a, datetime) and isinstance(b, datetime):
        if (a.day, a.time()) == (b.day, b.time()) and a != b:
            return "month", (b.year - a.year) * _MONTHS + b.month - a.month
        return "s", int((b - a).total_seconds())
    if isinstance(a, datetime) or isinstance(b, datetime):
        return None
    return "", Decimal(b) - a if isinstance(a, Decimal) or isinstance(b, Decimal) else b - a


def advance(start: Counted, by: Step, bare: bool = False) -> str | None:
    """The value that a step leads to, as it is written; None where there is none.

    Parameters
    ----------
    start : Counted
    by : Step
    bare : bool
        Whether dates are written without leading zeros.
    """
    unit, size = by
    if isinstance(start.number, datetime):
        try:
            moved = _moved(start.number, unit, int(size))
        except (ValueError, OverflowError):
            return None
        written = moved.strftime(start.shape[1])
        return _BARE.sub("", written) if bare else written
    number = start.number + size
    match start.shape:
        case ("number", decimals):
            return f"{number:.{decimals}f}"
        case ("letters", length, case):
            letters = _letters(int(number), int(length))
            return letters.upper() if letters and case == "upper" else letters
        case (_, before, after):
            digits = f"{number:0{start.width}d}" if start.width else str(number)
            return before + digits + after if number >= 0 or not (before or after) else None
    return None


def is_bare(value: str, form: str) -> bool | None:
    """Whether a date is written without leading zeros; None where it would have none."""
    moment = _moment(value, form)
    if moment is None:
        return None
    padded = moment.strftime(form)
    return None if _BARE.sub("", padded) == padded else value != padded


def likely_steps(value: Counted) -> dict[Step, float]:
    """Steps to expect before any was seen."""
    if isinstance(value.number, datetime):
        if value.number.day == 1:
            return {("month", 1): 0.5, ("s", _DAY): 0.2, ("month", _MONTHS): 0.2}
        return {("s", _DAY): 0.6, ("month", 1): 0.1}
    return {("", 1): 0.5} if value.shape[0] == "code" else {}


def _moment(value: str, form: str) -> datetime | None:
    try:
        moment = datetime.strptime(value, form)
    except ValueError:
        return None
    written = moment.strftime(form)
    return moment if value in (written, _BARE.sub("", written)) else None


def _moved(moment: datetime, unit: str, size: int) -> datetime:
    if unit != "month":
        return moment + timedelta(seconds=size)
    months = moment.year * _MONTHS + moment.month - 1 + size
    return moment.replace(year=months // _MONTHS, month=months % _MONTHS + 1)


def _letters(number: int, length: int) -> str | None:
    if not 0 <= number < 26**length:
        return None
    letters = ""
    for _ in range(length):
        number, letter = divmod(number, 26)
        letters = chr(ord("a") + letter) + letters
    return letters
