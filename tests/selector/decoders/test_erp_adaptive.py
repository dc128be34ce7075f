import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from acquisition.filtering import CausalFilter
from acquisition.stream import Chunk, Signals, StreamInfo
from selector.decoders.erp import BAND
from selector.decoders.erp_adaptive import AdaptiveErpDecoder

CHANNELS = tuple(f"EEG{i}" for i in range(6))


def fresh():
    return AdaptiveErpDecoder().start_with(CHANNELS)


def epochs_of(trial):
    onsets = np.array([flash.time for flash in trial.presentation.flashes])
    cut, _ = trial.signals().epochs("eeg", onsets, 0.0, 0.8)
    return cut, np.array([flash.slots for flash in trial.presentation.flashes])


def test_evidence_is_what_the_model_says_of_all_epochs(trial_of):
    trial, past = trial_of(11, 1.0, 91), trial_of(4, 1.0, 92)
    for decoder in (fresh(), fresh().partial_fit(*epochs_of(past), np.arange(20) == 4)):
        decoded = decoder.decode(trial.presentation, trial.signals()).log_likelihood
        np.testing.assert_allclose(decoded[:-1], decoder.decision_function(*epochs_of(trial)))
        assert decoded[-1] == 0


def test_confirmed_selections_make_the_next_ones_surer(trial_of):
    decoder = fresh()
    margins = []
    for i in range(6):
        trial = trial_of(3 * i, 1.0, 500 + i, n_blocks=3, trial=i)
        signals = trial.signals()
        said = decoder.decode(trial.presentation, signals).log_likelihood
        margins.append(said[3 * i] - np.delete(said, 3 * i).max())
        decoder.learn(trial.presentation, 3 * i, signals)
    assert np.mean(margins[3:]) > np.mean(margins[:3]) + 3


def test_learning_from_a_trial_is_the_same_whenever_it_was_decoded(trial_of, tmp_path):
    trials = [trial_of(slot, 1.0, 600 + slot, trial=slot) for slot in range(4)]
    one, other = fresh(), fresh()
    np.savez(tmp_path / "start.npz", **other.to_arrays())
    with np.load(tmp_path / "start.npz", allow_pickle=False) as arrays:
        other = AdaptiveErpDecoder.from_arrays(dict(arrays))
    for trial in trials:
        one.decode(trial.presentation, trial.signals())
        for decoder in (one, other):
            decoder.learn(trial.presentation, trial.attended, trial.signals())
    said = [decoder.decode(trials[0].presentation, trials[0].signals()).log_likelihood for decoder in (one, other)]
    assert np.array_equal(*said)


def test_what_was_learnt_is_kept(trial_of):
    decoder, trial = fresh(), trial_of(4, 1.0, 93)
    before = decoder.decode(trial.presentation, trial.signals()).log_likelihood
    decoder.learn(trial.presentation, 4, trial.signals())
    loaded = AdaptiveErpDecoder.from_arrays(decoder.to_arrays())
    after = loaded.decode(trial.presentation, trial.signals()).log_likelihood
    assert np.array_equal(after, decoder.decode(trial.presentation, trial.signals()).log_likelihood)
    assert not np.array_equal(before, after)


def test_what_the_signals_no_longer_hold_is_not_learnt(trial_of):
    decoder, trial = fresh(), trial_of(4, 1.0, 94)
    decoder.learn(trial.presentation, 4, trial.signals([]))
    assert decoder.n_ == 0
    eeg = trial.chunks[0]
    late = eeg.times > trial.presentation.end - 3
    decoder.learn(trial.presentation, 4, trial.signals([Chunk("eeg", eeg.times[late], eeg.data[late])]))
    assert 0 < decoder.n_ < len(trial.presentation.flashes)


def test_a_flat_channel_is_not_learnt_from_and_leaves_the_evidence_finite(trial_of):
    decoder, trial = fresh(), trial_of(4, 3.0, 95)
    data = trial.chunks[0].data.copy()
    data[:, 2] = 0.0
    signals = trial.signals([Chunk("eeg", trial.chunks[0].times, data)])
    said = decoder.decode(trial.presentation, signals).log_likelihood
    assert np.isfinite(said).all()
    assert said.argmax() == 4
    decoder.learn(trial.presentation, 4, signals)
    assert decoder.n_ == 0


def test_other_people_are_where_it_begins(calibration_of, trial_of):
    parts = [calibration_of(snr=1.5, seed=40 * person, n_trials=3) for person in range(3)]
    X, y = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    helped = AdaptiveErpDecoder().fit(X, y, np.repeat(range(3), [len(part[1]) for part in parts]), CHANNELS)
    hits = {"helped": 0, "alone": 0}
    for slot in range(20):
        trial = trial_of(slot, 1.0, 700 + slot, n_blocks=2)
        for name, decoder in (("helped", helped), ("alone", fresh())):
            hits[name] += decoder.decode(trial.presentation, trial.signals()).log_likelihood[:-1].argmax() == slot
    assert hits["helped"] >= hits["alone"] + 5


def test_channels_are_found_by_their_labels(trial_of):
    trial = trial_of(4, 2.0, 96)
    eeg = trial.chunks[0]
    turned = Signals((StreamInfo("eeg", 250.0, ("ECG", *CHANNELS[::-1]), "V"),), {"eeg": CausalFilter(250.0, BAND)})
    turned.append([Chunk("eeg", eeg.times, np.column_stack((eeg.data[:, 0], eeg.data[:, ::-1])))])
    plain = fresh().decode(trial.presentation, trial.signals()).log_likelihood
    np.testing.assert_array_equal(fresh().decode(trial.presentation, turned).log_likelihood, plain)


def test_it_has_to_know_its_channels_first(trial_of):
    trial = trial_of(4, 2.0, 97)
    with pytest.raises(NotFittedError):
        AdaptiveErpDecoder().decode(trial.presentation, trial.signals())


def test_damaged_arrays_are_refused():
    arrays = fresh().to_arrays()
    arrays["lagged_"] = arrays["lagged_"][:-1]
    with pytest.raises(ValueError, match="lagged_ are damaged"):
        AdaptiveErpDecoder.from_arrays(arrays)
