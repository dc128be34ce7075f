"""Judges whether an unfinished Python program with a candidate can still become a program."""

import re
import time
from dataclasses import dataclass

from generation.python.lexer import KEYWORDS, NUMBER, NUMBER_BEGUN, OPERATORS, TOUCHING_KEYWORDS, LexState, Token, lex
from generation.types import Candidate, Context
from validation.python.automaton import Automaton, Stacks
from validation.python.grammar import PYTHON
from validation.python.resumed import ResumedReader
from validation.types import Verdict

_MAX_BRACKETS = 200  # CPython's own limit
_STRING_PREFIX = re.compile(r"(?:[rR][bBfF]?|[bBfF][rR]?|[uU])$")


@dataclass(frozen=True, slots=True)
class _Reading:
    """Where reading stands after a text: what is not yet a token, the parses of what is, and the fault found."""

    lexed: LexState
    stacks: Stacks
    fault: tuple[str, str] | None = None


class PythonPrefixValidator:
    """Can what stands before the cursor, with the candidate, still become a Python 3.11 program?

    Exact for the language's grammar: no beginning of a program is refused (the last word, number, operator or string
    may still be unfinished), and what is accepted can be completed to a text that the grammar knows, with brackets,
    indentation, strings, targets of assignments, and the order of arguments and parameters all in their places.
    It does not catch what a compiler refuses beyond the grammar ("return" outside a function, a name twice among the
    parameters, faults inside an f-string or an escape sequence), nor anything that fails only when run. What stands
    after the cursor is not looked at.
    """

    stage = "python"

    def __init__(self) -> None:
        self._automaton = Automaton(PYTHON)
        self._reader = ResumedReader(_Reading(LexState(), self._automaton.start), self._advance)

    def check(self, context: Context, candidate: Candidate) -> Verdict:
        """Judge; an invalid candidate is a verdict, never an exception."""
        begun = time.perf_counter()
        reading = self._advance(self._reader.read(context.before), candidate.text)
        fault = reading.fault or self._judge_end(reading)
        rule, reason = fault or ("", "")
        return Verdict(fault is None, self.stage, rule, reason, time.perf_counter() - begun)

    def _advance(self, reading: _Reading, text: str) -> _Reading:
        if reading.fault:
            return reading
        tokens, lexed = lex(reading.lexed, text.replace("\r\n", "\n").replace("\r", "\n"))
        stacks, depth = reading.stacks, len(reading.lexed.brackets)
        for token in tokens:
            if token.kind == "OP":
                depth += (token.text in "([{") - (token.text in ")]}")
            if depth > _MAX_BRACKETS:
                nesting = f"Line {token.line}: more than {_MAX_BRACKETS} brackets are open here."
                return _Reading(lexed, stacks, ("nesting", nesting))
            following = self._automaton.step(stacks, _terminals(token))
            if not following:
                return _Reading(lexed, stacks, self._explain_token(token, stacks))
            stacks = following
        return _Reading(lexed, stacks, lexed.fault)

    def _judge_end(self, reading: _Reading) -> tuple[str, str] | None:
        """What is wrong with the piece of text that is not yet a token, if nothing can follow that mends it."""
        pending = reading.lexed.pending
        for ending in _endings(pending):
            stacks = reading.stacks
            for terminals in ending:
                stacks = self._automaton.step(stacks, terminals)
            if stacks:
                return None
        return self._explain(pending, reading.lexed.line, reading.stacks)

    def _explain_token(self, token: Token, stacks: Stacks) -> tuple[str, str]:
        if token.kind == "INDENT":
            return "indentation", f"Line {token.line}: only a block's lines may be indented further."
        if token.kind == "DEDENT":
            return "indentation", f"Line {token.line}: the block before can't end yet."
        if token.kind == "NEWLINE":
            return "syntax", f"Line {token.line}: the line can't end here."
        return self._explain(token.text, token.line, stacks)

    def _explain(self, text: str, line: int, stacks: Stacks) -> tuple[str, str]:
        """Rule and reason, for a piece of text that no parse can read."""
        if self._automaton.step(stacks, ("INDENT",)):
            return "indentation", f"Line {line}: a block must be indented here."
        return "syntax", f"Line {line}: {text!r} can't stand here."


def _terminals(token: Token) -> tuple[str, ...]:
    if token.kind == "OP":
        return (token.text,)
    if token.kind == "NAME":
        if token.text in KEYWORDS:
            return (token.text,)
        return ("NAME", token.text) if token.text in ("match", "case") else ("NAME",)
    return (token.kind,)


def _endings(pending: str) -> list[list[set[str]]]:
    """Every sequence of tokens, each one of a set, that an unfinished end of the text may become."""
    text = pending.lstrip(" \t\f")
    if not text or text[0] in "#\\":
        return [[]]
    if text[0].isdigit() or (text[0] == "." and len(text) > 1 and text[1].isdigit()):
        endings: list[list[set[str]]] = [[{"NUMBER"}]] if NUMBER_BEGUN.fullmatch(text) else []
        number = NUMBER.match(text)
        touching = _begun(text[number.end() :], TOUCHING_KEYWORDS) if number and number.end() < len(text) else set()
        return [*endings, [{"NUMBER"}, touching]]
    if "'" in text or '"' in text:
        return [[{"STRING"}]]
    if text[0] == "_" or text[0].isalpha() or not text[0].isascii():
        return [[_name_terminals(text)]]
    if text == "..":
        return [[{"."}, {"."}], [{"..."}]]
    operators = _begun(text, OPERATORS)
    return [[operators | {"NUMBER"} if text == "." else operators]]


def _name_terminals(text: str) -> set[str]:
    terminals = {"NAME"} | _begun(text, KEYWORDS | {"match", "case"})
    return terminals | {"STRING"} if _STRING_PREFIX.match(text) else terminals


def _begun(text: str, words: frozenset[str] | tuple[str, ...]) -> set[str]:
    return {word for word in words if word.startswith(text)}
