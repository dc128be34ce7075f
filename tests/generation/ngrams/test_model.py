"""Queries of n-gram models."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.ngrams.arpa import load_table, read_arpa, save_table, write_arpa
from generation.ngrams.estimate import estimate
from generation.ngrams.model import ArpaModel, KenlmModel, load_model

SENTENCES = [list(word) for word in ("banana", "bandana", "cabana", "abracadabra", "cab", "nab", "an")] * 2


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "letters.arpa"
    write_arpa(estimate(SENTENCES, order=4, prune=(0, 0, 0, 2)), path)
    return path


contexts = st.lists(st.sampled_from([*"abcdnr", "x"]), max_size=6).flatmap(
    lambda tokens: st.sampled_from([tokens, ["<s>", *tokens]])
)


def test_kenlm_and_arrays_agree(path):
    pytest.importorskip("kenlm")
    ours, theirs = ArpaModel(read_arpa(path)), load_model(path)
    assert isinstance(theirs, KenlmModel)

    @given(contexts, st.sampled_from([*"abcdnr", "x", "</s>"]))
    def agree(context, token):
        assert ours.log_p(context, token) == pytest.approx(theirs.log_p(context, token), abs=1e-5)

    agree()


def test_single_scores_equal_those_of_the_whole_vocabulary(path):
    model = ArpaModel(read_arpa(path))

    @given(contexts)
    def agree(context):
        whole = model.log_p_all(context)
        for place, token in enumerate(model.vocabulary):
            if token != "<s>":
                assert model.log_p(context, token) == pytest.approx(whole[place])

    agree()


def test_an_unknown_token_has_the_probability_of_unk(path):
    model = load_model(path)
    assert model.log_p(["a"], "never seen") == model.log_p(["a"], "<unk>")
    assert "never seen" not in model


def test_without_kenlm_the_arrays_answer(path, monkeypatch):
    monkeypatch.setattr("generation.ngrams.model.kenlm", None)
    assert type(load_model(path)) is ArpaModel


def test_a_cached_table_answers_alike(path, tmp_path):
    table = read_arpa(path)
    save_table(table, tmp_path / "table.npz")
    cached = ArpaModel(load_table(tmp_path / "table.npz"))
    assert np.allclose(cached.log_p_all(["a", "b"])[1:], ArpaModel(table).log_p_all(["a", "b"])[1:], atol=1e-6)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.arpa"):
        load_model(tmp_path / "nowhere.arpa")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("ngram 2=", "ngram 2=9"),
        lambda text: text.replace("\\end\\", ""),
        lambda text: text.replace("\\2-grams:", "\\3-grams:", 1),
        lambda text: text.replace("<unk>", "<odd>"),
        lambda text: "no model at all\n",
        lambda text: "",
    ],
)
def test_a_damaged_file_is_refused_by_name(path, tmp_path, damage):
    damaged = tmp_path / "damaged.arpa"
    damaged.write_text(damage(path.read_text()))
    with pytest.raises(ValueError, match=r"damaged\.arpa must be a whole ARPA"):
        load_model(damaged)


def test_a_truncated_archive_is_refused_by_name(path, tmp_path):
    damaged = tmp_path / "cut.arpa.gz"
    damaged.write_bytes(gzip.compress(path.read_bytes())[:-200])
    with pytest.raises(ValueError, match=r"cut\.arpa\.gz must be a whole ARPA"):
        load_model(damaged)
