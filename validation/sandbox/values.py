"""Plain values as JSON and back, so that what a program computed can be judged where it can't reach."""

import decimal
import numbers
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

_MAX_DEPTH = 50


class Opaque:
    """A value that is not plain: no more than its description left the sandbox."""

    def __init__(self, description: str) -> None:
        self.description = description

    def __repr__(self) -> str:
        return self.description


def encode(value: object, depth: int = _MAX_DEPTH) -> list[Any]:
    """Return kind and content; subclasses count as the built-in type that they extend, whatever they override."""
    if value is None or value is ...:
        return ["constant", repr(value)]
    if depth == 0:
        return ["opaque", f"a value nested more than {_MAX_DEPTH} deep"]
    for kind, plain in _SCALARS.items():
        if isinstance(value, plain):
            return [kind, _scalar(kind, value)]
    for kind, base in _COLLECTIONS.items():
        if isinstance(value, base):
            return [kind, [encode(item, depth - 1) for item in base.__iter__(value)]]
    if isinstance(value, dict):
        return ["dict", [[encode(k, depth - 1), encode(v, depth - 1)] for k, v in dict.items(value)]]
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return encode(value.tolist(), depth - 1)
    return ["opaque", f"an object of class {type(value).__name__}"]


def decode(encoded: list[Any]) -> Any:
    """Return the value, or an `Opaque` one.

    Raises
    ------
    ValueError, TypeError, KeyError
        If this is not what `encode` returns.
    """
    kind, content = encoded
    if kind in _BUILDERS:
        return _BUILDERS[kind](content)
    if kind in _COLLECTIONS:
        return _COLLECTIONS[kind](decode(item) for item in content)
    return {decode(key): decode(value) for key, value in content}


def has_opaque(encoded: list[Any]) -> bool:
    """Tell whether some part of a value is not plain."""
    kind, content = encoded
    if kind == "dict":
        return any(has_opaque(part) for pair in content for part in pair)
    return kind == "opaque" or (kind in _COLLECTIONS and any(map(has_opaque, content)))


def _scalar(kind: str, value: Any) -> Any:
    if kind == "bool":
        return bool(value)
    if kind == "int":
        return int.__format__(value, "x")
    if kind == "float":
        return float.hex(value)
    if kind == "complex":
        return [float.hex(value.real), float.hex(value.imag)]
    if kind == "str":
        return str.__str__(value).encode("utf-8", "surrogatepass").hex() if not value.isascii() else "=" + str(value)
    if kind == "bytes":
        return bytes.hex(value)
    numerator, denominator = value.as_integer_ratio()
    return [hex(numerator), hex(denominator)]


def _text(content: str) -> str:
    return content[1:] if content.startswith("=") else bytes.fromhex(content).decode("utf-8", "surrogatepass")


_SCALARS: dict[str, Any] = {
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "str": str,
    "bytes": (bytes, bytearray),
    "ratio": (numbers.Rational, decimal.Decimal),
}
_COLLECTIONS: dict[str, Any] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
_CONSTANTS: dict[str, object] = {"None": None, "Ellipsis": ...}


def _ratio(content: Iterable[str]) -> Fraction:
    numerator, denominator = content
    return Fraction(int(numerator, 16), int(denominator, 16))


_BUILDERS: dict[str, Any] = {
    "constant": _CONSTANTS.__getitem__,
    "bool": bool,
    "int": lambda content: int(content, 16),
    "float": float.fromhex,
    "complex": lambda content: complex(float.fromhex(content[0]), float.fromhex(content[1])),
    "str": _text,
    "bytes": bytes.fromhex,
    "ratio": _ratio,
    "opaque": Opaque,
}
