"""Judges whether an unfinished table with a candidate can still become one that its schema allows."""

import csv
import time
from collections.abc import Iterator, Sequence

from generation.table.delimited import WIDEST, Cursor, cursor_at, distinct_names, settled_rows, unquote
from generation.table.types import Schema, TableScope
from generation.types import Candidate, Context
from validation.table.columns import Finding
from validation.table.finished import check_table
from validation.table.rows import STRUCTURAL, RowJudge
from validation.types import Verdict

_NO_SCOPE = TableScope("", Schema((), given=False))
_LONGEST = 100_000  # characters of a candidate


class TableValidator:
    """Types, ranges, patterns, keys and structure of the cells that a candidate touches, finished or not.

    What stood in the table before is not judged again. Rows that are settled are read once as the table grows. With a
    schema that is only inferred, all but faults of structure are matters of style.
    """

    stage = "table"

    def __init__(self) -> None:
        self._scope = _NO_SCOPE
        self._judge = RowJudge(_NO_SCOPE)

    def check(self, context: Context, candidate: Candidate) -> Verdict:
        """Judge what stands before the cursor with the candidate; an invalid one is a verdict, never an exception."""
        begun = time.perf_counter()
        if len(candidate.text) > _LONGEST:
            reason = f"A candidate has at most {_LONGEST} characters, and this one {len(candidate.text)}."
            return Verdict(False, self.stage, "length", reason, time.perf_counter() - begun)
        scope = context.scope if isinstance(context.scope, TableScope) else _NO_SCOPE
        if not _alike(scope, self._scope):
            self._scope, self._judge = scope, RowJudge(scope)
        note: Finding = ("", "")
        for is_note, finding in self._findings(context.before, candidate.text):
            if not is_note and (scope.schema.given or finding[0] in STRUCTURAL):
                return Verdict(False, self.stage, *finding, time.perf_counter() - begun)
            note = note if note[0] else finding
        return Verdict(True, self.stage, *note, time.perf_counter() - begun)

    def check_finished(self, text: str, scope: TableScope) -> list[Verdict]:
        """Every rule that a finished table breaks, and the line where it does; none where all hold."""
        return check_table(text, scope)

    def _findings(self, before: str, text: str) -> Iterator[tuple[bool, Finding]]:
        """Whether each is a matter of style, and the rule and reason."""
        while text:
            start = self._judge.ledger.follow(before)
            opened = before[start:]
            end, closed = self._row_end(opened, text)
            if closed and not (opened + text[:end]).strip("\r\n"):
                if not (before.endswith("\r") and text.startswith("\n")):
                    yield False, ("blank-row", "A row needs at least one cell.")
            else:
                yield from self._row(opened, text[:end], closed)
            before, text = before + text[:end], text[end:]

    def _row_end(self, opened: str, text: str) -> tuple[int, bool]:
        """Where the row at the cursor ends in the text, line end included, and whether it does."""
        for _, end in settled_rows(opened + text, 0, self._scope.delimiter):
            return end - len(opened), True
        return len(text), False

    def _row(self, opened: str, text: str, closed: bool) -> Iterator[tuple[bool, Finding]]:
        """Judge what a piece of text adds to the row at the cursor."""
        delimiter = self._scope.delimiter
        row = (opened + text).rstrip("\r\n") if closed else opened + text
        n_before = len(cursor_at(opened, delimiter).cells)
        cursor = cursor_at(row, delimiter)
        fault = _quoting_fault(row, cursor, delimiter)
        if fault:
            yield False, fault
        finished = (*cursor.cells, unquote(cursor.raw)) if closed else cursor.cells
        yield from self._finished_cells(finished, n_before)
        if closed:
            if self._judge.ledger.has_header:
                yield from ((False, fault) for fault in self._judge.row_faults(finished))
        elif cursor.raw:
            yield from self._unfinished_cell(cursor)
        elif self._judge.ledger.has_header:
            yield from ((False, fault) for fault in self._judge.prefix_faults(finished, ""))

    def _finished_cells(self, cells: Sequence[str], n_before: int) -> Iterator[tuple[bool, Finding]]:
        """Judge those cells that follow the first few."""
        if not self._judge.ledger.has_header:
            if len(cells) > WIDEST:
                yield False, ("column-count", f"A table has at most {WIDEST} columns, and this one {len(cells)}.")
            for place, label in enumerate(distinct_names(cells)[n_before:], n_before):
                wanted = self._label(place)
                if wanted is not None and label != wanted:
                    yield False, ("header", f"Column {place + 1} is called {wanted!r}, not {label!r}.")
            return
        for n in range(n_before + 1, len(cells) + 1):
            yield from ((False, fault) for fault in self._judge.cell_faults(cells[:n]))
            yield from ((True, note) for note in self._judge.notes(cells[:n]))

    def _unfinished_cell(self, cursor: Cursor) -> Iterator[tuple[bool, Finding]]:
        """Judge the cell at the cursor; after a closing quote it may end there or go on with a quote of its own."""
        text = unquote(cursor.raw)
        faults = list(self._prefix_faults(cursor.cells, text))
        if cursor.is_closed:
            judged = self._finished_cells((*cursor.cells, text), len(cursor.cells))
            ending = [fault for is_note, fault in judged if not is_note]
            faults = ending and list(self._prefix_faults(cursor.cells, text + '"')) and ending
        yield from ((False, fault) for fault in faults)

    def _prefix_faults(self, cells: Sequence[str], text: str) -> Iterator[Finding]:
        if self._judge.ledger.has_header:
            yield from self._judge.prefix_faults(cells, text)
            return
        wanted = self._label(len(cells))
        if wanted is not None and not wanted.startswith(text):
            yield "header", f"Column {len(cells) + 1} is called {wanted!r}."

    def _label(self, place: int) -> str | None:
        """What a column must be called; None where no schema says so."""
        fields = self._scope.schema.fields
        if not fields:
            return None
        return fields[place].name if place < len(fields) else ""


def _quoting_fault(row: str, cursor: Cursor, delimiter: str) -> Finding | None:
    """Whether a cell goes on after its closing quote."""
    if '"' not in row:
        return None
    finished = row[: len(row) - len(cursor.raw)] if cursor.is_open else row
    try:
        next(csv.reader([finished], delimiter=delimiter, strict=True), None)
    except csv.Error:
        return "quoting", "A cell that begins with a quote ends with its closing quote."
    return None


def _alike(scope: TableScope, other: TableScope) -> bool:
    return scope is other or (
        scope.schema == other.schema and scope.delimiter == other.delimiter and dict(scope.tables) == dict(other.tables)
    )
