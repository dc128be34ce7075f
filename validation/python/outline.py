"""What stands complete in an unfinished Python program: its lines, the blocks still open, and the names so far."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from generation.python.lexer import LexState, Token, lex
from validation.python.names import bound_names

# A clause that begins with one of these belongs to the statement before it.
GOES_ON = frozenset({"elif", "else", "except", "finally"})
# What may bind names that no assignment shows.
_DYNAMIC = re.compile(r"\bimport\s*\*|\b(exec|globals|locals|vars|setattr|__builtins__|builtins)\b")
_PAST_FUTURE = "0\n"


@dataclass(frozen=True, slots=True)
class Line:
    """A complete logical line.

    Parameters
    ----------
    begin, end : int
        Its first and last physical line, counted from 1.
    depth : int
        How many blocks it stands in.
    first, last : str
        Its first and last token.
    """

    begin: int
    end: int
    depth: int
    first: str
    last: str

    @property
    def opens_block(self) -> bool:
        return self.last == ":"


@dataclass(frozen=True, slots=True)
class Outline:
    """How far a program has come.

    Parameters
    ----------
    lexed : LexState
        Where reading stands.
    line : Line, optional
        What is known of the logical line that has begun.
    depth : int
        How many blocks are open where the last token ended.
    tail : tuple of Line
        The complete lines of the last top-level statement.
    text : str
        The document from the tail's first line on.
    begin : int
        The line that ``text`` begins with, counted from 1.
    names : frozenset of str
        Bound in the module by the top-level statements before the tail.
    dynamic : bool
        Whether names may have been bound in ways that can't be seen.
    prelude : str
        Lines that stand for the statements before: imports from `__future__`, and whether it is too late for them.
    """

    lexed: LexState = field(default_factory=LexState)
    line: Line | None = None
    depth: int = 0
    tail: tuple[Line, ...] = ()
    text: str = ""
    begin: int = 1
    names: frozenset[str] = frozenset()
    dynamic: bool = False
    prelude: str = ""


def extend(outline: Outline, text: str) -> Outline:
    """Read on: the tail grows by every line that becomes complete."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    tokens, lexed = lex(outline.lexed, text)
    lines, line, depth = list(outline.tail), outline.line, outline.depth
    for token in tokens:
        if token.kind == "INDENT":
            depth += 1
        elif token.kind == "DEDENT":
            depth -= 1
        elif token.kind == "NEWLINE":
            if line is not None:
                lines.append(replace(line, end=token.line))
            line = None
        else:
            line = _with_token(line, token, depth)
    return replace(
        outline, lexed=lexed, line=line, depth=depth, tail=tuple(lines), text=outline.text + text,
        dynamic=outline.dynamic or bool(_DYNAMIC.search(text)),
    )  # fmt: skip


def settle(outline: Outline) -> Outline:
    """Let the tail be no more than the last top-level statement; of those before, the names remain."""
    begins = _statements(outline.tail)
    if len(begins) < 2:
        return outline
    names, prelude = set(outline.names), outline.prelude
    physical = outline.text.split("\n")
    numbers = [outline.tail[index].begin - outline.begin for index in begins]
    for begin, end in pairwise(numbers):
        try:
            body = ast.parse("\n".join(physical[begin:end]) + "\n").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        names |= bound_names(body)
        prelude = _extended(prelude, body)
    return replace(
        outline,
        tail=outline.tail[begins[-1] :],
        text="\n".join(physical[numbers[-1] :]),
        begin=outline.begin + numbers[-1],
        names=frozenset(names),
        prelude=prelude,
    )


def headers(lines: Sequence[Line]) -> list[Line]:
    """The lines that have opened the blocks around the last line, innermost first."""
    found: list[Line] = []
    depth = lines[-1].depth
    for line in reversed(lines):
        if line.depth < depth:
            found.append(line)
            depth = line.depth
    return found


def _statements(lines: Sequence[Line]) -> list[int]:
    """Where the top-level statements begin, as indices; a decorator belongs to what it decorates."""
    found: list[int] = []
    decorated = False
    for index, line in enumerate(lines):
        if line.depth == 0:
            if not decorated and line.first not in GOES_ON:
                found.append(index)
            decorated = line.first == "@"
    return found


def _with_token(line: Line | None, token: Token, depth: int) -> Line:
    if line is None:
        return Line(token.line, token.line, depth, token.text, token.text)
    return replace(line, last=token.text)


def _extended(prelude: str, body: Sequence[ast.stmt]) -> str:
    for statement in body:
        if prelude.endswith(_PAST_FUTURE):
            break
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            prelude += ast.unparse(statement) + "\n"
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            prelude += _PAST_FUTURE
    return prelude
