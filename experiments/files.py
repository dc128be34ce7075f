"""Files of every kind, as the context of a cursor in them."""

import re
from pathlib import Path

from generation.formula.types import SheetScope
from generation.types import Context, Kind

_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")  # what an editor counts, unlike `str.splitlines`
_KIND_OF_SUFFIX: dict[str, Kind] = {
    ".txt": "text",
    ".md": "text",
    ".py": "python",
    ".pyi": "python",
    ".csv": "table",
    ".tsv": "table",
    ".xlsx": "formula",
    ".xlsm": "formula",
}


def kind_of(path: Path, kind: str | None = None) -> Kind:
    """The kind of document in a file: the one named, or what its suffix says.

    Raises
    ------
    ValueError
        If there is no such kind, or nothing says which it is.
    """
    kinds = sorted(set(_KIND_OF_SUFFIX.values()))
    if kind is not None:
        for known in kinds:
            if kind == known:
                return known
        raise ValueError(f"Argument '--kind' (got {kind!r}) must be one of {', '.join(kinds)}.")
    if path.suffix.lower() not in _KIND_OF_SUFFIX:
        raise ValueError(f"Argument '--kind' must be given for {path.name!r}: its suffix names none of the kinds.")
    return _KIND_OF_SUFFIX[path.suffix.lower()]


def read_context(path: Path, kind: Kind, at: str | None = None, cell: str | None = None, typed: str = "=") -> Context:
    """What stands around a cursor in a file.

    Parameters
    ----------
    path : Path
    kind : str
    at : str, optional
        "LINE:COLUMN" of the cursor, counted from 1; the file's end by default. Not for formulas.
    cell : str, optional
        "B7" or "Sheet2!B7": where a formula is to stand; needed for formulas and for nothing else.
    typed : str
        How the formula begins.

    Raises
    ------
    OSError, ValueError
        One sentence: no such file, not of this kind, a cursor outside it.
    """
    if kind == "formula":
        if at is not None:
            raise ValueError(f"Argument '--at' (got {at!r}) is for text; a workbook's cursor is given by '--cell'.")
        return _formula_context(path, cell, typed)
    if cell is not None:
        raise ValueError(f"Argument '--cell' (got {cell!r}) is for workbooks; a text's cursor is given by '--at'.")
    if kind == "table":
        from generation.table.reading import read_table

        text, scope = read_table(path)
        before, after = split_at(text, at)
        return Context(kind, before, after, scope)
    before, after = split_at(read_text(path), at)
    return Context(kind, before, after)


def read_text(path: Path) -> str:
    """A file's text, its line ends as they are.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it is not UTF-8.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"File {str(path)!r} must be UTF-8 (got byte 0x{data[error.start]:02x} at {error.start})."
        ) from None


def split_at(text: str, at: str | None) -> tuple[str, str]:
    """A text before and after "LINE:COLUMN", counted from 1.

    Raises
    ------
    ValueError
        If there is no such place.
    """
    if at is None:
        return text, ""
    line, colon, column = at.partition(":")
    if not (colon and line.isdecimal() and column.isdecimal()):
        raise ValueError(f"Argument '--at' (got {at!r}) must look like LINE:COLUMN, counted from 1.")
    lines = _LINE_END.split(text)
    if not 1 <= int(line) <= len(lines):
        raise ValueError(f"Argument '--at' (got {at!r}) must lie in the file: line 1 to {len(lines)}.")
    current = lines[int(line) - 1]
    width = len(current.rstrip("\r\n"))
    if not 1 <= int(column) <= width + 1:
        raise ValueError(f"Argument '--at' (got {at!r}) must lie in the line: column 1 to {width + 1}.")
    place = sum(map(len, lines[: int(line) - 1])) + int(column) - 1
    return text[:place], text[place:]


def _formula_context(path: Path, cell: str | None, typed: str) -> Context:
    from openpyxl.utils.cell import coordinate_to_tuple

    from generation.formula.workbook import read_workbook

    if cell is None:
        raise ValueError("Argument '--cell' must say where the formula is to stand, such as B7 or Sheet2!B7.")
    if not typed.startswith("="):
        raise ValueError(f"Argument '--typed' (got {typed!r}) must begin with '='.")
    sheets, names = read_workbook(path)
    sheet, mark, place = cell.rpartition("!")
    sheet = sheet.strip("'").replace("''", "'") if mark else next(iter(sheets))
    if sheet not in sheets:
        raise ValueError(f"Argument '--cell' (got {cell!r}) must name one of the sheets {', '.join(sheets)}.")
    try:
        row, column = coordinate_to_tuple(place.replace("$", "").upper())
    except (ValueError, TypeError):
        raise ValueError(f"Argument '--cell' (got {cell!r}) must look like B7 or Sheet2!B7.") from None
    others = {key: value for key, value in sheets[sheet].cells.items() if key != (row, column)}
    sheets = {**sheets, sheet: type(sheets[sheet])(sheet, others, sheets[sheet].formats)}
    return Context("formula", typed, scope=SheetScope(sheets, sheet, (row, column), names))
