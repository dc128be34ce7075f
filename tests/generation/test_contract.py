"""What holds for every generator and every speller."""

import math
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.types import Candidate, Context

KINDS = ("text", "python", "table", "formula")
DOCUMENTS = (
    "",
    " ",
    "\n",
    "   \n\t",
    "I want some wat",
    "I want some water. ",
    "don't",
    "e.g.,",
    "12",
    "Мама мыла ра",
    "أريد بعض الماء ",
    "漢字",
    "\ud800",
    "\0\x07",
    "🙂🙂",
    "def f(x):\n    return ",
    "def f(x):\n\n\n",
    "x = (1,\n     2",
    "x = 'open",
    "# comment",
    "a )",
    "if x:\n        y\n    z",
    "class A:\n    def f(self):\n        self.",
    "x = \\",
    "0x",
    "\r\n\r",
    "a" * 5000,
    "word " * 2000,
    "x = 1\n" * 1000,
)

documents = st.one_of(
    st.sampled_from(DOCUMENTS),
    st.text(max_size=40),
    st.text(string.printable, max_size=60),
)


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def check_candidates(candidates: list[Candidate], n: int, name: str) -> None:
    texts = [c.text for c in candidates]
    assert len(candidates) <= n
    assert len(set(texts)) == len(texts)
    assert all(texts)
    assert all(math.isfinite(c.log_p) and c.log_p <= 0 for c in candidates)
    assert [c.log_p for c in candidates] == sorted((c.log_p for c in candidates), reverse=True)
    assert all(c.source == name and c.command is None for c in candidates)


@pytest.mark.parametrize("before", DOCUMENTS)
@pytest.mark.parametrize("n", [0, 1, 5, 96])
def test_candidates_are_distinct_sorted_and_probable(halves, kind, before, n):
    for generator in halves[kind][0]:
        check_candidates(generator.propose(Context(kind, before), n), n, generator.name)


def test_candidates_hold_for_any_document(halves, kind):
    @settings(deadline=None, max_examples=60)
    @given(documents)
    def hold(before):
        for generator in halves[kind][0]:
            check_candidates(generator.propose(Context(kind, before), 12), 12, generator.name)

    hold()


def test_fewer_candidates_are_the_first_of_more(halves, kind):
    for generator in halves[kind][0]:
        for before in ("", "the cat ", "x = ", "id,day\n1,2024-01-01\n", "=SUM("):
            few, many = (generator.propose(Context(kind, before), n) for n in (3, 40))
            assert few[:1] == many[:1]


def test_proposing_twice_gives_the_same(halves, kind):
    for generator in halves[kind][0]:
        first = [generator.propose(Context(kind, before), 20) for before in DOCUMENTS]
        again = [generator.propose(Context(kind, before), 20) for before in reversed(DOCUMENTS)]
        assert first == again[::-1]


def test_what_stands_after_the_cursor_does_not_matter_yet(halves, kind):
    for generator in halves[kind][0]:
        assert generator.propose(Context(kind, "the "), 5) == generator.propose(Context(kind, "the ", "end"), 5)


def test_layers_hold_every_character_once_and_fit_the_screen(halves, kind):
    layers = halves[kind][1].layers
    characters = [character for layer in layers for character in layer]
    assert all(len(layer) <= 38 for layer in layers)
    assert sorted(characters) == sorted({*map(chr, range(32, 127)), "\n", "\t"})


def test_the_next_character_is_a_distribution_over_all_layers(halves, kind):
    speller = halves[kind][1]
    characters = {character for layer in speller.layers for character in layer}

    @settings(deadline=None, max_examples=100)
    @given(documents)
    def hold(before):
        p = speller.next_character(Context(kind, before))
        assert p.keys() == characters
        assert min(p.values()) > 0
        assert math.fsum(p.values()) == pytest.approx(1.0)

    hold()


def test_every_text_can_be_spelled_and_its_probability_is_a_product(halves, kind):
    speller = halves[kind][1]
    alphabet = [*map(chr, range(32, 127)), "\n", "\t"]

    @settings(deadline=None, max_examples=60)
    @given(st.sampled_from(DOCUMENTS[:24]), st.text(alphabet, max_size=20))
    def hold(before, text):
        product = 0.0
        for place, character in enumerate(text):
            product += math.log(speller.next_character(Context(kind, before + text[:place]))[character])
        assert speller.log_p(Context(kind, before), text) == pytest.approx(product)
        assert math.isfinite(product)

    hold()


def test_a_character_in_no_layer_cannot_be_spelled(halves, kind):
    assert halves[kind][1].log_p(Context(kind, ""), "a漢") == -math.inf
