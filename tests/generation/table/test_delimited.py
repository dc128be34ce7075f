import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.table.delimited import (
    DELIMITERS,
    cursor_at,
    read_rows,
    settled_rows,
    sniff,
    unquote,
    write_rows,
    written_cells,
)

cells = st.text(st.sampled_from(string.ascii_letters + ",;\t|\"'\n\r é漢"), max_size=8)
tables = st.lists(st.lists(cells, min_size=1, max_size=5), max_size=6)
delimiters = st.sampled_from(DELIMITERS)


@given(tables, delimiters)
def test_what_is_written_is_read_back(rows, delimiter):
    assert read_rows(write_rows(rows, delimiter), delimiter) == rows


@given(tables, delimiters)
def test_finished_rows_are_settled_and_the_next_one_is_empty(rows, delimiter):
    text = write_rows(rows, delimiter)
    settled = list(settled_rows(text, 0, delimiter))
    assert [row for row, _ in settled] == rows
    assert (settled[-1][1] if settled else 0) == len(text)


@given(tables, delimiters, st.data())
def test_rows_settled_once_stay_so(rows, delimiter, data):
    text = write_rows(rows, delimiter)
    part = text[: data.draw(st.integers(0, len(text)))]
    settled = list(settled_rows(part, 0, delimiter))
    start = settled[-1][1] if settled else 0
    more = list(settled_rows(text, start, delimiter))
    assert [row for row, _ in settled + more if row] == rows


@given(st.lists(cells, min_size=1, max_size=5), delimiters, st.data())
def test_the_cursor_sees_each_cell_of_its_row(row, delimiter, data):
    line = write_rows([[*row, "end"]], delimiter)[:-1]
    cursor = cursor_at(line, delimiter)
    assert cursor.cells == tuple(row)
    assert cursor.raw == "end"
    begun = cursor_at(line[: data.draw(st.integers(0, len(line)))], delimiter)
    assert begun.cells == tuple(row[: len(begun.cells)])


def test_open_and_closed_quotes_are_told_apart():
    assert cursor_at('a,"b ""c', ",").is_open
    assert not cursor_at('a,"b ""c', ",").is_closed
    assert cursor_at('a,"b"', ",").is_closed
    assert not cursor_at("a,b", ",").is_open


def test_an_inner_quote_is_a_sign_like_any_other():
    assert list(settled_rows('size\n5" pipe\n6" pipe\n', 0, ","))[-1][0] == ['6" pipe']
    assert cursor_at('5" pipe,x', ",").cells == ('5" pipe',)


def test_cells_as_written_keep_their_quotes():
    assert written_cells('"a, b",c', ",") == ['"a, b"', "c"]
    assert unquote('"a ""b"""') == 'a "b"'


@pytest.mark.parametrize(
    ("text", "delimiter"), [("", ","), ("a;b\n1,5;2,5\n", ";"), ("a\tb\n1, 2\t3\n", "\t"), ("a b\nc d\n", ",")]
)
def test_the_delimiter_parts_rows_into_as_many_cells(text, delimiter):
    assert sniff(text) == delimiter
