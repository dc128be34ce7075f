"""Weights, calibration and the filter's say, fitted on held-out documents."""

import math

import numpy as np
import pytest

from experiments.bench.generation.coverage import Case
from experiments.fitting import Split, _tokens_and_lines, _words, fit, ranking, reliability, split
from generation.llm.scorer import Scores
from generation.types import Candidate, Context


class Coin:
    """Offers two letters, one of them with more say than it deserves."""

    name = "coin"

    def propose(self, context, n):
        return [Candidate("a", math.log(0.9), self.name), Candidate("b", math.log(0.1), self.name)][:n]


class Seer:
    """Reads the answer off the context."""

    def score(self, before, candidates, n_whole=None, prior=None, stop=None):
        whole = np.array([-0.1 if before.endswith(text) else -3.0 for text in candidates])
        return Scores(whole, whole, np.ones(len(candidates), np.int64))


class Liar(Seer):
    """Knows nothing."""

    def score(self, before, candidates, n_whole=None, prior=None, stop=None):
        whole = np.array([-1.0 - len(before) % 3 * (text == "a") for text in candidates])
        return Scores(whole, whole, np.ones(len(candidates), np.int64))


@pytest.fixture
def places():
    rng = np.random.default_rng(0)
    answers = ["a" if rng.random() < 0.6 else "b" for _ in range(200)]
    cases = [Case(Context("text", "x" * (i % 5) + answer), answer, answer) for i, answer in enumerate(answers)]
    return Split(cases[:100], cases[100:])


def silent(what, done, total):
    """Progress that nobody watches."""


def test_a_model_that_knows_is_switched_on_and_one_that_does_not_is_not(places):
    seer, liar = (fit("python", [Coin()], places, scorer, silent) for scorer in (Seer(), Liar()))
    assert seer.llm_on
    assert seer.llm.llm > 0.5
    assert not liar.llm_on


def test_notes_say_what_was_fitted_on_and_what_came_of_it(places):
    source, calibration, llm, off = fit("text", [Coin()], places, Seer(), silent).notes
    assert "held-out book" in source
    assert "log loss of candidates" in calibration
    assert "at 100 places not fitted on" in llm
    assert "-> 100.0 %" in llm
    assert off.startswith("It is off all the same")


def test_calibration_helps_where_claims_are_wrong(places):
    fitted = fit("text", [Coin()], places, None, silent)
    before = reliability(Coin(), places.check)
    assert fitted.llm is None
    from generation.fitted import mixture_of

    after = reliability(mixture_of([Coin()], "text", fitted), places.check)
    assert after["log loss of candidates"] < before["log loss of candidates"] - 0.05
    assert after["calibration error of candidates"] < before["calibration error of candidates"]


def test_ranking_counts_how_often_the_first_is_right(places):
    found = ranking(Coin(), places.check)
    share = sum(case.block == "a" for case in places.check) / 100
    assert found["coverage@1"] == pytest.approx(share)
    assert found["mrr"] == pytest.approx(share + (1 - share) / 2)


def test_python_is_split_by_module_and_every_place_lies_where_it_says(tmp_path):
    found = split("python", tmp_path, 40)
    assert len(found.fit) == len(found.check) == 40
    for case in (*found.fit, *found.check):
        assert case.rest.startswith(case.block)
        assert case.block
    assert not {case.rest[-200:] for case in found.fit} & {case.rest[-200:] for case in found.check}


def test_text_is_fitted_on_sentences_and_checked_on_a_book(tmp_path):
    for folder in ("common_voice_cc0", "public_domain"):
        (tmp_path / "text" / folder).mkdir(parents=True)
    sentences = "".join(f"This is the sentence of number {i}.\n" for i in range(200))
    (tmp_path / "text" / "common_voice_cc0" / "en.txt").write_text(sentences)
    (tmp_path / "text" / "public_domain" / "lane_katrine_1909.txt").write_text(
        "It was a fine day. They went out.\n" * 20
    )
    found = split("text", tmp_path, 100)
    assert len(found.fit) == len(found.check) == 100
    assert all((case.context.before + case.rest).startswith("this is the sentence") for case in found.fit)
    assert all((case.context.before + case.rest).startswith(("it was", "they went")) for case in found.check)


def test_other_kinds_have_nothing_held_out_to_fit_on(tmp_path):
    with pytest.raises(ValueError, match="must be one of text, python"):
        split("table", tmp_path, 10)


def test_blocks_of_text_are_words_with_what_ends_them():
    assert [("so it is\n"[a:b]) for a, b in _words("so it is\n")] == ["so ", "it ", "is\n"]


def test_blocks_of_python_are_lines_and_as_many_tokens():
    source = "def f(x):\n    return x  # why\n"
    blocks = [source[a:b] for a, b in _tokens_and_lines(source, np.random.default_rng(0))]
    assert blocks[:2] == ["def f(x):\n", "    return x  # why\n"]
    assert len(blocks) == 4
