"""What the token model sees of a formula: abstract symbols, and what may stand next."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

from generation.formula.cells import encode_place
from generation.formula.lexer import Place, Token, read_place

NUMBER, TEXT, NAME, SHEET, SAME_SHEET, LINES, OTHER = (
    "<number>", "<text>", "<name>", "<sheet>", "<same-sheet>", "<lines>", "<other>",
)  # fmt: skip
FUNCTION = "<function>("
CLASSES = frozenset((NUMBER, TEXT, NAME, SHEET, SAME_SHEET, LINES, OTHER, FUNCTION))
N_TOKENS = 400  # that a history keeps, for what a formula repeats
_N_SYMBOLS = 16
PREFIX = "prefix:"
EMPTY_TEXT = '""'
NO_ARGUMENTS = frozenset(("NOW(", "TODAY(", "PI(", "RAND(", "NA(", "TRUE(", "FALSE(", "ROW(", "COLUMN("))
_OPERANDS = frozenset(("cell", "lines", "number", "text", "name", "logical", "error"))


@dataclass(frozen=True, slots=True)
class Frame:
    """An open bracket: the function it belongs to (empty for none), and which argument stands in it, from 0."""

    opener: str
    argument: int = 0

    @property
    def symbol(self) -> str:
        """What the token model calls it."""
        return f"in:{self.opener}{min(self.argument, 9)}"


TOP = Frame("=")


@dataclass(frozen=True, slots=True)
class History:
    """A formula up to a place between two tokens.

    Parameters
    ----------
    known : container of str
        The token model's vocabulary.
    tokens : tuple of Token
        The last ones, without blanks.
    symbols : tuple of str
        What the model sees of the very last of them; a cell may be two.
    frames : tuple of Frame
        Open brackets, the outermost first, after ``TOP``.
    wants_operand : bool
        Whether a value must follow.
    anchor : Place, optional
        From where the next cell is counted: the beginning of the reference before it.
    sheet : str
        The sheet token read last.
    """

    known: Container[str]
    tokens: tuple[Token, ...] = ()
    symbols: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = (TOP,)
    wants_operand: bool = True
    anchor: Place | None = None
    sheet: str = ""

    @property
    def last(self) -> str:
        """Kind of the last token; empty at the beginning."""
        return self.tokens[-1].kind if self.tokens else ""

    @property
    def ends_range(self) -> bool:
        """Whether the last token is the second cell of a range."""
        return self.last == "cell" and len(self.tokens) > 1 and self.tokens[-2].kind == "colon"

    def then(self, token: Token) -> "History":
        """The formula with one more token."""
        kind = token.kind
        if kind == "space":
            return self
        frames, wants = self.frames, self.wants_operand
        anchor, sheet = self.anchor, self.sheet
        if kind == "function":
            frames, wants = (*frames, Frame(self._function(token))), True
        elif kind == "open" or token.text == "{":
            frames, wants = (*frames, Frame(token.text)), True
        elif kind == "close" or token.text == "}":
            frames, wants = frames[:-1] or (TOP,), False
        elif kind == "separator":
            top = frames[-1]
            frames, wants = (*frames[:-1], Frame(top.opener, top.argument + 1)), True
        elif kind == "operator":
            wants = token.text != "%"
        elif kind in ("colon", "sheet", "intersection"):
            wants = True
        elif kind in _OPERANDS:
            wants = False
        if kind == "sheet":
            sheet = token.text
        elif kind == "cell" and self.last != "colon":
            anchor = read_place(token.text) or anchor
        return History(
            self.known,
            (*self.tokens[1 - N_TOKENS :], token),
            (*self.symbols[-_N_SYMBOLS:], *self.encode(token)),
            frames,
            wants,
            anchor,
            sheet,
        )

    def follow(self, tokens: Iterable[Token]) -> "History":
        """The formula with more tokens."""
        history = self
        for token in tokens:
            history = history.then(token)
        return history

    def with_symbol(self, symbol: str) -> "History":
        """The formula with the first half of a cell."""
        return replace(self, symbols=(*self.symbols, symbol))

    def encode(self, token: Token) -> tuple[str, ...]:
        """The symbols of one more token; what the model does not know is a class."""
        kind, text = token.kind, token.text
        if kind == "cell":
            place = read_place(text)
            return (OTHER,) if place is None else encode_place(place, self.anchor, self.known)
        if kind == "function":
            return (self._function(token),)
        if kind == "number":
            return (f"#{text}" if f"#{text}" in self.known else NUMBER,)
        if kind == "text":
            return (EMPTY_TEXT if text == EMPTY_TEXT else TEXT,)
        if kind == "sheet":
            return (SAME_SHEET if text == self.sheet else SHEET,)
        if kind in ("logical", "error"):
            return (text.upper(),)
        if kind == "operator" and self.wants_operand:
            return (f"{PREFIX}{text}",)
        if kind in ("operator", "colon", "open", "close", "separator", "brace"):
            return (text,)
        return ({"name": NAME, "lines": LINES}.get(kind, OTHER),)

    def _function(self, token: Token) -> str:
        name = token.text.upper().removeprefix("@")
        return name if name in self.known else FUNCTION


class Everything(Container[str]):
    """A vocabulary in which nothing is missing, for counting."""

    def __contains__(self, symbol: object) -> bool:
        return True


def frame_context(history: History) -> tuple[str, ...]:
    """What the model sees of the open bracket: the last symbols before the cursor, and which it is.

    It stands last, so that it is forgotten last where the model backs off.
    """
    return (*history.symbols[-2:], history.frames[-1].symbol)
