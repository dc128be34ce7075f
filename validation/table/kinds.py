"""What a cell of each type may look like, finished or not (Table Schema, Frictionless Data)."""

from collections.abc import Callable, Hashable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

import regex

from generation.table.types import Field, FieldType
from validation.table.dates import DateFormat, Moment
from validation.table.numbers import integer_reaches, number_reaches

_MOST_DIGITS = 4300  # more are no number to Python
_HEX = "[0-9a-fA-F]"
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?"
_FORMATS: Mapping[str, str] = {
    "uuid": rf"{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*",
    "email": rf"[^\s@,;:<>()\[\]\"]+@(?:{_LABEL}\.)+\p{{L}}[\p{{L}}\p{{N}}-]*[\p{{L}}\p{{N}}]",
}
_ANYTHING = r"(?s).*"
_AMOUNT = r"(?:\d+(?:[.,]\d+)?"
_DURATION = rf"[+-]?P(?=\w){_AMOUNT}Y)?{_AMOUNT}M)?{_AMOUNT}W)?{_AMOUNT}D)?(?:T{_AMOUNT}H)?{_AMOUNT}M)?{_AMOUNT}S)?)?"
_TRUE, _FALSE = ("true", "True", "TRUE", "1"), ("false", "False", "FALSE", "0")
_BOOLEANS = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
_ZONE = timedelta(days=1)
_CLOCK_TAIL = regex.compile(r"(?:[.,]\d+)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?", regex.ASCII)


class Kind(Protocol):
    """What the cells of one type look like."""

    def could_become(self, text: str) -> bool:
        """Whether some value begins with these characters."""
        ...

    def read(self, text: str) -> Hashable | None:
        """The value, equal for the same one written otherwise; None if it is none."""
        ...


class Pattern:
    """Whatever a regular expression matches as a whole."""

    def __init__(self, pattern: str) -> None:
        self._pattern = regex.compile(pattern)

    def could_become(self, text: str) -> bool:
        return self._pattern.fullmatch(text, partial=True) is not None

    def read(self, text: str) -> Hashable | None:
        return text if self._pattern.fullmatch(text) else None


class Boolean:
    """The words for true and false."""

    def could_become(self, text: str) -> bool:
        return any(word.startswith(text) for word in _BOOLEANS)

    def read(self, text: str) -> Hashable | None:
        return _BOOLEANS.get(text)


class Number:
    """Whole or decimal numbers with the signs of a locale; groups of two or three digits, the last of three."""

    def __init__(self, field: Field) -> None:
        self._decimal, self._thousands = field.decimal, field.thousands
        self._is_whole = field.type == "integer"
        group = regex.escape(field.thousands)
        whole = rf"\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d+" if group else r"\d+"
        number = rf"[+-]?(?:{whole})"
        if not self._is_whole:
            point = regex.escape(field.decimal)
            number = rf"(?:[+-]?(?:(?:{whole})(?:{point}\d*)?|{point}\d+)(?:e[+-]?\d+)?|nan|[+-]?inf(?:inity)?)"
        self._pattern = regex.compile(rf"\s*{number}\s*", regex.ASCII | regex.IGNORECASE)

    def could_become(self, text: str) -> bool:
        return len(text) <= _MOST_DIGITS and self._pattern.fullmatch(text, partial=True) is not None

    def read(self, text: str) -> Hashable | None:
        if len(text) > _MOST_DIGITS or not self._pattern.fullmatch(text):
            return None
        if self._is_whole:
            return int(self._plain(text))
        try:
            return Decimal(self._plain(text))
        except InvalidOperation:
            return None

    def reaches(self, text: str, low: Any, high: Any) -> bool:
        """Whether some value within bounds begins with these characters, which a value can."""
        plain = self._plain(text)
        if plain and text[-1].isspace():
            value = self.read(text)
            return isinstance(value, (int, Decimal)) and within(value, low, high)
        return (integer_reaches if self._is_whole else number_reaches)(plain, low, high)

    def _plain(self, text: str) -> str:
        plain = text.strip()
        if self._thousands:
            plain = plain.replace(self._thousands, "")
        return plain if self._is_whole else plain.replace(self._decimal, ".")


