"""What every classifier of single epochs owes its callers, and what sets each apart."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from selector.calibration import platt
from selector.decoders.ensemble import MeanLogOdds, calibrated_erp_ensemble, erp_ensemble
from selector.decoders.lda import (
    BlockToeplitzLDA,
    ShrinkageLDA,
    block_toeplitz,
    features_by_time,
    ledoit_wolf_covariance,
    xdawn_lda,
    xdawn_toeplitz_lda,
)
from selector.decoders.xdawn import xdawn_tangent_space

FACTORIES = (
    xdawn_tangent_space,
    xdawn_lda,
    xdawn_toeplitz_lda,
    ShrinkageLDA,
    BlockToeplitzLDA,
    erp_ensemble,
    calibrated_erp_ensemble,
)


def epochs(snr, n_epochs=240, n_channels=5, n_times=20, seed=0):
    """Noise that is correlated over channels and time, and a wave that answers every sixth flash."""
    rng = np.random.default_rng(seed)
    white = rng.normal(size=(n_epochs, n_channels, n_times + 2))
    smooth = white[..., :-2] + white[..., 1:-1] + white[..., 2:]
    noise = np.einsum("dc,ect->edt", rng.normal(size=(n_channels, n_channels)), smooth)
    y = np.arange(n_epochs) % 6 == 0
    wave = np.outer(np.linspace(0.3, 1.0, n_channels), np.exp(-(((np.arange(n_times) - 9) / 2.5) ** 2)))
    return (noise + snr * y[:, None, None] * wave) * 1e-5, y.astype(int)


@pytest.fixture(params=FACTORIES, ids=lambda factory: factory.__name__)
def classifier(request):
    return request.param()


def test_decision_values_are_finite_and_one_per_epoch(classifier):
    values = classifier.fit(*epochs(2.0)).decision_function(epochs(2.0, seed=1)[0])
    assert values.shape == (240,)
    assert np.isfinite(values).all()


def test_targets_are_told_at_high_snr(classifier):
    X, y = epochs(8.0, seed=0)
    scores = cross_val_predict(classifier, X, y, cv=4, method="decision_function")
    assert roc_auc_score(y, scores) > 0.95


def test_targets_are_told_by_chance_at_zero_snr(classifier):
    X, y = epochs(0.0, n_epochs=480, seed=2)
    scores = cross_val_predict(classifier, X, y, cv=4, method="decision_function")
    assert roc_auc_score(y, scores) == pytest.approx(0.5, abs=0.1)


def test_log_odds_are_those_of_equally_frequent_classes(classifier):
    """With labels that mean nothing no epoch leans to the label that is five times more frequent."""
    X, y = epochs(0.0, n_epochs=960, n_channels=3, n_times=8, seed=3)
    values = classifier.fit(X, y).decision_function(epochs(0.0, n_epochs=960, n_channels=3, n_times=8, seed=3)[0])
    assert abs(np.median(values)) < 0.3


def test_amplitude_of_the_recording_does_not_matter(classifier):
    X, y = epochs(2.0)
    one = clone(classifier).fit(X, y).decision_function(X)
    other = clone(classifier).fit(1e6 * X, y).decision_function(1e6 * X)
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_epochs_are_judged_one_by_one_as_together(classifier):
    X, y = epochs(2.0)
    classifier.fit(X, y)
    one_by_one = [classifier.decision_function(X[i : i + 1])[0] for i in range(5)]
    np.testing.assert_allclose(one_by_one, classifier.decision_function(X)[:5], rtol=1e-9)


def test_fitting_twice_gives_the_same(classifier):
    X, y = epochs(2.0)
    one, other = clone(classifier).fit(X, y), clone(classifier).fit(X, y)
    assert np.array_equal(one.decision_function(X), other.decision_function(X))


def test_fitting_leaves_the_epochs_alone(classifier):
    X, y = epochs(2.0)
    before = X.copy()
    classifier.fit(X, y).decision_function(X)
    assert np.array_equal(X, before)


def test_single_precision_and_boolean_labels_are_welcome(classifier):
    X, y = epochs(2.0)
    one = clone(classifier).fit(X.astype(np.float32), y.astype(bool)).decision_function(X)
    np.testing.assert_allclose(one, clone(classifier).fit(X, y).decision_function(X), atol=0.02)


def test_a_clone_has_the_same_parameters_and_is_not_fitted(classifier):
    classifier.fit(*epochs(2.0))
    cloned = clone(classifier)
    assert str(cloned.get_params(deep=False)) == str(classifier.get_params(deep=False))
    assert not [name for name in vars(cloned) if name.endswith("_") and not name.startswith("_")]


def test_parameters_can_be_set_to_what_they_are(classifier):
    assert classifier.set_params(**classifier.get_params()) is classifier


@pytest.mark.parametrize("lda", [ShrinkageLDA(), BlockToeplitzLDA()])
def test_unusable_epochs_are_refused_in_a_sentence(lda):
    X, y = epochs(2.0)
    flat, broken = X.copy(), X.copy()
    flat[:, 3] = 1.0
    broken[7, 2, 4] = np.nan
    for wrong, labels, said in [
        (flat, y, r"channels \[3\], counted from 0, are constant"),
        (broken, y, r"channels \[2\], counted from 0, are not"),
        (X[:, 0], y, "must have shapes"),
        (X, y[:-1], "must have shapes"),
        (X, 2 * y, "200 times 0, 0 times 1, 40 others"),
    ]:
        with pytest.raises(ValueError, match=said):
            lda.fit(wrong, labels)


@pytest.mark.parametrize("lda", [ShrinkageLDA, BlockToeplitzLDA])
def test_lda_finds_the_log_odds_of_normal_densities(lda):
    """White noise of unit variance, a difference of 1 in every feature: log-odds are the sum less half the number."""
    rng = np.random.default_rng(4)
    y = (np.arange(6000) % 6 == 0).astype(int)
    X = rng.normal(size=(6000, 2, 3)) + y[:, None, None]
    expected = X.sum(axis=(1, 2)) - 3
    values = lda().fit(X, y).decision_function(X)
    assert np.polyfit(expected, values, 1) == pytest.approx([1.0, 0.0], abs=0.12)


def test_block_toeplitz_matrix_depends_on_the_lag_alone_and_fades():
    X, _ = epochs(0.0, n_channels=3, n_times=6)
    covariance = np.cov(features_by_time(X).T)
    blocks = block_toeplitz(covariance, 3).reshape(6, 3, 6, 3)
    given = covariance.reshape(6, 3, 6, 3)
    for lag in range(6):
        along = [blocks[i, :, i + lag] for i in range(6 - lag)]
        mean = np.mean([given[i, :, i + lag] for i in range(6 - lag)], axis=0)
        for block in along:
            np.testing.assert_allclose(block, mean * (6 - lag) / 6)
    flat = blocks.reshape(18, 18)
    np.testing.assert_allclose(flat, flat.T)
    assert np.linalg.eigvalsh(flat).min() > 0


def test_block_toeplitz_of_few_epochs_is_positive_definite():
    X, _ = epochs(0.0, n_epochs=8, n_channels=8, n_times=30)
    features = features_by_time(X)
    covariance = ledoit_wolf_covariance(features - features.mean(axis=0))
    assert np.linalg.eigvalsh(block_toeplitz(covariance, 8)).min() > 0


def test_stationary_noise_is_learnt_from_fewer_epochs_by_block_toeplitz():
    aucs = {}
    for lda in (ShrinkageLDA, BlockToeplitzLDA):
        found = []
        for seed in range(5):
            X, y = epochs(3.0, n_epochs=2000, seed=seed)
            model = lda().fit(X[:90], y[:90])
            found.append(roc_auc_score(y[90:], model.decision_function(X[90:])))
        aucs[lda] = np.mean(found)
    assert aucs[BlockToeplitzLDA] > aucs[ShrinkageLDA]


def test_mean_log_odds_is_the_mean_of_its_members():
    X, y = epochs(2.0)
    members = [ShrinkageLDA(), xdawn_lda()]
    said = [clone(member).fit(X, y).decision_function(X) for member in members]
    np.testing.assert_allclose(MeanLogOdds(members).fit(X, y).decision_function(X), np.mean(said, axis=0))
    assert not hasattr(members[0], "coef_")


def test_calibrated_members_keep_what_they_promise():
    X, y = epochs(3.0, n_epochs=5280, n_channels=5, n_times=40)
    model = MeanLogOdds([xdawn_lda(), BlockToeplitzLDA()], n_folds=5).fit(X[:480], y[:480])
    for member, slope in zip(model.members_, model.slopes_, strict=True):
        found, _ = platt(member.decision_function(X[480:]), y[480:])
        assert slope == pytest.approx(found, rel=0.3)


def test_a_calibrated_member_that_knows_nothing_says_nothing():
    X, y = epochs(3.0)
    values = MeanLogOdds([ShrinkageLDA()], n_folds=4).fit(X, np.roll(y, 2)).decision_function(X)
    assert np.ptp(values) < 4


def test_scales_are_fitted_to_whole_groups_where_there_are_some():
    X, y = epochs(2.0)
    model = MeanLogOdds([ShrinkageLDA()], n_folds=5)
    stretches = clone(model).fit(X, y).held_out_
    halves = clone(model).fit(X, y, groups=np.arange(240) // 120).held_out_
    assert np.array_equal(clone(model).fit(X, y, groups=np.zeros(240)).held_out_, stretches)
    assert not np.array_equal(halves, stretches)


def test_what_is_held_out_promises_nothing_where_there_is_nothing():
    """Scales fitted to the epochs that they are judged on would lean to members that are right by chance."""
    found = []
    for seed in range(20):
        X, y = epochs(0.0, seed=seed, n_channels=3, n_times=8)
        found.append(roc_auc_score(y, calibrated_erp_ensemble(n_filters=2).fit(X, y).held_out_))
    assert np.mean(found) == pytest.approx(0.5, abs=0.04)


def test_a_blink_does_not_outweigh_the_rest():
    X, y = epochs(4.0, n_epochs=480)
    X[::40, 2] *= 100
    train, test = np.arange(480) < 240, (np.arange(480) >= 240) & (np.arange(480) % 40 != 0)
    auc = {}
    for model in (erp_ensemble(), calibrated_erp_ensemble()):
        auc[model.n_folds] = roc_auc_score(y[test], model.fit(X[train], y[train]).decision_function(X[test]))
    assert auc[5] > auc[None]


def test_mean_log_odds_of_nobody_is_refused():
    with pytest.raises(ValueError, match="at least one classifier"):
        MeanLogOdds().fit(*epochs(2.0))
