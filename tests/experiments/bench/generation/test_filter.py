"""What the filter is worth, with it and without on the same places."""

import math

import pytest

from experiments.bench.generation import filter as blocks_llm
from experiments.bench.generation.coverage import Case
from experiments.bench.generation.filter import OFF, ON, Filtered, measure
from generation.types import Candidate, Context, Rescored


class Offers:
    """Two letters, the wrong one first."""

    name = "offers"

    def propose(self, context, n):
        return [Candidate("b", math.log(0.5), self.name), Candidate("a", math.log(0.25), self.name)][:n]


class Turns:
    """Turns the order around."""

    name = "turns"

    def rescore(self, context, candidates):
        p = sorted((c.log_p for c in candidates), reverse=True)
        turned = [Candidate(c.text, q, c.source) for c, q in zip(reversed(candidates), p, strict=True)]
        return Rescored(turned, len(turned))


def test_the_filter_sees_more_candidates_than_are_asked_for():
    assert [c.text for c in Filtered(Offers(), Turns()).propose(Context("text", ""), 1)] == ["a"]


def test_both_stages_are_measured_at_the_same_places(monkeypatch):
    cases = {"some": [Case(Context("python", "x"), "a\n", "a"), Case(Context("python", "y"), "c\n", "c")]}
    monkeypatch.setattr(blocks_llm, "blocks", lambda kind, corpora, n: cases)
    monkeypatch.setattr(blocks_llm, "stages", lambda kind: {OFF: Offers(), ON: Filtered(Offers(), Turns())})
    off, on = measure(None, 2, lambda what, done, total: None)["table"]
    assert (off["stage"], on["stage"]) == (OFF, ON)
    assert (off["n"], on["n"]) == (2, 2)
    assert (off["top-1"], on["top-1"]) == (0.0, 0.5)
    assert (off["mrr"], on["mrr"]) == (0.25, 0.5)
    assert (off["bits"], on["bits"]) == pytest.approx((2.0, 1.0))
    assert (on["x_top_1"], on["x_mrr"]) == (None, 2.0)
