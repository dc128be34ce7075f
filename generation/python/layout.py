"""Lays Python out as black formats it: the blanks between tokens, and the quotes of strings."""

import re
from collections.abc import Sequence

from generation.python.lexer import KEYWORDS, STRING_PATTERN, Token

_VALUES = frozenset({"None", "True", "False"})
_OPENERS, _CLOSERS = frozenset("([{"), frozenset(")]}")
_UNARY = frozenset({"+", "-", "~", "*", "**", "@"})
_COMMENT_OR_STRING = re.compile(rf"#[^\n]*|{STRING_PATTERN}", re.DOTALL)
_STRING_PARTS = re.compile(r"([A-Za-z]*)('''|\"\"\"|'|\")(.*)\2", re.DOTALL)
# A blank follows these whatever comes next.
_ALWAYS_FOLLOWED = frozenset(
    {"def", "class", "import", "from", "if", "elif", "while", "for", "in", "is", "and", "or", "not", "with", "as"}
    | {"assert", "del", "global", "nonlocal", "await", "async"}
)


def gap_before(line: Sequence[Token], text: str) -> bool:
    """Whether black puts a blank between a logical line's tokens so far and the next token.

    Parameters
    ----------
    line : sequence of Token
        The logical line's tokens; ``gap`` of its slices and powers is trusted.
    text : str
        The next token.
    """
    if not line:
        return False
    before = line[-1]
    if text in _CLOSERS or text in (",", ";", ":") or before.text in _OPENERS:
        return False
    if before.text == ".":
        return text == "import"
    if text == "." or (text == "..." and line[0].text == "from" and len(line) == 1):
        return before.text == "from"
    if text in ("(", "[") and _is_operand(before):
        return False
    if before.text in (",", ";"):
        return True
    if before.text == ":":
        return before.gap if _slices(line[:-1]) else True
    if before.text in _UNARY and not (len(line) > 1 and _is_operand(line[-2])):
        return False
    if before.text == "=" or text == "=":
        return not _names_argument(line[:-1] if before.text == "=" else line)
    if text == "**":
        return not _is_simple(line)
    return before.gap if before.text == "**" else True


def gap_after(line: Sequence[Token]) -> bool:
    """Whether a blank follows the line's last token whatever comes next."""
    last = line[-1]
    if last.kind == "NAME":
        return last.text in _ALWAYS_FOLLOWED
    is_binary = last.kind == "OP" and last.text not in _OPENERS and len(line) > 1 and _is_operand(line[-2])
    if not is_binary or last.text in _CLOSERS or last.text in (".", ",", ":", ";", "..."):
        return False
    return last.gap and gap_before(line, "x")


def double_quotes(literal: str) -> str:
    """A string literal with double quotes where that costs no escape, and its prefix in lower case."""
    parts = _STRING_PARTS.fullmatch(literal)
    if parts is None:
        return literal
    prefix, quote, body = parts.groups()
    prefix = prefix.replace("u", "").replace("U", "").replace("B", "b").replace("F", "f")
    if '"' in body or "\\'" in body:
        return prefix + quote + body + quote
    return prefix + '"' * len(quote) + body + '"' * len(quote)


def double_quote_all(source: str) -> str:
    """A program with its strings in double quotes."""
    return _COMMENT_OR_STRING.sub(lambda m: m[0] if m[0].startswith("#") else double_quotes(m[0]), source)


def _is_operand(token: Token) -> bool:
    if token.kind == "OP":
        return token.text in _CLOSERS or token.text == "..."
    return token.kind != "NAME" or token.text not in KEYWORDS or token.text in _VALUES


def _opener(line: Sequence[Token]) -> int | None:
    """Place of the innermost open bracket."""
    depth = 0
    for place in range(len(line) - 1, -1, -1):
        token = line[place]
        if token.kind == "OP" and token.text in _CLOSERS:
            depth += 1
        elif token.kind == "OP" and token.text in _OPENERS:
            if depth == 0:
                return place
            depth -= 1
    return None


def _slices(line: Sequence[Token]) -> bool:
    """Whether a colon here belongs to a slice."""
    opener = _opener(line)
    if opener is None or opener == 0 or line[opener].text != "[" or not _is_operand(line[opener - 1]):
        return False
    return all(token.text != "lambda" for token in line[opener:])


def _names_argument(line: Sequence[Token]) -> bool:
    """Whether "=" here gives an argument or an unannotated parameter."""
    depth = 0
    for token in reversed(line):
        if token.kind == "OP" and token.text in _CLOSERS:
            depth += 1
        elif token.kind == "OP" and token.text in _OPENERS:
            if depth == 0:
                return token.text == "("
            depth -= 1
        elif depth == 0 and token.text == ":":
            return False
        elif depth == 0 and token.text == "lambda":
            return True
        elif depth == 0 and token.text == ",":
            return _opener(line) is not None or any(other.text == "lambda" for other in line)
    return False


def _is_simple(line: Sequence[Token]) -> bool:
    """Whether the operand at the line's end is a number or a dotted name, which black sets close to "**"."""
    place = len(line) - 1
    if line[place].kind == "NUMBER":
        return True
    while line[place].kind == "NAME" and line[place].text not in KEYWORDS:
        if place < 2 or line[place - 1].text != ".":
            return True
        place -= 2
    return False
