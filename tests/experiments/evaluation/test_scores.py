"""Intervals of what was found are exact."""

import pytest
from scipy.stats import beta

from experiments.evaluation.scores import exact_interval, rate


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (27, 28), (10, 10), (40, 75)])
def test_interval_is_clopper_pearsons(hits: int, n: int) -> None:
    low, high = exact_interval(hits, n)
    assert low == pytest.approx(0.0 if hits == 0 else beta.ppf(0.025, hits, n - hits + 1))
    assert high == pytest.approx(1.0 if hits == n else beta.ppf(0.975, hits + 1, n - hits))


def test_interval_of_a_mean_of_counts_holds_those_of_both_neighbours() -> None:
    assert exact_interval(12.3, 20) == (exact_interval(12, 20)[0], exact_interval(13, 20)[1])


def test_a_rate_has_the_exact_interval_of_poisson() -> None:
    score = rate("1", "d", "false_selections_per_min", 0.9, 0, 8.0)
    assert (score.value, score.low) == (0.0, 0.0)
    assert score.high == pytest.approx(3.689 / 8, abs=1e-3)
    score = rate("1", "d", "false_selections_per_min", 0.9, 3, 2.0)
    assert (score.value, score.low, score.high) == pytest.approx((1.5, 0.6187 / 2, 8.767 / 2), abs=1e-3)
