import numpy as np
import pytest
from sklearn.base import clone

from selector.decoders import answers
from selector.decoders.answers import AnswerModel

N_SLOTS = 36
WAVE = np.outer(np.linspace(0.3, 1.0, 4), np.exp(-(((np.arange(16) - 8) / 2.0) ** 2)))


def trial(slot, snr, seed, n_repetitions=5, mixing=None):
    """Row and column flashes of a 6x6 grid; flashes of the slot are answered by a wave."""
    rng = np.random.default_rng(seed)
    grid = np.arange(N_SLOTS).reshape(6, 6)
    groups = [np.isin(np.arange(N_SLOTS), line) for line in (*grid, *grid.T)]
    lit = np.concatenate([rng.permutation(groups) for _ in range(n_repetitions)])
    white = rng.normal(size=(len(lit), 4, 18))
    X = white[..., :-2] + white[..., 1:-1] + white[..., 2:] + rng.normal(size=(len(lit), 1, 16))
    X = X + snr * lit[:, slot, None, None] * WAVE
    return (X if mixing is None else mixing @ X) * 1e-5, lit


def person(seed, snr=2.0, mixing=None):
    X, lit = trial(7, snr, seed, n_repetitions=40, mixing=mixing)
    return X, lit[:, 7].astype(int)


def others(*people):
    X, y = zip(*people, strict=True)
    return np.concatenate(X), np.concatenate(y), np.repeat(np.arange(len(people)), [len(part) for part in y])


def told(slot):
    return np.arange(N_SLOTS) == slot


def test_attended_slot_is_found_in_the_first_trial_without_calibration():
    found = [AnswerModel().decision_function(*trial(slot, 4.0, 10 + slot)).argmax() for slot in range(0, 36, 2)]
    assert sum(np.equal(found, range(0, 36, 2))) >= 17


def test_attended_slot_is_found_by_chance_at_zero_snr():
    hits = [AnswerModel().decision_function(*trial(seed % 36, 0.0, seed)).argmax() == seed % 36 for seed in range(60)]
    assert sum(hits) <= 6


def test_nothing_is_likelier_than_any_slot_where_nothing_answers():
    model = AnswerModel().fit(*others(person(1), person(2)))
    said = [model.decision_function(*trial(0, 0.0, 50 + seed)) for seed in range(10)]
    assert np.median([ll.max() for ll in said]) < 1
    assert np.mean([ll.mean() for ll in said]) < -1


def test_what_is_known_grows_from_nothing_by_others_to_oneself():
    rng = np.random.default_rng(0)
    nothing, helped = AnswerModel(), AnswerModel().fit(*others(person(1), person(2), person(3)))
    hits = {"nothing": 0, "helped": 0, "remembering": 0}
    for decision in range(24):
        slot = int(rng.integers(N_SLOTS))
        X, lit = trial(slot, 1.6, 100 + decision, n_repetitions=2)
        hits["nothing"] += AnswerModel().decision_function(X, lit).argmax() == slot
        hits["helped"] += helped.decision_function(X, lit).argmax() == slot
        hits["remembering"] += nothing.decision_function(X, lit).argmax() == slot
        nothing.partial_fit(X, lit, told(slot))
    assert hits["helped"] > hits["remembering"] > hits["nothing"]


def test_others_help_through_another_cap_once_all_are_recentred():
    rng = np.random.default_rng(0)
    mixing = [np.diag(rng.uniform(0.3, 3.0, 4)) for _ in range(4)]
    model = AnswerModel().fit(*others(*(person(i, mixing=mixing[i]) for i in range(3))))
    hits = {"helped": 0, "nothing": 0}
    for slot in range(0, 36, 3):
        X, lit = trial(slot, 1.6, 300 + slot, n_repetitions=3, mixing=mixing[3])
        hits["helped"] += model.decision_function(X, lit).argmax() == slot
        hits["nothing"] += AnswerModel().decision_function(X, lit).argmax() == slot
    assert hits["helped"] >= hits["nothing"] + 3


def test_others_who_differ_count_for_less():
    alike = AnswerModel().fit(*others(person(1), person(2)))
    apart = AnswerModel().fit(*others(person(1), person(2, snr=-2.0)))
    assert alike.precision_ > 2 * apart.precision_


def test_a_trial_counts_by_how_surely_it_is_known():
    X, lit = trial(3, 2.0, 4)
    whole = AnswerModel().partial_fit(X, lit, told(3))
    half = AnswerModel().partial_fit(X, lit, 0.5 * told(3))
    np.testing.assert_allclose(half.sums_, 0.5 * whole.sums_)
    np.testing.assert_allclose(half.counts_, 0.5 * whole.counts_)
    assert half.n_ == whole.n_ == len(X)
    ignorant = AnswerModel().partial_fit(X, lit, 0 * told(3))
    assert ignorant.counts_.tolist() == [0, 0]


def test_what_is_remembered_is_enough_at_some_time(monkeypatch):
    monkeypatch.setattr(answers, "ENOUGH", 100)
    model = AnswerModel()
    for slot in range(3):
        model.partial_fit(*trial(slot, 2.0, slot), told(slot))
    assert model.whitener() is not None
    found = [model.decision_function(*trial(slot, 3.0, 400 + slot)).argmax() for slot in range(0, 36, 4)]
    assert sum(np.equal(found, range(0, 36, 4))) >= 8


def test_amplitude_does_not_matter():
    X, lit = trial(7, 2.0, 3)
    np.testing.assert_allclose(
        AnswerModel().decision_function(X, lit), AnswerModel().decision_function(1e6 * X, lit), rtol=1e-6
    )


def test_slot_that_divides_nothing_is_never_found():
    X, lit = trial(7, 4.0, 2)
    lit[:, 0], lit[:, 1] = False, True
    said = AnswerModel().decision_function(X, lit)
    assert said[0] == said[1] == 0
    assert said.argmax() == 7


def test_a_clone_remembers_nothing():
    model = AnswerModel(strength=2.0).partial_fit(*trial(0, 1.0, 0), told(0))
    assert clone(model).get_params() == model.get_params()
    assert not hasattr(clone(model), "sums_")


def test_unusable_trials_are_refused_in_a_sentence():
    X, lit = trial(0, 1.0, 0)
    broken, flat = X.copy(), X.copy()
    broken[3, 1, 2] = np.nan
    flat[:, 2] = 0.0
    for wrong, said in [
        ((broken, lit), r"channels \[1\], counted from 0, are not"),
        ((flat, lit), r"channels \[2\], counted from 0, are constant"),
        ((X[:5], lit), "must have shapes"),
    ]:
        with pytest.raises(ValueError, match=said):
            AnswerModel().decision_function(*wrong)
    with pytest.raises(ValueError, match="must have 4 channels and 8 averaged samples"):
        AnswerModel().partial_fit(X, lit, told(0)).decision_function(X[:, :2], lit)


def test_unusable_others_are_refused_in_a_sentence():
    X, y, people = others(person(1), person(2))
    with pytest.raises(ValueError, match="equally long"):
        AnswerModel().fit(X, y[1:], people)
    with pytest.raises(ValueError, match=r"targets and others of everybody \(got 0 and 480 of 1\)"):
        AnswerModel().fit(X, np.where(people == 1, 0, y), people)
    with pytest.raises(ValueError, match=r"channels \[0, 1, 2, 3\], counted from 0, are not"):
        AnswerModel().fit(np.where(people[:, None, None] == 0, np.nan, X), y, people)
