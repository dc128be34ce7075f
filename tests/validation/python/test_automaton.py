"""Beginnings of sentences of a grammar."""

import itertools

import pytest

from validation.python.automaton import Automaton

# Sums in brackets, with an ambiguity on purpose: a lone NAME is a value and a call without arguments.
RULES = """
all: line*
line: sum ';'
sum: value ('+' value)*
value: NAME | call | '(' sum ')' | '[' [sum (',' sum)* [',']] ']'
call: NAME ['!']
"""


def alive(tokens):
    automaton = Automaton(RULES)
    stacks = automaton.start
    for token in tokens:
        stacks = automaton.step(stacks, (token,))
    return bool(stacks)


@pytest.mark.parametrize(
    "sentence",
    ["NAME ;", "NAME + NAME ! ;", "( NAME + [ ] ) ;", "[ NAME , [ NAME , ] ] ; NAME ;", "( ( ( NAME ) ) ) ;"],
)
def test_every_beginning_of_a_sentence_is_alive(sentence):
    tokens = sentence.split()
    assert all(alive(tokens[:n]) for n in range(len(tokens) + 1))


@pytest.mark.parametrize("tokens", [";", "+", "NAME NAME", "( ]", "NAME ! !", "[ ,", "( NAME ) )", "NAME ; ;"])
def test_what_begins_no_sentence_is_dead(tokens):
    assert not alive(tokens.split())


def test_alive_is_exactly_what_can_be_completed():
    alphabet = ("NAME", "+", ";", "!", "(", ")")

    def completable(tokens):
        """By trying every short continuation to a line's end, at which a sentence is whole."""
        frontier = [tokens]
        for _ in range(6):
            if any(not text or text[-1] == ";" for text in frontier):
                return True
            frontier = [text for begun in frontier for t in alphabet if alive(text := (*begun, t))]
        return False

    for n in range(4):
        for tokens in itertools.product(alphabet, repeat=n):
            assert alive(tokens) == (alive(tokens) and completable(tokens)), tokens


def test_a_token_that_may_be_several_is_alive_if_one_is():
    automaton = Automaton(RULES)
    assert automaton.step(automaton.start, (";", "NAME"))
    assert not automaton.step(automaton.start, (";", "+"))


def test_reading_on_leaves_the_earlier_state_as_it_was():
    automaton = Automaton(RULES)
    before = automaton.step(automaton.start, ("(",))
    automaton.step(before, ("NAME",))
    assert automaton.step(before, ("(",))
    assert not automaton.step(before, (")",))


def test_an_unbalanced_rule_is_refused():
    with pytest.raises(ValueError, match="balanced"):
        Automaton("all: NAME )")
