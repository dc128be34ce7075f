"""Cuts a formula, finished or not, into operands, operators and brackets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import regex

from validation.formula.references import BRACKETS, ERRORS

Kind = Literal["operand", "call", "open", "close", "separator", "operator", "colon", "percent", "blank"]

_ERROR = "|".join(map(regex.escape, ERRORS))
_CHUNK = rf"(?:'(?:[^']|'')*+'|(?&brackets)|{_ERROR}|[^\s\"'\[\](){{}},;+\-*/^&=<>%#])++"
_TOKENS = regex.compile(
    rf"""(?(DEFINE){BRACKETS})
    (?P<blank>\s+)
    |(?P<operand>"(?:[^"]|"")*+"(?!")|\d[\d.]*[eE][+-]\d*|{_CHUNK})
    |(?P<percent>%|(?<=[\p{{L}}\p{{N}}_)\]])\#(?!\p{{L}}))
    |(?P<operator><=|>=|<>|[-+*/^&=<>])
    |(?P<separator>[,;])
    |(?P<open>[({{])
    |(?P<close>[)}}])""",
    regex.VERBOSE,
)
_CALL = regex.compile(r"(?P<left>.*:)?(?P<name>[^:]+)", regex.DOTALL)
_NAME = regex.compile(r"@?[\p{L}_\\][\p{L}\p{N}_.\\]*")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula, and where it ends; a call is a function's name with its bracket."""

    kind: Kind
    text: str
    end: int


def lex(formula: str, start: int = 0) -> Iterator[Token]:
    """Cut a formula into tokens.

    Parameters
    ----------
    formula : str
        Without its equals sign. What is not finished at its end is one operand.
    start : int
        Where a token begins.
    """
    place = start
    pending: Token | None = None  # an operand that a bracket may make a call of
    while place < len(formula):
        match = _TOKENS.match(formula, place)
        if match is None:
            yield Token("operand", (pending.text if pending else "") + formula[place:], len(formula))
            return
        kind: Kind = _kind(match)
        place = match.end()
        if pending is not None:
            if kind == "open" and match[0] == "(":
                yield from _call(pending)
                pending = None
                continue
            yield from _leading_colon(pending)
            pending = None
        token = Token(kind, match[0], place)
        if kind == "operand" and not match[0].startswith('"'):
            pending = token
        else:
            yield token
    if pending is not None:
        yield from _leading_colon(pending)


def _kind(match: regex.Match) -> Kind:
    groups = match.groupdict()
    kinds: tuple[Kind, ...] = ("operand", "operator", "separator", "open", "close", "percent")
    return next((kind for kind in kinds if groups[kind] is not None), "blank")


def _leading_colon(token: Token) -> Iterator[Token]:
    """A colon after a bracket begins no operand: it stands for itself."""
    if token.text.startswith(":"):
        yield Token("colon", ":", token.end - len(token.text) + 1)
        token = Token("operand", token.text[1:], token.end)
    if token.text:
        yield token


def _call(token: Token) -> Iterator[Token]:
    """An operand that an opening bracket follows: a function's name, perhaps after a range's beginning, or a colon."""
    token, *rest = reversed(list(_leading_colon(token)))
    yield from rest
    start = token.end - len(token.text)
    if token.kind == "colon":
        yield token
        yield Token("open", "(", token.end + 1)
        return
    name = token.text
    if ":" in name and not name.endswith("'"):
        left, _, right = name.rpartition(":")
        if not right or _NAME.fullmatch(right):
            yield Token("operand", left, start + len(left))
            yield Token("colon", ":", start + len(left) + 1)
            name = right
    yield Token("call", name + "(", token.end + 1) if name else Token("open", "(", token.end + 1)
