import numpy as np
import pytest

from acquisition.filtering import CausalFilter
from acquisition.stream import Chunk, Signals, StreamInfo
from selector.decoders.erp import BAND, ErpDecoder
from selector.fusion import fuse
from selector.stopping import ThresholdStopping


def test_fast_decision_equals_the_pipelines(erp_decoder, calibration_of):
    X, _, _ = calibration_of(snr=2.0, n_trials=2, seed=90)
    np.testing.assert_allclose(
        erp_decoder.decision_function(X), erp_decoder.ensemble_.decision_function(erp_decoder._thin(X)), atol=1e-8
    )


def test_decoded_evidence_equals_the_sum_over_epochs(erp_decoder, trial_of):
    trial = trial_of(11, 1.0, 91)
    signals = trial.signals()
    flashes = trial.presentation.flashes
    epochs, _ = signals.epochs("eeg", np.array([flash.time for flash in flashes]), 0.0, 0.8)
    ratios = erp_decoder.log_likelihood_ratio(epochs)
    expected = ratios @ np.array([flash.slots for flash in flashes], dtype=float)
    np.testing.assert_allclose(erp_decoder.decode(trial.presentation, signals).log_likelihood[:-1], expected)


def test_attending_to_nothing_is_the_likeliest_where_no_flash_is_a_target(erp_decoder, trial_of):
    trials = [trial_of(0, 0.0, 92 + seed) for seed in range(5)]
    said = [erp_decoder.decode(trial.presentation, trial.signals()).log_likelihood for trial in trials]
    assert all(log_likelihood.argmax() == 20 for log_likelihood in said)


def test_labels_that_mean_nothing_give_a_decoder_that_never_selects(calibration_of, trial_of):
    X, y, groups = calibration_of(snr=2.0)
    rng = np.random.default_rng(0)
    shuffled = y.copy()
    for group in np.unique(groups):
        shuffled[groups == group] = rng.permutation(y[groups == group])
    decoder = ErpDecoder().fit(X, shuffled, groups)
    assert decoder.temperature_ < 0.05
    trial = trial_of(4, 3.0, 93, n_blocks=15)
    posterior, _ = fuse(np.zeros(21), [decoder.decode(trial.presentation, trial.signals())])
    assert ThresholdStopping().decide(posterior, 0.0, exhausted=True).slot is None


def test_signals_without_answers_give_a_decoder_that_says_nothing(deaf_erp_decoder, trial_of):
    trial = trial_of(4, 3.0, 94)
    evidence = deaf_erp_decoder.decode(trial.presentation, trial.signals())
    assert np.ptp(evidence.log_likelihood) < 1.0


def test_flashes_wait_for_their_epochs(erp_decoder, trial_of):
    trial = trial_of(4, 1.0, 95)
    eeg = trial.chunks[0]
    until = eeg.times <= 102.0
    evidence = erp_decoder.decode(trial.presentation, trial.signals([Chunk("eeg", eeg.times[until], eeg.data[until])]))
    times = np.array([flash.time for flash in trial.presentation.flashes])
    complete = times <= evidence.complete_until
    assert complete.sum() == evidence.n_observations
    assert np.array_equal(complete, times + 0.8 - 1 / 250 <= eeg.times[until][-1] + 1e-3)
    assert evidence.quality == 1.0


def test_a_gap_loses_its_epochs_without_holding_up_the_others(erp_decoder, trial_of):
    trial = trial_of(4, 3.0, 96)
    eeg = trial.chunks[0]
    there = (eeg.times < 102.0) | (eeg.times > 102.5)
    evidence = erp_decoder.decode(trial.presentation, trial.signals([Chunk("eeg", eeg.times[there], eeg.data[there])]))
    n_flashes = len(trial.presentation.flashes)
    lost = sum(101.2 < flash.time < 102.5 for flash in trial.presentation.flashes)
    assert evidence.complete_until == trial.presentation.end
    assert evidence.n_observations == pytest.approx(n_flashes - lost, abs=1)
    assert evidence.quality == pytest.approx(evidence.n_observations / n_flashes)
    assert evidence.log_likelihood.argmax() == 4


