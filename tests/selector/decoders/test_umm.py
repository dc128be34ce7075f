import numpy as np
import pytest
from sklearn.base import clone

from selector.decoders.umm import UMM, confidence

N_SLOTS = 36


def trial(slot, snr, seed, n_repetitions=5):
    """Row and column flashes of a 6x6 grid; flashes of the slot are answered by a wave."""
    rng = np.random.default_rng(seed)
    grid = np.arange(N_SLOTS).reshape(6, 6)
    groups = [np.isin(np.arange(N_SLOTS), line) for line in (*grid, *grid.T)]
    lit = np.concatenate([rng.permutation(groups) for _ in range(n_repetitions)])
    white = rng.normal(size=(len(lit), 4, 17))
    X = white[..., :-2] + white[..., 1:-1] + white[..., 2:] + rng.normal(size=(len(lit), 1, 15))
    wave = np.outer(np.linspace(0.3, 1.0, 4), np.exp(-(((np.arange(15) - 8) / 2.0) ** 2)))
    return (X + snr * lit[:, slot, None, None] * wave) * 1e-5, lit


def test_attended_slot_is_found_in_the_first_trial_without_calibration():
    found = [UMM().decision_function(*trial(slot, 4.0, 10 + slot)).argmax() for slot in range(0, 36, 4)]
    assert found == list(range(0, 36, 4))


def test_attended_slot_is_found_by_chance_at_zero_snr():
    hits = [UMM().decision_function(*trial(seed % 36, 0.0, seed)).argmax() == seed % 36 for seed in range(60)]
    assert sum(hits) <= 6


def test_memory_of_decided_trials_helps():
    rng = np.random.default_rng(0)
    alone, remembering = 0, 0
    for person in range(4):
        memory = UMM()
        for decision in range(10):
            slot = int(rng.integers(N_SLOTS))
            X, lit = trial(slot, 3.0, 100 * person + decision, n_repetitions=3)
            scores = memory.decision_function(X, lit)
            memory.partial_fit(X, lit, int(scores.argmax()), confidence(scores))
            if decision >= 4:
                alone += UMM().decision_function(X, lit).argmax() == slot
                remembering += scores.argmax() == slot
    assert remembering > alone


def test_scores_rank_as_squared_distances_where_all_slots_flash_equally_often():
    X, lit = trial(7, 2.0, 1)
    scores = UMM().decision_function(X, lit)
    n_targets = lit.sum(axis=0)
    assert len(set(n_targets)) == 1
    factor = 0.5 * n_targets * (len(X) - n_targets) / len(X)
    assert np.array_equal(np.argsort(scores), np.argsort(scores / factor))


def test_slot_that_divides_nothing_is_never_found():
    X, lit = trial(7, 4.0, 2)
    lit[:, 0], lit[:, 1] = False, True
    scores = UMM().decision_function(X, lit)
    assert scores[0] == scores[1] == 0
    assert scores.argmax() == 7


def test_amplitude_of_the_recording_does_not_matter():
    X, lit = trial(7, 2.0, 3)
    np.testing.assert_allclose(UMM().decision_function(X, lit), UMM().decision_function(1e6 * X, lit), rtol=1e-6)


def test_a_trial_remembered_twice_counts_as_one_of_twice_the_weight():
    one, other = trial(3, 4.0, 4), trial(9, 4.0, 5)
    twice = UMM().partial_fit(*one, 3).partial_fit(*one, 3)
    heavy = UMM().partial_fit(*one, 3, weight=2.0)
    np.testing.assert_allclose(twice.sums_, heavy.sums_)
    np.testing.assert_allclose(twice.counts_, heavy.counts_)
    assert heavy.decision_function(*other).argmax() == 9


def test_background_keeps_the_latest_epochs_only():
    model = UMM(n_background=100)
    for seed in range(3):
        model.partial_fit(*trial(0, 1.0, seed), 0)
    X, _ = trial(0, 1.0, 2)
    assert len(model.background_) == 100
    np.testing.assert_array_equal(model.background_[-60:], X.transpose(0, 2, 1).reshape(60, -1))


def test_a_clone_remembers_nothing():
    model = UMM(n_background=50).partial_fit(*trial(0, 1.0, 0), 0)
    cloned = clone(model)
    assert cloned.get_params() == {"n_background": 50}
    assert not hasattr(cloned, "sums_")


def test_unusable_trials_are_refused_in_a_sentence():
    X, lit = trial(0, 1.0, 0)
    broken, flat = X.copy(), X.copy()
    broken[3, 1, 2] = np.nan
    flat[:, 2] = 0.0
    for wrong, said in [
        ((broken, lit), r"channels \[1\], counted from 0, are not"),
        ((flat, lit), r"channels \[2\], counted from 0, are constant"),
        ((X[:5], lit), "must have shapes"),
        ((X[:1], lit[:1]), "at least two epochs"),
    ]:
        with pytest.raises(ValueError, match=said):
            UMM().decision_function(*wrong)
    with pytest.raises(ValueError, match="as the epochs remembered"):
        UMM().partial_fit(X, lit, 0).decision_function(X[:, :2], lit)


def test_confidence_is_the_lead_in_spreads_of_the_others():
    assert confidence(np.array([0.0, 2.0, 5.0])) == pytest.approx(3.0)
    assert confidence(np.array([0.0, 5.0, 5.0])) == 0.0
    assert confidence(np.zeros(4)) == 0.0
