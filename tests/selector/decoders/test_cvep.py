import numpy as np
import pytest
from sklearn.base import clone

from selector.decoders.cvep import CodeEnsemble, ReconvolutionCCA
from selector.decoders.cvep_likelihood import ResponseLikelihood

SFREQ = 120.0
# Modulated as Gold codes are: no flash is longer than two bits, of two samples each.
BITS = np.repeat(np.random.default_rng(1).integers(0, 2, (32, 63)), 2, axis=1) ^ np.tile([0, 1], 63)
CODES = np.tile(np.repeat(BITS, 2, axis=1), (1, 2))
TRAINED = np.arange(16)
NEW = np.arange(16, 32)


def trials_of(attended, snr=1.0, seed=0):
    """Six channels in which a damped wave of 6 Hz answers every flash of the attended code."""
    rng = np.random.default_rng(seed)
    lags = np.arange(36)
    response = np.sin(2 * np.pi * 6 * lags / SFREQ) * np.exp(-lags / 15)
    begins = np.diff(CODES[attended], axis=1, prepend=0) > 0
    answers = np.stack([np.convolve(row, response)[: CODES.shape[1]] for row in begins.astype(float)])
    noise = rng.standard_normal((len(attended), 6, CODES.shape[1])) + rng.standard_normal((len(attended), 1, 1))
    return 1e-5 * (snr * answers[:, None] * np.linspace(0.2, 1, 6)[None, :, None] + noise)


@pytest.fixture(
    params=[
        ReconvolutionCCA(SFREQ, events="edges"),
        ReconvolutionCCA(SFREQ, n_components=2),
        ResponseLikelihood(SFREQ, events="edges"),
        CodeEnsemble(SFREQ, events="edges"),
    ],
    ids=["rcca", "rcca-durations", "likelihood", "ensemble"],
)
def decoder(request):
    return clone(request.param)


def test_codes_never_trained_are_found(decoder):
    decoder.fit(trials_of(TRAINED), TRAINED, CODES)
    assert np.mean(decoder.predict(trials_of(NEW, seed=1), CODES) == NEW) == 1.0


@pytest.mark.parametrize(("first", "n_times"), [(0, 300), (77, 250), (204, 300)])
def test_windows_may_begin_anywhere_in_the_sequence(decoder, first, n_times):
    decoder.fit(trials_of(TRAINED), TRAINED, CODES)
    window = trials_of(NEW, seed=1)[:, :, first : first + n_times]
    assert np.mean(decoder.predict(window, CODES, first) == NEW) >= 0.8


def test_noise_is_decoded_by_chance(decoder):
    decoder.fit(trials_of(TRAINED, snr=0.0), TRAINED, CODES)
    assert np.mean(decoder.predict(trials_of(NEW, snr=0.0, seed=1), CODES) == NEW) <= 0.2


def test_each_trial_may_have_codes_and_a_start_of_its_own(decoder):
    decoder.fit(trials_of(TRAINED), TRAINED, CODES)
    windows, first = trials_of(NEW, seed=1), np.arange(16) * 3
    cut = np.stack([window[:, start : start + 240] for window, start in zip(windows, first, strict=True)])
    own = np.tile(CODES, (16, 1, 1))
    together = decoder.decision_function(cut, own, first)
    assert np.allclose(together, decoder.decision_function(cut, CODES, first))
    assert np.allclose(together[[5]], decoder.decision_function(cut[[5]], CODES, first[5]))


def test_training_windows_that_begin_later_teach_the_same(decoder):
    early = clone(decoder).fit(trials_of(TRAINED), TRAINED, CODES)
    late = clone(decoder).fit(trials_of(TRAINED)[:, :, 60:], TRAINED, CODES, 60)
    tested = trials_of(NEW, seed=1)
    assert np.mean(early.predict(tested, CODES) == late.predict(tested, CODES)) >= 0.9


def test_scale_of_the_signals_does_not_matter(decoder):
    tested = trials_of(NEW, seed=1)
    volts = clone(decoder).fit(trials_of(TRAINED), TRAINED, CODES).decision_function(tested, CODES)
    microvolts = clone(decoder).fit(1e6 * trials_of(TRAINED), TRAINED, CODES).decision_function(1e6 * tested, CODES)
    assert np.allclose(volts, microvolts, rtol=1e-4, atol=1e-5)


def test_a_channel_that_is_the_sum_of_others_does_no_harm(decoder):
    def with_sum(trials):
        return np.concatenate([trials, trials.sum(axis=1, keepdims=True)], axis=1)

    decoder.fit(with_sum(trials_of(TRAINED)), TRAINED, CODES)
    assert np.mean(decoder.predict(with_sum(trials_of(NEW, seed=1)), CODES) == NEW) >= 0.9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.full((16, 6, 504), np.nan)}, "finite samples"),
        ({"X": np.zeros((6, 504))}, "n_trials, n_channels, n_times"),
        ({"y": TRAINED + 20}, "row of 'codes'"),
        ({"codes": CODES[:, :400]}, "cover every window"),
        ({"codes": CODES * 2}, "0 for dark and 1 for light"),
        ({"codes": CODES[None]}, "n_trials, n_codes, n_samples"),
        ({"first": -1}, "cover every window"),
    ],
)
def test_what_does_not_fit_is_told(decoder, change, message):
    with pytest.raises(ValueError, match=message):
        decoder.fit(**{"X": trials_of(TRAINED), "y": TRAINED, "codes": CODES, **change})


def test_another_number_of_channels_is_told(decoder):
    decoder.fit(trials_of(TRAINED), TRAINED, CODES)
    with pytest.raises(ValueError, match="6 channels"):
        decoder.predict(trials_of(NEW)[:, :4], CODES)


def test_likelihood_is_worth_its_nats():
    """Over windows, the posterior it gives to the attended code is as often right as it says."""
    decoder = ResponseLikelihood(SFREQ, events="edges").fit(trials_of(TRAINED), TRAINED, CODES)
    said, right = [], []
    for seed in range(1, 7):
        scores = decoder.decision_function(trials_of(NEW, seed=seed)[:, :, 100:180], CODES, 100)
        posterior = np.exp(scores - scores.max(axis=1, keepdims=True))
        said += list((posterior / posterior.sum(axis=1, keepdims=True)).max(axis=1))
        right += list(scores.argmax(axis=1) == NEW)
    assert abs(np.mean(said) - np.mean(right)) < 0.1


def test_rcca_scores_as_pyntbci_on_windows_from_the_start():
    peer = pytest.importorskip("pyntbci.classifiers")
    trained = trials_of(TRAINED)
    trained -= trained.mean(axis=2, keepdims=True)  # as ours does by itself
    ours = (
        ReconvolutionCCA(SFREQ, onset_event=False)
        .fit(trained, TRAINED, CODES)
        .decision_function(trials_of(NEW, seed=1), CODES)
    )
    theirs = peer.rCCA(CODES[:, :252], 120, event="duration", encoding_length=0.3).fit(trained, TRAINED)
    assert np.corrcoef(ours.ravel(), theirs.decision_function(trials_of(NEW, seed=1)).ravel())[0, 1] > 0.99
