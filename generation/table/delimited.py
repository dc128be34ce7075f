"""Delimited text: cells, their quotes, and where the cursor stands in them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_LINES = 50
# A cell may be as long as the file: the limit guards readers that trust their input.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a delimited text stands.

    Parameters
    ----------
    cells : tuple of str
        The finished cells of the row at the cursor, without quotes.
    partial : str
        The part of the cell at the cursor, without quotes.
    raw : str
        The same as it is written.
    quoted : bool
        Whether a quote is open.
    fault : bool
        Whether the cell at the cursor goes on after its closing quote.
    """

    cells: tuple[str, ...]
    partial: str
    raw: str
    quoted: bool = False
    fault: bool = False


def read_rows(text: str, delimiter: str) -> list[list[str]]:
    """Cells of every row that holds anything, without quotes; an open quote at the end is taken as closed."""
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]


def settled_rows(text: str, start: int, delimiter: str) -> tuple[list[list[str]], int]:
    """Rows that no further character can change.

    Parameters
    ----------
    text : str
    start : int
        Where a row begins.
    delimiter : str

    Returns
    -------
    rows : list of list of str
        Those that hold anything, without quotes.
    end : int
        Where the row at the cursor begins.
    """
    rows: list[list[str]] = []
    read, end = start, start
    exhausted = False

    def lines() -> Iterator[str]:
        nonlocal read, exhausted
        for line in io.StringIO(text[start:], newline=""):
            if line[-1] in "\r\n":
                read += len(line)
                yield line
        exhausted = True

    for row in csv.reader(lines(), delimiter=delimiter):
        if exhausted:  # a quote is still open
            break
        end = read
        if row:
            rows.append(row)
    return rows, end


def cursor_at(row: str, delimiter: str) -> Cursor:
    """Read the row at the cursor.

    Parameters
    ----------
    row : str
        From the row's beginning to the cursor.
    delimiter : str
    """
    cells: list[str] = []
    start = 0
    while True:
        if row.startswith('"', start):
            end = _closing_quote(row, start + 1)
            inner = row[start + 1 : end].replace('""', '"')
            if end == len(row):
                return Cursor(tuple(cells), inner, row[start:], quoted=True)
            following = row.find(delimiter, end + 1)
            loose = row[end + 1 : following if following >= 0 else None]
            if following < 0:
                return Cursor(tuple(cells), inner + loose, row[start:], fault=bool(loose))
            cells.append(inner + loose)
        else:
            following = row.find(delimiter, start)
            if following < 0:
                return Cursor(tuple(cells), row[start:], row[start:])
            cells.append(row[start:following])
        start = following + 1


def quote(cell: str, delimiter: str, always: bool = False) -> str:
    """A cell as it is written: in quotes where it must be."""
    if always or any(sign in cell for sign in (delimiter, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def write_rows(rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """Rows as delimited text, each with a newline; a row of one empty cell is quoted, so that it is no blank line."""
    lines = (
        '""' if len(row) == 1 and not row[0] else delimiter.join(quote(cell, delimiter) for cell in row) for row in rows
    )
    return "".join(line + "\n" for line in lines)


def sniff(text: str) -> str:
    """The delimiter that parts most of the first lines into the same number of cells; a comma where none does."""
    lines = text[:100_000].splitlines()[:_SNIFFED_LINES]
    best, most = ",", 0.0
    for delimiter in DELIMITERS:
        rows = read_rows("\n".join(lines), delimiter)
        width = len(rows[0]) if rows else 0
        if width > 1:
            share = sum(len(row) == width for row in rows) / len(rows)
            # More cells speak for a delimiter only where as many rows agree.
            score = share + width * 1e-6
            if score > most:
                best, most = delimiter, score
    return best


def _closing_quote(row: str, start: int) -> int:
    """Place of the quote that closes a cell; the row's length if none does."""
    while True:
        end = row.find('"', start)
        if end < 0:
            return len(row)
        if not row.startswith('"', end + 1):
            return end
        start = end + 2
