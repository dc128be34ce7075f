"""Tables and their schemas, as far as generators and validators look at them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

FieldType = Literal[
    "string", "integer", "number", "boolean", "date", "time", "datetime", "year", "yearmonth", "duration", "any"
]


@dataclass(frozen=True, slots=True)
class Field:
    """A column, in the terms of Table Schema (Frictionless Data).

    Parameters
    ----------
    name : str
    type : str
    format : str
        "default", or how a date is written ("%d/%m/%Y"), or "email", "uri", "uuid".
    required, unique : bool
    enum : tuple of str
        The only values, as they are written; empty where any will do.
    minimum, maximum : str, optional
        As they are written in a cell.
    min_length, max_length : int, optional
        Characters.
    pattern : str
        A regular expression for the whole of a cell; empty where any will do.
    decimal, thousands : str
        How numbers are written.
    """

    name: str
    type: FieldType = "any"
    format: str = "default"
    required: bool = False
    unique: bool = False
    enum: tuple[str, ...] = ()
    minimum: str | None = None
    maximum: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    decimal: str = "."
    thousands: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values must stand in another table.

    Parameters
    ----------
    fields : tuple of str
        Columns of this table.
    table : str
        Name of the other one; empty for this one.
    references : tuple of str
        Columns of the other one.
    """

    fields: tuple[str, ...]
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """What a table's columns may hold.

    Parameters
    ----------
    fields : tuple of Field
        In the order of the columns.
    primary_key : tuple of str
        Columns that together occur once.
    foreign_keys : tuple of ForeignKey
    missing_values : tuple of str
        What stands for no value.
    given : bool
        Whether somebody wrote it down; an inferred one is a guess, and what breaks it is no mistake for sure.
    """

    fields: tuple[Field, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    missing_values: tuple[str, ...] = ("",)
    given: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A finished table.

    Parameters
    ----------
    name : str
    schema : Schema
    rows : tuple of tuple of str
        Cells as they are written, without quotes.
    """

    name: str
    schema: Schema
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class TableScope:
    """What is known of a table that is being written as delimited text, header first.

    Parameters
    ----------
    name : str
    schema : Schema
    tables : mapping of str to Table
        Others, by name, that its keys may refer to.
    delimiter : str
        One character between two cells.
    """

    name: str
    schema: Schema
    tables: Mapping[str, Table] = field(default_factory=lambda: MappingProxyType({}))
    delimiter: str = ","
