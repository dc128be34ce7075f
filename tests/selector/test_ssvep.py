import doctest

import numpy as np
import pytest
from sklearn.base import clone

import selector.decoders.ssvep
from selector.decoders.ssvep import FBCCA

SFREQ = 250
FREQUENCIES = (13.0, 17.0, 21.0)


def flicker_trials(n_trials: int, snr: float, seed: int, n_times: int = 500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    attended = rng.integers(len(FREQUENCIES), size=n_trials)
    times = np.arange(n_times) / SFREQ
    phases = rng.uniform(0, 2 * np.pi, n_trials)
    waves = np.sin(2 * np.pi * np.asarray(FREQUENCIES)[attended, None] * times + phases[:, None])
    trials = rng.standard_normal((n_trials, 6, n_times)) + snr * waves[:, None] * rng.uniform(0.5, 1, (1, 6, 1))
    return trials, np.asarray(FREQUENCIES)[attended]


@pytest.mark.parametrize("zero_phase", [False, True])
def test_attended_frequency_is_found_at_high_snr(zero_phase: bool) -> None:
    trials, attended = flicker_trials(40, snr=0.7, seed=1)
    decoder = FBCCA(FREQUENCIES, SFREQ, zero_phase=zero_phase)
    np.testing.assert_array_equal(decoder.predict(trials), attended)


def test_zero_snr_gives_chance() -> None:
    trials, attended = flicker_trials(600, snr=0.0, seed=2)
    accuracy = np.mean(FBCCA(FREQUENCIES, SFREQ).predict(trials) == attended)
    assert 0.25 < accuracy < 0.42


def test_scores_ignore_unit_and_offset() -> None:
    trials, _ = flicker_trials(5, snr=0.3, seed=3)
    decoder = FBCCA(FREQUENCIES, SFREQ)
    np.testing.assert_allclose(
        decoder.decision_function(trials), decoder.decision_function(1e-6 * trials + 1e-4), rtol=1e-6
    )


def test_flat_and_duplicate_channels_change_nothing() -> None:
    trials, _ = flicker_trials(5, snr=0.3, seed=4)
    decoder = FBCCA(FREQUENCIES, SFREQ)
    widened = np.concatenate([trials, np.zeros_like(trials[:, :1]), trials[:, :1]], axis=1)
    np.testing.assert_allclose(decoder.decision_function(widened), decoder.decision_function(trials), rtol=1e-6)


def test_causal_filters_never_see_samples_behind_the_window() -> None:
    trials, _ = flicker_trials(5, snr=0.3, seed=5)
    decoder = FBCCA(FREQUENCIES, SFREQ)
    changed = trials.copy()
    changed[:, :, 400:] = 0
    for sos in decoder._filter_bank():
        np.testing.assert_array_equal(
            decoder._filtered(sos, trials)[..., :400], decoder._filtered(sos, changed)[..., :400]
        )


def test_correlations_equal_those_of_a_textbook_cca() -> None:
    trials, _ = flicker_trials(3, snr=0.3, seed=6)
    decoder = FBCCA(FREQUENCIES, SFREQ)
    references = decoder._references(trials.shape[2])
    found = selector.decoders.ssvep.canonical_correlations(trials, references)[..., 0]
    for i, trial in enumerate(trials):
        basis = np.linalg.qr((trial - trial.mean(axis=1, keepdims=True)).T).Q
        for j, reference in enumerate(references):
            np.testing.assert_allclose(found[i, j], np.linalg.norm(basis.T @ reference, ord=2))


def test_follows_scikit_learn() -> None:
    decoder = clone(FBCCA(FREQUENCIES, SFREQ, n_harmonics=2))
    assert decoder.get_params()["n_harmonics"] == 2
    trials, attended = flicker_trials(10, snr=0.7, seed=7)
    assert decoder.fit(trials, attended).score(trials, attended) == 1.0


def test_low_sampling_rate_leaves_out_what_it_cannot_hold() -> None:
    trials, attended = flicker_trials(20, snr=1.5, seed=8)
    decoder = FBCCA(FREQUENCIES, sfreq=SFREQ / 4)
    np.testing.assert_array_equal(decoder.predict(trials[:, :, ::4]), attended)


@pytest.mark.parametrize(
    ("frequencies", "shape", "said"),
    [
        ((13.0, 17.0), (2, 6, 8), "must have shape"),
        ((13.0, 17.0), (6, 100), "must have shape"),
        ((13.0, 200.0), (2, 6, 100), "half the sampling rate, 125 Hz"),
    ],
)
def test_what_cannot_be_decoded_is_refused(frequencies: tuple[float, ...], shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        FBCCA(frequencies, SFREQ).decision_function(np.ones(shape))


def test_samples_that_are_not_finite_are_refused() -> None:
    trials, _ = flicker_trials(2, snr=1, seed=9)
    trials[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        FBCCA(FREQUENCIES, SFREQ).predict(trials)


def test_example_in_the_docstring_holds() -> None:
    assert doctest.testmod(selector.decoders.ssvep).failed == 0
