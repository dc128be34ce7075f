"""Finished tables, judged as frictionless judges them, and workbooks of them."""

import random
import re
from dataclasses import replace
from datetime import datetime

import pytest
from frictionless import Resource
from frictionless import Schema as FrictionlessSchema
from openpyxl import load_workbook

from generation.table.delimited import read_rows, write_rows
from generation.table.reading import read_table
from generation.table.types import Field, ForeignKey, Schema, TableScope
from validation.table.finished import check_table, check_table_file, write_workbook

RULES = {
    "blank-row": "blank-row", "missing-cell": "column-count", "extra-cell": "column-count", "type-error": "type",
    "primary-key": "primary-key", "unique-error": "unique", "foreign-key": "foreign-key",
}  # fmt: skip


def broken(text, scope):
    return {(verdict.line, verdict.rule) for verdict in check_table(text, scope) if not verdict.ok}


def test_every_rule_is_told_with_its_line(table, scope):
    longer = table + "1,2024-01-01,DE,Bonn,a@b.de,fog\n3,31/01/2024,XX,Bonn,,\n\n4,,FR\n"
    assert broken(table, scope) == set()
    assert broken(longer, scope) == {
        (4, "primary-key"), (4, "unique"), (4, "enum"), (5, "type"), (5, "foreign-key"), (6, "blank-row"),
        (7, "column-count"),
    }  # fmt: skip


def test_lines_are_counted_in_the_file_not_in_rows():
    scope = TableScope("t", Schema((Field("a"), Field("n", "integer"))))
    assert broken('a,n\n"two\nlines",1\nx,y\n', scope) == {(4, "type")}


def test_a_table_may_refer_to_its_own_rows_to_come():
    schema = Schema((Field("id"), Field("boss")), foreign_keys=(ForeignKey(("boss",), "", ("id",)),))
    scope = TableScope("staff", schema)
    assert broken("id,boss\na,b\nb,\n", scope) == set()
    assert broken('id,boss\n"a\na",\nb,c\n', scope) == {(4, "foreign-key")}


def test_an_inferred_schema_refuses_nothing_but_structure():
    scope = TableScope("t", Schema((Field("n", "integer"),), given=False))
    found = check_table("n\nx\n1,2\n", scope)
    assert [(verdict.line, verdict.ok, verdict.rule) for verdict in found] == [
        (2, True, "type"),
        (3, False, "column-count"),
    ]


@pytest.mark.realdata
def test_real_tables_stand_and_broken_ones_fail_where_frictionless_says(data_root, tmp_path):
    rng = random.Random(6)
    for path in sorted((data_root / "corpora/tables").glob("*/*.csv")):
        text, scope = read_table(path)
        header, *rows = read_rows(text, scope.delimiter)
        rows = rows[:60]
        for n in rng.sample(range(len(rows)), 12):
            column = rng.randrange(len(header))
            rows[n] = [*rows[n]]
            rows[n][column] = rng.choice(["", "x", "1.5", "2024-02-30", "77"])
            if rng.random() < 0.2:
                rows[n] = rows[n][: rng.randrange(1, len(header))] if len(header) > 1 else rows[n]
        table = write_rows([header, *rows])
        file = tmp_path / path.name
        file.write_text(table, encoding="utf-8")
        report = _validate(file, scope)
        begins, line = {}, 2  # frictionless counts rows, and cells may have several lines
        for n, row in enumerate(rows, 2):
            begins[line] = n
            line += 1 + sum(len(re.findall("\r\n|\r|\n", cell)) for cell in row)
        assert {(begins[line], rule) for line, rule in broken(table, scope)} == report, path.name


def _validate(file, scope):
    fields = [{"name": f.name, "type": f.type, "format": f.format} for f in scope.schema.fields]
    schema = FrictionlessSchema.from_descriptor({"fields": fields, "missingValues": [*scope.schema.missing_values]})
    report = Resource(path=file.name, basepath=str(file.parent), schema=schema, encoding="utf-8").validate(
        limit_errors=9999
    )
    return {(error.row_number, RULES.get(error.type, error.type)) for task in report.tasks for error in task.errors}


def test_keys_and_uniqueness_agree_with_frictionless(tmp_path):
    rng = random.Random(3)
    fields = (Field("a", "integer"), Field("b"), Field("c", "number"))
    for trial in range(10):
        rows = [
            [rng.choice(["1", "2", "01", ""]), rng.choice(["x", "y", ""]), rng.choice(["1", "1.0", "2", ""])]
            for _ in range(8)
        ]
        rows = [row for row in rows if any(row)]
        key = ("a", "b") if trial % 2 else ()
        scope = TableScope("t", Schema(tuple(replace(f, unique=f.name == "c") for f in fields), key))
        file = tmp_path / "t.csv"
        table = write_rows([["a", "b", "c"], *rows])
        file.write_text(table)
        descriptor = {
            "fields": [
                {"name": "a", "type": "integer"},
                {"name": "b", "type": "string"},
                {"name": "c", "type": "number", "constraints": {"unique": True}},
            ],
            "primaryKey": [*key],
        }
        resource = Resource(path="t.csv", basepath=str(tmp_path), schema=FrictionlessSchema.from_descriptor(descriptor))
        theirs = {(e.row_number, RULES.get(e.type, e.type)) for t in resource.validate().tasks for e in t.errors}
        assert broken(table, scope) == theirs, rows


def test_a_workbook_holds_typed_cells_and_reads_back(table, scope, tmp_path):
    path = tmp_path / "visits.xlsx"
    write_workbook(table, scope, path)
    row = next(load_workbook(path).active.iter_rows(min_row=2, values_only=True))
    assert row == (1, datetime(2024, 1, 1), "DE", "Bonn", "a@b.de", "sun")
    assert check_table_file(path, scope.schema) == []
    assert read_table(path, scope.schema)[0] == table
