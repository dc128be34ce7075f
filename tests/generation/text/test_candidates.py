"""Words, phrases and what no vocabulary holds, in any alphabet."""

import math
import time
from pathlib import Path

import pytest

from generation import models
from generation.text.generators import text_generators
from generation.types import Context


@pytest.fixture(scope="module", params=["ru", "ar"])
def other(request):
    return request.param, *text_generators(request.param)


def texts(generator, before, n=40):
    return [c.text for c in generator.propose(Context("text", before), n)]


def test_several_words_are_proposed_at_once(halves):
    (_, phrases), _ = halves["text"]
    assert "like to " in texts(phrases, "i would ")
    assert any(text.count(" ") > 1 for text in texts(phrases, ""))


def test_a_word_comes_with_the_mark_that_ends_the_sentence(halves):
    (_, phrases), _ = halves["text"]
    assert "ou? " in texts(phrases, "how are y")


def test_a_phrase_is_less_likely_than_its_beginning(halves):
    (words, phrases), _ = halves["text"]
    single = {c.text: c.log_p for c in words.propose(Context("text", "i would "), 96)}
    for candidate in phrases.propose(Context("text", "i would "), 40):
        first = candidate.text.split(" ")[0].rstrip(".,?!;:")
        if f"{first} " in single and candidate.text.startswith(f"{first} "):
            assert candidate.log_p <= single[f"{first} "]


def test_phrases_begin_sentences_with_capitals_where_the_document_does(halves):
    (_, phrases), _ = halves["text"]
    assert any(text.startswith("I ") for text in texts(phrases, "It is late. "))


def test_words_beyond_the_vocabulary_are_spelled_to_their_end(halves):
    (words, _), _ = halves["text"]
    assert texts(words, "we saw floccinau")


@pytest.mark.parametrize(
    "before",
    [
        "",
        "漢字 ",
        "नमस्ते दु",
        "e\u0301\u0301",
        "🙂 👍🏽",
        "a\u00a0b",
        "\u200f\u200e",
        "\ud800",
        "Мама мыла ",
        "كَتَ",
        "\n\n\n",
    ],
)
def test_any_text_gets_candidates_or_none_in_every_language(halves, other, before):
    for generators, speller in (halves["text"], other[1:]):
        for generator in generators:
            found = generator.propose(Context("text", before), 12)
            assert all(math.isfinite(c.log_p) and c.log_p <= 0 and c.text for c in found)
        assert math.fsum(speller.next_character(Context("text", before)).values()) == pytest.approx(1)


def test_ten_megabytes_are_read_from_their_end(halves):
    generators, speller = halves["text"]
    before = "the water is warm and so are we. " * 320_000 + "the wat"
    begun = time.process_time()
    for generator in generators:
        assert "er " in texts(generator, before) or generator.name == "phrases"
    speller.next_character(Context("text", before))
    assert time.process_time() - begun < 5


def test_other_alphabets_are_completed_and_spelled(other):
    code, (words, _), speller = other
    before, rest = {"ru": ("я хоч", "у "), "ar": ("هذا ", "هو ")}[code]
    assert rest in texts(words, before, 96)
    assert math.isfinite(speller.log_p(Context("text", before), rest))


def test_russian_sentences_begin_with_capitals_and_arabic_ones_do_not(other):
    code, (words, _), _ = other
    before = {"ru": "Привет. ", "ar": "نعم. "}[code]
    found = texts(words, before)
    assert any(text[0].isupper() for text in found) == (code == "ru")


def test_the_arabic_question_mark_ends_a_sentence():
    (words, _), _ = text_generators("ar")
    assert all(text.startswith(" ") for text in texts(words, "من أنت؟"))


def test_a_person_brings_a_language_of_their_own(tmp_path: Path):
    text = Path(models.__file__).parent.joinpath("text", "languages", "ru.toml").read_text("utf-8")
    for old, new in (
        ('"russian-characters"', '"letters.arpa.gz"'),
        ('"russian-words"', '"words.arpa.gz"'),
        ('"common_voice_cc0/ru.txt"', '"sentences.txt"'),
        ("held_out = 100", "held_out = 0"),
    ):
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "mine.toml"
    file.write_text(text, "utf-8")
    (tmp_path / "sentences.txt").write_text("мама мыла раму.\nмама пила чай.\n" * 30, "utf-8")
    with pytest.raises(FileNotFoundError, match=r"words\.arpa\.gz"):
        text_generators(file)
    assert models.train(f"text-{file}", tmp_path, tmp_path) == tmp_path / "words.arpa.gz"
    (words, _), _ = text_generators(file)
    assert texts(words, "мама ", 2) == ["мыла ", "пила "]
