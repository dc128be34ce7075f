"""Words proposed, and text spelled."""

import math

import pytest

from generation.text.language import read_language
from generation.text.words import Grammar
from generation.types import Context

ENGLISH = read_language("en")
GRAMMAR = Grammar(ENGLISH)


def texts(halves, before, n=24):
    (words, _), _ = halves["text"]
    return [c.text for c in words.propose(Context("text", before), n)]


def test_a_partial_word_is_completed_with_the_space_after_it(halves):
    assert "lo " in texts(halves, "hel")
    assert "ter " in texts(halves, "please bring me some wa")


def test_after_a_space_whole_words_are_proposed(halves):
    assert "to " in texts(halves, "i want ", 3)


def test_every_candidate_continues_the_partial_word(halves):
    whole = ["wan" + text for text in texts(halves, "i wan")]
    assert all(word.startswith("wan") and word.endswith(" ") for word in whole)


def test_after_a_complete_word_punctuation_is_proposed(halves):
    assert ". " in texts(halves, "i want to go home")
    assert "? " in texts(halves, "where are you")


def test_a_space_comes_first_after_punctuation(halves):
    assert all(text.startswith(" ") for text in texts(halves, "Yes,"))


def test_capitals_follow_the_document(halves):
    assert "the " in texts(halves, "it is late. ")
    assert "The " in texts(halves, "It is late. ")
    assert "I " in texts(halves, "It is late. ")
    assert "LO " in texts(halves, "HEL")


def test_probabilities_of_next_words_sum_to_less_than_one(halves):
    (words, _), _ = halves["text"]
    for before in ("", "i want ", "hel", "yes,", "home"):
        total = math.fsum(math.exp(c.log_p) for c in words.propose(Context("text", before), 100_000))
        assert 0 < total <= 1 + 1e-9


def test_letters_and_words_agree(halves):
    (words, _), speller = halves["text"]
    for before in ("i want ", "the ", "how are y", "thank yo"):
        context = Context("text", before)
        p = speller.next_character(context)
        by_words: dict[str, float] = {}
        for c in words.propose(context, 100_000):
            by_words[c.text[0]] = by_words.get(c.text[0], 0.0) + math.exp(c.log_p)
        likeliest = max(by_words, key=lambda letter: by_words[letter])
        assert p[likeliest] > 0.4 * by_words[likeliest]


def test_a_likely_text_is_likelier_than_an_unlikely_one(halves):
    _, speller = halves["text"]
    assert speller.log_p(Context("text", "i want to "), "go home") > speller.log_p(
        Context("text", "i want to "), "xq zzkw"
    )


def test_normalising_straightens_quotes_and_case():
    assert ENGLISH.normalise("“I’M” — Here") == '"i\'m" - here'


def test_tokens_are_words_numbers_and_punctuation():
    assert GRAMMAR.tokens("i'm 1,000 self-made men (no).") == ["i'm", "<number>", "self", "-", "made", "men", "no", "."]


@pytest.mark.parametrize(
    ("before", "context", "partial", "needs_space"),
    [
        ("", ("<s>",), "", False),
        ("Hel", ("<s>",), "hel", False),
        ("I want ", ("<s>", "i", "want"), "", False),
        ("Yes. No", ("<s>",), "no", False),
        ("Yes.", ("<s>",), "", True),
        ("well,", ("<s>", "well", ","), "", True),
        ("a\nb c", ("<s>", "b"), "c", False),
        ("i don'", ("<s>", "i"), "don'", False),
    ],
)
def test_the_cursor_is_found(before, context, partial, needs_space):
    cursor = GRAMMAR.locate(before)
    assert (cursor.context, cursor.partial, cursor.needs_space) == (context, partial, needs_space)


def test_a_long_document_is_read_from_its_end():
    assert GRAMMAR.locate("word " * 1000 + "hel").partial == "hel"
    assert GRAMMAR.locate("word " * 1000 + "hel").context[0] != "<s>"
