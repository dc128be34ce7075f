import numpy as np
import pytest
from scipy.special import log_softmax

from selector.calibration import bounded, flash_log_likelihood, platt, surrogate_characters, temperature


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


def test_a_bounded_ratio_never_says_more_than_its_doubt_allows():
    ratios = np.array([-500.0, -1.0, 0.0, 1.0, 500.0])
    found = bounded(ratios, 0.01)
    assert np.all(np.abs(found) <= np.log(99) + 1e-9)
    np.testing.assert_allclose(found[1:4], ratios[1:4], atol=0.03)
    assert np.all(np.diff(found) > 0)
    np.testing.assert_array_equal(bounded(ratios, 0.0), ratios)
    with pytest.raises(ValueError, match="doubt"):
        bounded(ratios, 0.5)


def trial(d_prime, offset, n_repetitions, rng, attends=True):
    """Ratios of a trial over 64 slots, the slots that each flash lit, and the one attended to."""
    grid = np.arange(64).reshape(8, 8)
    lit = np.zeros((16 * n_repetitions, 64), dtype=bool)
    for repetition in range(n_repetitions):
        shuffled = rng.permutation(64)[grid]
        for i in range(8):
            lit[16 * repetition + i, shuffled[i]] = lit[16 * repetition + 8 + i, shuffled[:, i]] = True
    scores = offset + rng.normal(size=len(lit)) + (d_prime * lit[:, 5] if attends else 0.0)
    return d_prime * scores - d_prime**2 / 2, lit


def test_what_all_flashes_have_in_common_speaks_neither_for_nor_against_nothing():
    rng = np.random.default_rng(0)
    ratios, lit = trial(1.5, 0.0, 3, rng)
    one, other = (flash_log_likelihood(ratios + shift, lit, 1.5**2) for shift in (0.0, 2.0))
    np.testing.assert_allclose(one[:-1] - one[-1], other[:-1] - other[-1])


def test_a_resting_person_whose_scores_are_higher_is_told_from_one_who_attends():
    rng = np.random.default_rng(1)
    rest, on = [], []
    for _ in range(200):
        for found, attends in ((rest, False), (on, True)):
            ratios, lit = trial(1.5, 0.4, 6, rng, attends)
            found.append(log_softmax(flash_log_likelihood(ratios, lit, 1.5**2) + np.log([*[1 / 128] * 64, 0.5])))
    assert np.mean([np.exp(log_p[:-1].max()) > 0.95 for log_p in rest]) <= 0.05
    assert np.mean([log_p.argmax() == 5 for log_p in on]) >= 0.9


def test_no_flash_says_nothing():
    assert not flash_log_likelihood(np.empty(0), np.empty((0, 4), dtype=bool), 2.0).any()
