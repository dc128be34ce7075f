"""Which kinds of token may stand at a place of a formula."""

from collections.abc import Mapping
from typing import Literal

from generation.formula.lexer import Token
from generation.formula.symbols import NO_ARGUMENTS, History

Category = Literal[
    "cell", "value", "name", "sheet", "function", "open", "close", "separator", "colon", "prefix", "infix", "postfix",
]  # fmt: skip
_NOTHING: frozenset[Category] = frozenset()
_AFTER_SHEET: frozenset[Category] = frozenset(("cell", "name"))
_OPERAND: frozenset[Category] = frozenset(("cell", "value", "name", "sheet", "function", "open", "prefix"))
_OPERATOR: frozenset[Category] = frozenset(("infix", "postfix"))
_CLOSE: frozenset[Category] = frozenset(("close",))
_COLON: frozenset[Category] = frozenset(("colon",))
_ARGUMENT_ENDS: frozenset[Category] = frozenset(("separator", "close"))
_ITSELF: Mapping[str, tuple[Category, ...]] = {
    "cell": ("cell",),
    "name": ("name",),
    "sheet": ("sheet",),
    "function": ("function",),
    "open": ("open",),
    "close": ("close",),
    "colon": ("colon",),
}
_OPERATORS: Mapping[str, tuple[Category, ...]] = {
    "%": ("postfix",),
    "+": ("prefix", "infix"),
    "-": ("prefix", "infix"),
    "@": (),
}


def allowed(history: History) -> frozenset[Category]:
    """What may come next; nothing within an array in braces, or where the formula is broken already."""
    top = history.frames[-1]
    last = history.last
    if top.opener == "{" or last in ("brace", "unfinished"):
        return _NOTHING
    if last == "sheet":
        return _AFTER_SHEET
    if last == "colon":
        return frozenset(("cell",))
    is_call = top.opener not in ("=", "(")
    if history.wants_operand:
        if is_call and last == "separator":
            return _OPERAND | _ARGUMENT_ENDS
        return _OPERAND | (_CLOSE if last == "function" and top.opener in NO_ARGUMENTS else _NOTHING)
    ends = _ARGUMENT_ENDS if is_call else _CLOSE if top.opener == "(" else _NOTHING
    return _OPERATOR | ends | (_COLON if last == "cell" and not history.ends_range else _NOTHING)


def categories(token: Token) -> tuple[Category, ...]:
    """What a token is to the grammar; empty for what is never proposed."""
    text, kind = token.text, token.kind
    if kind == "operator":
        return _OPERATORS.get(text, ("infix",))
    if kind == "separator":
        return ("separator",) if text == "," else ()
    if kind in ("number", "text", "logical", "lines"):
        return ("value",)
    return _ITSELF.get(kind, ())
