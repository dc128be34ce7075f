"""The decoder of error potentials: what it learns, what it refuses, and that it says no more than it knows."""

import numpy as np
import pytest

from acquisition.stream import Chunk, Signals, StreamInfo
from selector.decoders.errors import ErrorDecoder

SFREQ, N_CHANNELS = 250.0, 4


def selections(n=120, height=8e-6, seed=0):
    """Epochs of noise, a third of them with a wave at 0.3 s."""
    rng = np.random.default_rng(seed)
    wrong = np.arange(n) % 3 == 0
    lag = np.arange(round(0.7 * SFREQ)) / SFREQ + 0.1
    wave = height * np.exp(-0.5 * ((lag - 0.3) / 0.04) ** 2)
    X = 5e-6 * rng.standard_normal((n, N_CHANNELS, len(lag)))
    X[wrong, 1] += wave
    return X, wrong


@pytest.fixture(scope="module")
def fitted():
    return ErrorDecoder(SFREQ).fit(*selections())


def signals_with(epoch, onset):
    info = StreamInfo("eeg", SFREQ, tuple(f"E{i}" for i in range(N_CHANNELS)), "V")
    held = Signals([info], {}, np.inf)
    times = onset + (np.arange(round(1.5 * SFREQ)) - 50) / SFREQ
    data = np.zeros((len(times), N_CHANNELS))
    first = 50 + round(0.1 * SFREQ)
    data[first : first + epoch.shape[1]] = epoch.T
    held.append([Chunk("eeg", times, data.astype(np.float32))])
    return held


def test_errors_get_evidence_for_and_others_against(fitted):
    X, wrong = selections(seed=1)
    ratios = fitted.log_likelihood_ratio(X)
    assert ratios[wrong].mean() > 0.5
    assert ratios[~wrong].mean() < -0.5
    assert 0.8 < fitted.auc_ <= 1.0


def test_no_epoch_says_more_than_the_errors_seen_can_vouch_for(fitted):
    X, _ = selections(height=1.0)
    assert np.abs(fitted.log_likelihood_ratio(X)).max() <= np.log(40)


def test_labels_that_mean_nothing_give_hardly_any_evidence():
    X, wrong = selections()
    shuffled = np.random.default_rng(2).permutation(wrong)
    assert np.abs(ErrorDecoder(SFREQ).fit(X, shuffled).log_likelihood_ratio(X)).mean() < 0.5


def test_an_epoch_in_a_stream_is_decoded_as_when_cut_before(fitted):
    X, _ = selections(seed=3)
    found = fitted.log_likelihood_ratio_at(10.0, signals_with(X[0], 10.0))
    assert found == pytest.approx(float(fitted.log_likelihood_ratio(X[:1].astype(np.float32))[0]), abs=1e-6)


def test_missing_samples_are_no_evidence(fitted):
    X, _ = selections(seed=3)
    assert fitted.log_likelihood_ratio_at(30.0, signals_with(X[0], 10.0)) is None


def test_what_was_kept_decides_as_before(fitted):
    X, _ = selections(seed=4)
    again = ErrorDecoder.from_arrays(fitted.to_arrays())
    assert np.array_equal(again.log_likelihood_ratio(X), fitted.log_likelihood_ratio(X))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("coef_"), "lacks coef_"),
        (lambda a: a.update(version=np.asarray(7)), "must be of version 1 "),
        (lambda a: a.update(slope_=np.asarray(np.nan)), "'slope_' is damaged"),
        (lambda a: a.update(coef_=np.zeros(3)), "coef_ are damaged"),
    ],
)
def test_damaged_files_are_refused_in_a_sentence(fitted, change, message):
    arrays = fitted.to_arrays()
    change(arrays)
    with pytest.raises(ValueError, match=message):
        ErrorDecoder.from_arrays(arrays)


def test_too_few_errors_and_another_device_are_refused(fitted):
    X, _ = selections(n=20)
    with pytest.raises(ValueError, match=r"at least 5 errors .* \(got 2 and 18\)"):
        ErrorDecoder(SFREQ).fit(X, np.arange(20) < 2)
    info = StreamInfo("eeg", 500.0, ("A",), "V")
    with pytest.raises(ValueError, match="1 channels at 500 Hz, but the error decoder was fitted on 4 at 250 Hz"):
        fitted.log_likelihood_ratio_at(0.0, Signals([info], {}, np.inf))
