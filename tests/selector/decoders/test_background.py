from functools import reduce

import numpy as np
import pytest

from selector.decoders.background import Background
from selector.decoders.lda import block_toeplitz, features_by_time


def ongoing(n_epochs, mixing, seed=0, n_times=6):
    rng = np.random.default_rng(seed)
    white = rng.normal(size=(n_epochs, len(mixing), n_times + 2))
    return 1e-5 * mixing @ (white[..., 2:] + white[..., 1:-1] + white[..., :-2])


MIXING = np.array([[1.0, 0.0, 0.0], [0.5, 1.0, 0.0], [0.2, -0.7, 3.0]])


def summed(epochs):
    return reduce(Background.plus, epochs, Background.nothing(*epochs.shape[1:]))


def covariance_after(whitener, epochs):
    white = whitener(epochs - epochs.mean(axis=0)).reshape(len(epochs), -1)
    return white.T @ white / len(white)


def test_noise_in_space_and_time_apart_becomes_white():
    epochs = ongoing(4000, MIXING)
    covariance = covariance_after(summed(epochs).whitener(0.0), epochs)
    assert np.abs(np.diag(covariance) - 1).max() < 0.25
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 0.2


def test_without_shrinkage_the_refined_one_is_the_block_toeplitz_covariances():
    epochs = ongoing(300, MIXING) + ongoing(300, MIXING[::-1], seed=1).cumsum(axis=2)
    features = features_by_time(epochs - epochs.mean(axis=0))
    root = np.linalg.cholesky(block_toeplitz(features.T @ features / len(features), n_channels=3))
    white = summed(epochs).refined(0.0, overlap=0.0)(root.T.reshape(-1, 6, 3).transpose(0, 2, 1))
    np.testing.assert_allclose(white.reshape(18, 18).T @ white.reshape(18, 18), np.eye(18), atol=1e-9)


def test_the_refined_one_is_nearer_the_first_where_epochs_are_few():
    epochs = ongoing(2000, MIXING) + ongoing(2000, MIXING[::-1], seed=1).cumsum(axis=2)
    apart = [
        np.abs(background.refined(0.02)(epochs) - background.whitener(0.02)(epochs)).mean()
        for background in (summed(epochs[:20]), summed(epochs))
    ]
    assert apart[0] < apart[1]


def test_sums_of_parts_are_the_sums_of_all():
    epochs = ongoing(40, MIXING)
    joined, whole = summed(epochs[:15]).joined(summed(epochs[15:])), summed(epochs)
    assert joined.n == whole.n == 40
    np.testing.assert_allclose(joined.lagged, whole.lagged)


@pytest.mark.parametrize("n_epochs", [1, 30])
def test_a_common_average_and_a_silent_channel_stay_finite(n_epochs):
    epochs = ongoing(n_epochs, MIXING)
    silent = epochs * np.array([1.0, 0.0, 1.0])[:, None]
    for X in (epochs - epochs.mean(axis=1, keepdims=True), silent):
        assert np.isfinite(summed(X).whitener(0.02)(X)).all()
        assert np.isfinite(summed(X).refined(0.02)(X)).all()
