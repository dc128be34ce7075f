"""Which numbers the first characters of one can still become."""

from decimal import Decimal

import regex

_NUMBER = regex.compile(
    r"(?P<sign>[+-])?(?P<whole>\d+)?(?P<point>\.(?P<fraction>\d+)?)?(?P<e>[eE](?P<exponent>[+-]?\d*))?", regex.ASCII
)


def integer_reaches(text: str, low: int | None, high: int | None) -> bool:
    """Whether some whole number within bounds begins with these characters.

    Parameters
    ----------
    text : str
        A sign, digits, both or nothing.
    low, high : int, optional
        Ends included; None for no bound.
    """
    digits = text.lstrip("+-")
    if text.startswith("-"):
        low, high = (None if high is None else -high), (None if low is None else -low)
    elif not text:
        return low is None or high is None or low <= high
    low = max(low or 0, 0)
    if high is None:
        return True
    if high < low:
        return False
    first, step = int(digits or "0"), 1
    while first * step <= high:
        if (first + 1) * step > low:
            return True
        step *= 10
    return False


def number_reaches(text: str, low: Decimal | None, high: Decimal | None) -> bool:
    """Whether some number within bounds begins with these characters, an exponent included.

    Parameters
    ----------
    text : str
        The beginning of a decimal number with a point, or the whole of one.
    low, high : Decimal, optional
        Ends included; None for no bound.
    """
    parts = _NUMBER.fullmatch(text)
    if parts is None:  # infinite or none at all
        return low is None and high is None
    if parts["sign"] == "-":
        low, high = (None if high is None else -high), (None if low is None else -low)
    elif not text:
        return low is None or high is None or low <= high
    if high is not None and high < max(low or 0, 0):
        return False
    fraction = parts["fraction"] or ""
    least = Decimal(f"{parts['whole'] or 0}.{fraction or 0}")
    if parts["e"]:
        return _exponent_reaches(least, parts["exponent"], low, high)
    if not least or high is None:
        return True  # more digits, or an exponent, make anything of nothing
    if not high:
        return False
    if low is None or low <= 0:
        return True
    beyond = least + (Decimal(1).scaleb(-len(fraction)) if parts["point"] else 1)
    shifts = range(low.adjusted() - least.adjusted() - 1, high.adjusted() - least.adjusted() + 2)
    return any(least.scaleb(shift) <= high and beyond.scaleb(shift) > low for shift in shifts)


def _exponent_reaches(number: Decimal, exponent: str, low: Decimal | None, high: Decimal | None) -> bool:
    """The same where the exponent has begun, for the number's size."""
    if not number:
        return low is None or low <= 0
    if high is not None and not high:
        return False
    least = most = None
    if low is not None and low > 0:
        least = low.adjusted() - number.adjusted()
        least += number.scaleb(least) < low
    if high is not None:
        most = high.adjusted() - number.adjusted()
        most -= number.scaleb(most) > high
    return integer_reaches(exponent, least, most)
