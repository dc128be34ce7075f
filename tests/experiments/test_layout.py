"""Which texts join the letters, under each policy."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.belief import Belief
from experiments.config import Config
from experiments.document import Document
from experiments.layout import POLICIES, PosteriorMatching
from experiments.pages import PageMaker
from experiments.proposals import Proposer
from experiments.rig import screen
from generation.types import Candidate


class Even:
    """A language of lower case."""

    layers = (tuple("abcdefghijklmnopqrstuvwxyz"),)

    def next_character(self, context):
        return dict.fromkeys(self.layers[0], 1 / 26)

    def log_p(self, context, text):
        return -len(text) * math.log(26)


class Words:
    name = "words"

    def __init__(self, words):
        self._words = words

    def propose(self, context, n):
        return [Candidate(text, math.log(p), self.name) for text, p in self._words.items()]


EVERY = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
LETTERS = {"a": 0.6, "b": 0.4}
# Masses of all continuations that start with each, as a tree has them.
TREE = {"ab": 0.4, "abc": 0.2, "abcd": 0.15, "aa": 0.1, "ba": 0.3, "bab": 0.05}


def bits(letters, candidates, chosen):
    """Entropy of the cells of a page, by their definition."""
    masses = {**letters, **{text: candidates[text] for text in chosen}}
    cells = {
        text: p - sum(masses[o] for o in masses if o.startswith(text) and o != text and nearest(o, masses) == text)
        for text, p in masses.items()
    }
    return -sum(p * math.log2(p) for p in cells.values() if p > 0)


def nearest(text, masses):
    return max((o for o in masses if o != text and text.startswith(o)), key=len, default=None)


@EVERY
@given(left_out=st.sets(st.sampled_from(sorted(TREE))), read_word_s=st.floats(0.01, 2.0))
def test_a_page_yields_at_least_the_bits_per_second_of_its_letters_alone(policy, left_out, read_word_s):
    candidates = {text: p for text, p in TREE.items() if text not in left_out}
    made = policy(read_word_s=read_word_s)
    chosen = made.worth_showing(LETTERS, candidates, 0.0)
    seconds = made.gap_s + made.trial_s
    longer = seconds + sum(made.reading_time(text) for text in chosen)
    assert len(set(chosen)) == len(chosen)
    assert bits(LETTERS, candidates, chosen) / longer >= bits(LETTERS, candidates, []) / seconds - 1e-9


@EVERY
def test_no_more_join_than_there_is_room_for(policy):
    assert len(policy(max_candidates=2, read_word_s=0.01).worth_showing(LETTERS, TREE, 0.0)) == 2
    assert policy(max_candidates=0).worth_showing(LETTERS, TREE, 0.0) == []


@EVERY
def test_what_takes_too_long_to_read_stays_out(policy):
    assert policy(read_word_s=60.0).worth_showing(LETTERS, TREE, 0.0) == []


def test_beginnings_are_where_candidates_part():
    found = PosteriorMatching().beginnings(["import os", "import sys", "impress ", "in ", "import os.path"])
    assert found == ["imp", "import "]


def test_a_beginning_that_many_share_becomes_a_slot():
    words = ("prefer", "preen", "prey", "press", "pony", "pole", "pond", "port")
    proposer = Proposer([Words(dict.fromkeys(words, 0.11))], Even(), [])
    maker = PageMaker(proposer, PosteriorMatching(max_candidates=1), screen(Config()))
    page, _ = maker.next_page(Belief.sure_of(""), Document("text"))
    slots = {slot.candidate.text: slot.candidate.source for slot in page.slots}
    assert {text: source for text, source in slots.items() if source not in ("speller", "command")} in (
        {"pre": "beginning"},
        {"po": "beginning"},
    )
    assert page.mass.sum() == pytest.approx(1.0)
    assert (page.mass > 0).all()
