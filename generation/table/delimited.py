"""Delimited text: cells, their quotes, and where the cursor stands in them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")
WIDEST = 16_384  # columns, as in a workbook
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
    raw : str
        The part of the cell at the cursor, as it is written.
    """

    cells: tuple[str, ...]
    raw: str

    @property
    def is_open(self) -> bool:
        """Whether a quote is open."""
        return self.raw.startswith('"') and _closing_quote(self.raw, 1) == len(self.raw)

    @property
    def is_closed(self) -> bool:
        """Whether the cell has had its closing quote."""
        return self.raw.startswith('"') and _closing_quote(self.raw, 1) < len(self.raw)


def distinct_names(header: Sequence[str]) -> tuple[str, ...]:
    """Names of columns: an empty one is called by its place, and one that comes again gets a number."""
    names: dict[str, int] = {}  # each with the number that the next of its like would get
    for place, cell in enumerate(header, 1):
        name = unique = cell.strip() or f"field{place}"
        while unique in names:
            number = names[name]
            names[name] = number + 1
            unique = f"{name}{number}"
        names[unique] = 2
    return tuple(names)


def read_rows(text: str, delimiter: str) -> list[list[str]]:
    """Cells of every row that holds anything, without quotes; an open quote at the end is taken as closed."""
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]


def settled_rows(text: str, start: int, delimiter: str) -> Iterator[tuple[list[str], int]]:
    """Rows that no further character can change.

    Parameters
    ----------
    text : str
    start : int
        Where a row begins.
    delimiter : str

    Yields
    ------
    row : list of str
        Without quotes; empty for a blank line.
    end : int
        Where the next row begins.
    """
    read = start
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
            return
        yield row, read


def cursor_at(row: str, delimiter: str) -> Cursor:
    """Read the row at the cursor.

    Parameters
    ----------
    row : str
        From the row's beginning to the cursor.
    delimiter : str
    """
    *raws, raw = written_cells(row, delimiter)
    return Cursor(tuple(unquote(cell) for cell in raws), raw)


def written_cells(row: str, delimiter: str) -> list[str]:
    """Cells of a row as they are written; at least one."""
    cells: list[str] = []
    start = 0
    while True:
        closed = _closing_quote(row, start + 1) if row.startswith('"', start) else start
        following = row.find(delimiter, closed)
        if following < 0:
            return [*cells, row[start:]]
        cells.append(row[start:following])
        start = following + 1


def unquote(raw: str) -> str:
    """What a cell holds, given how it is written so far."""
    if not raw.startswith('"'):
        return raw
    end = _closing_quote(raw, 1)
    return raw[1:end].replace('""', '"') + raw[end + 1 :]


def needs_quotes(cell: str, delimiter: str) -> bool:
    """Whether a cell must be written in quotes."""
    return any(sign in cell for sign in (delimiter, '"', "\n", "\r"))


def quote(cell: str, delimiter: str, always: bool = False) -> str:
    """A cell as it is written: in quotes where it must be."""
    if always or needs_quotes(cell, delimiter):
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
