"""Figures of the shipped models on held-out documents."""

import pytest

from experiments.bench import language
from generation import recipes


@pytest.mark.realdata
def test_words_save_key_presses_beyond_their_training_text(data_root):
    found = language.text_figures(data_root / "corpora", 60)
    print("\n", found)
    assert found["bcipy_aac"]["savings@5"] > 0.48
    assert found["held-out book"]["savings@5"] > 0.38
    assert found["held-out sentences"]["bits_per_character"] < 2.0
    assert found["pages of the held-out book"]["median_ms"] < 30


@pytest.mark.realdata
def test_tokens_rank_well_on_programs_never_seen(data_root):
    found = language.python_figures(data_root / "corpora", 40)
    print("\n", found)
    assert found["mbpp"]["top-1"] > 0.4
    assert found["mbpp"]["top-10"] > 0.75
    assert found["held-out modules"]["top-4"] > 0.65
    assert found["pages of held-out modules"]["median_ms"] < 30


@pytest.mark.realdata
def test_held_out_text_is_no_training_text(data_root):
    training = set(recipes.english_training(data_root / "corpora"))
    folder = data_root / "corpora" / "text"
    sentences = recipes.read_sentences(folder / recipes.SENTENCES)[: recipes.N_HELD_OUT_SENTENCES]
    book = [sentence for sentence in recipes.read_book(folder / recipes.HELD_OUT_BOOK) if len(sentence) > 60]
    assert sum(sentence in training for sentence in sentences) < 0.01 * len(sentences)
    assert not any(sentence in training for sentence in book)


def test_held_out_modules_are_no_training_text():
    assert not set(recipes.HELD_OUT_MODULES) & recipes.standard_library().keys()
