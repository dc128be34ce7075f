"""Python programs as the symbols of a token model, read as far as they go."""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from generation.ngrams.arpa import BEGIN
from generation.python.layout import double_quotes
from generation.python.lexer import KEYWORDS, OPERATORS, STRING_WHOLE, Kind, LexState, Token, lex

NEWLINE, INDENT, DEDENT, BLANK = "<newline>", "<indent>", "<dedent>", "<blank>"
NAME, NUMBER, STRING = "<name>", "<number>", "<string>"
# How a character model's tokens write a line's end, which no token can hold.
NEWLINE_SIGN = "⏎"
LAYOUT = frozenset({NEWLINE, INDENT, DEDENT, BLANK})
CLASSES = frozenset({NAME, NUMBER, STRING})

_CLOSER_OF = {"(": ")", "[": "]", "{": "}"}
CLOSERS = tuple(_CLOSER_OF.values())

_KIND_OF_CLASS: dict[str, Kind] = {NAME: "NAME", NUMBER: "NUMBER", STRING: "STRING"}
_N_KEPT = 8  # symbols of a history; no shipped model looks further back
_INDENT = 4
_LAYOUT_OF_KIND = {"NEWLINE": NEWLINE, "INDENT": INDENT, "DEDENT": DEDENT}
_N_REMEMBERED = 64
_N_INDEXED = 4000


def symbols(tokens: Sequence[Token], last_line: int = 1) -> Iterator[str]:
    """Tokens as symbols: text, strings in double quotes, and layout, with a mark for one or more blank lines.

    Parameters
    ----------
    tokens : sequence of Token
    last_line : int
        The line in which the token before them ends.
    """
    for token in tokens:
        if token.line > last_line + 1 and token.kind in ("INDENT", "DEDENT", "NAME", "OP", "STRING", "NUMBER"):
            yield BLANK
        last_line = token.line + token.text.count("\n") - (token.kind == "NEWLINE")
        if token.kind in _LAYOUT_OF_KIND:
            yield _LAYOUT_OF_KIND[token.kind]
        else:
            yield double_quotes(token.text) if token.kind == "STRING" else token.text


def class_of(symbol: str) -> str:
    """The class of a symbol that the model does not know."""
    if symbol[-1] in "'\"":
        return STRING
    return NUMBER if symbol[0].isdigit() or symbol[0] == "." else NAME


def is_open_string(pending: str) -> bool:
    """Whether an unfinished token is a string whose closing quote is still to come."""
    return any(quote in pending for quote in "'\"") and STRING_WHOLE.fullmatch(pending) is None


class DocumentIndex:
    """Where each symbol of a document occurs, and its names.

    Parameters
    ----------
    document : sequence of str
        Symbols; only the last few thousand are looked at.
    """

    def __init__(self, document: Sequence[str]) -> None:
        self.symbols = tuple(document[-_N_INDEXED:])
        self.places: dict[str, list[int]] = defaultdict(list)
        for place, symbol in enumerate(self.symbols):
            self.places[symbol].append(place)
        self.names = Counter(symbol for symbol in self.symbols if symbol.isidentifier() and symbol not in KEYWORDS)


@dataclass(frozen=True, slots=True)
class Reading:
    """A program read up to the cursor.

    Parameters
    ----------
    lexed : LexState
    line : tuple of Token
        The logical line at the cursor, as far as it is settled.
    symbols : tuple of str
        All settled symbols.
    last_line : int
        The line in which the last token ends.
    index : DocumentIndex
    """

    lexed: LexState
    line: tuple[Token, ...]
    symbols: tuple[str, ...]
    last_line: int
    index: DocumentIndex


@dataclass(frozen=True, slots=True)
class History:
    """A program up to a token's beginning, as far as the next token depends on it.

    Parameters
    ----------
    symbols : tuple of str
        The last few symbols.
    line : tuple of Token
        The logical line so far.
    brackets : tuple of str
        Open brackets, outermost first.
    indents : tuple of int
        Open indentations in columns.
    index : DocumentIndex
    """

    symbols: tuple[str, ...]
    line: tuple[Token, ...]
    brackets: tuple[str, ...]
    indents: tuple[int, ...]
    index: DocumentIndex

    @classmethod
    def of(cls, reading: Reading) -> "History":
        """The history of a document without its unfinished end."""
        known = reading.symbols[-_N_KEPT:] if len(reading.symbols) >= _N_KEPT else (BEGIN, *reading.symbols)
        lexed = reading.lexed
        if lexed.fresh and lexed.line > reading.last_line + 1 and reading.symbols:
            known = (*known, BLANK)
        indents = tuple(column for column, _ in lexed.indents)
        return cls(known, reading.line, lexed.brackets, indents, reading.index)

    @property
    def opens_block(self) -> bool:
        """Whether a line has just ended that a deeper one must follow."""
        layout = [symbol for symbol in self.symbols[-3:] if symbol != BLANK]
        return layout[-2:] == [":", NEWLINE]

    @property
    def closer(self) -> str:
        """What closes the innermost bracket; empty if none is open."""
        return _CLOSER_OF[self.brackets[-1]] if self.brackets else ""

    def then(self, layout: str) -> "History":
        """The history after layout."""
        symbols = (*self.symbols, layout)[-_N_KEPT:]
        if layout == NEWLINE:
            return replace(self, symbols=symbols, line=())
        if layout == INDENT:
            step = self.indents[1] if len(self.indents) > 1 else _INDENT
            return replace(self, symbols=symbols, indents=(*self.indents, self.indents[-1] + step))
        if layout == DEDENT:
            return replace(self, symbols=symbols, indents=self.indents[:-1])
        return replace(self, symbols=symbols)

    def then_token(self, text: str, gap: bool) -> "History":
        """The history after a token."""
        token = Token(_KIND_OF_CLASS[class_of(text)] if text not in OPERATORS else "OP", text, 0, gap)
        brackets = (*self.brackets, text) if text in _CLOSER_OF else self.brackets
        if text in CLOSERS:
            brackets = brackets[:-1]
        symbols = (*self.symbols, text)[-_N_KEPT:]
        return replace(self, symbols=symbols, line=(*self.line, token), brackets=brackets)


class Reader:
    """Reads documents, going on from what it read lately."""

    def __init__(self) -> None:
        self._remembered: OrderedDict[str, Reading] = OrderedDict()

    def read(self, text: str) -> Reading:
        """Read a document from its beginning to the cursor at its end."""
        if text in self._remembered:
            self._remembered.move_to_end(text)
            return self._remembered[text]
        known = max((old for old in self._remembered if text.startswith(old)), key=len, default="")
        begin = self._remembered.get(known, Reading(LexState(), (), (), 1, DocumentIndex(())))
        reading = self._remembered[text] = _advance(begin, text[len(known) :])
        if len(self._remembered) > _N_REMEMBERED:
            self._remembered.popitem(last=False)
        return reading


def _advance(reading: Reading, text: str) -> Reading:
    tokens, lexed = lex(reading.lexed, text.replace("\r\n", "\n").replace("\r", "\n"))
    if not tokens:
        return replace(reading, lexed=lexed)
    line = reading.line
    for token in tokens:
        if token.kind == "NEWLINE":
            line = ()
        elif token.kind not in _LAYOUT_OF_KIND:
            line = (*line, token)
    known = (*reading.symbols, *symbols(tokens, reading.last_line))
    last = tokens[-1]
    last_line = last.line + last.text.count("\n") - (last.kind == "NEWLINE")
    return Reading(lexed, line, known, last_line, DocumentIndex(known))
