"""Reads a formula as far as it goes, and finds the first thing that no continuation can mend."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import regex
from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError

from validation.formula.functions import MOST_ARGUMENTS, RETURN_REFERENCES, SIGNATURES, VOLATILE
from validation.formula.references import ERRORS, FUNCTION, NUMBER, OPERAND, REFERENCE, Reference, read_reference

MOST_CHARACTERS = 8192
Finding = tuple[str, str]
_DDE_ITEM = regex.compile(r"(?<=\]!)'(?:[^']|'')*'")  # "[1]!'topic,item'", at which openpyxl's tokenizer stops

# What openpyxl's tokenizer can read to its end; what follows is a string, name, bracket or error not yet finished.
_WHOLE = regex.compile(
    r"(?(DEFINE)(?P<b>\[(?:[^\[\]']|'.|(?&b))*\]))"
    r"(?:[^\"'\[#]|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|(?&b)|(?:" + "|".join(map(regex.escape, ERRORS)) + r"))*+"
)


@dataclass(slots=True)
class _Frame:
    """An open bracket, and what stands in it so far."""

    opener: str
    name: str = ""
    n_arguments: int = 0
    argument: str = ""  # "", or what the argument is: "text", "constant", "reference", "value"
    literal: str = ""
    widths: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Reading:
    """What a formula holds.

    Parameters
    ----------
    fault : (str, str), optional
        Rule and reason of the first thing that nothing can mend.
    notes : list of (str, str)
        Matters of style.
    references : list of (Reference, str)
        Each finished reference, and the function that it is an argument of.
    unfinished : str
        Why the formula can't end here; empty where it can.
    """

    fault: Finding | None = None
    notes: list[Finding] = field(default_factory=list)
    references: list[tuple[Reference, str]] = field(default_factory=list)
    unfinished: str = ""


def read_formula(text: str, *, finished: bool) -> Reading:
    """Read a formula or the beginning of one.

    Parameters
    ----------
    text : str
        With or without its equals sign.
    finished : bool
        Whether the formula ends with the text; else its last operand may go on.
    """
    reading = Reading()
    if len(text) > MOST_CHARACTERS:
        reading.fault = ("length", f"The formula has {len(text)} characters, and Excel takes {MOST_CHARACTERS}.")
        return reading
    body = _DDE_ITEM.sub("_", text.removeprefix("="))
    whole = _WHOLE.match(body).end()
    try:
        tokens = Tokenizer("=" + body[:whole]).items
    except (TokenizerError, IndexError):
        reading.fault = ("brackets", "A bracket closes that was not opened, or another one than was opened last.")
        return reading
    tail = body[whole:]
    if tail:
        if tokens and tokens[-1].type == Token.OPERAND:
            tail = tokens.pop().value + tail
        tokens.append(Token(tail, Token.OPERAND, Token.RANGE))
    _Reader(reading).read(tokens, finished=finished)
    return reading


class _Reader:
    """Walks over tokens, knowing what may stand next and which brackets are open."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.frames = [_Frame("")]
        self.wants_operand = True
        self.blank = False

    def read(self, tokens: list[Token], *, finished: bool) -> None:
        for i, token in enumerate(tokens):
            pending = i == len(tokens) - 1 and not finished
            fault = next(self._take(token, pending), None)
            if fault:
                self.reading.fault = fault
                return
        if len(self.frames) > 1:
            self.reading.unfinished = f"{len(self.frames) - 1} brackets are still open."
        elif self.wants_operand:
            self.reading.unfinished = "A value must follow at the end."

    def _take(self, token: Token, pending: bool) -> Iterator[Finding]:
        if token.type == Token.WSPACE:
            self.blank = True
            return
        if token.type == Token.OPERAND:
            yield from self._operand(token.value, token.subtype, pending)
        elif token.subtype == Token.OPEN:
            yield from self._open(token)
        elif token.subtype == Token.CLOSE:
            yield from self._close(token)
        elif token.type == Token.SEP:
            yield from self._separate(token.value)
        elif token.type == Token.OP_PRE:
            if not self.wants_operand:
                yield "syntax", f"{token.value!r} can't stand here."
            self.frames[-1].argument = "value"
        elif self.wants_operand:
            yield "syntax", f"A value is missing before {token.value!r}."
        elif self.frames[-1].opener == "{":
            yield "syntax", "An array in braces holds constants only."
        elif token.type == Token.OP_IN:
            self.wants_operand = True
            self.frames[-1].argument = "reference" if token.value == "," else "value"
        else:
            self.frames[-1].argument = "value"
        self.blank = False

    def _begin(self, text: str, is_reference: bool) -> Iterator[Finding]:
        """Whether an operand may begin here; two references with a blank between them are their intersection."""
        if self.wants_operand:
            if text.startswith(":"):
                yield "syntax", f"{text!r} needs a reference before its colon."
            return
        joined = text.startswith(":") or self.blank
        if not (joined and is_reference and self.frames[-1].argument in ("reference", "value")):
            yield "syntax", f"An operator is missing before {text!r}."

    def _operand(self, text: str, subtype: str, pending: bool) -> Iterator[Finding]:
        frame = self.frames[-1]
        is_reference = subtype == Token.RANGE
        yield from self._begin(text, is_reference)
        if pending:
            if not OPERAND.fullmatch(text, partial=True):
                yield "syntax", f"{text!r} can become no value."
        elif is_reference:
            if not REFERENCE.fullmatch(text):
                yield "syntax", f"{text!r} is no value, reference or name."
            else:
                reference = read_reference(text)
                if reference.fault:
                    yield reference.fault
                self.reading.references.append((reference, frame.name))
                if reference.note:
                    self.reading.notes.append(reference.note)
        elif subtype == Token.NUMBER and not NUMBER.fullmatch(text):
            yield "syntax", f"{text!r} is no number."
        if is_reference and frame.opener == "{" and not pending:
            yield "syntax", "An array in braces holds constants only."
        first = self.wants_operand and not frame.argument
        kind = "reference" if is_reference else "text" if subtype == Token.TEXT else "constant"
        frame.argument = kind if first or (is_reference and frame.argument == "reference") else "value"
        frame.literal = text
        self.wants_operand = False

    def _open(self, token: Token) -> Iterator[Finding]:
        yield from self._begin(token.value, token.type != Token.ARRAY)
        name = ""
        if token.type == Token.FUNC:
            called = FUNCTION.fullmatch(token.value)
            if called is None:
                yield "syntax", f"{token.value[:-1]!r} can be no function."
                return
            name = called["name"].upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
            if name in VOLATILE:
                self.reading.notes.append(("volatile", f"{name} is worked out anew at every change of the workbook."))
            elif name not in SIGNATURES:
                self.reading.notes.append(("unknown-function", f"{name} is none of Excel's common functions."))
        if self.frames[-1].opener == "{":
            yield "syntax", "An array in braces holds constants only."
        self.frames.append(_Frame(token.value[-1], name or ("(" if token.type != Token.FUNC else "")))
        self.wants_operand = True

    def _separate(self, separator: str) -> Iterator[Finding]:
        frame = self.frames[-1]
        if self.wants_operand and (frame.argument or frame.opener == "{"):
            yield "syntax", f"A value is missing before {separator!r}."
        yield from self._argument(frame)
        if frame.opener == "{" and separator == ";":
            yield from self._row(frame)
        elif frame.opener != "{" and separator == ";":
            yield "syntax", "A semicolon separates rows of an array; arguments are separated by commas."
        most = SIGNATURES[frame.name].most if frame.name in SIGNATURES else MOST_ARGUMENTS
        if frame.opener == "(" and frame.n_arguments >= most:
            yield "argument-count", f"{frame.name} takes at most {most} arguments."
        self.wants_operand = True

    def _argument(self, frame: _Frame) -> Iterator[Finding]:
        """End an argument, which may be left out."""
        signature = SIGNATURES.get(frame.name)
        if signature and frame.argument in ("text", "constant"):
            place = f"argument {frame.n_arguments + 1}, not {frame.literal}."
            if signature.wants_reference(frame.n_arguments):
                yield "argument-type", f"{frame.name} needs cells as {place}"
            if signature.numbers and frame.argument == "text" and not _reads_as_number(frame.literal):
                yield "argument-type", f"{frame.name} needs a number as {place}"
        frame.n_arguments += 1
        frame.argument = ""

    def _row(self, frame: _Frame) -> Iterator[Finding]:
        frame.widths.append(frame.n_arguments)
        frame.n_arguments = 0
        if len(set(frame.widths)) > 1:
            yield "array-shape", "The rows of an array must be equally long."

    def _close(self, token: Token) -> Iterator[Finding]:
        frame = self.frames[-1]
        is_call = token.type == Token.FUNC
        if self.wants_operand and (not is_call or frame.argument):
            yield "syntax", f"A value is missing before {token.value!r}."
        inner = frame.argument
        if not (is_call and self.wants_operand and frame.n_arguments == 0):
            yield from self._argument(frame)
        if token.type == Token.ARRAY:
            yield from self._row(frame)
        signature = SIGNATURES.get(frame.name)
        if is_call and signature and not signature.least <= frame.n_arguments <= signature.most:
            bounds = (
                str(signature.least) if signature.least == signature.most else f"{signature.least} to {signature.most}"
            )
            yield "argument-count", f"{frame.name} takes {bounds} arguments, not {frame.n_arguments}."
        self.frames.pop()
        if is_call:
            kind = "reference" if frame.name in RETURN_REFERENCES or not signature else "value"
        else:
            kind = inner if inner == "reference" else "value"
        self.frames[-1].argument = kind if not self.frames[-1].argument else "value"
        self.wants_operand = False


def _reads_as_number(literal: str) -> bool:
    """Whether a text in quotes has a digit, so that Excel may read a number, date or time in it."""
    return any(character.isdigit() for character in literal)
