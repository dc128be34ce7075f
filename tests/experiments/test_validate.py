"""Finished files get the verdicts of their kinds, and what can't be read gets one too."""

import json

import pytest
from openpyxl import Workbook

from experiments import tell
from experiments.validate import Checks, validate


@pytest.fixture
def write(tmp_path):
    def written(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.fixture
def workbook(tmp_path):
    book = Workbook()
    book.active.title = "Costs"
    book.active["A1"], book.active["A2"] = 1, "=A1+1"
    book.active["B1"], book.active["B2"] = "=B1+1", "=A1/0"
    book.save(tmp_path / "costs.xlsx")
    return tmp_path / "costs.xlsx"


def rules(file):
    return [(v["stage"], v["rule"], v["ok"]) for v in file["verdicts"] if v["rule"]]


def test_errors_and_matters_of_style_are_told_apart(write):
    path = write("a.py", "import os\n\nvalue = missing\n")
    found = validate([path])
    assert not found["ok"]
    assert ("flake8", "F401", True) in rules(found["files"][0])
    assert ("flake8", "F821", False) in rules(found["files"][0])
    assert [v["line"] for v in found["files"][0]["verdicts"] if v["rule"] == "F821"] == [3]


def test_style_counts_only_where_it_is_asked_to(write):
    path = write("a.txt", "An (open bracket.\n")
    assert validate([path])["ok"]
    assert validate([path])["n_style"] == 1
    assert not validate([path], strict=True)["ok"]


def test_one_broken_file_stops_no_other(write):
    paths = [write("a.xlsx", b"PK no workbook"), write("b.csv", b"\xff\0\1"), write("c.txt", b"\xff")]
    paths += [write("d.py", b"\0\xff\xfe"), write("e.txt", "Right.\n")]
    found = validate(paths)
    assert [file["ok"] for file in found["files"]] == [False, False, False, False, True]
    assert all(file["verdicts"][0]["reason"] for file in found["files"][:4])


def test_every_file_has_a_verdict_and_empty_ones_are_valid(write):
    found = validate([write(f"empty{suffix}", "") for suffix in (".py", ".csv", ".txt")])
    assert found["ok"]
    assert all(file["verdicts"] and file["verdicts"][0]["ms"] >= 0 for file in found["files"])


def test_windows_line_ends_and_declared_encodings_are_no_errors(write):
    ends = write("ends.py", b'"""Doc."""\r\n\r\nvalue = 1\r\n')
    latin = write("latin.py", '# -*- coding: latin-1 -*-\n"""Na\xefve."""\n'.encode("latin-1"))
    assert validate([ends, latin])["n_errors"] == 0


def test_a_file_that_is_too_large_is_not_read(write):
    found = validate([write("large.py", b"#" * 1_000_001)])
    assert rules(found["files"][0]) == [("file", "unreadable", False)]
    assert "1.0 MB" in found["files"][0]["verdicts"][0]["reason"]


def test_tables_are_judged_by_their_schema(write):
    schema = write("schema.json", json.dumps({"fields": [{"name": "n", "type": "integer"}]}))
    table = write("t.csv", "n\n1\nx\n")
    found = validate([table], checks=Checks(schema=schema))
    assert [(v["ok"], v["line"]) for v in found["files"][0]["verdicts"]] == [(False, 3)]


def test_verdicts_on_formulas_name_their_cells_and_those_on_values_wait_to_be_asked_for(workbook):
    found, evaluated = validate([workbook]), validate([workbook], checks=Checks(evaluated=True))
    assert {v["cell"] for v in found["files"][0]["verdicts"] if not v["ok"]} == {"Costs!B1"}
    assert {v["cell"] for v in evaluated["files"][0]["verdicts"] if not v["ok"]} == {"Costs!B1", "Costs!B2"}


def test_tests_judge_programs_that_can_run_or_it_is_said_that_nothing_runs(write):
    tests = write("tests.txt", "assert double(2) == 4\n")
    wrong = write("wrong.py", "def double(x):\n    return x + 1\n")
    told = [v for v in validate([wrong], checks=Checks(tests=tests))["files"][0]["verdicts"] if v["stage"] == "logic"]
    assert told[-1]["rule"] in ("tests", "execution-off")
    assert told[-1]["reason"]
    assert told[-1]["ok"] == (told[-1]["rule"] == "execution-off")


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("absent.py", None, "There is no file"),
        ("a.bin", None, "'--kind' must be given for 'a.bin'"),
        ("a.bin", "poem", "must be one of formula, python, table, text"),
        ("", "text", "must be a file"),
    ],
)
def test_mistakes_get_a_sentence(write, tmp_path, name, kind, sentence):
    write("a.bin", "x")
    with pytest.raises((OSError, ValueError), match=sentence):
        validate([tmp_path / name], kind)


def test_what_concerns_none_of_the_files_is_a_mistake(write):
    with pytest.raises(ValueError, match=r"'--tests' .* needs a file of kind python"):
        validate([write("a.txt", "")], checks=Checks(tests=write("tests.txt", "")))


def test_a_file_name_can_neither_command_a_terminal_nor_break_the_json(write, capsys):
    found = validate([write("a\n\x1b[31m\x9b\udcff.txt", b"\0")])
    json.dumps(found, ensure_ascii=False).encode("utf-8")
    tell.verdicts(found)
    shown = capsys.readouterr().out
    assert not {"\x1b", "\x9b"} & set(shown)
    assert len(shown.splitlines()) == 2
    assert "U+0000 is a control character" in shown
