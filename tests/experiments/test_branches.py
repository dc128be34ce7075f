"""One measure over continuations, whatever candidates and speller say of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.belief import Belief
from experiments.branches import Branches

LETTERS = "abc"
TEXTS = st.text(LETTERS, min_size=1, max_size=4)
PROBABILITIES = st.floats(0.0, 1.0)


def spell(beginning, text):
    """Uneven, and the same wherever it stands."""
    return sum(math.log({"a": 0.5, "b": 0.3, "c": 0.2}[letter]) for letter in text)


LETTERS_P = {letter: math.exp(spell("", letter)) for letter in LETTERS}


@given(st.dictionaries(TEXTS, PROBABILITIES, max_size=8), TEXTS)
def test_masses_are_a_measure(candidates, text):
    branches = Branches(LETTERS_P, candidates, spell)
    assert math.fsum(branches.p(letter) for letter in LETTERS) == pytest.approx(1.0)
    assert 0.0 <= branches.p(text) <= 1.0 + 1e-9
    longer = [branches.p(text + letter) for letter in LETTERS]
    assert all(p <= branches.p(text) + 1e-9 for p in longer)
    assert math.fsum(longer) <= branches.p(text) + 1e-9


@given(st.dictionaries(TEXTS, PROBABILITIES, max_size=8))
def test_a_letter_holds_at_least_the_candidates_that_begin_with_it(candidates):
    branches = Branches(LETTERS_P, candidates, spell)
    for letter in LETTERS:
        inside = [t for t in candidates if len(t) > 1 and t.startswith(letter)]
        outermost = [t for t in inside if not any(len(o) > 1 and t != o and t.startswith(o) for o in candidates)]
        assert branches.p(letter) >= math.fsum(branches.p(t) for t in outermost) - 1e-9


@given(st.dictionaries(TEXTS, st.floats(0.001, 1.0), min_size=1, max_size=8), st.integers(0, 3))
def test_a_page_cuts_the_belief_into_masses_that_sum_to_one(candidates, step):
    branches = Branches(LETTERS_P, candidates, spell)
    texts = [*LETTERS, *(text for text in candidates if text not in LETTERS)]

    def continuation(before, text):
        return branches.p(text) if before == "" else math.exp(spell(before, text))

    belief = Belief.sure_of("")
    for document, previous in [("", None), (texts[step % len(texts)], ""), ("", None)]:
        belief = belief.seen_from(document, continuation)
        parts = belief.split(document, texts, previous, continuation)
        assert math.fsum(part.cell.weight for part in parts) == pytest.approx(1.0, abs=1e-6)
        assert all(part.cell.weight >= 0.0 for part in parts)
        n_slots = len(texts) + (1 if previous is None else 2)
        belief = Belief.weigh(parts, [1.0 / n_slots] * n_slots + [0.0])


def test_candidates_keep_their_probability_and_the_speller_shares_what_they_leave():
    branches = Branches(LETTERS_P, {"ab": 0.4, "abc": 0.1, "ba": 0.2}, spell)
    assert branches.p("ab") == pytest.approx(0.4)
    assert branches.p("abc") == pytest.approx(0.1)
    assert branches.p("a") == pytest.approx(0.4 + 0.4 * 0.1 / 0.4)
    assert branches.p("b") == pytest.approx(0.2 + 0.4 * 0.1 / 0.4)
    assert branches.p("c") == pytest.approx(0.4 * 0.2 / 0.4)
    assert branches.p("aba") == pytest.approx((0.4 - 0.1) * 0.5)
    assert branches.p("aa") == pytest.approx((branches.p("a") - 0.4) * 0.5)


def test_candidates_that_promise_more_than_there_is_are_scaled_down():
    branches = Branches(LETTERS_P, {"ab": 0.9, "ba": 0.9, "baa": 2.0}, spell)
    assert branches.p("ab") == pytest.approx(0.5, abs=1e-3)
    assert branches.p("baa") <= branches.p("ba")
    assert branches.p("c") > 0.0
