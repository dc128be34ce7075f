import numpy as np
import pytest
from sklearn.base import clone

from selector.decoders.artefacts import PeakLimiter


def epochs():
    return np.random.default_rng(0).normal(size=(200, 3, 40)) * [[1.0], [10.0], [0.1]]


def test_clean_epochs_are_hardly_touched():
    X = epochs()
    changed = (PeakLimiter().fit(X).transform(X) != X).any(axis=2)
    assert changed.mean() < 0.01


def test_a_blink_is_turned_down_to_the_limit_in_its_channel_and_epoch_alone():
    X = epochs()
    X[7, 1] += 500 * np.hanning(40)
    limiter = PeakLimiter().fit(X)
    limited = limiter.transform(X)
    assert np.abs(limited[7, 1]).max() == pytest.approx(limiter.limits_[1])
    np.testing.assert_allclose(limited[7, 1] / limited[7, 1, 20], X[7, 1] / X[7, 1, 20])
    assert np.array_equal(limited[7, [0, 2]], X[7, [0, 2]])


def test_limits_hardly_depend_on_how_large_artefacts_are():
    X = epochs()
    clean = PeakLimiter().fit(X).limits_
    X[:10] *= 1e6
    np.testing.assert_allclose(PeakLimiter().fit(X).limits_, clean, rtol=0.1)


def test_an_epoch_of_nothing_stays_so():
    assert np.array_equal(PeakLimiter().fit(epochs()).transform(np.zeros((1, 3, 40))), np.zeros((1, 3, 40)))


def test_a_clone_has_the_same_limit():
    assert clone(PeakLimiter(3.0)).get_params() == {"limit": 3.0}


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match=r"'limit' must be positive \(got 0\)"):
        PeakLimiter(0.0).fit(epochs())
    with pytest.raises(ValueError, match=r"must have shape .* \(got \(0, 3, 40\)\)"):
        PeakLimiter().fit(epochs()[:0])
