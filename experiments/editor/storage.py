"""Opens drafts from files, and writes them back so that a crash leaves the old file or the new one."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from openpyxl.utils import get_column_letter

from experiments.editor.draft import Draft
from experiments.files import read_context
from generation.formula.types import SheetScope
from generation.types import Kind


def open_draft(path: Path, kind: Kind, at: str | None = None, cell: str | None = None, typed: str = "=") -> Draft:
    """A draft of a file; text and programs may be new.

    Raises
    ------
    OSError, ValueError
        As `experiments.files.read_context` does.
    """
    if kind in ("text", "python") and not path.exists() and at is None:
        if not path.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {str(path.parent)!r} for the new file.")
        return Draft(kind, "")
    context = read_context(path, kind, at, cell, typed)
    return Draft(kind, context.before, context.after, context.scope)


def save(path: Path, draft: Draft) -> None:
    """Write a draft into its file; line ends are those that the file has most of.

    A workbook is written by openpyxl, which keeps no pictures or charts: what was there is kept beside it, once, with
    the suffix ".bak".

    Raises
    ------
    OSError
        If it cannot be written; the old file is whole then.
    """
    if isinstance(draft.scope, SheetScope):
        _save_formula(path, draft.text, draft.scope)
        return
    text = draft.text
    if text.count("\r\n") * 2 > text.count("\n"):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    _replace(path, lambda partial: partial.write_bytes(text.encode("utf-8")))


def place_name(scope: SheetScope) -> str:
    """A formula's place as a person writes it: Sheet1!B7."""
    row, column = scope.cell
    return f"{scope.sheet}!{get_column_letter(column)}{row}"


def _save_formula(path: Path, formula: str, scope: SheetScope) -> None:
    from openpyxl import load_workbook

    kept = path.with_name(path.name + ".bak")
    if not kept.exists():
        shutil.copy2(path, kept)
    workbook = load_workbook(path, keep_vba=path.suffix.lower() == ".xlsm")
    row, column = scope.cell
    workbook[scope.sheet].cell(row, column).value = formula
    _replace(path, workbook.save)


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside the path, then put it in its place."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    os.close(handle)
    partial = Path(name)
    try:
        write(partial)
        if path.exists():
            shutil.copymode(path, partial)
        else:
            partial.chmod(0o644)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