class Year:
    """Four digits."""

    def could_become(self, text: str) -> bool:
        return len(text) <= 4 and (not text or (text.isascii() and text.isdigit()))

    def read(self, text: str) -> Hashable | None:
        return int(text) if len(text) == 4 and self.could_become(text) else None

    def reaches(self, text: str, low: Any, high: Any) -> bool:
        """Whether some value within bounds begins with these characters, which a value can."""
        first, last = int(text.ljust(4, "0")), int(text.ljust(4, "9"))
        return (low is None or last >= low) and (high is None or first <= high)


class Dates:
    """Dates, times and both, as ``strptime`` reads a format, or in the form of ISO 8601."""

    def __init__(self, field: Field) -> None:
        self._type, self._format = field.type, field.format
        self._iso_length = 0
        if field.format != "default":
            form = DateFormat(field.format)
        elif field.type == "date":
            self._format, form = "%Y-%m-%d", DateFormat("%Y-%m-%d")
        elif field.type == "yearmonth":
            self._format, form = "%Y-%m", DateFormat("%Y-%m")
        else:
            self._iso_length = 8 if field.type == "time" else 19
            form = DateFormat("%H:%M:%S" if field.type == "time" else "%Y-%m-%dT%H:%M:%S", padded=True)
        self._form = form

    def could_become(self, text: str) -> bool:
        if not self._iso_length:
            return self._form.reaches(text)
        tail = text[self._iso_length :]
        return self._form.reaches(self._clock(text)) and bool(_CLOCK_TAIL.fullmatch(tail, partial=True))

    def read(self, text: str) -> Hashable | None:
        try:
            if not self._iso_length:
                moment = datetime.strptime(text, self._format)
                return moment.date() if self._type == "date" else moment.time() if self._type == "time" else moment
            if len(text) < self._iso_length or not self.could_become(text):
                return None
            return time.fromisoformat(text) if self._type == "time" else datetime.fromisoformat(text)
        except ValueError:
            return None

    def reaches(self, text: str, low: Any, high: Any) -> bool:
        """Whether some value within bounds begins with these characters, which a value can."""
        return self._form.reaches(self._clock(text), _moment(low, -_ZONE), _moment(high, _ZONE))

    def _clock(self, text: str) -> str:
        """The part with a format, with ISO's own sign between date and time, which may be any."""
        if not self._iso_length:
            return text
        return (text[:10] + "T" + text[11:19])[: len(text)] if self._iso_length == 19 else text[:8]


def _moment(value: Any, zone: timedelta) -> Moment | None:
    """A bound in numbers; one with a time zone is as far out as another zone's clock can be."""
    if value is None:
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        try:
            value += zone
        except OverflowError:
            return None
    if isinstance(value, time):
        if value.tzinfo is not None:
            return None
        return (1900, 1, 1, value.hour, value.minute, value.second)
    if isinstance(value, datetime):
        return (value.year, value.month, value.day, value.hour, value.minute, value.second)
    assert isinstance(value, date)
    return (value.year, value.month, value.day, 0, 0, 0)


def within(value: Any, low: Any, high: Any) -> bool:
    """Whether a value lies within bounds, ends included; one that can't be compared with them does not."""
    try:
        return (low is None or value >= low) and (high is None or value <= high)
    except (TypeError, InvalidOperation):  # with and without a time zone; a number that is none
        return False


def kind_of(field: Field) -> Kind:
    """What the cells of a column look like; anything where its format is one whose beginnings can't be judged."""
    makers: Mapping[FieldType, Callable[[Field], Kind]] = {
        "integer": Number, "number": Number, "date": Dates, "time": Dates, "datetime": Dates, "yearmonth": Dates,
    }  # fmt: skip
    if field.type in makers:
        try:
            return makers[field.type](field)
        except ValueError:
            return Pattern(_ANYTHING)
    if field.type == "string" and field.format in _FORMATS:
        return Pattern(_FORMATS[field.format])
    if field.type == "duration":
        return Pattern(_DURATION)
    return Year() if field.type == "year" else Boolean() if field.type == "boolean" else Pattern(_ANYTHING)
