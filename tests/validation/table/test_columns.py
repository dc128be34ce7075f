"""Cells of each type, finished or not, judged by themselves."""

import calendar
import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from frictionless import Field as FrictionlessField
from hypothesis import given
from hypothesis import strategies as st

from generation.table.types import Field
from validation.table.columns import Column
from validation.table.dates import DateFormat
from validation.table.numbers import integer_reaches, number_reaches


def rule(text, **settings):
    finding = Column(Field("x", **settings)).prefix_fault(text)
    return finding[0] if finding else ""


@pytest.mark.parametrize(
    ("settings", "good", "bad"),
    [
        ({"type": "integer"}, ["-", "+1", " 12", "007"], ["1.", "a", "--", "1e"]),
        ({"type": "integer", "thousands": "."}, ["1.2", "1.234.", "12.34.567"], ["1..", ".1", "1.2.3"]),
        ({"type": "number"}, ["-.", "1.5e-", "5.", "na", "-inf", ".5"], ["1.2.", "e", "1,", "1e5."]),
        ({"type": "number", "decimal": ",", "thousands": "."}, ["1.234,5", "0,", "1,5e3"], ["1,5.", ",,"]),
        ({"type": "boolean"}, ["t", "True", "0", "FAL"], ["y", "tRue", "01", "truer"]),
        ({"type": "date"},
         ["2024-02-29", "2023-1", "2024-2-"], ["2023-02-29", "2023-02-30", "2023-13", "23-", "2023/"]),
        ({"type": "date", "format": "%d/%m/%Y"},
         ["31/1", "29/02/2", "29/02/2024", "3/3/20"], ["31/2", "31/04", "32", "29/02/1900"]),
        ({"type": "date", "format": "%b %d %Y"}, ["ja", "Feb 29 20", "Sep  1 2001"], ["Fab", "Feb 30", "Feb 29 2001"]),
        ({"type": "datetime"},
         ["2024-02-29T23:5", "2024-01-01 10:00:00.12+02:", "2024-01-01T10:00:00Z"],
         ["2024-02-30", "2024-01-01T25", "2024-01-01T10:00:00ZZ", "2024-1-"]),
        ({"type": "time"}, ["23:59:5", "10:00:00.5"], ["24", "10:6", "10:00:00x"]),
        ({"type": "year"}, ["19", "2024"], ["20245", "-1", "1.", "２"]),
        ({"type": "yearmonth"}, ["2024-", "2024-1", "2024-12"], ["2024-13", "2024-12-", "2024/"]),
        ({"type": "duration"}, ["P", "P1", "P1Y2M", "PT5", "-P3W", "PT1.5S"], ["1", "P1X", "PT1Y", "P1M1Y"]),
        ({"type": "string", "format": "uuid"}, ["01234567-89ab", "0"], ["g", "012345678"]),
        ({"type": "string", "format": "email"},
         ["a", "a.b@", "a@b.c", "я@почта.рф"], ["@", "a b", "a@@", "a@.", "a@b..c"]),
        ({"type": "string", "format": "uri"}, ["h", "https://x.org/a?b=c#d", "mailto:a@b"], ["1", ":", "https://a b"]),
        ({"type": "string", "enum": ("rain", "sun")}, ["r", "sun", "su"], ["x", "suns", "Sun"]),
        ({"type": "integer", "enum": ("10", "20")}, ["1", "20", "010", "+2"], ["3", "11", "100"]),
        ({"type": "string", "pattern": "[A-Z]{2}\\d{3}"}, ["A", "AB1", "AB123"], ["a", "A1", "AB1234"]),
        ({"type": "string", "max_length": 3, "min_length": 2}, ["a", "abc"], ["abcd"]),
        ({"type": "integer", "minimum": "10", "maximum": "20"}, ["1", "2", "20", "+1", "010"], ["3", "21", "-", "100"]),
        ({"type": "number", "minimum": "0", "maximum": "1"},
         ["5.3", "5.3e-", "0.9", "1.0", "500"], ["-1", "5e+", "5e1"]),
        ({"type": "number", "minimum": "50", "maximum": "60"}, ["5", "5.5", "60", "055"], ["4", "61", "-", "7e"]),
        ({"type": "date", "minimum": "2024-05-15"}, ["2024-05-2", "2025", "2024-1"], ["2023", "2024-05-0", "2024-4"]),
        ({"type": "year", "minimum": "1995", "maximum": "2010"}, ["1", "19", "201", "2010"], ["194", "2011", "3"]),
        ({"type": "datetime", "minimum": "2024-05-01T00:00:00Z"},
         ["2024-04-30T23:00:00-05:00", "2024-05"], ["2024-03"]),
        ({"type": "date", "format": "%j"}, ["anything"], []),
        ({"type": "any"}, ["anything"], []),
        ({"type": "string", "pattern": "("}, ["anything"], []),
    ],
)  # fmt: skip
def test_a_beginning_stands_where_some_value_begins_so(settings, good, bad):
    assert [text for text in good if rule(text, **settings)] == []
    assert [text for text in bad if not rule(text, **settings)] == []


@given(st.integers(-999, 999), st.integers(-2000, 2000), st.integers(-2000, 2000))
def test_digits_reach_a_range_where_some_number_in_it_begins_with_them(begun, low, high):
    expected = any(str(number).startswith(str(begun)) for number in range(low, high + 1))
    assert integer_reaches(str(begun), low, high) == (expected or (begun == 0 and low <= high and high >= 0))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-1000, max_value=1000), st.data())
