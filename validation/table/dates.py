"""Which days and times the first characters of one can still become."""

import calendar
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

Choices = Mapping[str, Sequence[int]]
Moment = tuple[int, ...]
"""Year, month, day, hour, minute and second."""

_PARTS = ("year", "month", "day", "hour", "minute", "second")
_ABSENT = {"year": (1900,), "month": (1,), "day": (1,), "hour": (0,), "minute": (0,), "second": (0,)}
_LONGEST = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _digits(numbers: range) -> dict[str, int]:
    return {written: number for number in numbers for written in (f"{number:02}", str(number))}


def _named(names: Sequence[str]) -> dict[str, int]:
    return {name.casefold(): number for number, name in enumerate(names) if name}


# What each directive of strptime reads (without regard to case), by what it is written as.
_DIRECTIVES: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "m": ("month", _digits(range(1, 13))),
    "d": ("day", _digits(range(1, 32))),
    "H": ("hour", _digits(range(24))),
    "I": ("half-day hour", _digits(range(1, 13))),
    "M": ("minute", _digits(range(60))),
    "S": ("second", _digits(range(60))),
    "y": ("year", {f"{year % 100:02}": year for year in range(1969, 2069)}),
    "b": ("month", _named(list(calendar.month_abbr))),
    "B": ("month", _named(list(calendar.month_name))),
    "a": ("weekday", _named(list(calendar.day_abbr))),
    "A": ("weekday", _named(list(calendar.day_name))),
    "p": ("half", {"am": 0, "pm": 1}),
}
_EXPANDED = {"D": "%m/%d/%y", "F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M"}


class DateFormat:
    """A format of ``strptime``, read as far as a text goes.

    Parameters
    ----------
    written : str
        As "%d/%m/%Y".
    padded : bool
        Whether numbers must have both their digits.

    Raises
    ------
    ValueError
        If it has a directive whose beginnings can't be judged.
    """

    def __init__(self, written: str, *, padded: bool = False) -> None:
        for short, long in _EXPANDED.items():
            written = written.replace(f"%{short}", long)
        self._parts: list[tuple[str, Mapping[str, int]] | str] = []
        open_choices: dict[str, Sequence[int]] = {}
        signs = iter(written)
        for sign in signs:
            directive = next(signs, "") if sign == "%" else ""
            if directive in ("Y", *_DIRECTIVES):
                name, choices = _DIRECTIVES.get(directive, ("year", {}))
                if padded:
                    choices = {text: number for text, number in choices.items() if len(text) > 1}
                self._parts.append((name, choices))
                open_choices[name] = range(1, 10000) if directive == "Y" else sorted(set(choices.values()))
            elif sign == "%" and directive != "%":
                raise ValueError(
                    f"Argument 'written' (got {written!r}) must have directives of numbers and names only."
                )
            else:
                self._parts.append(sign)
        self._open: Choices = MappingProxyType({**_ABSENT, **open_choices})

    def reaches(self, text: str, low: Moment | None = None, high: Moment | None = None) -> bool:
        """Whether some day of the calendar within bounds, ends included, begins with these characters."""
        return any(_exists(choices, low, high) for choices in self._readings(text.casefold(), 0, self._open))

    def _readings(self, text: str, place: int, choices: Choices) -> Iterator[Choices]:
        """Every way in which a text can be read: for each part, the numbers that it can still become."""
        if not text:
            yield choices
            return
        if place == len(self._parts):
            return
        part = self._parts[place]
        if isinstance(part, str):
            rest = text.lstrip() if part.isspace() else text.removeprefix(part.casefold())
            if len(rest) < len(text):
                yield from self._readings(rest, place + 1, choices)
            return
        name, written = part
        if not written:
            yield from self._year(text, place, choices)
            return
        begun = {number for form, number in written.items() if form.startswith(text) and form != text}
        if begun:
            yield {**choices, name: sorted(begun)}
        for form, number in written.items():
            if text.startswith(form):
                yield from self._readings(text[len(form) :], place + 1, {**choices, name: (number,)})

    def _year(self, text: str, place: int, choices: Choices) -> Iterator[Choices]:
        digits = text[:4]
        if digits.isascii() and digits.isdigit():
            years = range(int(digits.ljust(4, "0")), int(digits.ljust(4, "9")) + 1)
            yield from self._readings(text[4:], place + 1, {**choices, "year": years})


def _exists(choices: Choices, low: Moment | None, high: Moment | None) -> bool:
    if not any(day <= _LONGEST[month] for month in choices["month"] for day in choices["day"]):
        return False
    first, last = (low[0] if low else 1), (high[0] if high else 9999)
    years = range(max(choices["year"][0], first, 1), min(choices["year"][-1], last) + 1)
    return _within([years, *(choices[name] for name in _PARTS[1:])], (), low, high)


def _within(parts: Sequence[Sequence[int]], chosen: Moment, low: Moment | None, high: Moment | None) -> bool:
    """Whether some choice of the parts that are left stays within bounds; one that can no more be met is None."""
    place = len(chosen)
    if place == 3 and chosen[2] > calendar.monthrange(chosen[0], chosen[1])[1]:
        return False
    if place == len(parts) or (place >= 3 and low is None and high is None):
        return True
    for number in parts[place]:
        if (low and number < low[place]) or (high and number > high[place]):
            continue
        still_low = low if low and number == low[place] else None
        still_high = high if high and number == high[place] else None
        if _within(parts, (*chosen, number), still_low, still_high):
            return True
    return False
