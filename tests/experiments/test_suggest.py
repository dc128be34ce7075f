"""What is suggested carries its whole way, the sure first, the dropped last."""

import json

import pytest

from experiments.proposals import Judged, Mishap, Proposals
from experiments.suggest import suggest
from generation.types import Candidate, Context
from validation.types import Verdict

CONTEXT = Context("text", "one ", "three")
FINE, BAD = Verdict(True, "text"), Verdict(False, "text", "length", "It is too long.")


class Offering:
    """Proposes what it was given."""

    def __init__(self, candidates, letters=()):
        judged = tuple(Judged(Candidate(t, p, "words"), verdict) for t, p, verdict in candidates)
        spelled = tuple(Judged(Candidate(t, p, "speller"), FINE) for t, p in letters)
        self.found = Proposals(spelled, judged, {"propose": 0.01}, (Mishap("filter", "The model was late."),))

    def propose(self, _):
        return self.found


def test_letters_only_fill_what_candidates_leave():
    offering = Offering([("two ", -0.5, FINE)], [("t", -0.2), ("a", -0.1), ("two ", -3.0)])
    texts = [[offer.candidate.text for offer in suggest(offering, CONTEXT, n).offers] for n in (1, 2, 9)]
    assert texts == [["two "], ["two ", "a"], ["two ", "a", "t"]]


def test_what_was_dropped_comes_last_with_its_reason():
    found = suggest(Offering([("long", -0.1, BAD), ("two ", -0.5, FINE)]), CONTEXT, 5)
    assert [offer.ok for offer in found.offers] == [True, False]
    assert found.offers[1].reason == "It is too long."


def test_a_closer_look_is_given_to_what_is_shown_and_may_refuse_it():
    seen = []

    def closer(_, candidate):
        seen.append(candidate.text)
        return [Verdict(candidate.text != "two ", "black", "layout", "It is laid out otherwise.")]

    found = suggest(Offering([("two ", -0.5, FINE), ("to ", -0.6, FINE), ("too ", -0.7, FINE)]), CONTEXT, 2, closer)
    assert seen == ["two ", "to "]
    assert [(offer.candidate.text, offer.ok) for offer in found.offers] == [
        ("to ", True),
        ("too ", True),
        ("two ", False),
    ]


def test_programs_get_plain_values():
    found = suggest(Offering([("two ", -0.5, FINE), ("long", -1.0, BAD)]), CONTEXT, 1)
    values = json.loads(json.dumps(found.to_dict(CONTEXT, 1)))
    assert values["context"] == {"kind": "text", "before": "one ", "after": "three", "n_before": 4}
    assert values["candidates"] == [
        {
            "text": "two ",
            "log_p": -0.5,
            "source": "words",
            "ok": True,
            "stages": {"words": -0.5},
            "verdicts": [{"stage": "text", "rule": "", "ok": True, "reason": "", "ms": 0.0}],
            "ms": 0.0,
        }
    ]
    assert [c["text"] for c in values["dropped"]] == ["long"]
    assert values["faults"] == ["The model was late."]


def test_at_least_one_is_asked_for():
    with pytest.raises(ValueError, match=r"'n' .got 0. must be at least 1"):
        suggest(Offering([]), CONTEXT, 0)
