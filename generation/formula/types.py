"""Sheets of a workbook, as far as generators and validators look at them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Cell = tuple[int, int]
"""Row and column, counted from 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The cells of one sheet that hold anything.

    Parameters
    ----------
    name : str
    cells : mapping of Cell to (str, float, bool or datetime)
        What was entered; a formula is a text that begins with "=".
    formats : mapping of Cell to str
        Number formats other than "General".
    """

    name: str
    cells: Mapping[Cell, object]
    formats: Mapping[Cell, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, eq=False)
class SheetScope:
    """Where a formula is being written.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        All sheets of the workbook, in their order.
    sheet : str
        The one that the formula stands in.
    cell : Cell
        Its place; what stood there before is not part of the scope.
    names : mapping of str to str
        Defined names, and what each refers to.
    """

    sheets: Mapping[str, Sheet]
    sheet: str
    cell: Cell
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
