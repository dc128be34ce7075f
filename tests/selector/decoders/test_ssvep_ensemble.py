import numpy as np
import pytest
from sklearn.base import clone

from selector.decoders.ssvep_ensemble import SSVEPEnsemble, correlation_softmax
from selector.decoders.ssvep_no_control import SSVEPOrNothing
from selector.decoders.ssvep_softmax import ChoiceSoftmax

SFREQ = 250.0
FREQUENCIES = (9.0, 11.5, 14.0)
ATTENDED = np.tile(FREQUENCIES, 8)


def windows_of(attended, snr, seed, n_times=500, mixing=None):
    """Four channels with a response whose phase is anything, as one person's head mixes it."""
    rng = np.random.default_rng(seed)
    times, attended = np.arange(n_times) / SFREQ, np.asarray(attended)
    angles = 2 * np.pi * attended[:, None] * times + rng.uniform(0, 2 * np.pi, len(attended))[:, None]
    sources = rng.standard_normal((len(attended), 4, n_times))
    sources[:, 0] += snr * (attended > 0)[:, None] * (np.sin(angles) + 0.4 * np.sin(2 * angles))
    return 1e-5 * np.einsum("cs,nst->nct", np.eye(4) if mixing is None else mixing, sources)


def people(snr, seed, n_people=3):
    rng = np.random.default_rng(seed)
    heads = [np.eye(4) + 0.4 * rng.standard_normal((4, 4)) for _ in range(n_people)]
    X = np.concatenate([windows_of(ATTENDED, snr, seed + i, mixing=head) for i, head in enumerate(heads)])
    return X, np.tile(ATTENDED, n_people), np.repeat(np.arange(n_people), len(ATTENDED))


@pytest.fixture(scope="module")
def fitted():
    X, y, groups = people(0.4, 0)
    return SSVEPEnsemble(FREQUENCIES, SFREQ).fit(X, y, groups)


def test_a_stranger_is_decoded_after_other_people_have_taught(fitted):
    X, y, _ = people(0.5, 50, n_people=1)
    assert np.mean(fitted.predict(X) == y) > 0.85


def test_noise_is_decoded_by_chance(fitted):
    attended = np.tile(FREQUENCIES, 40)
    assert 0.2 < np.mean(fitted.predict(windows_of(attended, 0.0, 1)) == attended) < 0.47


def test_own_windows_move_the_decoder_towards_the_person():
    X, y, groups = people(0.4, 3)
    others = SSVEPEnsemble(FREQUENCIES, SFREQ).fit(X, y, groups)
    own = SSVEPEnsemble(FREQUENCIES, SFREQ).fit(X, y, groups, person=2)
    assert not np.allclose(own.softmax_.weights_, others.softmax_.weights_)
    assert own.tangent_.n_behind_centre_ == len(ATTENDED)
    assert others.tangent_.n_behind_centre_ == 1


def test_probabilities_sum_to_one(fitted):
    np.testing.assert_allclose(fitted.predict_proba(windows_of(ATTENDED, 0.4, 5)).sum(axis=1), 1.0)


def test_what_a_window_says_does_not_depend_on_those_after_it(fitted):
    X = windows_of(ATTENDED, 0.4, 6)
    np.testing.assert_allclose(fitted.predict_log_proba(X[:5]), fitted.predict_log_proba(X)[:5], rtol=1e-9)


def test_features_made_beforehand_give_the_same(fitted):
    X, y, groups = people(0.4, 0)
    again = clone(fitted).fit(fitted.transform(X), y, groups)
    new = windows_of(ATTENDED, 0.4, 7)
    np.testing.assert_array_equal(again.predict_log_proba(fitted.transform(new)), fitted.predict_log_proba(new))


def test_unit_and_offset_do_not_matter(fitted):
    X = windows_of(ATTENDED, 0.4, 8)
    np.testing.assert_allclose(fitted.predict_log_proba(X), fitted.predict_log_proba(1e6 * X + 3.0), rtol=1e-5)


def test_weights_serve_frequencies_never_trained():
    X, y, groups = people(0.4, 9)
    taught = correlation_softmax(FREQUENCIES, SFREQ).fit(X, y, groups)
    moved = correlation_softmax((10.2, 12.7, 16.0, 8.4), SFREQ)
    moved.softmax_ = taught.softmax_
    attended = np.tile(moved.classes_, 6)
    assert np.mean(moved.predict(windows_of(attended, 0.5, 10)) == attended) > 0.85


def test_one_channel_is_enough_for_the_softmax():
    X, y, groups = people(0.8, 11)
    decoder = correlation_softmax(FREQUENCIES, SFREQ).fit(X[:, :1], y, groups)
    assert np.mean(decoder.predict(X[:, :1]) == y) > 0.8


def test_own_weights_stay_with_those_of_others_when_the_pull_is_strong():
    rng = np.random.default_rng(12)
    X, y, ones = rng.standard_normal((60, 3, 2)), rng.integers(3, size=60), np.ones(60)
    own = np.arange(60) >= 40
    X[np.arange(60), y, 0] += 1.0
    without = ChoiceSoftmax().fit(X[~own], y[~own], own[~own], ones[~own])
    held = ChoiceSoftmax(pull=1e6).fit(X, y, own, ones)
    np.testing.assert_allclose(held.weights_, without.weights_, rtol=1e-2)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (np.where(ATTENDED == 9.0, 11.5, ATTENDED), "lacks 9 Hz"),
        (np.where(ATTENDED == 9.0, 7.0, ATTENDED), "frequencies only .got 7"),
        (ATTENDED[:-1], "same length"),
    ],
)
def test_labels_that_do_not_fit_are_told(y, said):
    with pytest.raises(ValueError, match=said):
        SSVEPEnsemble(FREQUENCIES, SFREQ).fit(windows_of(ATTENDED, 0.4, 13), y)


def test_rest_is_told_from_flicker_at_every_length():
    lengths, attended = (1.0, 2.0), np.tile((*FREQUENCIES, 0.0), 12)
    decoder = SSVEPOrNothing(FREQUENCIES, SFREQ, lengths)
    train, test = (
        [decoder.transform(windows_of(attended, 0.6, seed, n_times=round(s * SFREQ))) for s in lengths]
        for seed in (14, 15)
    )
    decoder.fit(train, [attended] * 2)
    found = [np.array([*FREQUENCIES, 0.0])[decoder.predict_log_proba(test[k], k).argmax(axis=1)] for k in (0, 1)]
    assert np.mean(found[1] == attended) > 0.85
    assert np.mean(found[0] == attended) > 0.6


def test_rest_must_be_among_what_tells_it():
    decoder = SSVEPOrNothing(FREQUENCIES, SFREQ, (1.0,))
    seen = decoder.transform(windows_of(ATTENDED, 0.6, 16))
    with pytest.raises(ValueError, match="0, for nothing"):
        decoder.fit([seen], [ATTENDED])
