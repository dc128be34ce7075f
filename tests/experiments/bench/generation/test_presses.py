"""Key presses saved by a few candidates."""

import pytest

from experiments.bench.generation.presses import chosen_savings, most_saving
from generation.types import Candidate


class Fixed:
    """Offers the same words at the beginning of each word, and what is left of them within it."""

    name = "fixed"

    def __init__(self, words):
        self._words = words

    def propose(self, context, n):
        partial = context.before.rpartition(" ")[2]
        rest = {word[len(partial) :]: log_p for word, log_p in self._words.items() if word.startswith(partial)}
        return [Candidate(text, log_p, self.name) for text, log_p in list(rest.items())[:n] if text]


def test_without_candidates_nothing_is_saved():
    assert chosen_savings([Fixed({})], ["abc "], "text", 5) == 0


def test_a_right_candidate_costs_one_press():
    assert chosen_savings([Fixed({"abc ": -1.0})], ["abc abc "], "text", 5) == pytest.approx(1 - 2 / 8)


def test_what_was_declined_makes_room_for_others():
    generator = Fixed({"abx ": -0.5, "aby ": -1.0, "abz ": -1.5})
    # One slot: "abx " is declined, then "by ", then "z " is left.
    assert chosen_savings([generator], ["abz "], "text", 1) == pytest.approx(1 - 3 / 4)


def test_a_phrase_is_shown_where_it_saves_more_than_another_word():
    assert most_saving({"to ": 0.5, "to go ": 0.3, "a ": 0.1}, 2) == ["to go ", "to "]
    assert set(most_saving({"to ": 0.5, "the ": 0.4, "to go ": 0.02}, 2)) == {"to ", "the "}


def test_no_text_is_shown_twice_and_no_more_than_there_are():
    assert sorted(most_saving({"a ": 0.5, "b ": 0.4}, 5)) == ["a ", "b "]
