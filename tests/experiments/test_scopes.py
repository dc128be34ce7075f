"""Scopes travel as plain values."""

import json
from datetime import date, datetime, time

import pytest

from experiments.prefetch import Letter
from experiments.scopes import from_plain, to_plain
from generation.formula.types import Sheet, SheetScope
from generation.table.types import Field, ForeignKey, Schema, Table, TableScope
from generation.types import Context

SCHEMA = Schema(
    (Field("id", "integer", minimum="1"), Field("of", enum=("a", "b"))), ("id",), (ForeignKey(("of",), "t", ("k",)),)
)
TABLES = {"t": Table("t", Schema((Field("k"),)), (("a",), ("b",)))}
CELLS = {
    (1, 1): "x",
    (2, 1): 0.1,
    (3, 1): True,
    (4, 1): datetime(2024, 2, 29, 1),
    (5, 1): date(2024, 1, 1),
    (6, 1): time(3),
}


def test_a_tables_scope_survives():
    again = from_plain(json.loads(json.dumps(to_plain(TableScope("s", SCHEMA, TABLES, ";")))))
    assert (again.name, again.schema, again.delimiter) == ("s", SCHEMA, ";")
    assert (again.tables["t"].schema, again.tables["t"].rows) == (TABLES["t"].schema, TABLES["t"].rows)


def test_a_sheets_scope_survives():
    scope = SheetScope({"S": Sheet("S", CELLS, {(2, 1): "0.00"})}, "S", (7, 2), {"rate": "S!$A$2"})
    again = from_plain(json.loads(json.dumps(to_plain(scope))))
    assert again.sheets["S"].cells == CELLS
    assert [type(entered) for entered in again.sheets["S"].cells.values()] == [type(e) for e in CELLS.values()]
    assert (again.sheets["S"].formats, again.sheet, again.cell, again.names) == (
        {(2, 1): "0.00"},
        "S",
        (7, 2),
        {"rate": "S!$A$2"},
    )


def test_what_no_cell_can_hold_is_refused_in_a_sentence():
    with pytest.raises(TypeError, match="Cells of sheet 'S' must hold"):
        to_plain(SheetScope({"S": Sheet("S", {(1, 1): object()})}, "S", (1, 1)))


def test_a_scope_travels_once_and_holds_for_all_that_follows():
    scope = TableScope("s", SCHEMA, TABLES)
    ours, theirs = Letter("table"), Letter("table")
    first = ours.write("", [Context("table", "a", scope=scope)])
    second = ours.write("a", [Context("table", "ab", scope=scope)])
    assert b"scope" in first
    assert b"scope" not in second
    assert theirs.read(first)[0].scope.schema == SCHEMA
    assert theirs.read(second)[0].scope.schema == SCHEMA


def test_a_table_that_refers_to_no_other_survives():
    again = from_plain(json.loads(json.dumps(to_plain(TableScope("s", SCHEMA)))))
    assert (again.schema, dict(again.tables)) == (SCHEMA, {})
