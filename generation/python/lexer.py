"""Python's tokens, read as far as an unfinished text goes and resumed from there."""

import keyword
import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["NAME", "NUMBER", "STRING", "OP", "NEWLINE", "INDENT", "DEDENT"]

KEYWORDS = frozenset(keyword.kwlist)
# fmt: off
OPERATORS = (
    "(", ")", "[", "]", "{", "}", ",", ";", "~", ":", ":=", ".", "...", "=", "==", "!=", "<", "<=", "<<",
    "<<=", ">", ">=", ">>", ">>=", "+", "+=", "-", "-=", "->", "*", "*=", "**", "**=", "/", "/=", "//", "//=",
    "%", "%=", "@", "@=", "&", "&=", "|", "|=", "^", "^=",
)
# fmt: on
# A number may touch these keywords: "0if x else 1" is a program.
TOUCHING_KEYWORDS = frozenset({"and", "else", "for", "if", "in", "is", "not", "or"})

_CLOSERS = {")": "(", "]": "[", "}": "{"}
_CANNOT_GROW = frozenset("()[]{},;~")
_BLANK = re.compile(r"[ \t\f]*")
_COMMENT = re.compile(r"#[^\n]*")
_NAME = re.compile(r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*")
_OPERATOR = re.compile("|".join(re.escape(op) for op in sorted(OPERATORS, key=len, reverse=True)))
_PREFIX = r"(?:[rR][bBfF]?|[bBfF][rR]?|[uU])?"
_STRING_START = re.compile(_PREFIX + r"('''|\"\"\"|'|\")")
STRING_PATTERN = (
    _PREFIX
    + r"(?:'''(?:[^'\\]|\\.|'(?!''))*'''"
    + r'|"""(?:[^"\\]|\\.|"(?!""))*"""'
    + r"|(?!''')'(?:[^'\\\n]|\\.)*'"
    + r'|(?!""")"(?:[^"\\\n]|\\.)*")'
)
STRING_WHOLE = re.compile(STRING_PATTERN, re.DOTALL)
_UNCLOSED = re.compile(r"""'(?:[^'\\\n]|\\.)*\\?|"(?:[^"\\\n]|\\.)*\\?""", re.DOTALL)
_DIGITS = r"[0-9](?:_?[0-9])*"
_EXPONENT = rf"[eE][+-]?{_DIGITS}"
_FLOAT = rf"(?:(?:{_DIGITS}\.(?:{_DIGITS})?|\.{_DIGITS})(?:{_EXPONENT})?|{_DIGITS}{_EXPONENT})"
_BASED = r"0(?:[xX](?:_?[0-9a-fA-F])+|[oO](?:_?[0-7])+|[bB](?:_?[01])+)"
NUMBER = re.compile(rf"{_BASED}|{_FLOAT}[jJ]?|{_DIGITS}[jJ]|0(?:_?0)*|[1-9](?:_?[0-9])*")
NUMBER_BEGUN = re.compile(
    r"0[xX](?:_?[0-9a-fA-F])*_?|0[oO](?:_?[0-7])*_?|0[bB](?:_?[01])*_?"
    rf"|(?:{_DIGITS}\.?|(?:{_DIGITS})?\.{_DIGITS})(?:_|[jJ]|[eE](?:[+-]?(?:{_DIGITS}(?:_|[jJ])?)?))?"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``text`` is as written, empty for INDENT and DEDENT.

    ``gap`` tells whether anything stands between it and the token before: blanks, or a line's end.
    """

    kind: Kind
    text: str
    line: int
    gap: bool = False


@dataclass(frozen=True, slots=True)
class LexState:
    """Where reading stands after a text that may go on.

    Parameters
    ----------
    indents : tuple of (int, int)
        Open indentations in columns, with tabs of eight and of one.
    brackets : tuple of str
        Open brackets, outermost first.
    fresh : bool
        Whether the line's indentation is still open.
    empty : bool
        Whether the logical line holds no token yet.
    pending : str
        The end of the text that more text may change: a word, number, operator, string, comment or indentation.
    line : int
        The line that ``pending`` begins in, from 1.
    gap : bool
        Whether something stands between ``pending`` and the token before.
    fault : tuple of (str, str), optional
        Rule and reason, where no text can follow that makes this tokens.
    """

    indents: tuple[tuple[int, int], ...] = ((0, 0),)
    brackets: tuple[str, ...] = ()
    fresh: bool = True
    empty: bool = True
    pending: str = ""
    line: int = 1
    gap: bool = False
    fault: tuple[str, str] | None = None


def lex(state: LexState, text: str) -> tuple[list[Token], LexState]:
    """Read on: the tokens that nothing later can change, and where reading stands.

    Agrees with the standard library's ``tokenize`` of Python 3.11 (comments and blank lines left out).
    """
    reader = _Reader(state, text)
    reader.run()
    return reader.tokens, reader.state()


class _Reader:
    def __init__(self, state: LexState, text: str) -> None:
        self.tokens: list[Token] = []
        self._buffer = state.pending + text
        self._at = 0
        self._indents = list(state.indents)
        self._brackets = list(state.brackets)
        self._fresh, self._empty, self._gap = state.fresh, state.empty, state.gap
        self._line = state.line
        self._fault = state.fault

    def state(self) -> LexState:
        return LexState(
            tuple(self._indents),
            tuple(self._brackets),
            self._fresh,
            self._empty,
            self._buffer[self._at :],
            self._line,
            self._gap,
            self._fault,
        )

    def run(self) -> None:
        while self._fault is None and self._at < len(self._buffer) and self._read():
            pass

    def _read(self) -> bool:
        """Read one piece; whether there may be another."""
        buffer = self._buffer
        blank = _end(_BLANK, buffer, self._at)
        if self._fresh:
            if blank == len(buffer):
                return False
            if buffer[blank] == "#":
                comment = _end(_COMMENT, buffer, blank)
                if comment < len(buffer):
                    self._at = comment
                return comment < len(buffer)
            if buffer[blank] != "\n":
                self._indent(buffer[self._at : blank])
                self._fresh = False
        elif blank > self._at:
            self._gap = True
        self._at = blank
        return self._fault is None and blank < len(buffer) and self._read_token(buffer[blank])

    def _read_token(self, first: str) -> bool:
        buffer, at = self._buffer, self._at
        if first == "\n":
            self._end_line()
            return True
        if first == "#":
            end = _end(_COMMENT, buffer, at)
            self._at = end if end < len(buffer) else at
            return end < len(buffer)
        if first == "\\":
            return self._continue_line()
        if start := _STRING_START.match(buffer, at):
            return self._read_string(start)
        if first in "0123456789" or (first == "." and buffer[at + 1 : at + 2].isdecimal() and buffer[at + 1].isascii()):
            return self._read_number()
        if name := _NAME.match(buffer, at):
            if not name[0].isidentifier():
                return self._fail("character", f"{name[0]!r} is no name")
            if name.end() == len(buffer):
                return False
            return self._emit("NAME", name.end())
        return self._read_operator()

    def _read_string(self, start: re.Match[str]) -> bool:
        buffer, at = self._buffer, self._at
        if whole := STRING_WHOLE.match(buffer, at):
            may_be_triple = whole.end() == len(buffer) == start.end() + 1
            return not may_be_triple and self._emit("STRING", whole.end())
        if len(start[1]) == 1 and not _UNCLOSED.fullmatch(buffer, start.end() - 1):
            return self._fail("string", "a string must end on its line")
        return False

    def _read_number(self) -> bool:
        buffer, at = self._buffer, self._at
        if NUMBER_BEGUN.fullmatch(buffer, at):
            return False
        number = NUMBER.match(buffer, at)
        end = number.end() if number else at
        if number is None or buffer[end : end + 1].isdigit():
            return self._fail("number", f"{buffer[at : end + 2]!r} begins no number")
        if name := _NAME.match(buffer, end):
            if name.end() == len(buffer):
                return False
            if name[0] not in TOUCHING_KEYWORDS:
                return self._fail("number", f"{buffer[at : name.end()]!r} is no number")
        return self._emit("NUMBER", end)

    def _read_operator(self) -> bool:
        buffer, at = self._buffer, self._at
        rest = buffer[at : at + 3]
        found = _OPERATOR.match(buffer, at)
        may_grow = at + len(rest) == len(buffer) and any(op != rest and op.startswith(rest) for op in OPERATORS)
        if may_grow or (found and found.end() == len(buffer) and found[0] not in _CANNOT_GROW):
            return False
        if found is None:
            return self._fail("character", f"{buffer[at]!r} means nothing in Python outside a string")
        if found[0] in "([{":
            self._brackets.append(found[0])
        elif found[0] in _CLOSERS:
            if not self._brackets:
                return self._fail("bracket", f"{found[0]!r} closes nothing")
            if self._brackets[-1] != _CLOSERS[found[0]]:
                return self._fail("bracket", f"{found[0]!r} can't close {self._brackets[-1]!r}")
            self._brackets.pop()
        return self._emit("OP", found.end())

    def _end_line(self) -> None:
        if not self._brackets:
            if not self._empty:
                self.tokens.append(Token("NEWLINE", "\n", self._line))
            self._fresh = self._empty = True
        self._gap = True
        self._line += 1
        self._at += 1

    def _continue_line(self) -> bool:
        following = self._buffer[self._at + 1 : self._at + 2]
        if following == "\n":
            self._at += 2
            self._line += 1
            self._gap = True
            return True
        return bool(following) and self._fail("character", "only a line's end can follow a backslash")

    def _indent(self, blank: str) -> None:
        wide = narrow = 0
        for character in blank:
            if character == "\f":
                wide = narrow = 0
            else:
                narrow += 1
                wide = (wide // 8 + 1) * 8 if character == "\t" else wide + 1
        if wide > self._indents[-1][0]:
            self._indents.append((wide, narrow))
            self.tokens.append(Token("INDENT", "", self._line, gap=True))
        while wide < self._indents[-1][0]:
            self._indents.pop()
            self.tokens.append(Token("DEDENT", "", self._line, gap=True))
        top = self._indents[-1]
        if wide != top[0]:
            self._fail("indentation", "this line must be indented like a block around it")
        elif narrow != top[1] or (len(self._indents) > 1 and narrow <= self._indents[-2][1]):
            self._fail("indentation", "tabs and blanks are mixed so that the depth of this line is unclear")

    def _emit(self, kind: Kind, end: int) -> bool:
        text = self._buffer[self._at : end]
        self.tokens.append(Token(kind, text, self._line, self._gap))
        self._line += text.count("\n")
        self._at = end
        self._empty = self._gap = False
        return True

    def _fail(self, rule: str, reason: str) -> bool:
        self._fault = (rule, f"Line {self._line}: {reason}.")
        return False


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
