import numpy as np
import pytest

from experiments.evaluation.probabilities import Decision, decide, expected_calibration_error, probability_scores
from selector.types import Evidence


def decisions(confidence, share, n=1000):
    rng = np.random.default_rng(0)
    return [Decision(bool(rng.random() < share), confidence, float(np.log(confidence))) for _ in range(n)]


def evidence(log_likelihood, n_observations=1):
    return Evidence("gaze", 0.0, np.array(log_likelihood), 0.0, 1.0, n_observations)


def test_a_decision_is_between_slots_whatever_is_said_of_nothing() -> None:
    decision = decide(evidence([np.log(3.0), 0.0, 50.0]), wanted=0)
    assert decision.hit
    assert (decision.confidence, decision.log_p) == pytest.approx((0.75, np.log(0.75)))


def test_a_decision_without_observations_is_a_miss_that_promised_nothing() -> None:
    decision = decide(evidence([0.0, 0.0, 0.0], n_observations=0), wanted=0)
    assert not decision.hit
    assert decision.confidence == pytest.approx(0.5)


def test_true_probabilities_have_little_calibration_error() -> None:
    assert expected_calibration_error(decisions(0.7, 0.7, 20000)) < 0.02


def test_promising_too_much_is_the_calibration_error() -> None:
    assert expected_calibration_error(decisions(0.95, 0.7, 20000)) == pytest.approx(0.25, abs=0.02)


def test_scores_say_what_was_promised_and_what_it_cost() -> None:
    found = {score.metric: score.value for score in probability_scores("p", "d", "near", None, decisions(0.8, 1.0))}
    assert found == pytest.approx({"confidence near": 0.8, "nll near": -np.log(0.8), "ece near": 0.2})
