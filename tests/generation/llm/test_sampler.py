"""A few continuations of the model's own, each with the probability that the model gives it."""

import math

import numpy as np
import pytest

from generation.models import checked
from generation.types import Context

pytest.importorskip("llama_cpp", reason="sampling takes the extra 'llm'")

from generation.llm.sampler import LlmSampler
from generation.llm.scorer import LlmScorer

CONTEXTS = [
    Context("text", "could you please open the wi"),
    Context("text", ""),
    Context("python", "def mean(values):\n    return "),
    Context("table", "id,day\n1,2024-01-01\n2,"),
    Context("formula", "=SUM("),
    Context("text", "漢字 🙂 \ud800"),
]


@pytest.fixture(scope="module")
def scorer():
    with LlmScorer(checked("tiny-llama").file) as loaded:
        yield loaded


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda c: c.kind + str(len(c.before)))
def test_samples_are_distinct_sorted_and_as_likely_as_the_scorer_says(scorer, context):
    candidates = LlmSampler(scorer, budget_s=math.inf).propose(context, 4)
    texts = [c.text for c in candidates]
    assert len(texts) <= 4
    assert len(set(texts)) == len(texts)
    assert all(texts)
    assert all(c.source == "samples" and c.log_p <= 0 for c in candidates)
    assert [c.log_p for c in candidates] == sorted((c.log_p for c in candidates), reverse=True)
    told = scorer.score(context.before, texts).whole if texts else np.empty(0)
    n_tokens = max([1, *map(scorer.n_tokens, texts)])
    assert [c.log_p for c in candidates] == pytest.approx(np.minimum(told, 0), abs=0.12 * math.sqrt(n_tokens))


def test_the_same_context_gives_the_same_samples(scorer):
    sampler = LlmSampler(scorer, budget_s=math.inf)
    one, other, again = (sampler.propose(context, 9) for context in (CONTEXTS[0], CONTEXTS[2], CONTEXTS[0]))
    assert one == again
    assert one != other


def test_a_word_begun_is_gone_on_with(scorer):
    texts = [c.text for c in LlmSampler(scorer, 16, budget_s=math.inf).propose(Context("text", "open the windo"), 16)]
    assert any(text.startswith("w") for text in texts)


def test_what_is_not_drawn_in_time_is_left_out(scorer):
    times = iter([0.0, *[9.0] * 1000])
    assert LlmSampler(scorer, budget_s=1.0, clock=lambda: next(times)).propose(CONTEXTS[0], 9) == []


@pytest.mark.parametrize("error", [RuntimeError, MemoryError, OSError])
def test_a_failing_model_proposes_nothing_and_is_told_of_once(scorer, monkeypatch, caplog, error):
    def fail(before):
        raise error("llama.cpp gave up")

    monkeypatch.setattr(scorer, "read", fail)
    sampler = LlmSampler(scorer)
    assert [sampler.propose(context, 9) for context in CONTEXTS[:2]] == [[], []]
    assert caplog.text.count("llama.cpp gave up") == 1


def test_reading_stops_when_the_time_is_over(scorer):
    scorer.forget()
    asked = []

    def clock():
        asked.append(None)
        return 0.0 if len(asked) < 3 else 9.0

    assert LlmSampler(scorer, budget_s=1.0, clock=clock).propose(Context("text", "word " * 400), 9) == []
    assert scorer.score("word ", ["and "]).whole[0] < 0


@pytest.mark.parametrize(("setting", "value"), [("n_samples", 0), ("n_samples", 99), ("top_p", 0.0), ("top_p", 1.5)])
def test_settings_out_of_range_are_refused(scorer, setting, value):
    with pytest.raises(ValueError, match=f"'{setting}'"):
        LlmSampler(scorer, **{setting: value})
