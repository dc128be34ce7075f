"""Codes decoded while a trial grows: late frames, lost samples, and what it can't be fitted to."""

from dataclasses import replace

import numpy as np
import pytest

from acquisition.stream import Chunk
from selector.decoders.cvep_online import CVEPDecoder


def decode(decoder, trial):
    return CVEPDecoder.from_arrays(decoder.to_arrays()).decode(trial.presentation, trial.signals())


@pytest.mark.parametrize("late", [0.0, 0.1])
def test_the_attended_code_is_found_though_frames_come_late(cvep_decoder, code_trial_of, late):
    for slot in range(6):
        evidence = decode(cvep_decoder, code_trial_of(slot, 1.0, 100 + slot, late=late))
        assert evidence.log_likelihood.argmax() == slot
        assert evidence.quality == 1.0
        assert evidence.n_observations > 100


def test_nothing_attended_to_is_likelier_than_any_slot(cvep_decoder, code_trial_of):
    found = [decode(cvep_decoder, code_trial_of(0, 0.0, 200 + seed)).log_likelihood.argmax() for seed in range(8)]
    assert found.count(20) >= 7


def test_labels_that_mean_nothing_give_no_evidence(code_calibration_of, code_trial_of):
    deaf = CVEPDecoder().fit(*code_calibration_of(0.0))
    assert deaf.temperature_ == 0.0
    assert not decode(deaf, code_trial_of(3, 1.0, 300)).log_likelihood.any()


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "nan"])
def test_samples_that_are_missing_lower_the_quality(cvep_decoder, code_trial_of, lost):
    trial = code_trial_of(5, 1.0, 800)
    (eeg,) = trial.chunks
    gap = (eeg.times > 101.0) & (eeg.times < 101.5)
    data = eeg.data.copy()
    data[gap, 2] = np.nan
    there = ~gap if lost else np.ones_like(gap)
    evidence = decode(cvep_decoder, replace(trial, chunks=(Chunk("eeg", eeg.times[there], data[there]),)))
    assert np.isfinite(evidence.log_likelihood).all()
    assert evidence.log_likelihood[:-1].argmax() == 5
    assert 0.5 < evidence.quality < 0.85


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": np.asarray(0)}, "of version"),
        ({"ar_": np.ones(3)}, "ar_ are damaged"),
        ({"filters_": np.full((6, 1), np.nan)}, "'filters_' is damaged"),
        ({"channels_": np.array(["A", "B"])}, "filters_ are damaged"),
    ],
)
def test_damaged_arrays_are_refused(cvep_decoder, change, message):
    with pytest.raises(ValueError, match=message):
        CVEPDecoder.from_arrays({**cvep_decoder.to_arrays(), **change})


def test_too_few_trials_and_flat_channels_are_told(code_calibration_of, code_trial_of):
    X, y, signals = code_calibration_of(1.0, n_trials=4)
    with pytest.raises(ValueError, match="at least 4"):
        CVEPDecoder().fit(X[:3], y[:3], signals)
    data = signals.data("eeg").copy()
    data[:, 1] = 0.0
    flat = code_trial_of(0, 1.0, 0).signals([Chunk("eeg", signals.times("eeg"), data)])
    with pytest.raises(ValueError, match="not so: EEG1"):
        CVEPDecoder().fit(X, y, flat)
    unheard = [*X[:3], replace(X[3], flips=(X[3].flips[0] + 1e4,))]
    with pytest.raises(ValueError, match="without missing samples"):
        CVEPDecoder().fit(unheard, y, signals)
