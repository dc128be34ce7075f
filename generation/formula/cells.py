"""How a cell becomes symbols of the token model, and symbols become a cell again."""

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Literal

import regex
from openpyxl.utils import column_index_from_string, get_column_letter

from generation.formula.lexer import Place, place_at

_MOST_OFFSET = 30
_SYMBOL = regex.compile(
    r"(?P<across>\$?)(?P<columns>[+-]\d+)\|(?P<down>\$?)(?P<rows>[+-]\d+)"
    r"|(?P<across>\$?)C(?P<columns>[+-]\d+|\?)|(?P<down>\$?)R(?P<rows>[+-]\d+|\?)"
    r"|(?P<across>\$?)@(?P<letters>[A-Z]{1,3}|\?)|(?P<down>\$?)@(?P<row>\d+|\#)"
)


@dataclass(frozen=True, slots=True)
class CellSymbol:
    """A cell or half of one.

    Parameters
    ----------
    part : str
        "whole", or "column" and "row", of which the column comes first.
    is_offset : bool
        Whether it counts from an anchor; else from the sheet's corner.
    column, row : int, optional
        None where the symbol does not tell.
    fixed_column, fixed_row : bool
        Whether it has a dollar sign.
    """

    part: Literal["whole", "column", "row"]
    is_offset: bool
    column: int | None = None
    row: int | None = None
    fixed_column: bool = False
    fixed_row: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it tells what it is to tell."""
        return (self.part == "row" or self.column is not None) and (self.part == "column" or self.row is not None)

    def with_row(self, row: "CellSymbol") -> "CellSymbol":
        """The whole cell from a column and a row."""
        return replace(self, part="whole", row=row.row, fixed_row=row.fixed_row)

    def at(self, anchor: Place | None) -> Place | None:
        """The cell itself; None outside a sheet."""
        assert self.row is not None
        assert self.column is not None
        row, column = (anchor.row, anchor.column) if anchor and self.is_offset else (0, 0)
        return place_at(row + self.row, column + self.column, self.fixed_row, self.fixed_column)


def encode_place(place: Place, anchor: Place | None, known: Container[str]) -> tuple[str, ...]:
    """A cell by its offset from the anchor, else by column and row, each of which may be unknown.

    "+1|+0" is one column further in the same row; "C+40", "R+2" are the halves of a cell far away; "@B", "@7" those of
    a formula's first.
    """
    across, down = "$" if place.fixed_column else "", "$" if place.fixed_row else ""
    if anchor is None:
        column, row = f"{across}@{get_column_letter(place.column)}", f"{down}@{place.row}"
        return (column if column in known else f"{across}@?", row if row in known else f"{down}@#")
    n_columns, n_rows = place.column - anchor.column, place.row - anchor.row
    near = f"{across}{n_columns:+d}|{down}{n_rows:+d}"
    if max(abs(n_columns), abs(n_rows)) <= _MOST_OFFSET and near in known:
        return (near,)
    column, row = f"{across}C{n_columns:+d}", f"{down}R{n_rows:+d}"
    return (column if column in known else f"{across}C?", row if row in known else f"{down}R?")


def read_symbol(symbol: str) -> CellSymbol | None:
    """What a symbol says of a cell; None if it is no cell's."""
    match = _SYMBOL.fullmatch(symbol)
    if match is None:
        return None
    column = _number(match["columns"]) if match["letters"] is None else _column(match["letters"])
    row = _number(match["rows"] if match["row"] is None else match["row"])
    fixed_column, fixed_row = bool(match["across"]), bool(match["down"])
    part: Literal["whole", "column", "row"] = "whole"
    if match["down"] is None or match["across"] is None:
        part = "column" if match["down"] is None else "row"
    return CellSymbol(part, "@" not in symbol, column, row, fixed_column, fixed_row)


def _number(text: str | None) -> int | None:
    return None if text in (None, "?", "#") else int(text)


def _column(letters: str) -> int | None:
    return None if letters == "?" else column_index_from_string(letters)
