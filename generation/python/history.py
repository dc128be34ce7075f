"""Python programs read up to the cursor, and on from there token by token."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from generation.ngrams.arpa import BEGIN
from generation.python.cache import DEPTH, DocumentIndex
from generation.python.layout import double_quotes
from generation.python.lexer import OPERATORS, Kind, LexState, Token, lex
from generation.python.scope import Scope
from generation.python.symbols import (
    BLANK,
    CLOSER_OF,
    CLOSERS,
    DEDENT,
    INDENT,
    LAYOUT_OF_KIND,
    NAME,
    NEWLINE,
    NUMBER,
    STRING,
    class_of,
    symbols,
)

_KIND_OF_CLASS: dict[str, Kind] = {NAME: "NAME", NUMBER: "NUMBER", STRING: "STRING"}
_N_KEPT = 8  # symbols of a history; no shipped model and no cache looks further back
assert _N_KEPT > DEPTH
_INDENT = 4
_N_REMEMBERED = 64
_N_SYMBOLS = 4000  # that a reading keeps
# Longer documents are read from a function or class in this stretch before the cursor, or a multiple of half of it.
_MAX_READ = 60_000
_MAX_LINE = 400  # tokens of the logical line at the cursor that are looked at, but for the first
_TOP_LEVEL = re.compile(r"\n(?=(?:def|class|async def|@|if|for|import|from)\b)")


@dataclass(frozen=True, slots=True)
class Reading:
    """A program read up to the cursor.

    Parameters
    ----------
    lexed : LexState
    line : tuple of Token
        The logical line at the cursor, as far as it is settled.
    symbols : tuple of str
        The last settled symbols.
    roles : tuple of str
        The same with bound names as their roles.
    scope : Scope
    last_line : int
        The line in which the last token ends.
    index : DocumentIndex
    """

    lexed: LexState = field(default_factory=LexState)
    line: tuple[Token, ...] = ()
    symbols: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    scope: Scope = field(default_factory=Scope)
    last_line: int = 1
    index: DocumentIndex = field(default_factory=lambda: DocumentIndex(()))


@dataclass(frozen=True, slots=True)
class History:
    """A program up to a token's beginning, as far as the next token depends on it.

    Parameters
    ----------
    symbols : tuple of str
        The last few symbols.
    roles : tuple of str
        The same with bound names as their roles.
    line : tuple of Token
        The logical line so far.
    brackets : tuple of str
        Open brackets, outermost first.
    indents : tuple of int
        Open indentations in columns.
    scope : Scope
    index : DocumentIndex
    """

    symbols: tuple[str, ...] = (BEGIN,)
    roles: tuple[str, ...] = (BEGIN,)
    line: tuple[Token, ...] = ()
    brackets: tuple[str, ...] = ()
    indents: tuple[int, ...] = (0,)
    scope: Scope = field(default_factory=Scope)
    index: DocumentIndex = field(default_factory=lambda: DocumentIndex(()))

    @classmethod
    def of(cls, reading: Reading) -> "History":
        """The history of a document without its unfinished end."""
        lexed = reading.lexed
        blank = lexed.fresh and lexed.line > reading.last_line + 1 and bool(reading.symbols)
        indents = tuple(column for column, _ in lexed.indents)
        known = _last(reading.symbols, blank), _last(reading.roles, blank)
        line = reading.line if len(reading.line) <= _MAX_LINE else (reading.line[0], *reading.line[-_MAX_LINE:])
        return cls(*known, line, lexed.brackets, indents, reading.scope, reading.index)

    @property
    def opens_block(self) -> bool:
        """Whether a line has just ended that a deeper one must follow."""
        layout = [symbol for symbol in self.symbols[-3:] if symbol != BLANK]
        return layout[-2:] == [":", NEWLINE]

    @property
    def closer(self) -> str:
        """What closes the innermost bracket; empty if none is open."""
        return CLOSER_OF[self.brackets[-1]] if self.brackets else ""

    def then(self, layout: str) -> "History":
        """The history after layout."""
        after = replace(
            self,
            symbols=(*self.symbols, layout)[-_N_KEPT:],
            roles=(*self.roles, self.scope.layout_symbol(layout))[-_N_KEPT:],
            scope=self.scope.then_layout(self.line, layout),
        )
        if layout == NEWLINE:
            return replace(after, line=())
        if layout == INDENT:
            step = self.indents[1] if len(self.indents) > 1 else _INDENT
            return replace(after, indents=(*self.indents, self.indents[-1] + step))
        if layout == DEDENT:
            return replace(after, indents=self.indents[:-1])
        return after

    def then_token(self, text: str, gap: bool) -> "History":
        """The history after a token."""
        token = Token(_KIND_OF_CLASS[class_of(text)] if text not in OPERATORS else "OP", text, 0, gap)
        brackets = (*self.brackets, text) if text in CLOSER_OF else self.brackets
        if text in CLOSERS:
            brackets = brackets[:-1]
        return replace(
            self,
            symbols=(*self.symbols, text)[-_N_KEPT:],
            roles=(*self.roles, self.scope.symbol(self.line, text))[-_N_KEPT:],
            line=(*self.line, token),
            brackets=brackets,
            scope=self.scope.then_token(self.line, text),
        )


class Reader:
    """Reads documents, going on from what it read lately."""

    def __init__(self) -> None:
        self._remembered: OrderedDict[str, Reading] = OrderedDict()

    def read(self, text: str) -> Reading:
        """Read a document up to the cursor at its end: from its beginning, or a long one's last part."""
        text = _last_part(text)
        if text in self._remembered:
            self._remembered.move_to_end(text)
            return self._remembered[text]
        known = max((old for old in self._remembered if text.startswith(old)), key=len, default="")
        begin = self._remembered.get(known, Reading())
        reading = self._remembered[text] = _advance(begin, text[len(known) :])
        if len(self._remembered) > _N_REMEMBERED:
            self._remembered.popitem(last=False)
        return reading


