"""A file becomes the context of a cursor in it, or one sentence says why not."""

import pytest

from experiments.files import kind_of, read_context, read_text, split_at

TEXT = "one\n\ftwo\r\nthree"


@pytest.mark.parametrize(
    ("at", "before"),
    [
        (None, TEXT),
        ("1:1", ""),
        ("1:4", "one"),
        ("2:1", "one\n"),
        ("2:5", "one\n\ftwo"),
        ("3:6", TEXT),
    ],
)
def test_a_cursor_is_counted_from_one_as_editors_do(at, before):
    assert split_at(TEXT, at) == (before, TEXT[len(before) :])


def test_a_file_that_ends_with_a_line_end_has_an_empty_last_line():
    assert split_at("a\n", "2:1") == ("a\n", "")


@pytest.mark.parametrize(
    ("at", "needed"),
    [("4:1", "line 1 to 3"), ("0:1", "line 1 to 3"), ("1:5", "column 1 to 4"), ("2:6", "column 1 to 5")],
)
def test_a_cursor_outside_the_file_is_refused_with_where_it_may_be(at, needed):
    with pytest.raises(ValueError, match=f"'--at' .got '{at}'.*{needed}"):
        split_at(TEXT, at)


@pytest.mark.parametrize("at", ["7", "a:b", "1:", "-1:2", "1:2:3"])
def test_a_cursor_must_look_like_line_and_column(at):
    with pytest.raises(ValueError, match=r"must look like LINE:COLUMN"):
        split_at(TEXT, at)


def test_an_empty_file_has_one_place():
    assert split_at("", "1:1") == ("", "")


def test_the_suffix_names_the_kind_unless_it_is_given(tmp_path):
    assert kind_of(tmp_path / "a.PY") == "python"
    assert kind_of(tmp_path / "a.py", "text") == "text"
    with pytest.raises(ValueError, match=r"'--kind' must be given for 'a.bin'"):
        kind_of(tmp_path / "a.bin")
    with pytest.raises(ValueError, match=r"'--kind' .got 'poem'. must be one of formula, python, table, text"):
        kind_of(tmp_path / "a.py", "poem")


def test_what_is_not_utf8_is_refused_by_its_byte(tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(ValueError, match=r"must be UTF-8 .got byte 0xe9 at 3."):
        read_text(path)
    with pytest.raises(FileNotFoundError, match=r"There is no file"):
        read_text(tmp_path)


def test_a_byte_order_mark_is_no_text(tmp_path):
    path = tmp_path / "marked.txt"
    path.write_bytes(b"\xef\xbb\xbfhello")
    assert read_context(path, "text").before == "hello"


@pytest.mark.parametrize(("kind", "more"), [("formula", {"at": "1:1"}), ("text", {"cell": "B7"})])
def test_a_cursor_of_the_other_sort_is_refused(tmp_path, kind, more):
    with pytest.raises(ValueError, match=r"is for"):
        read_context(tmp_path / "any", kind, **more)
