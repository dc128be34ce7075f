import numpy as np
import pytest
from scipy.special import log_softmax

from selector.calibration import platt, surrogate_characters, temperature


def flashes(separation, n_groups=8, n_repetitions=10, seed=0):
    rng = np.random.default_rng(seed)
    y = np.concatenate([rng.permutation([1, 1, *[0] * 14]) for _ in range(n_groups * n_repetitions)])
    return rng.normal(size=len(y)) + separation * y, y, np.repeat(np.arange(n_groups), 16 * n_repetitions)


def test_platt_finds_the_ratio_of_two_normal_densities():
    scores, y, _ = flashes(2.0, n_groups=50)
    slope, offset = platt(scores, y)
    assert slope == pytest.approx(2.0, abs=0.2)
    assert offset == pytest.approx(-2.0, abs=0.2)


def test_platt_trusts_no_score_that_points_the_wrong_way():
    scores, y, _ = flashes(-2.0)
    assert platt(scores, y) == (0.0, 0.0)
    assert platt(np.zeros_like(scores), y) == (0.0, 0.0)


def test_temperature_of_independent_ratios_is_near_one():
    scores, y, groups = flashes(1.5, n_groups=20)
    ratio = 1.5 * scores - 1.5**2 / 2
    assert temperature(ratio, y, groups, 10, np.random.default_rng(1)) == pytest.approx(1.0, abs=0.2)


def test_temperature_undoes_overconfidence():
    scores, y, groups = flashes(1.5, n_groups=20)
    ratio = 1.5 * scores - 1.5**2 / 2
    assert temperature(3 * ratio, y, groups, 10, np.random.default_rng(1)) == pytest.approx(1 / 3, abs=0.1)


def test_temperature_of_ratios_that_mean_nothing_is_zero():
    found = []
    for seed in range(10):
        scores, y, groups = flashes(0.0, seed=seed)
        found.append(temperature(scores, y, groups, 10, np.random.default_rng(1)))
    assert np.mean(np.array(found) < 0.05) >= 0.9


def test_posterior_of_surrogate_characters_is_true():
    scores, y, _ = flashes(1.5, n_groups=1, n_repetitions=300)
    ratio = 1.5 * scores - 1.5**2 / 2
    tops, hits = [], []
    for start in range(0, len(y), 48):
        part = slice(start, start + 48)
        summed, cued = surrogate_characters(ratio[part], y[part], 5, np.random.default_rng(start))
        tops.append(np.exp(log_softmax(summed[:, -1], axis=1)).max(axis=1))
        hits.append(summed[:, -1].argmax(axis=1) == cued)
    assert np.mean(tops) == pytest.approx(np.mean(hits), abs=0.08)


def test_surrogate_characters_cue_every_place():
    scores, y, _ = flashes(50.0, n_groups=1, n_repetitions=2)
    summed, cued = surrogate_characters(scores, y, 200, np.random.default_rng(0))
    assert summed.shape == (200, 2, 64)
    assert np.array_equal(summed[:, -1].argmax(axis=1), cued)
    assert len(set(cued.tolist())) > 50
