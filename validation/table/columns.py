"""Judges the cells of one column, finished or not, by themselves."""

from collections.abc import Hashable
from decimal import Decimal
from typing import Any

import regex

from generation.table.types import Field
from validation.table.kinds import Dates, Number, Year, kind_of, within

Finding = tuple[str, str]
_PATTERN_S = 0.02  # a pattern that takes longer is taken to match
_NAMES = {
    "integer": "a whole number", "number": "a number", "boolean": "true or false", "date": "a date", "time": "a time",
    "datetime": "a date and time", "year": "a year", "yearmonth": "a year and month", "duration": "a duration",
    "email": "an e-mail address", "uri": "a URI", "uuid": "a UUID",
}  # fmt: skip


class Column:
    """The rules of a field that a cell can break by itself.

    Parameters
    ----------
    field : Field
    missing : tuple of str
        What stands for no value.
    """

    def __init__(self, field: Field, missing: tuple[str, ...] = ("",)) -> None:
        self.field = field
        self.missing = missing
        self._kind = kind_of(field)
        self._reaches = self._kind.reaches if isinstance(self._kind, (Number, Year, Dates)) else None
        self._low, self._high = self._bound(field.minimum), self._bound(field.maximum)
        self._bounded = self._low is not None or self._high is not None
        self._pattern = _compiled(field.pattern)
        self._enum = tuple(word for word in field.enum if self._own_fault(word) is None)
        self._values = {self._kind.read(word) for word in self._enum}

    def value(self, cell: str) -> Hashable | None:
        """What a finished cell stands for, equal for the same value written otherwise; None for none."""
        if cell in self.missing:
            return None
        value = self._kind.read(cell)
        return cell if value is None else value

    def fault(self, cell: str) -> Finding | None:
        """The rule that a finished cell breaks, and the reason."""
        if cell in self.missing:
            return ("required", f"Column {self.field.name!r} needs a value.") if self.field.required else None
        fault = self._own_fault(cell)
        if fault is None and self.field.enum and self._kind.read(cell) not in self._values:
            return "enum", f"{_short(cell)} is none of the values of {self.field.name!r}: {_listed(self.field.enum)}."
        return fault

    def prefix_fault(self, text: str) -> Finding | None:
        """The rule that every cell breaks which begins with these characters, and the reason."""
        if not self.field.required and any(word.startswith(text) for word in self.missing):
            return None
        field = self.field
        if field.enum:
            if any(self._begins(text, word) for word in self._enum):
                return None
            return "enum", f"No value of {field.name!r} begins with {_short(text)}: {_listed(field.enum)}."
        if not self._kind.could_become(text):
            return "type", f"{_short(text)} in {field.name!r} can't become {self._name()}."
        if self._reaches and self._bounded and not self._reaches(text, self._low, self._high):
            return self._range_fault(f"Nothing that begins with {_short(text)} lies")
        if field.max_length is not None and len(text) > field.max_length:
            return "max-length", f"Cells of {field.name!r} have at most {field.max_length} characters."
        if self._pattern is not None and not self._matches(text, partial=True):
            return "pattern", f"Nothing that begins with {_short(text)} matches {field.pattern} in {field.name!r}."
        return None

    def _bound(self, written: str | None) -> Any:
        """The value of a bound; None where there is none, or one that bounds nothing."""
        value: Any = None if written is None else self._kind.read(written)
        return None if isinstance(value, Decimal) and not value.is_finite() else value

    def _own_fault(self, cell: str) -> Finding | None:
        """The first rule but enumeration that a cell with a value breaks."""
        field = self.field
        value: Any = self._kind.read(cell)
        if value is None:
            return "type", f"{_short(cell)} in {field.name!r} is not {self._name()}."
        if not within(value, self._low, self._high):
            return self._range_fault(f"{_short(cell)} does not lie")
        if field.min_length is not None and len(cell) < field.min_length:
            return "min-length", f"Cells of {field.name!r} have at least {field.min_length} characters."
        if field.max_length is not None and len(cell) > field.max_length:
            return "max-length", f"Cells of {field.name!r} have at most {field.max_length} characters."
        if self._pattern is not None and not self._matches(cell, partial=False):
            return "pattern", f"{_short(cell)} in {field.name!r} does not match {field.pattern}."
        return None

    def _begins(self, text: str, word: str) -> bool:
        """Whether a value, perhaps written otherwise, begins with these characters."""
        if word.startswith(text):
            return True
        if self._reaches is None or not self._kind.could_become(text):
            return False
        value = self._kind.read(word)
        return self._reaches(text, value, value)

    def _matches(self, text: str, *, partial: bool) -> bool:
        assert self._pattern is not None
        try:
            return self._pattern.fullmatch(text, partial=partial, timeout=_PATTERN_S) is not None
        except TimeoutError:
            return True

    def _range_fault(self, beginning: str) -> Finding:
        field = self.field
        if field.maximum is None or (self._high is None and field.minimum is not None):
            return "minimum", f"{beginning} at or above {field.minimum}, the least in {field.name!r}."
        if field.minimum is None or self._low is None:
            return "maximum", f"{beginning} at or below {field.maximum}, the most in {field.name!r}."
        return "range", f"{beginning} between {field.minimum} and {field.maximum}, the bounds of {field.name!r}."

    def _name(self) -> str:
        field = self.field
        name = _NAMES.get(field.format) or _NAMES.get(field.type, "a text")
        own_format = field.type in ("date", "time", "datetime") and field.format != "default"
        return f"{name} written as {field.format}" if own_format else name


def _compiled(pattern: str) -> Any:
    """The pattern of a field; None where there is none, or one that can't be read."""
    try:
        return regex.compile(pattern) if pattern else None
    except regex.error:
        return None


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words[:6]) + (", …" if len(words) > 6 else "")