def test_every_beginning_of_a_number_reaches_a_range_that_holds_it(number, data):
    low = data.draw(st.none() | st.decimals(allow_nan=False, allow_infinity=False, max_value=number))
    high = data.draw(st.none() | st.decimals(allow_nan=False, allow_infinity=False, min_value=number))
    for text in (f"{number:f}", f"{number:e}"):
        for end in range(len(text) + 1):
            assert number_reaches(text[:end], low, high), text[:end]


def test_a_number_out_of_range_never_reaches_it():
    assert not number_reaches("61", Decimal(50), Decimal(60))
    assert number_reaches("61", Decimal(6), Decimal(60))  # 6.1
    assert number_reaches("61", Decimal(600), Decimal(620))
    assert not number_reaches("6.1e2", Decimal(50), Decimal(600))


@given(
    st.dates(), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%b %d %Y", "%Y%m%d", "%A %d %B %Y", "%m/%d/%y"]), st.data()
)
def test_every_beginning_of_a_date_is_one(day, form, data):
    if form.endswith("y") and not 1969 <= day.year <= 2068:
        day = day.replace(year=1972)
    written = day.strftime(form.replace("%Y", f"{day.year:04}"))
    low = data.draw(st.none() | st.dates(max_value=day))
    high = data.draw(st.none() | st.dates(min_value=day))
    bounds = [None if bound is None else (bound.year, bound.month, bound.day, 0, 0, 0) for bound in (low, high)]
    for end in range(len(written) + 1):
        assert DateFormat(form).reaches(written[:end], *bounds), written[:end]


@given(st.dates(date(1995, 1, 1), date(2005, 12, 31)), st.integers(0, 400), st.integers(1, 10))
def test_a_beginning_that_no_day_within_bounds_has_is_refused(low, n_days, length):
    days = [low + timedelta(days=n) for n in range(n_days + 1)]
    bounds = ((low.year, low.month, low.day, 0, 0, 0), (days[-1].year, days[-1].month, days[-1].day, 0, 0, 0))
    form = DateFormat("%Y-%m-%d", padded=True)
    beginnings = {day.isoformat()[:length] for day in days}
    for text in {(low + timedelta(days=n)).isoformat()[:length] for n in range(-400, 800, 7)}:
        assert form.reaches(text, *bounds) == (text in beginnings), text


def test_february_has_29_days_in_leap_years_alone():
    form = DateFormat("%d %b %Y")
    years = [year for year in range(1895, 2105) if form.reaches(f"29 feb {year}")]
    assert years == [year for year in range(1895, 2105) if calendar.isleap(year)]


CELLS = {
    "integer": ["1", "-5", "+7", " 3 ", "x", "1.0", "", "007"],
    "number": ["1", "-.5", "5.", "1e5", "NaN", "-inf", "x", "1,5"],
    "boolean": ["true", "FALSE", "1", "yes", "tRUE"],
    "date": ["2024-02-29", "2023-02-29", "2024-1-5", "2024-01-05T00:00", "x"],
    "time": ["10:00:00", "10:00", "25:00:00", "10:00:00Z", "10:00:00.25"],
    "datetime": ["2024-02-29T10:00:00", "2024-02-29 10:00:00+02:00", "2024-02-30T10:00:00", "2024-02-29", "x"],
    "year": ["2024", "24", "20244", "x"],
    "yearmonth": ["2024-05", "2024-13", "2024", "2024-05-01"],
    "duration": ["P1Y", "PT5M", "P", "1Y", "P1M1Y", "-P3W"],
    "string": ["", "anything", "漢"],
}


@pytest.mark.parametrize("kind", CELLS)
def test_finished_cells_are_judged_as_frictionless_judges_them(kind):
    for required in (False, True):
        column = Column(Field("x", kind, required=required))
        theirs = FrictionlessField.from_descriptor({"name": "x", "type": kind, "constraints": {"required": required}})
        for cell in CELLS[kind]:
            assert (column.fault(cell) is None) == (theirs.read_cell(cell)[1] is None), cell


@pytest.mark.parametrize("kind", CELLS)
def test_every_beginning_of_a_cell_that_stands_does_so_too(kind):
    column = Column(Field("x", kind))
    for cell in CELLS[kind]:
        if column.fault(cell) is None:
            assert all(column.prefix_fault(cell[:end]) is None for end in range(len(cell) + 1)), cell


def test_hostile_cells_get_a_verdict_soon():
    begun = time.process_time()
    for pattern in ("(a+)+b", "(a|a)*b", "(.*a){20}"):
        column = Column(Field("x", "string", pattern=pattern))
        column.prefix_fault("a" * 200 + "c")
        column.fault("a" * 200 + "c")
    assert time.process_time() - begun < 1
    assert Column(Field("x", "integer")).fault("9" * 100_000)[0] == "type"
    assert Column(Field("x", "integer", maximum="5")).prefix_fault("9" * 5000)[0] == "type"


def test_the_same_value_written_otherwise_is_the_same():
    column = Column(Field("x", "number", decimal=","), missing=("", "NA"))
    assert column.value("1,50") == column.value("1.5".replace(".", ",")) != column.value("2")
    assert column.value("NA") is None
    assert column.fault("NA") is None
