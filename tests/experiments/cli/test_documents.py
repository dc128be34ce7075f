"""The document half's commands as a user meets them."""

import json

import pytest


def test_validate_ends_with_1_where_a_file_is_invalid_and_with_0_where_none_is(assent, tmp_path):
    right, wrong = tmp_path / "right.txt", tmp_path / "wrong.csv"
    right.write_text("All is well.\n")
    wrong.write_text("a,b\n1\n")
    assert assent("validate", right).returncode == 0
    answer = assent("validate", right, wrong, "--json")
    assert answer.returncode == 1
    found = json.loads(answer.stdout)
    assert [file["ok"] for file in found["files"]] == [True, False]
    assert found["files"][1]["verdicts"][0].keys() == {"stage", "rule", "ok", "reason", "line", "ms"}


def test_validate_tells_people_the_place_the_rule_the_reason_and_the_number(assent, tmp_path):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1\n")
    shown = assent("validate", wrong).stdout.splitlines()
    assert shown == [
        f"{wrong}:2: table column-count: The row has 1 cells, and the table 2 columns.",
        "1 file, 1 invalid, 1 error, 0 matters of style.",
    ]


@pytest.mark.parametrize(("name", "kind"), [("absent.txt", "text"), ("a.txt", "poem"), (".", "text")])
def test_validate_ends_with_2_and_one_sentence_where_the_user_is_mistaken(assent, tmp_path, name, kind):
    (tmp_path / "a.txt").write_text("x")
    answer = assent("validate", tmp_path / name, "--kind", kind)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
