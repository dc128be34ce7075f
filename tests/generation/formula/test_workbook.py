"""Workbooks are read as they were entered, and what is none is told in a sentence."""

import zipfile
from datetime import datetime, time

import pytest
from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from generation.formula import workbook
from generation.formula.workbook import read_workbook


@pytest.fixture
def book():
    made = Workbook()
    made.active.title = "It's 日本"
    return made


def read(book, tmp_path):
    path = tmp_path / "book.xlsx"
    book.save(path)
    return read_workbook(path)


def test_cells_hold_what_was_entered(book, tmp_path):
    sheet = book.active
    for row in [["Price", 2, True], [datetime(2024, 2, 29), "=A1+1", time(12)], [None, "=[1]Other!$A$1", ""]]:
        sheet.append(row)
    sheet["B1"].number_format = "0.00"
    sheets, names = read(book, tmp_path)
    found = sheets["It's 日本"]
    assert found.cells == {
        (1, 1): "Price", (1, 2): 2.0, (1, 3): True, (2, 1): datetime(2024, 2, 29), (2, 2): "=A1+1", (2, 3): 0.5,
        (3, 2): "=[1]Other!$A$1",
    }  # fmt: skip
    assert found.formats[1, 2] == "0.00"
    assert names == {}


def test_a_merged_range_holds_its_first_cell_and_an_array_formula_stands_in_its_first(book, tmp_path):
    sheet = book.active
    sheet["A1"] = "head"
    sheet.merge_cells("A1:C1")
    sheet["A2"] = ArrayFormula("A2:A4", "=B2:B4*2")
    sheets, _ = read(book, tmp_path)
    assert sheets["It's 日本"].cells == {(1, 1): "head", (2, 1): "=B2:B4*2"}


def test_a_shared_formula_is_written_out_in_every_cell(book, tmp_path):
    book.active["A1"], book.active["A2"] = "=B1", "=B2"
    path = tmp_path / "book.xlsx"
    book.save(path)
    shared = tmp_path / "shared.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(shared, "w") as new:
        for entry in old.namelist():
            text = old.read(entry)
            text = text.replace(b"<f>B1</f>", b'<f t="shared" ref="A1:A2" si="0">B1</f>')
            new.writestr(entry, text.replace(b"<f>B2</f>", b'<f t="shared" si="0"/>'))
    sheets, _ = read_workbook(shared)
    assert sheets["It's 日本"].cells == {(1, 1): "=B1", (2, 1): "=B2"}


def test_names_and_tables_are_names(book, tmp_path):
    sheet = book.active
    for row in (["a", "b"], [1, 2]):
        sheet.append(row)
    sheet.add_table(Table(displayName="Costs", ref="A1:B2"))
    book.defined_names["rate"] = DefinedName("rate", attr_text="Sheet!$A$1")
    _, names = read(book, tmp_path)
    assert names == {"rate": "Sheet!$A$1", "Costs": "'It''s 日本'!A1:B2"}


def test_a_cell_far_away_costs_nothing(book, tmp_path):
    book.active["XFD1048576"] = 1
    sheets, _ = read(book, tmp_path)
    assert sheets["It's 日本"].cells == {(1_048_576, 16_384): 1.0}


def test_what_is_no_workbook_is_told(book, tmp_path, monkeypatch):
    path = tmp_path / "book.xlsx"
    book.save(path)
    whole = path.read_bytes()
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_workbook(tmp_path / "none.xlsx")
    with pytest.raises(FileNotFoundError):
        read_workbook(tmp_path)
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)
    for content, match in [
        (b"", "whole workbook"),
        (b"a,b\n1,2\n", "whole workbook"),
        (whole[: len(whole) // 2], "whole workbook"),
        (ole + "EncryptedPackage".encode("utf-16-le"), "without a password"),
        (ole, "today's format"),
    ]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=match):
            read_workbook(path)
    path.write_bytes(whole)
    monkeypatch.setattr(workbook, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="at most"):
        read_workbook(path)


def test_an_archive_that_holds_no_workbook_or_damaged_sheets_is_told(book, tmp_path):
    path = tmp_path / "book.xlsx"
    book.save(path)
    with zipfile.ZipFile(path) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    for name, content in [("xl/workbook.xml", None), ("xl/worksheets/sheet1.xml", b"<worksheet>"), (None, None)]:
        with zipfile.ZipFile(path, "w") as new:
            for entry, text in entries.items():
                if name is not None and not (entry == name and content is None):
                    new.writestr(entry, content if entry == name else text)
        with pytest.raises(ValueError, match="whole workbook"):
            read_workbook(path)
