"""The model chooses only what it is sure of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.choosers import MetaAI


class Believing:
    """Knows the probability of each text."""

    def __init__(self, p):
        self.p = p
        self.asked = []

    def log_p(self, before, texts):
        self.asked.append(before)
        with np.errstate(divide="ignore"):
            return np.log([self.p[text] for text in texts])


def test_what_is_sure_is_chosen():
    picked = MetaAI(Believing({"in ": 0.02, "on ": 0.95})).pick("sit ", ["in ", "on "])
    assert (picked.place, picked.reason) == (1, "model would choose it: 'on' has 95%.")


def test_below_the_threshold_it_abstains_and_says_what_it_needs():
    picked = MetaAI(Believing({"in ": 0.3, "on ": 0.6}), threshold=0.7).pick("sit ", ["in ", "on "])
    assert picked.place is None
    assert picked.reason == "model abstains: 'on' has 60%, and it would need 70%."


def test_a_beginning_has_only_what_the_longer_texts_leave():
    picked = MetaAI(Believing({"t": 0.97, "the ": 0.92}), threshold=0.9).pick("", ["t", "the "])
    assert picked.place == 1
    assert picked.p == pytest.approx([0.05, 0.92])


def test_the_brief_stands_before_the_document():
    scorer = Believing({"a": 0.95})
    MetaAI(scorer, brief="A letter. ").pick("Dear ", ["a"])
    assert scorer.asked == ["A letter. Dear "]


def test_nothing_to_choose_from_is_no_choice():
    assert MetaAI(Believing({})).pick("x", []).place is None


def test_what_is_not_known_is_never_chosen():
    picked = MetaAI(Believing({"a": np.nan, "b": 0.2})).pick("x", ["a", "b"])
    assert picked.p == pytest.approx([0.0, 0.2])


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0])
def test_a_threshold_is_a_probability(threshold):
    with pytest.raises(ValueError, match=r"'threshold' .* must be between 0 and 1"):
        MetaAI(Believing({}), threshold)


@given(st.dictionaries(st.text("ab", min_size=1, max_size=4), st.floats(0, 1), min_size=1))
def test_probabilities_are_shares_of_one(p):
    picked = MetaAI(Believing(p), threshold=0.5).pick("", list(p))
    assert (picked.p >= 0).all()
    assert picked.p.sum() <= 1 + 1e-9
