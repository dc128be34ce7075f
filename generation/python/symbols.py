"""Python programs as the symbols of a token model."""

from collections.abc import Iterator, Sequence

from generation.python.layout import double_quotes
from generation.python.lexer import STRING_WHOLE, Token

NEWLINE, INDENT, DEDENT, BLANK = "<newline>", "<indent>", "<dedent>", "<blank>"
NAME, NUMBER, STRING = "<name>", "<number>", "<string>"
# How a character model's tokens write a line's end, which no token can hold.
NEWLINE_SIGN = "⏎"
LAYOUT = frozenset({NEWLINE, INDENT, DEDENT, BLANK})
CLASSES = frozenset({NAME, NUMBER, STRING})

CLOSER_OF = {"(": ")", "[": "]", "{": "}"}
CLOSERS = tuple(CLOSER_OF.values())

LAYOUT_OF_KIND = {"NEWLINE": NEWLINE, "INDENT": INDENT, "DEDENT": DEDENT}


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
        if token.kind in LAYOUT_OF_KIND:
            yield LAYOUT_OF_KIND[token.kind]
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
