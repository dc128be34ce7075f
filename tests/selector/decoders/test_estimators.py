"""Classifiers of the registry have scikit-learn's manners, and refuse in a sentence what teaches nothing."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_no_attributes_set_in_init, check_parameters_default_constructible

from experiments.registry import DECODERS, resolve

GIVEN = {"sfreq": 250.0, "frequencies": (10.0, 12.0), "screen_px": (1920.0, 1080.0)}
EPOCHS = ("shrinkage-lda", "toeplitz-lda", "erp-ensemble", "erp-ensemble-calibrated")


def made(name):
    factory = resolve(DECODERS, name)
    asked = inspect.signature(factory).parameters
    return factory(**{key: value for key, value in GIVEN.items() if key in asked})


def epochs(n=60, n_channels=3, n_times=20, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 6 == 0
    X = rng.standard_normal((n, n_channels, n_times))
    X[y, 0, 8:12] += 2.0
    return X, y.astype(int)


@pytest.mark.parametrize("name", DECODERS)
def test_a_clone_has_the_same_parameters_and_nothing_learnt(name):
    decoder = made(name)
    copied = clone(decoder)
    assert str(copied.get_params()) == str(decoder.get_params())
    assert not [attribute for attribute in vars(copied) if attribute.endswith("_") and not attribute.startswith("_")]


@pytest.mark.parametrize("name", ["shrinkage-lda", "toeplitz-lda", "umm"])
def test_scikit_learns_own_checks_that_need_no_flat_features_hold(name):
    # Its other checks fit tables of (n_samples, n_features); epochs have three axes.
    decoder = made(name)
    check_no_attributes_set_in_init(name, decoder)
    check_parameters_default_constructible(name, decoder)


@pytest.mark.parametrize("name", EPOCHS)
def test_nothing_is_said_before_learning(name):
    with pytest.raises(NotFittedError):
        made(name).decision_function(epochs()[0])


@pytest.mark.parametrize("name", EPOCHS)
def test_what_teaches_nothing_is_refused_in_a_sentence(name):
    X, y = epochs()
    lost, flat = X.copy(), X.copy()
    lost[3, 1, 5], flat[:, 2] = np.nan, 7.0
    for wrong, labels, message in (
        (X, np.zeros_like(y), r"must hold 0 and 1 at least twice each"),
        (X[:3], np.array([1, 0, 0]), r"at least twice each"),
        (lost, y, r"channels \[1\], counted from 0, are not"),
        (flat, y, r"channels \[2\], counted from 0, are constant"),
        (X, y[:-1], r"must have shapes"),
        (X[:, 0], y, r"must have shapes"),
    ):
        with pytest.raises(ValueError, match=message):
            made(name).fit(wrong, labels)


@pytest.mark.parametrize("name", ["shrinkage-lda", "toeplitz-lda"])
def test_other_channels_and_lost_samples_are_not_decided_upon(name):
    X, y = epochs()
    decoder = made(name).fit(X, y)
    with pytest.raises(ValueError, match=r"3 channels and 20 times \(got shape \(60, 2, 20\)\)"):
        decoder.decision_function(X[:, :2])
    X[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="and NaN or infinity in it"):
        decoder.decision_function(X)
