"""What a person has written makes words likelier."""

import math

import pytest

from generation.text.cache import WrittenWords
from generation.text.generators import text_generators
from generation.types import Context


def offered(generators, before, n=96):
    return {c.text: c.log_p for c in generators[0].propose(Context("text", before), n)}


def test_probabilities_of_written_words_sum_to_one():
    written = WrittenWords([["the", "cat", ",", "the", "dog"], ["a", "cat"]], [","])
    for context in ((), ("the",), ("<s>", "the"), ("unheard", "the"), (",",)):
        kept, added = written.after(context)
        assert kept * math.fsum(written.p_of_words.values()) + math.fsum(added.values()) == pytest.approx(1)


def test_what_followed_before_is_likelier_there():
    written = WrittenWords([["my", "dog"], ["a", "cat"]], [])
    assert written.after(["my"])[1]["dog"] > 0
    assert "dog" not in written.after(["a"])[1]


def test_recent_words_are_likelier_than_old_ones():
    written = WrittenWords([["old"], *[["x"]] * 3000, ["new"]], [])
    assert written.p_of_words["new"] > 1.5 * written.p_of_words["old"]


def test_nothing_written_says_nothing():
    assert WrittenWords([], []).weight == 0
    assert not WrittenWords([], []).p_of_words


def test_a_new_word_becomes_a_candidate_once_it_was_written(halves):
    generators, _ = halves["text"]
    assert "quoggle " in offered(generators, "my dog is quoggle. my dog is ")
    assert "oggle " in offered(generators, "my dog is quoggle. call qu")


def test_earlier_documents_count_as_written():
    generators, _ = text_generators(earlier="my dog is quoggle.")
    assert "quoggle " in offered(generators, "my dog is ")


def test_without_memory_the_document_changes_nothing():
    generators, _ = text_generators(remembers=False)
    plain = "we went there. "
    assert offered(generators, plain) == offered(generators, "quoggle quoggle. " + plain)


def test_a_person_who_writes_no_marks_is_offered_fewer(halves):
    generators, _ = halves["text"]
    bare = "\n".join(["i want to go home"] * 40) + "\nwhere are you"
    assert offered(generators, bare)["? "] < offered(generators, "where are you")["? "] - 0.5


def test_the_speller_learns_a_new_word(halves):
    _, speller = halves["text"]
    before = "my dog is quoggle. my dog is quoggle. my dog is "
    assert speller.log_p(Context("text", before), "quoggle") > speller.log_p(Context("text", "my dog is "), "quoggle")
