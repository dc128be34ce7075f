"""Judges whole tables, row by row, and writes them as workbooks with typed cells."""

import csv
import io
import time
from collections.abc import Hashable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook

from generation.table.delimited import distinct_names, read_rows
from generation.table.reading import read_table
from generation.table.types import Schema, Table, TableScope
from validation.table.columns import Column, Finding
from validation.table.foreign import foreign_choices
from validation.table.rows import STRUCTURAL, RowJudge
from validation.types import Verdict


def check_table(text: str, scope: TableScope) -> list[Verdict]:
    """Every rule that a finished table breaks, and the line where it does; none where all hold.

    Parameters
    ----------
    text : str
        Delimited text, header first.
    scope : TableScope
        With a schema that is only inferred, all but faults of structure are matters of style.
    """
    begun = time.perf_counter()
    found: list[Verdict] = []
    for line, (rule, reason) in _findings(text, scope):
        ok = not (scope.schema.given or rule in STRUCTURAL)
        now = time.perf_counter()
        found.append(Verdict(ok, "table", rule, reason, now - begun, line))
        begun = now
    return found


def check_table_file(path: Path, schema: Schema | Path | None = None, package: Path | None = None) -> list[Verdict]:
    """The same for a file of delimited text, or a workbook's first sheet.

    Raises
    ------
    OSError, ValueError
        One sentence, where it can't be read.
    """
    return check_table(*read_table(path, schema, package))


def write_workbook(text: str, scope: TableScope, path: Path) -> None:
    """Write a table as the one sheet of a workbook; numbers, dates and truths become such cells, the rest is text.

    Parameters
    ----------
    text : str
        Delimited text, header first.
    scope : TableScope
    path : Path
        Where the workbook goes; one that is there is replaced.
    """
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet((scope.name or "table")[:31])
    rows = read_rows(text, scope.delimiter)
    columns = _columns(rows[0], scope.schema) if rows else []
    for n, row in enumerate(rows):
        sheet.append(row if n == 0 else [_typed(cell, i, columns) for i, cell in enumerate(row)])
    workbook.save(path)


def _findings(text: str, scope: TableScope) -> Iterator[tuple[int, Finding]]:
    judge = RowJudge(scope)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=scope.delimiter, strict=True)
    line, lines = 1, []
    try:
        for row in reader:
            if not row:
                yield line, ("blank-row", "A row needs at least one cell.")
            elif not judge.ledger.has_header:
                judge.ledger.begin(row)
                yield from ((line, fault) for fault in _header_faults(row, scope.schema))
            else:
                lines.append(line)
                for n in range(1, min(len(row), len(judge.ledger.columns) + 1) + 1):
                    yield from ((line, fault) for fault in judge.cell_faults(row[:n]))
                yield from ((line, fault) for fault in judge.row_faults(row))
                judge.ledger.add(row)
            line = reader.line_num + 1
    except csv.Error as error:
        yield line, ("quoting", f"The row's quotes are at fault: {error}.")
    if lines:
        yield from _own_key_faults(judge, scope, lines)


def _header_faults(header: list[str], schema: Schema) -> Iterator[Finding]:
    names = distinct_names(header)
    fields = tuple(field.name for field in schema.fields)
    if fields and names != fields:
        wrong = next((pair for pair in zip(names, fields, strict=False) if pair[0] != pair[1]), None)
        if wrong:
            yield "header", f"Column {names.index(wrong[0]) + 1} is called {wrong[1]!r}, not {wrong[0]!r}."
        else:
            yield "header", f"The header has {len(names)} columns, and the schema {len(fields)} fields."


def _own_key_faults(judge: RowJudge, scope: TableScope, lines: Sequence[int]) -> Iterator[tuple[int, Finding]]:
    """Keys that refer to the table itself, which any of its rows may answer to."""
    width = len(judge.ledger.columns)
    rows = tuple(tuple(row) for row in judge.ledger.rows if len(row) == width)
    fields = tuple(column.field for column in judge.ledger.columns)
    own = Table("", Schema(fields), rows)
    keys = Schema(fields, foreign_keys=tuple(key for key in scope.schema.foreign_keys if not key.table))
    for choices in foreign_choices(keys, judge.ledger.columns, [own]):
        last = max(choices.places)
        for line, row in zip(lines, judge.ledger.rows, strict=True):
            fault = choices.fault(last, row) if len(row) == width else None
            if fault:
                yield line, (fault[0], fault[1].replace("Table ''", "The table"))


def _columns(header: list[str], schema: Schema) -> list[Column | None]:
    fields = {field.name: field for field in schema.fields}
    return [Column(fields[name], schema.missing_values) if name in fields else None for name in distinct_names(header)]


def _typed(cell: str, place: int, columns: list[Column | None]) -> Hashable:
    column = columns[place] if place < len(columns) else None
    if column is None or column.field.type in ("string", "any", "duration", "yearmonth"):
        return cell or None
    value = column.value(cell)
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else cell
    zone = getattr(value, "tzinfo", None)
    return cell if zone is not None else value
