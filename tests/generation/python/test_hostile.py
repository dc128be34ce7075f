"""Documents that no one would write: candidates or none, and soon."""

import time

import pytest

from generation.types import Context

FUNCTION = "def f(a, b):\n    return a + b\n\n\n"
DOCUMENTS = {
    "ten megabytes": FUNCTION * (10_000_000 // len(FUNCTION)),
    "ten megabytes in one line": "x = [" + "a, " * 3_300_000,
    "ten megabytes of one string": '"""' + "a b\n" * 2_500_000,
    "ten thousand lines": "x = 1\n" * 10_000,
    "ten thousand names": "".join(f"name{i} = {i}\n" for i in range(10_000)),
    "one name": "a" * 1_000_000,
    "loop over a line": "for " + "a, " * 15_000,
    "brackets": "(" * 20_000,
    "deep": "".join(" " * i + "if x:\n" for i in range(300)),
    "lambdas": "f = " + "lambda a, b: " * 3000,
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_page_comes_in_bounded_time(halves, document):
    generators, speller = halves["python"]
    begun = time.process_time()
    for generator in generators:
        assert len(generator.propose(Context("python", document), 32)) <= 32
    assert sum(speller.next_character(Context("python", document)).values()) == pytest.approx(1)
    assert time.process_time() - begun < 10


def test_windows_line_ends_change_nothing(halves):
    source = FUNCTION * 3 + "def g(x):\n    "
    for generator in halves["python"][0]:
        unix, windows = (generator.propose(Context("python", s), 32) for s in (source, source.replace("\n", "\r\n")))
        assert unix == windows


def test_tabs_are_depths_like_any_other(halves):
    before = "def f(items):\n\tresult = []\n\tfor item in items:\n\t\t"
    assert "result.append(item)\n" in [c.text for c in halves["python"][0][1].propose(Context("python", before), 32)]


@pytest.mark.parametrize(
    "before", ["x = 1\0\ny = ", "\0" * 100, "def f(:\n  )(\nx = ", 'x = "abc', "if a:\n      b\n   c"]
)
def test_where_nothing_makes_it_a_program_nothing_is_proposed(halves, before):
    assert all(generator.propose(Context("python", before), 32) == [] for generator in halves["python"][0])


def test_a_long_document_is_read_from_the_same_statement_while_it_grows(halves):
    document = FUNCTION * 5000 + "def g(x):\n    return "
    for generator in halves["python"][0]:
        begun = time.process_time()
        generator.propose(Context("python", document), 8)
        first = time.process_time() - begun
        begun = time.process_time()
        generator.propose(Context("python", document + "x"), 8)
        assert time.process_time() - begun < max(first, 0.5)
