"""Coverage counts a candidate that holds the block and promises nothing that does not follow."""

import pytest

from experiments.bench.generation.coverage import Case, coverage
from generation.types import Candidate, Context

CONTEXT = Context("text", "good ")


def offering(*texts):
    return lambda _, n: [Candidate(text, -float(place), "words") for place, text in enumerate(texts)][:n]


def test_a_longer_candidate_that_comes_true_counts():
    figures = coverage(offering("even", "morning to "), [Case(CONTEXT, "morning to you", "morning ")], depths=(1, 2))
    assert figures == {"n": 1, "coverage@1": 0.0, "coverage@2": 1.0, "mrr": 0.5}


@pytest.mark.parametrize("text", ["morn", "morning all"])
def test_less_than_the_block_or_more_than_the_truth_does_not_count(text):
    assert coverage(offering(text), [Case(CONTEXT, "morning to you", "morning ")])["coverage@32"] == 0.0


def test_no_cases_are_a_mistake():
    with pytest.raises(ValueError, match="'cases' must hold at least one"):
        coverage(offering("a"), [])
