"""Estimation of n-gram models."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.ngrams.arpa import read_arpa, write_arpa
from generation.ngrams.estimate import estimate, read_text
from generation.ngrams.model import ArpaModel

TEXT = """\
the cat sat on the mat
the dog sat on the log
a cat and a dog sat
the cat saw the dog and the dog saw a cat
on the mat the cat sat and sat
a log is on the mat
is the dog on the log
the mat is a mat and the log is a log
"""
SENTENCES = [line.split() for line in TEXT.splitlines()]

# Base-10 log-probability and backoff by `lmplz -o 3 --discount_fallback < TEXT` of kenlm 0.3.0. The first two orders
# use its fallback discounts (0.5, 1, 1.5), the third its own (0.789474, 1.60526, 3).
LMPLZ = {
    "<unk>": (-1.5033953, 0.0),
    "<s>": (0.0, -0.35902193),
    "</s>": (-1.0124857, 0.0),
    "the": (-0.8244952, -0.3467875),
    "on": (-1.0124857, -0.42596874),
    "mat </s>": (-0.7604928, 0.0),
    "on the": (-0.16674188, -0.03571555),
    "a cat": (-0.70882475, -0.10266236),
    "<s> a": (-0.77595896, -0.10266236),
    "sat on the": (-0.12836854, 0.0),
    "<s> the cat": (-0.70124245, 0.0),
    "the cat sat": (-0.58563244, 0.0),
}
# The same with `--prune 0 0 1`.
LMPLZ_PRUNED = {
    "on the": (-0.16674188, -0.03571555),
    "a cat": (-0.70882475, 0.0),
    "dog saw": (-0.8899286, 0.0),
    "sat on the": (-0.12836854, 0.0),
    "<s> the cat": (-0.6732232, 0.0),
    "the cat sat": (-0.5671983, 0.0),
}


def figures(path: Path) -> dict[str, tuple[float, float]]:
    rows = [line.split("\t") for line in path.read_text().splitlines() if "\t" in line]
    return {row[1]: (float(row[0]), float(row[2]) if len(row) > 2 else 0.0) for row in rows}


@pytest.mark.parametrize(
    ("prune", "expected", "n_grams"), [((), LMPLZ, (14, 38, 52)), ((0, 0, 1), LMPLZ_PRUNED, (14, 38, 7))]
)
def test_figures_equal_those_of_lmplz(tmp_path, prune, expected, n_grams):
    table = estimate(SENTENCES, order=3, prune=prune)
    write_arpa(table, tmp_path / "model.arpa")
    found = figures(tmp_path / "model.arpa")
    assert tuple(len(grams.word) for grams in table.orders) == n_grams
    for gram, (log_p, backoff) in expected.items():
        assert found[gram] == pytest.approx((log_p, backoff), abs=2e-6), gram


@given(
    st.lists(st.lists(st.sampled_from("abcde"), max_size=8), min_size=1, max_size=30).filter(any),
    st.integers(2, 5),
    st.sampled_from([(), (0, 1), (0, 0, 1)]),
    st.lists(st.sampled_from(["<s>", *"abcdex"]), max_size=5),
)
def test_what_follows_any_context_sums_to_one(sentences, order, prune, context):
    model = ArpaModel(estimate(sentences, order, prune))
    assert np.exp(model.log_p_all(context)).sum() == pytest.approx(1.0, abs=1e-9)


def test_a_written_model_reads_back(tmp_path):
    table = estimate(SENTENCES, order=3)
    write_arpa(table, tmp_path / "model.arpa.gz", digits=12)
    again = read_arpa(tmp_path / "model.arpa.gz")
    assert again.vocabulary == table.vocabulary
    for ours, read in zip(table.orders, again.orders, strict=True):
        assert np.array_equal(ours.parent, read.parent)
        assert np.array_equal(ours.word, read.word)
        assert np.allclose(ours.log_p, read.log_p)
        assert np.allclose(ours.backoff, read.backoff)


def test_the_same_text_gives_the_same_file(tmp_path):
    for name in ("one.arpa.gz", "two.arpa.gz"):
        write_arpa(estimate(SENTENCES, order=3), tmp_path / name)
    assert (tmp_path / "one.arpa.gz").read_bytes() == (tmp_path / "two.arpa.gz").read_bytes()


def test_a_failed_write_leaves_no_file(tmp_path):
    table = estimate(SENTENCES, order=2)
    with pytest.raises(TypeError):
        write_arpa(table, tmp_path / "model.arpa", digits="many")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("sentences", [[], [[]], [[], []]])
def test_no_tokens_are_refused(sentences):
    with pytest.raises(ValueError, match=r"at least one token"):
        estimate(sentences, order=2)


@pytest.mark.parametrize("token", ["", "two words", "line\nend"])
def test_a_token_with_white_space_is_refused(token):
    with pytest.raises(ValueError, match=r"without white space"):
        estimate([["a", token]], order=2)


def test_order_and_pruning_must_be_in_range():
    with pytest.raises(ValueError, match=r"'order' \(got 1\)"):
        estimate(SENTENCES, order=1)
    with pytest.raises(ValueError, match=r"'prune' \(got \(1,\)\)"):
        estimate(SENTENCES, order=2, prune=(1,))
    with pytest.raises(ValueError, match=r"'prune'"):
        estimate(SENTENCES, order=3, prune=(0, 2, 1))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.txt", b"", "it is empty"),
        ("blank.txt", b" \n\t\n", "it is empty"),
        ("binary.txt", b"a\0b", "null bytes"),
        ("latin.txt", "caf\u00e9".encode("latin-1"), "must be UTF-8"),
        ("cut.txt.gz", gzip.compress(b"some text" * 100, mtime=0)[:-9], "damaged"),
    ],
)
def test_a_bad_training_text_is_refused_by_name(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        read_text(path)
    assert name in str(error.value)