def role_symbols(tokens: Sequence[Token], reading: Reading) -> tuple[list[str], Scope]:
    """Symbols of tokens with bound names as their roles, and the scope after them."""
    scope, line = reading.scope, list(reading.line)
    roles = []
    for token in tokens:
        if token.kind in LAYOUT_OF_KIND:
            layout = LAYOUT_OF_KIND[token.kind]
            roles.append(scope.layout_symbol(layout))
            scope = scope.then_layout(line, layout)
            line = [] if token.kind == "NEWLINE" else line
        else:
            text = double_quotes(token.text) if token.kind == "STRING" else token.text
            roles.append(scope.symbol(line, text) if token.kind == "NAME" else text)
            scope = scope.then_token(line, text)
            line.append(token)
    settled = iter(roles)
    return [symbol if symbol == BLANK else next(settled) for symbol in symbols(tokens, reading.last_line)], scope


def _last(known: tuple[str, ...], blank: bool) -> tuple[str, ...]:
    last = known[-_N_KEPT:] if len(known) >= _N_KEPT else (BEGIN, *known)
    return (*last, BLANK) if blank else last


def _last_part(text: str) -> str:
    """A long document from the beginning of a statement on, the same one while it grows a little."""
    if len(text) <= _MAX_READ:
        return text
    begin = (len(text) // (_MAX_READ // 2) - 1) * (_MAX_READ // 2)
    found = _TOP_LEVEL.search(text, begin) or re.compile(r"\n(?=\S)").search(text, begin)
    return text[found.end() if found else begin :]


def _advance(reading: Reading, text: str) -> Reading:
    tokens, lexed = lex(reading.lexed, text.replace("\r\n", "\n").replace("\r", "\n"))
    if not tokens:
        return replace(reading, lexed=lexed)
    line = list(reading.line)
    for token in tokens:
        if token.kind == "NEWLINE":
            line = []
        elif token.kind not in LAYOUT_OF_KIND:
            line.append(token)
    new_roles, scope = role_symbols(tokens, reading)
    known = (*reading.symbols, *symbols(tokens, reading.last_line))[-_N_SYMBOLS:]
    roles = (*reading.roles, *new_roles)[-_N_SYMBOLS:]
    last = tokens[-1]
    last_line = last.line + last.text.count("\n") - (last.kind == "NEWLINE")
    return Reading(lexed, tuple(line), known, roles, scope, last_line, DocumentIndex(known, roles))
