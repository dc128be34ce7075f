"""Candidates judged by what stands before them: mass is shared out anew, and time runs out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.calibration import coverage
from generation.llm import llama
from generation.llm.filter import FilterWeights, LlmFilter, ScoredPage, fit_filter, redistribute
from generation.llm.scorer import LlmScorer, Scores
from generation.models import models_folder
from generation.types import Candidate, Context

HERE = Context("text", "it is ")
EVEN = FilterWeights(0.5, 0.5)
GGUF = models_folder() / "tiny-llama.gguf"
needs_llama = pytest.mark.skipif(
    llama.llama_cpp is None or not GGUF.is_file(), reason="needs the tiny llama and llama-cpp-python"
)


class Told:
    """A scorer that knows the answers, and takes a second for each candidate that it scores as a whole."""

    def __init__(self, log_q, fault=None):
        self.log_q, self.fault, self.now, self.seen = log_q, fault, 0.0, None

    def score(self, before, candidates, n_whole=None, prior=None, stop=None):
        self.seen = before
        if self.fault:
            raise self.fault
        first = np.array([self.log_q[text] for text in candidates])
        whole = np.full(len(first), np.nan)
        for place in np.argsort(-(first + prior), kind="stable")[:n_whole]:
            self.now += 1.0
            if stop():
                break
            whole[place] = first[place]
        return Scores(first, whole, np.ones(len(first), np.int64))


def page(p):
    return [Candidate(text, math.log(value), "any", stages=(("any", math.log(value)),)) for text, value in p.items()]


def filtered(p, log_q, **settings):
    scorer = Told(log_q)
    made = LlmFilter(scorer, **{"weights": EVEN, "budget_s": 99.0, "clock": lambda: scorer.now} | settings)
    return made.rescore(HERE, page(p))


def test_what_the_model_likes_comes_first_and_the_page_covers_as_much_as_before():
    p = {"so ": 0.3, "not ": 0.2, "that ": 0.1}
    found = filtered(p, {"so ": -9.0, "not ": -1.0, "that ": -2.0})
    assert [c.text for c in found.candidates] == ["not ", "that ", "so "]
    assert coverage(found.candidates) == pytest.approx(0.6)
    assert (found.n_scored, found.fault) == (3, "")


def test_the_score_joins_the_stages():
    found = filtered({"so ": 0.3, "not ": 0.2}, {"so ": -3.0, "not ": -1.0})
    assert {c.text: c.stages[-1] for c in found.candidates} == {"so ": ("llm", -3.0), "not ": ("llm", -1.0)}
    assert all(c.stages[0][0] == "any" for c in found.candidates)


def test_what_is_no_candidate_for_a_whole_score_keeps_what_it_has():
    p = {"so ": 0.3, "not ": 0.2, "that ": 0.1}
    found = filtered(p, {"so ": -1.0, "not ": -2.0, "that ": -9.0}, n_whole=2)
    assert {c.text: c.log_p for c in found.candidates}["that "] == math.log(0.1)
    assert found.n_scored == 2
    assert not found.fault


def test_what_is_not_scored_in_time_keeps_what_it_has_and_the_fault_says_so():
    p = {"so ": 0.3, "not ": 0.2, "that ": 0.1}
    found = filtered(p, {"so ": -1.0, "not ": -2.0, "that ": -3.0}, budget_s=2.5)
    assert {c.text: c.log_p for c in found.candidates}["that "] == math.log(0.1)
    assert found.n_scored == 2
    assert found.fault == "The LLM filter has scored 2 of 3 candidates within its 2.5 s."


@pytest.mark.parametrize("error", [RuntimeError("llama.cpp gave up."), MemoryError("none left"), ValueError("odd")])
def test_a_model_that_fails_leaves_the_page_as_it_is(error):
    p = {"not ": 0.2, "so ": 0.3}
    found = LlmFilter(Told({}, error), EVEN).rescore(HERE, page(p))
    assert [c.text for c in found.candidates] == ["so ", "not "]
    assert coverage(found.candidates) == pytest.approx(0.5)
    assert found.n_scored == 0
    assert str(error) in found.fault


def test_no_candidates_need_no_model():
    assert LlmFilter(Told({}, RuntimeError()), EVEN).rescore(HERE, []).candidates == []


texts = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=8, unique=True)


@settings(deadline=None, max_examples=80)
@given(texts, st.randoms(use_true_random=False))
def test_mass_is_neither_made_nor_lost_and_no_text_is_likelier_than_what_it_begins_with(texts, random):
    log_p = -np.cumsum([random.random() for _ in texts]) - math.log(len(texts))
    log_q = np.array([random.choice([math.nan, -5 * random.random()]) for _ in texts])
    nested = [(i, j) for i, t in enumerate(texts) for j, u in enumerate(texts) if t != u and t.startswith(u)]
    for longer, shorter in nested:
        log_p[longer] = min(log_p[longer], log_p[shorter])
    new = redistribute(texts, log_p, log_q, EVEN)
    assert all(new[longer] <= new[shorter] for longer, shorter in nested)
    assert np.isfinite(new).all()
    assert (new <= 0).all()
    if not nested:
        assert np.exp(new).sum() == pytest.approx(np.exp(log_p).sum())


def test_weights_go_to_who_is_right():
    rng = np.random.default_rng(0)
    pages = []
    for _ in range(300):
        log_q = np.log(rng.dirichlet(np.ones(3)))
        right = rng.choice(3, p=np.exp(log_q))
        pages.append(ScoredPage(list("abc"), np.log(rng.dirichlet(np.ones(3))), log_q, "abc"[right]))
    weights = fit_filter(pages)
    assert weights.prior < 0.2
    assert weights.llm == pytest.approx(1.0, abs=0.25)
    assert weights.length <= 0


def test_weights_without_anything_to_choose_from_are_refused():
    with pytest.raises(ValueError, match="a right candidate among others"):
        fit_filter([ScoredPage(["a"], np.array([-1.0]), np.array([-1.0]), "a")])


@needs_llama
def test_the_tiny_llama_prefers_what_fits():
    before = Context("python", "class Shelf:\n    def __init__(self, books):\n        self.books = ")
    with LlmScorer(GGUF) as scorer:
        found = LlmFilter(scorer, FilterWeights(0.0, 1.0), budget_s=60.0).rescore(
            before, page({"import os\n": 0.2, "class": 0.2, "None\n": 0.2})
        )
    assert found.candidates[0].text == "None\n"


@needs_llama
def test_an_evaluation_that_is_told_to_stop_stops_and_the_next_is_none_the_worse():
    texts = [f"    x{i} = {i}\n" for i in range(6)]
    asked = []
    with LlmScorer(GGUF) as scorer:
        whole = scorer.score("import os\n", texts).whole
        stopped = scorer.score("import sys\n\n\n" * 30, texts, stop=lambda: asked.append(0) or len(asked) > 20)
        assert np.isnan(stopped.whole).all()
        assert 20 < len(asked) < 40
        assert scorer.score("import os\n", texts).whole == pytest.approx(whole, abs=0.3)
        assert np.isfinite(scorer.score("import sys\n\n\n" * 30, texts).whole).all()
