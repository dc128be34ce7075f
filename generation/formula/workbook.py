"""Reads the sheets of a workbook."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.datetime import to_excel
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.worksheet import Worksheet

from generation.formula.lexer import quoted_sheet
from generation.formula.types import Cell, Sheet

MOST_BYTES = 100_000_000  # unpacked; a person's workbook has a few megabytes
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, InvalidFileException, ParseError, KeyError, ValueError, TypeError,
    IndexError, AttributeError, NotImplementedError, OverflowError,
)  # fmt: skip


def read_workbook(path: Path) -> tuple[dict[str, Sheet], dict[str, str]]:
    """Read what was entered into a workbook, formulas as such.

    A shared formula is written out in every cell, an array formula stands in its first, and a merged range holds its
    first cell. Links to other workbooks stay as they are written.

    Parameters
    ----------
    path : Path
        An xlsx or xlsm file.

    Returns
    -------
    sheets : dict of str to Sheet
        In the workbook's order; sheets of charts are left out.
    names : dict of str to str
        Defined names and tables, and what each refers to.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no workbook, is damaged, encrypted or too large.
    """
    _look_at(path)
    try:
        book = load_workbook(path)
        sheets = {sheet.title: _read_sheet(sheet) for sheet in book.worksheets}
        names = dict(_names(book))
    except _DAMAGED as error:
        reason = str(error).split("\n")[0] or type(error).__name__
        raise ValueError(f"File {path} must be a whole workbook ({reason}).") from error
    if not sheets:
        raise ValueError(f"File {path} must hold a sheet with cells (got none).")
    return sheets, names


def _look_at(path: Path) -> None:
    """Refuse what can be no workbook, or none that fits."""
    if not path.is_file():
        raise FileNotFoundError(f"File {path} does not exist.")
    with path.open("rb") as raw:
        head = raw.read(len(_OLE))
        if head == _OLE:
            is_encrypted = _ENCRYPTED in raw.read(MOST_BYTES)
            what = "without a password" if is_encrypted else "in today's format (.xlsx)"
            raise ValueError(f"File {path} must be a workbook {what}.")
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as error:
        raise ValueError(f"File {path} must be a whole workbook in the format .xlsx ({error}).") from error
    if size > MOST_BYTES:
        raise ValueError(f"File {path} must have at most {MOST_BYTES // 10**6} MB unpacked (got {size // 10**6} MB).")


def _read_sheet(sheet: Worksheet) -> Sheet:
    cells: dict[Cell, object] = {}
    formats: dict[Cell, str] = {}
    # The cells that there are, and not all up to the last one: that may stand in row 1,048,576.
    for place, cell in sorted(sheet._cells.items()):
        value = _value(cell.value)
        if value is not None:
            cells[place] = value
        if value is not None and cell.number_format != "General":
            formats[place] = cell.number_format
    return Sheet(sheet.title, cells, formats)


def _value(value: object) -> object:
    """What was entered; None where that is nothing of its own."""
    if isinstance(value, ArrayFormula):
        value = value.text
    if value is None or isinstance(value, DataTableFormula) or value == "=":  # "=" is a later cell of an array formula
        return None
    if isinstance(value, bool | datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, time | timedelta):
        return float(to_excel(value))
    return float(value) if isinstance(value, int | float) else str(value)


def _names(book: Workbook) -> Iterator[tuple[str, str]]:
    scopes: list[Mapping] = [book.defined_names, *[sheet.defined_names for sheet in book.worksheets]]
    for scope in scopes:
        for name, defined in scope.items():
            if defined.attr_text:
                yield name, defined.attr_text
    for sheet in book.worksheets:
        for table in sheet.tables.values():
            yield table.displayName, quoted_sheet(sheet.title) + table.ref
