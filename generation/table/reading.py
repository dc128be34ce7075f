"""Files as tables: text, schema and the tables that its keys refer to."""

import codecs
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import BadZipFile

from frictionless import Detector
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from generation.table.delimited import WIDEST, distinct_names, read_rows, sniff, write_rows
from generation.table.descriptors import (
    aligned,
    declared_delimiter,
    find_package,
    find_resource,
    read_descriptor,
    read_schema,
    resource_schema,
    resources,
)
from generation.table.inference import infer_schema
from generation.table.types import ForeignKey, Schema, Table, TableScope

SHEETS = (".xlsx", ".xlsm")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAMPLE = 100_000


def read_table(path: Path, schema: Schema | Path | None = None, package: Path | None = None) -> tuple[str, TableScope]:
    """A table's text as it stands in the file, and what is known of it.

    Parameters
    ----------
    path : Path
        Delimited text in any encoding, or a workbook, whose first sheet is written as delimited text.
    schema : Schema or Path, optional
        By default the data package's, or one inferred from the rows.
    package : Path, optional
        A data package that names the file; by default one that stands beside it, or one folder up.

    Returns
    -------
    text : str
    scope : TableScope
        Its fields are in the order of the columns; a file that is empty so far has those of its schema.

    Raises
    ------
    OSError, ValueError
        One sentence: no such file, no text, no schema, or one that has nothing to do with the columns.
    """
    package = package or find_package(path)
    resource: Mapping[str, Any] = {}
    descriptor: Mapping[str, Any] = {}
    if package is not None:
        descriptor = read_descriptor(package)
        resource = find_resource(descriptor, path) or {}
        if not resource:
            raise ValueError(f"Data package {package.name!r} must name {path.name!r} among its resources.")
    if isinstance(schema, Path):
        schema = read_schema(schema)
    if schema is None and package is not None:
        schema = resource_schema(resource, package.parent)
    text, delimiter = _read(path, resource)
    header, rows = _split(text, delimiter, path)
    tables = {}
    if schema is not None and package is not None:
        tables = _referenced(schema.foreign_keys, descriptor, package.parent)
    name = str(resource.get("name") or path.stem)
    found = _fitted(schema, header, rows, path.name)
    return text, TableScope(name, found, MappingProxyType(tables), delimiter)


def read_finished(path: Path, schema: Schema | None = None, name: str = "", encoding: str = "") -> Table:
    """A whole table; short rows are filled up with empty cells, and what is beyond the header is left out.

    Raises
    ------
    OSError, ValueError
        One sentence.
    """
    text, delimiter = _read(path, {"encoding": encoding} if encoding else {})
    header, rows = _split(text, delimiter, path)
    width = len(header)
    full = tuple(tuple(row[:width] + [""] * (width - len(row))) for row in rows)
    return Table(name or path.stem, _fitted(schema, header, rows, path.name), full)


def decode(content: bytes, name: str, encoding: str = "") -> str:
    """Text of a file: by its byte order mark, as declared, as UTF-8, or as its letters make likely.

    Raises
    ------
    ValueError
        If it is no text.
    """
    marked = next((codec for mark, codec in _BOMS if content.startswith(mark)), None)
    guesses = [marked] if marked else [encoding, "utf-8"] if encoding else ["utf-8"]
    if not marked and b"\0" not in content[:_SAMPLE]:
        guesses.append(Detector().detect_encoding(content[:_SAMPLE]))
        guesses.append("cp1252")
    for guess in guesses:
        try:
            text = content.decode(guess)
        except (LookupError, UnicodeDecodeError):
            continue
        if "\0" not in text:
            return text
    raise ValueError(f"File {name!r} must be delimited text (got bytes that no encoding makes text of).")


def _read(path: Path, resource: Mapping[str, Any]) -> tuple[str, str]:
    """Text and delimiter."""
    if path.suffix.lower() in SHEETS:
        return write_rows(_sheet_rows(path)), ","
    text = decode(path.read_bytes(), path.name, str(resource.get("encoding") or ""))
    declared = declared_delimiter(resource)
    if declared is not None:
        return text, declared
    if path.suffix.lower() == ".tsv":
        return text, "\t"
    return text, sniff(text)


def _split(text: str, delimiter: str, path: Path) -> tuple[tuple[str, ...], list[list[str]]]:
    """Names of the columns, and the rows below them."""
    rows = read_rows(text, delimiter)
    if rows and len(rows[0]) > WIDEST:
        raise ValueError(f"File {path.name!r} must have at most {WIDEST:,} columns (got {len(rows[0]):,}).")
    return (distinct_names(rows[0]), rows[1:]) if rows else ((), [])


def _fitted(schema: Schema | None, header: tuple[str, ...], rows: Sequence[Sequence[str]], name: str) -> Schema:
    inferred = infer_schema(header, rows)
    return inferred if schema is None else aligned(schema, header, inferred, name)


def _referenced(keys: Sequence[ForeignKey], package: Mapping[str, Any], folder: Path) -> dict[str, Table]:
    by_name = {resource.get("name"): resource for resource in resources(package)}
    tables: dict[str, Table] = {}
    for key in keys:
        if not key.table or key.table in tables:
            continue
        if key.table not in by_name:
            raise ValueError(f"A foreign key refers to table {key.table!r}, which the data package does not hold.")
        resource = by_name[key.table]
        table = read_finished(
            _located(resource["path"], folder),
            resource_schema(resource, folder),
            key.table,
            str(resource.get("encoding") or ""),
        )
        columns = {field.name for field in table.schema.fields}
        absent = [column for column in key.references if column not in columns]
        if absent:
            raise ValueError(f"A foreign key refers to column {absent[0]!r}, which table {key.table!r} does not have.")
        tables[key.table] = table
    return tables


def _located(path: str, folder: Path) -> Path:
    """A resource's file, which may have been laid beside the package without its folders.

    Raises
    ------
    ValueError
        If it is outside the package's folder.
    """
    for place in (folder / path, folder / Path(path).name):
        if place.is_file() and place.resolve().is_relative_to(folder.resolve()):
            return place
    raise ValueError(f"The data package must hold {path!r}, which a foreign key needs (there is no such file).")


def _sheet_rows(path: Path) -> list[list[str]]:
    """Cells of a workbook's first sheet, as text; what formulas gave when it was saved."""
    with path.open("rb"):
        pass  # a missing file is an OSError, whatever its suffix
    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
        rows = [[_cell_text(value) for value in row] for row in workbook.worksheets[0].iter_rows(values_only=True)]
        workbook.close()
    except (BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, SyntaxError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"File {path.name!r} must be a workbook with a sheet (got: {reason}).") from None
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((place for row in rows for place, cell in enumerate(row, 1) if cell), default=0)
    return [row[:width] for row in rows]


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)
