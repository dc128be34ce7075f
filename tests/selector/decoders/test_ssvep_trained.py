import numpy as np
import pytest
from sklearn.base import clone

from selector.decoders.ssvep import FBCCA, cca
from selector.decoders.ssvep_riemann import ssvep_mdm, ssvep_tangent_space
from selector.decoders.ssvep_templates import TDCA, EnsembleTRCA, ExtendedCCA

SFREQ = 250.0
FREQUENCIES = (9.0, 11.5, 14.0, 17.2)
ATTENDED = np.tile(FREQUENCIES, 6)
TEMPLATES = [ExtendedCCA, EnsembleTRCA, TDCA]
RIEMANNIAN = [ssvep_mdm, ssvep_tangent_space]


def trials_of(attended, snr, seed, n_times=500, locked=True):
    """Five channels with a response and its first harmonic in phases of their own, in noise that channels share."""
    rng = np.random.default_rng(seed)
    times = np.arange(n_times) / SFREQ
    phases = np.array([0.3, 1.0, 1.9, 2.5])
    pattern = np.array([1.0, 0.8, 0.5, 0.2, -0.3])[:, None]
    trials = rng.standard_normal((len(attended), 5, n_times)) + rng.standard_normal((len(attended), 1, n_times))
    for trial, frequency in zip(trials, attended, strict=True):
        phase = phases[FREQUENCIES.index(frequency)] + (0.0 if locked else rng.uniform(0, 2 * np.pi))
        angle = 2 * np.pi * frequency * times + phase
        trial += snr * pattern * (np.sin(angle) + 0.5 * np.sin(2 * angle))
    return 1e-5 * trials


@pytest.fixture(params=[*TEMPLATES, *RIEMANNIAN], ids=lambda make: make.__name__)
def decoder(request):
    return request.param(FREQUENCIES, SFREQ)


def test_attended_frequency_is_found(decoder):
    decoder.fit(trials_of(ATTENDED, 1.0, 0), ATTENDED)
    assert np.mean(decoder.predict(trials_of(ATTENDED, 1.0, 1)) == ATTENDED) == 1.0


def test_noise_is_decoded_by_chance(decoder):
    decoder.fit(trials_of(ATTENDED, 0.0, 0), ATTENDED)
    assert np.mean(decoder.predict(trials_of(ATTENDED, 0.0, 1)) == ATTENDED) < 0.6


def test_a_clone_learns_the_same(decoder):
    tested = trials_of(ATTENDED, 0.3, 1)
    trained = trials_of(ATTENDED, 0.3, 0)
    predicted = clone(decoder).fit(trained, ATTENDED).predict(tested)
    assert np.array_equal(predicted, clone(decoder).fit(trained, ATTENDED).predict(tested))


def test_a_channel_that_is_the_sum_of_others_does_no_harm(decoder):
    def with_sum(trials):
        return np.concatenate([trials, trials.sum(axis=1, keepdims=True)], axis=1)

    decoder.fit(with_sum(trials_of(ATTENDED, 1.0, 0)), ATTENDED)
    assert np.mean(decoder.predict(with_sum(trials_of(ATTENDED, 1.0, 1))) == ATTENDED) > 0.9


def test_samples_that_are_not_finite_are_told(decoder):
    trained = trials_of(ATTENDED, 1.0, 0)
    with pytest.raises(ValueError, match="finite"):
        clone(decoder).fit(np.where(trained > 2e-5, np.nan, trained), ATTENDED)


def test_a_frequency_without_trials_is_told(decoder):
    few = FREQUENCIES[1] != ATTENDED
    with pytest.raises(ValueError, match=r"0 times|lacks 11\.5 Hz"):
        decoder.fit(trials_of(ATTENDED, 1.0, 0)[few], ATTENDED[few])


@pytest.mark.parametrize("make", TEMPLATES)
def test_templates_beat_sines_where_trials_are_locked(make):
    trained, tested = trials_of(ATTENDED, 0.35, 0)[:, :, :200], trials_of(ATTENDED, 0.35, 1)[:, :, :200]
    learnt = np.mean(make(FREQUENCIES, SFREQ).fit(trained, ATTENDED).predict(tested) == ATTENDED)
    assert learnt > np.mean(FBCCA(FREQUENCIES, SFREQ).predict(tested) == ATTENDED)


@pytest.mark.parametrize("make", TEMPLATES)
def test_shorter_windows_than_those_trained_are_decoded(make):
    decoder = make(FREQUENCIES, SFREQ).fit(trials_of(ATTENDED, 1.5, 0), ATTENDED)
    assert np.mean(decoder.predict(trials_of(ATTENDED, 1.5, 1)[:, :, :250]) == ATTENDED) > 0.9
    with pytest.raises(ValueError, match="no more samples than the training trials, 500"):
        decoder.predict(trials_of(ATTENDED, 1.5, 1, n_times=600))


@pytest.mark.parametrize("make", RIEMANNIAN)
def test_covariances_do_not_need_locked_trials(make):
    decoder = make(FREQUENCIES, SFREQ).fit(trials_of(ATTENDED, 1.0, 0, locked=False), ATTENDED)
    tested = trials_of(ATTENDED, 1.0, 1, locked=False)
    assert np.mean(decoder.predict(tested) == ATTENDED) > 0.9
    assert np.allclose(decoder.predict_proba(tested).sum(axis=1), 1)


def test_cca_is_one_band_of_the_filter_bank():
    tested = trials_of(ATTENDED, 1.0, 1)
    assert np.mean(cca(FREQUENCIES, SFREQ).predict(tested) == ATTENDED) > 0.9
    assert np.array_equal(
        cca(FREQUENCIES, SFREQ, lower_hz=8.0).decision_function(tested),
        FBCCA(FREQUENCIES, SFREQ, n_bands=1).decision_function(tested),
    )
