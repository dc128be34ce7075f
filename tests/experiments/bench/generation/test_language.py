"""Figures of the shipped models on held-out documents."""

import json

import pytest

from experiments.bench.generation import language
from generation import recipes
from generation.python.tokens import token_model


@pytest.mark.realdata
def test_words_save_key_presses_beyond_their_training_text(data_root):
    found = language.text_figures(data_root / "corpora", 30)
    print("\n", found)
    assert found["bcipy_aac"]["savings@5"] > 0.48
    assert found["held-out book"]["savings@5"] > 0.38
    assert found["held-out sentences"]["bits_per_character"] < 2.0


@pytest.mark.realdata
def test_tokens_rank_well_on_programs_never_seen(data_root):
    tasks = json.loads((data_root / "corpora" / "code" / "sanitized-mbpp.json").read_text("utf-8"))
    solutions = [task["code"].replace("\r", "").strip() + "\n" for task in tasks[::20]]
    found = language.token_ranks(token_model(), solutions)
    assert found["top-1"] > 0.45
    assert found["top-10"] > 0.78


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
