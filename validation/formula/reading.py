"""Reads a formula as far as it goes, and finds the first thing that no continuation can mend."""

import copy
from collections.abc import Iterator

from validation.formula.frames import Finding, Frame, Use, reads_as_number
from validation.formula.functions import RETURN_REFERENCES, SIGNATURES, VOLATILE
from validation.formula.lexer import Token, lex
from validation.formula.references import (
    ERRORS,
    FUNCTION,
    NUMBER,
    OPERAND,
    REFERENCE,
    is_cell,
    read_reference,
)

MOST_CHARACTERS = 8192
MOST_NESTED = 64
_LONGEST_OPERAND = 1024  # but texts; a path, a workbook, a sheet and a range have no more than that
_ARITHMETIC = frozenset("+-*/^")
_JOINING = frozenset((":", ",", ""))
_COMPARABLE = frozenset(("+", "-", "=", "<", ">", "<=", ">=", "<>"))


class Reading:
    """Walks over a formula's tokens, knowing what may stand next and which brackets are open.

    Attributes
    ----------
    fault : (str, str) or None
        Rule and reason of the first thing that nothing can mend.
    notes : list of (str, str)
        Matters of style.
    uses : list of Use
        Each finished reference.
    pending : str
        The operand at the end, which may go on.
    defines_names : bool
        Whether it has names of its own, by LET or LAMBDA.
    """

    def __init__(self) -> None:
        self.fault: Finding | None = None
        self.notes: list[Finding] = []
        self.uses: list[Use] = []
        self.pending = ""
        self.defines_names = False
        self._after_lambda = False
        self._closed = ""
        self._frames = [Frame("")]
        self._wants_operand = True
        self._blank = False
        self._end = 0

    @property
    def unfinished(self) -> str:
        """Why the formula can't end here; empty where it can."""
        if len(self._frames) > 1:
            return f"{len(self._frames) - 1} brackets are still open."
        return "A value must follow at the end." if self._wants_operand else ""

    def fork(self) -> "Reading":
        """The same, to be read on in another way."""
        other = copy.copy(self)
        other.notes, other.uses = list(self.notes), list(self.uses)
        other._frames = [copy.copy(frame) for frame in self._frames]
        for frame in other._frames:
            frame.widths = list(frame.widths)
        return other

    def settle(self, text: str) -> "Reading":
        """Read all tokens that no further character can change."""
        if self._is_too_long(text):
            return self
        tokens = list(lex(text, self._end))
        if tokens and (tokens[-1].kind in ("operand", "blank", "colon") or tokens[-1].text in ("<", ">", "#")):
            last = tokens.pop()
            # A range's last colon, and what stands before it, are of the operand that follows them.
            if last.kind == "colon" and tokens and tokens[-1].kind == "operand":
                tokens.pop()
        self._read(tokens)
        return self

    def read(self, text: str, *, finished: bool) -> "Reading":
        """Read a formula without its equals sign to its end.

        Parameters
        ----------
        text : str
            The whole formula, with what is settled.
        finished : bool
            Whether the formula ends with the text; else its last operand may go on.
        """
        if self._is_too_long(text):
            return self
        tokens = list(lex(text, self._end))
        last = tokens.pop() if tokens and tokens[-1].kind == "operand" and not finished else None
        self._read(tokens)
        if last is not None and self.fault is None:
            self.pending = last.text
            self.fault = next(self._take_pending(last.text), None)
        return self

    def _is_too_long(self, text: str) -> bool:
        if len(text) < MOST_CHARACTERS:
            return False
        self.fault = ("length", f"The formula has {len(text) + 1} characters, and Excel takes {MOST_CHARACTERS}.")
        return True

    def _read(self, tokens: list[Token]) -> None:
        for token in tokens:
            if self.fault is not None:
                return
            self.fault = next(self._take(token), None)
            self._end = token.end

    def _take(self, token: Token) -> Iterator[Finding]:
        frame = self._frames[-1]
        if token.kind == "blank":
            self._blank = True
            return
        if token.kind == "operand":
            yield from self._operand(token.text)
        elif token.kind in ("open", "call"):
            yield from self._open(token)
        elif token.kind == "close":
            yield from self._close(token.text)
        elif token.kind == "separator":
            yield from self._separate(token.text)
        elif self._wants_operand and token.text in ("+", "-"):
            frame.argument = "value"  # a sign
            frame.operator = ""
        elif self._wants_operand:
            yield "syntax", f"A value is missing before {token.text!r}."
        elif frame.opener == "{":
            yield "syntax", "An array in braces holds constants only."
        else:
            yield from self._operator(token, frame)
        self._blank = False
        self._after_lambda = token.kind == "close" and self._closed == "LAMBDA"

    def _operator(self, token: Token, frame: Frame) -> Iterator[Finding]:
        if token.kind == "percent":
            frame.argument = "value" if token.text == "%" else frame.argument
            return
        if token.kind == "colon" and frame.argument not in ("reference", "value"):
            yield "syntax", "A range needs a reference before its colon."
        if token.text in _ARITHMETIC:
            self._note_text(frame.argument, frame.literal)
        self._wants_operand = True
        frame.argument = "reference" if token.kind == "colon" else "value"
        frame.operator = token.text

    def _begin(self, text: str, is_reference: bool) -> Iterator[Finding]:
        """Whether an operand may begin here; two references with a blank between them are their intersection."""
        if self._wants_operand:
            return
        if not (self._blank and is_reference and self._frames[-1].argument in ("reference", "value")):
            yield "syntax", f"An operator is missing before {text!r}."

    def _take_pending(self, text: str) -> Iterator[Finding]:
        yield from self._begin(text, text[0] not in '".')
        yield from _length_fault(text)
        if not OPERAND.fullmatch(text, partial=True):
            yield "syntax", f"{text!r} can become no value."
        self._wants_operand = False

    def _operand(self, text: str) -> Iterator[Finding]:
        frame = self._frames[-1]
        kind = _kind_of(text)
        yield from self._begin(text, kind == "reference")
        yield from _length_fault(text)
        joined = frame.operator in _JOINING
        if frame.operator in (":", ",") and kind != "reference":
            yield "syntax", f"Only references are joined by {frame.operator!r}, not {text}."
        if kind == "number" and not NUMBER.fullmatch(text):
            yield "syntax", f"{text!r} is no number."
        if kind == "text" and not OPERAND.fullmatch(text):
            yield "unfinished", f"{text!r} has no closing quote."
        reference = None
        if kind == "reference":
            if frame.opener == "{":
                yield "syntax", "An array in braces holds constants only."
            if not REFERENCE.fullmatch(text):
                yield "syntax", f"{text!r} is no value, reference or name."
                return
            reference = read_reference(text)
            if reference.fault:
                yield reference.fault
            other = frame.operand if frame.operator in _COMPARABLE else None
            self.uses.append(Use(reference, frame.name, frame.operator, other))
            if reference.note:
                self.notes.append(reference.note)
        elif kind == "text" and frame.operator in _ARITHMETIC:
            self._note_text("text", text)
        first = self._wants_operand and not frame.argument
        is_part = kind == "reference" and frame.argument == "reference" and joined
        argument = {"text": "text", "reference": "reference"}.get(kind, "constant")
        frame.argument = argument if first or is_part else "value"
        frame.literal, frame.operand, frame.operator = text, reference, ""
        self._wants_operand = False

    def _note_text(self, argument: str, literal: str) -> None:
        if argument == "text" and not reads_as_number(literal):
            self.notes.append(("text-in-arithmetic", f"{literal} is no number, so that the result is #VALUE!."))

    def _open(self, token: Token) -> Iterator[Finding]:
        if token.text == "(" and self._after_lambda:  # the arguments of what LAMBDA has made
            self._frames[-1].argument = ""
            self._frames.append(Frame("(", "LAMBDA()"))
            self._wants_operand = True
            return
        yield from self._begin(token.text, token.text != "{")
        name = "(" if token.kind == "open" else ""
        if token.kind == "call":
            called = FUNCTION.fullmatch(token.text)
            if called is None:
                yield "syntax", f"{token.text[:-1]!r} can be no function."
                return
            name = called["name"].upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
            if called["sheet"] and name in SIGNATURES:
                yield "syntax", f"{name} belongs to no sheet."
            if name not in SIGNATURES and is_cell(name):
                yield "syntax", f"{name} is a cell, and no function."
            self.defines_names |= name in ("LET", "LAMBDA")
            if name in VOLATILE:
                self.notes.append(("volatile", f"{name} is worked out anew at every change of the workbook."))
            elif name not in SIGNATURES:
                self.notes.append(("unknown-function", f"{name} is none of Excel's common functions."))
        if self._frames[-1].opener == "{":
            yield "syntax", "An array in braces holds constants only."
        if name not in ("", "(") and sum(frame.name not in ("", "(") for frame in self._frames) >= MOST_NESTED:
            yield "nesting", f"Functions stand in each other more than {MOST_NESTED} deep."
        self._frames.append(Frame(token.text[-1], name if token.text != "{" else ""))
        self._wants_operand = True

    def _separate(self, separator: str) -> Iterator[Finding]:
        frame = self._frames[-1]
        if separator == "," and (frame.opener == "" or frame.name == "("):  # a union of references
            if self._wants_operand:
                yield "syntax", "A value is missing before ','."
            if frame.argument in ("text", "constant"):
                yield "syntax", f"Only references are joined by commas, not {frame.literal}."
            frame.operator, self._wants_operand = ",", True
            return
        if self._wants_operand and (frame.argument or frame.opener == "{"):
            yield "syntax", f"A value is missing before {separator!r}."
        yield from frame.end_argument()
        if frame.opener == "{" and separator == ";":
            yield from frame.end_row()
        elif frame.opener != "{" and separator == ";":
            yield "syntax", "A semicolon separates rows of an array; arguments are separated by commas."
        yield from frame.room_faults()
        self._wants_operand = True

    def _close(self, closer: str) -> Iterator[Finding]:
        frame = self._frames[-1]
        if frame.opener + closer not in ("()", "{}"):
            yield "brackets", "A bracket closes that was not opened, or another one than was opened last."
            return
        is_call = closer == ")" and frame.name != "("
        if self._wants_operand and (not is_call or frame.argument):
            yield "syntax", f"A value is missing before {closer!r}."
        inner = frame.argument
        if not (is_call and self._wants_operand and frame.n_arguments == 0):
            yield from frame.end_argument()
        if closer == "}":
            yield from frame.end_row()
        if is_call:
            yield from frame.count_faults()
        self._closed = self._frames.pop().name
        if is_call:
            kind = "reference" if frame.name in RETURN_REFERENCES or frame.name not in SIGNATURES else "value"
        else:
            kind = inner if inner == "reference" else "value"
        outer = self._frames[-1]
        if outer.operator in (":", ",") and kind != "reference":
            yield "syntax", f"Only references are joined by {outer.operator!r}."
        outer.argument = kind if not outer.argument or (outer.operator and outer.operator in ":,") else "value"
        outer.operator, outer.operand = "", None
        self._wants_operand = False


def read_formula(text: str, *, finished: bool) -> Reading:
    """Read a formula, with or without its equals sign, or the beginning of one."""
    return Reading().read(text.removeprefix("="), finished=finished)


def _kind_of(text: str) -> str:
    if text.startswith('"'):
        return "text"
    if text in ERRORS:
        return "error"
    if text.upper() in ("TRUE", "FALSE"):
        return "logical"
    return "number" if text[0] in ".0123456789" and ":" not in text and "!" not in text else "reference"


def _length_fault(text: str) -> Iterator[Finding]:
    if len(text) > _LONGEST_OPERAND and not text.startswith('"'):
        yield "length", f"{text[:20]!r} and what follows are too long for a value, reference or name."
