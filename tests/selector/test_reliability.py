import numpy as np
import pytest

from selector.reliability import (
    brier_score,
    calibration_error,
    group_bootstrap,
    negative_log_likelihood,
    reliability_curve,
)


def decisions(n=20_000, sharper=1.0, seed=0):
    """Probabilities over two classes, and labels drawn from them; ``sharper`` makes the former lie."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(0, 2, n)
    label = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    p = 1 / (1 + np.exp(-sharper * log_odds))
    return np.column_stack((1 - p, p)), label


def test_true_probabilities_have_no_calibration_error():
    p, label = decisions()
    assert calibration_error(p.max(axis=1), p.argmax(axis=1) == label) < 0.015


def test_overconfidence_is_a_calibration_error_and_costs_both_scores():
    p, label = decisions()
    lying, _ = decisions(sharper=3.0)
    assert calibration_error(lying.max(axis=1), lying.argmax(axis=1) == label) > 0.08
    assert brier_score(lying, label) > brier_score(p, label)
    assert negative_log_likelihood(lying, label) > negative_log_likelihood(p, label)


def test_a_curve_of_true_probabilities_lies_on_the_diagonal():
    p, label = decisions()
    curve = reliability_curve(p.max(axis=1), p.argmax(axis=1) == label)
    assert sum(part.n for part in curve) == len(label)
    assert [part.confidence for part in curve] == sorted(part.confidence for part in curve)
    np.testing.assert_allclose([b.accuracy for b in curve], [b.confidence for b in curve], atol=0.04)


def test_scores_of_certainty_are_zero_where_it_is_right_and_finite_where_it_is_wrong():
    sure = np.eye(3)
    assert brier_score(sure, np.arange(3)) == negative_log_likelihood(sure, np.arange(3)) == 0.0
    assert brier_score(sure, np.array([1, 2, 0])) == pytest.approx(2.0)
    assert 20 < negative_log_likelihood(sure, np.array([1, 2, 0])) < np.inf


def test_groups_and_not_decisions_make_the_interval():
    rng = np.random.default_rng(0)
    of_group = rng.random(10) < 0.5
    wrong = np.repeat(of_group, 100)
    low, high = group_bootstrap(lambda i: wrong[i].mean(), np.repeat(np.arange(10), 100), rng, n_draws=300)
    single_low, single_high = group_bootstrap(lambda i: wrong[i].mean(), np.arange(1000), rng, n_draws=300)
    assert high - low > 5 * (single_high - single_low)


@pytest.mark.parametrize("confidence", [[], [0.5, 1.2], [[0.5]], [np.nan]])
def test_what_is_no_row_of_probabilities_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence"):
        reliability_curve(np.array(confidence), np.ones(np.shape(confidence), dtype=bool))
