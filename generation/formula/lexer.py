"""Cuts a formula, finished or not, into tokens."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import regex
from openpyxl.formula.tokenizer import Tokenizer
from openpyxl.utils import column_index_from_string, get_column_letter

from generation.formula.types import Cell

N_ROWS, N_COLUMNS = 1_048_576, 16_384

TokenKind = Literal[
    "space", "intersection", "text", "error", "sheet", "function", "logical", "cell", "lines", "number", "name",
    "operator", "colon", "open", "close", "separator", "brace", "unfinished",
]  # fmt: skip

_WORD = r"[\p{L}\p{M}\p{N}_.?\\]"
_BRACKETS = r"(?P<brackets>\[(?:[^\[\]']|'.|(?&brackets))*\])"
_ERRORS = "|".join(regex.escape(error) for error in Tokenizer.ERROR_CODES)
_TOKENS = regex.compile(
    rf"""(?(DEFINE){_BRACKETS})
    (?P<space>\s+)
    |(?P<text>"(?:[^"]|"")*+")
    |(?P<error>{_ERRORS})
    |(?P<sheet>(?:'(?:[^']|'')+'|(?:(?&brackets))?{_WORD}+(?::{_WORD}+)?|(?&brackets))!)
    |(?P<function>@?[\p{{L}}_\\][\p{{L}}\p{{N}}_.\\]*\()
    |(?P<logical>(?i:TRUE|FALSE)(?!{_WORD}))
    |(?P<lines>(?:\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}|\$?\d{{1,7}}:\$?\d{{1,7}})(?!{_WORD}|[$(!]))
    |(?P<cell>\$?[A-Za-z]{{1,3}}\$?\d{{1,7}}(?!{_WORD}|[\[]))
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!{_WORD}))
    |(?P<name>{_WORD}*(?&brackets)|{_WORD}+)
    |(?P<operator><=|>=|<>|[-+*/^&=<>%@])
    |(?P<colon>:)
    |(?P<open>\()
    |(?P<close>\))
    |(?P<separator>[,;])
    |(?P<brace>[{{}}])
    |(?P<unfinished>.+)""",
    regex.VERBOSE | regex.DOTALL,
)
_ENDS_REFERENCE = frozenset(("cell", "lines", "name", "close"))
_BEGINS_REFERENCE = frozenset(("cell", "lines", "name", "sheet", "function", "open"))
_CELL = regex.compile(r"(\$?)([A-Za-z]{1,3})(\$?)(\d{1,7})")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula; a range is two cells with a colon between."""

    kind: TokenKind
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A cell as a formula writes it: where, and which of both is held fast by a dollar sign."""

    row: int
    column: int
    fixed_row: bool = False
    fixed_column: bool = False

    @property
    def cell(self) -> Cell:
        """Row and column."""
        return self.row, self.column

    @property
    def text(self) -> str:
        """As a formula writes it."""
        columns = "$" if self.fixed_column else ""
        rows = "$" if self.fixed_row else ""
        return f"{columns}{get_column_letter(self.column)}{rows}{self.row}"

    def moved(self, n_rows: int, n_columns: int) -> "Place | None":
        """The place that filling writes so many rows and columns further; None outside a sheet."""
        row = self.row if self.fixed_row else self.row + n_rows
        column = self.column if self.fixed_column else self.column + n_columns
        return place_at(row, column, self.fixed_row, self.fixed_column)


def place_at(row: int, column: int, fixed_row: bool = False, fixed_column: bool = False) -> Place | None:
    """A place, or None where no sheet has one."""
    if 1 <= row <= N_ROWS and 1 <= column <= N_COLUMNS:
        return Place(row, column, fixed_row, fixed_column)
    return None


@lru_cache(maxsize=65536)
def read_place(text: str) -> Place | None:
    """The place that a token of kind "cell" names; None outside a sheet."""
    parts = _CELL.fullmatch(text)
    if parts is None:
        return None
    return place_at(int(parts[4]), column_index_from_string(parts[2].upper()), bool(parts[3]), bool(parts[1]))


@lru_cache(maxsize=16384)
def lex(formula: str) -> tuple[Token, ...]:
    """Cut a formula into tokens; together their texts are the formula without its equals sign.

    What is not finished at the end, such as a text without its closing quote, is one token of kind "unfinished". A
    blank between two references is their intersection.
    """
    found: list[Token] = []
    for match in _TOKENS.finditer(formula.removeprefix("=")):
        kind = match.lastgroup
        if kind == "brackets":
            kind = next(name for name, text in match.groupdict().items() if text is not None and name != "brackets")
        is_parted = len(found) > 1 and found[-1].kind == "space"
        if is_parted and kind in _BEGINS_REFERENCE and found[-2].kind in _ENDS_REFERENCE:
            found[-1] = Token("intersection", found[-1].text)
        found.append(Token(kind, match[0]))
    return tuple(found)


def quoted_sheet(name: str) -> str:
    """A sheet's name with its exclamation mark, as a formula writes it."""
    plain = regex.fullmatch(r"[\p{L}_][\p{L}\p{N}_.]*", name) and not _CELL.fullmatch(name)
    return f"{name}!" if plain else "'" + name.replace("'", "''") + "'!"


def sheet_name(text: str) -> str:
    """The name of the sheet that a token of kind "sheet" names."""
    body = text.removesuffix("!")
    return body[1:-1].replace("''", "'") if body.startswith("'") else body