def test_a_blink_says_little(erp_decoder, trial_of):
    trial = trial_of(4, 2.0, 98)
    eeg = trial.chunks[0]
    blink = np.zeros_like(eeg.data)
    blink[:, 3] = 3e-4 * np.exp(-(((eeg.times - 103.0) / 0.15) ** 2))
    evidence = erp_decoder.decode(trial.presentation, trial.signals([Chunk("eeg", eeg.times, eeg.data + blink)]))
    assert evidence.log_likelihood.argmax() == 4
    assert evidence.quality == 1.0


def test_works_on_two_channels_and_on_a_common_average(calibration_of):
    X, y, groups = calibration_of(snr=2.0)
    assert ErpDecoder().fit(X[:, [0, 5]], y, groups).auc_ > 0.7
    assert ErpDecoder().fit(X - X.mean(axis=1, keepdims=True), y, groups).auc_ > 0.7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y, g: (X[:, :, 1:], y, g), "shapes"),
        (lambda X, y, g: (X, y[1:], g), "shapes"),
        (lambda X, y, g: (X, np.zeros_like(y), g), "both classes"),
        (lambda X, y, g: (X, y, np.zeros_like(g)), "at least two characters"),
        (lambda X, y, g: (X, y, np.arange(len(g))), "at least two characters"),
        (lambda X, y, g: (np.where(np.arange(6)[:, None] == 2, np.nan, X), y, g), r"channels \[2\]"),
        (lambda X, y, g: (np.where(np.arange(6)[:, None] == 3, 1e-5, X), y, g), r"channels \[3\].*constant"),
    ],
)
def test_unusable_calibration_data_are_refused(calibration_of, change, message):
    with pytest.raises(ValueError, match=message):
        ErpDecoder().fit(*change(*calibration_of(snr=1.0, n_trials=2, n_blocks=2)))


def test_channels_without_labels_must_be_as_many_as_in_the_model(erp_decoder, trial_of):
    unlabelled = ErpDecoder.from_arrays(erp_decoder.to_arrays() | {"channels_": np.array([], dtype=np.str_)})
    info = StreamInfo("eeg", 250.0, tuple(f"EEG{i}" for i in range(8)), "V")
    with pytest.raises(ValueError, match="8 channels"):
        unlabelled.decode(trial_of(0, 1.0, 97).presentation, Signals((info,)))


@pytest.mark.realdata
@pytest.mark.parametrize(("subject", "auc"), [(1, 0.96), (3, 0.87), (5, 0.96)])
def test_auc_on_other_characters_of_real_recordings(data_root, subject, auc):
    mne = pytest.importorskip("mne")
    raw = mne.io.read_raw_bdf(data_root / f"recordings/p300_gtec8ch/sub-0{subject}.bdf", verbose="error")
    info = StreamInfo("eeg", raw.info["sfreq"], tuple(raw.ch_names), "V")
    signals = Signals((info,), {"eeg": CausalFilter(info.sfreq, BAND)}, keep_s=1e4)
    signals.append([Chunk("eeg", raw.times, raw.get_data().T.astype(np.float32))])
    marks = raw.annotations
    flashes = np.array([label.startswith("flash/") for label in marks.description])
    onsets = marks.onset[flashes]
    characters = marks.onset[[label.startswith("char/") for label in marks.description]]
    X, usable = signals.epochs("eeg", onsets, 0.0, 0.8)
    y = (marks.description[flashes] == "flash/target").astype(int)
    groups = np.searchsorted(characters, onsets + 1e-3)
    decoder = ErpDecoder(sfreq=info.sfreq).fit(X[usable], y[usable], groups[usable])
    assert decoder.auc_ > auc
    assert 0.3 < decoder.temperature_ < 1.5
