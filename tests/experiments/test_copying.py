"""The person who copies a target."""

import pytest

from experiments.copying import wanted_slot


def slots(*texts, commands=()):
    return [{"text": text, "command": None} for text in texts] + [{"text": "", "command": c} for c in commands]


def test_the_candidate_that_advances_most_is_taken():
    assert wanted_slot(slots("t", "the ", "then ", "th"), "", "then we") == 2


def test_a_candidate_that_goes_astray_is_never_taken():
    assert wanted_slot(slots("the ", "t"), "", "tomorrow") == 1


def test_a_mistake_is_undone():
    assert wanted_slot(slots("e", commands=("more", "undo")), "tx", "the") == 2


def test_a_letter_that_is_not_shown_is_asked_for():
    assert wanted_slot(slots("a", commands=("more",)), "", "B") == 1


@pytest.mark.parametrize("document", ["the", "the end"])
def test_nobody_is_lost_at_the_end_or_without_an_undo(document):
    assert wanted_slot(slots("a", commands=("more",)), document, "the") is None
