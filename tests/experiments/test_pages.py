"""From a belief to a page."""

import json

import numpy as np
import pytest

from experiments.belief import Belief
from experiments.document import Document
from experiments.layout import LayoutPolicy
from experiments.page import Page


def texts(page):
    return [slot.candidate.text for slot in page.slots]


def test_the_prior_sums_to_one_and_no_slot_is_ruled_out(page_maker):
    page, _ = page_maker.next_page(Belief.sure_of(""), Document("text"))
    assert page.mass.shape == (page.n_slots + 1,)
    assert page.mass.sum() == pytest.approx(1.0)
    assert (page.mass > 0).all()


def test_letters_keep_their_places_whatever_candidates_come(page_maker):
    places = []
    for text in ("", "he", "the h", "zzz"):
        document = Document("text").insert(text) if text else Document("text")
        page, _ = page_maker.next_page(Belief.sure_of(text), document)
        places.append({s.candidate.text: s.place for s in page.slots if s.candidate.source == "speller"})
    for other in places[1:]:
        shared = places[0].keys() & other.keys()
        assert shared
        assert {c: places[0][c] for c in shared} == {c: other[c] for c in shared}


def test_no_place_is_given_twice(page_maker):
    page, _ = page_maker.next_page(Belief.sure_of("h"), Document("text").insert("h"))
    places = [slot.place for slot in page.slots]
    assert len(set(places)) == len(places)


def test_what_the_validator_refuses_is_not_shown_and_the_trace_says_why(page_maker):
    page, trace = page_maker.next_page(Belief.sure_of(""), Document("text"))
    assert not any("x" in text for text in texts(page))
    refused = [c for c in trace.candidates if "dropped_by" in c]
    assert [c["text"] for c in refused] == ["axe "]
    assert refused[0]["reason"] == "There is an x in it."


def test_a_first_page_offers_no_undo_and_a_later_one_does(page_maker):
    first, _ = page_maker.next_page(Belief.sure_of(""), Document("text"))
    later, _ = page_maker.next_page(Belief.sure_of("h"), Document("text").insert("h"))
    assert [s.candidate.command for s in first.slots if s.candidate.command] == ["more"]
    assert [s.candidate.command for s in later.slots if s.candidate.command] == ["more", "undo"]


def test_candidates_join_only_while_they_pay_for_their_reading():
    letters = {"a": 0.5, "b": 0.5}
    candidates = {"another ": 0.4, "before ": 0.001}
    assert LayoutPolicy().worth_showing(letters, candidates, elsewhere=0.0) == ["another "]
    assert LayoutPolicy(read_word_s=30.0).worth_showing(letters, candidates, elsewhere=0.0) == []
    assert LayoutPolicy(max_candidates=0).worth_showing(letters, candidates, elsewhere=0.0) == []


def test_a_candidate_that_takes_its_letters_whole_cell_brings_nothing():
    assert LayoutPolicy().worth_showing({"a": 0.5, "b": 0.5}, {"another ": 0.5}, elsewhere=0.0) == []


def test_the_floor_is_spread_evenly():
    prior = LayoutPolicy(floor=0.1, no_control=0.02).prior(np.array([1.0, 0.0]))
    np.testing.assert_allclose(prior, [0.98 * 0.95, 0.98 * 0.05, 0.02])


def test_a_page_survives_the_log(page_maker):
    belief = Belief.sure_of("h")
    page, _ = page_maker.next_page(belief, Document("text").insert("h"))
    again = Page.from_dict(json.loads(json.dumps(page.to_dict())), "h")
    assert again.slots == page.slots
    assert again.parts == page.parts
    np.testing.assert_array_equal(again.mass, page.mass)


def test_evidence_for_a_sibling_is_prior_after_an_undo(page_maker):
    start = Document("text")
    page, _ = page_maker.next_page(Belief.sure_of(""), start)
    p = np.full(page.n_slots + 1, 1e-4)
    p[texts(page).index("h")], p[texts(page).index("t")] = 0.7, 0.3
    belief = Belief.weigh(page.parts, p / p.sum())
    wrong, _ = page_maker.next_page(belief, start.insert("h"))
    undo = next(i for i, slot in enumerate(wrong.slots) if slot.candidate.command == "undo")
    assert wrong.mass[undo] == pytest.approx(0.3, abs=0.03)
    p = np.full(wrong.n_slots + 1, 1e-4)
    p[undo] = 1.0
    again, _ = page_maker.next_page(Belief.weigh(wrong.parts, p / p.sum()), start)
    assert again.mass[texts(again).index("t")] > 0.9
