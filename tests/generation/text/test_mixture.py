"""Several n-grams as one."""

import numpy as np
import pytest

from generation.models import load
from generation.ngrams.model import ArpaModel
from generation.recipes import N_HELD_OUT_SENTENCES, SENTENCES, is_talk, read_sentences
from generation.text.language import read_language
from generation.text.mixture import MixedModel, fit_weights
from generation.text.training import train_words, vocabulary
from generation.text.words import Grammar

FIRST = [["i", "want", "tea", "."], ["you", "want", "tea", "?"]] * 4
SECOND = [["he", "drank", "milk", "."], ["she", "drank", "it", ","]] * 4 + [["once", "upon"]]


@pytest.fixture(scope="module")
def models():
    counts = vocabulary([*FIRST, *SECOND])
    return [ArpaModel(train_words(part, counts, 3, (0,))) for part in (FIRST, SECOND)]


@pytest.fixture(scope="module")
def mixed(models):
    return MixedModel(models, [0.7, 0.3], [".", ",", "?"])


@pytest.mark.parametrize("context", [("<s>",), ("<s>", "i"), ("i", "want"), ("never", "seen"), ("once",)])
def test_words_and_the_rest_sum_to_one(mixed, context):
    p, rare = mixed.p_of_words(context)
    assert p.sum() + rare == pytest.approx(1)
    assert (p >= 0).all()


def test_the_whole_distribution_agrees_with_single_words(mixed):
    p, _ = mixed.p_of_words(("<s>", "i"))
    words = ["want", "drank", "tea"]
    single = mixed.p_of(("<s>", "i"), words)
    whole = p[[mixed.words.index(word) for word in words]]
    assert whole / single == pytest.approx((whole / single)[0] * np.ones(3))


def test_words_seen_once_have_a_part_of_their_class(models, mixed):
    assert "once" in mixed.words
    p, rare = mixed.p_of_words(())
    assert p[mixed.words.index("once")] > 0
    assert rare > 0


def test_weights_go_to_the_model_that_foretells(models):
    assert fit_weights(models, FIRST, [".", "?"])[0] > 0.8
    assert fit_weights(models, SECOND, [".", ","])[1] > 0.8


@pytest.mark.realdata
def test_the_weights_of_english_are_those_of_held_out_sentences(data_root):
    english = read_language("en")
    held_out = read_sentences(data_root / "corpora" / "text" / SENTENCES)[:N_HELD_OUT_SENTENCES]
    fitting = held_out[N_HELD_OUT_SENTENCES // 2 :]
    sentences = map(Grammar(english).tokens, [*fitting, *filter(is_talk, fitting)])
    fitted = fit_weights([load(name) for name, _ in english.words], sentences, english.attached)
    assert fitted == pytest.approx([weight for _, weight in english.words], abs=0.01)
