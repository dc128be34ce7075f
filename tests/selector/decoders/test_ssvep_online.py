"""Flicker decoded while a trial grows: frequencies never cued, late displays, lost samples."""

from dataclasses import replace

import numpy as np
import pytest

from acquisition.stimulus import Presentation, StimulusBlock
from acquisition.stream import Chunk
from selector.decoders.ssvep_online import SSVEPDecoder
from selector.decoders.ssvep_projections import flickers_of
from selector.paradigms.ssvep import FREQUENCIES_HZ

LATENCY_S = 0.11
"""Of the simulated response."""


def fresh(decoder):
    return SSVEPDecoder.from_arrays(decoder.to_arrays())


def decode(decoder, trial):
    return fresh(decoder).decode(trial.presentation, trial.signals())


def test_attended_slot_is_found_also_at_frequencies_never_cued(ssvep_decoder, flicker_trial_of):
    trials = [flicker_trial_of(slot, 1.5, 60 + slot) for slot in range(20)]
    found = [decode(ssvep_decoder, trial).log_likelihood.argmax() for trial in trials]
    assert np.mean(np.array(found) == np.arange(20)) > 0.95


def test_where_there_is_no_response_nothing_is_attended_to(ssvep_decoder, flicker_trial_of):
    nothing = [decode(ssvep_decoder, flicker_trial_of(0, 0.0, 90 + i)).log_likelihood.argmax() == 20 for i in range(20)]
    assert sum(nothing) >= 18


def test_latency_is_found_with_what_the_filter_adds(flicker_calibration_of):
    assert 0 < SSVEPDecoder().fit(*flicker_calibration_of(3.0)).latencies_[0] - LATENCY_S < 0.03


def test_labels_that_mean_nothing_leave_no_confidence(flicker_calibration_of):
    assert SSVEPDecoder().fit(*flicker_calibration_of(0.0)).temperature_ == 0.0


def test_evidence_has_a_value_per_slot_and_for_nothing(ssvep_decoder, flicker_trial_of):
    evidence = decode(ssvep_decoder, flicker_trial_of(4, 1.5, 50))
    assert evidence.modality == "eeg"
    assert evidence.log_likelihood.shape == (21,)
    assert evidence.log_likelihood[-1] == 0.0
    assert (evidence.quality, evidence.n_observations) == (1.0, 36)


def test_samples_that_come_when_the_next_block_has_begun_still_count(ssvep_decoder, flicker_trial_of):
    trial = flicker_trial_of(4, 1.0, 53, n_blocks=2)
    growing, signals, (eeg,) = fresh(ssvep_decoder), trial.signals([]), trial.chunks
    shown = Presentation(0, trial.presentation.regions, start=trial.presentation.start)
    for block, flips in zip(trial.presentation.blocks, trial.presentation.flips, strict=True):
        shown = shown.then(block)
        for part in np.array_split(flips, 7):
            shown = shown.shown(part)
            late = (eeg.times <= part[-1] - 0.4) & (eeg.times > signals.newest("eeg"))
            signals.append([Chunk("eeg", eeg.times[late], eeg.data[late])])
            growing.decode(shown, signals)
    rest = eeg.times > signals.newest("eeg")
    signals.append([Chunk("eeg", eeg.times[rest], eeg.data[rest])])
    late, at_once = growing.decode(shown, signals), decode(ssvep_decoder, trial)
    assert np.array_equal(late.log_likelihood, at_once.log_likelihood)
    assert late.n_observations == at_once.n_observations


@pytest.mark.parametrize("shown", [{"frame_s": 1 / 58}, {"dropped": (30, 31, 70)}])
def test_a_display_that_is_late_is_followed_by_its_flips(ssvep_decoder, shown, flicker_trial_of):
    trials = [flicker_trial_of(slot, 2.0, 70 + slot, **shown) for slot in range(8)]
    assert [decode(ssvep_decoder, trial).log_likelihood.argmax() for trial in trials] == list(range(8))


def test_lost_samples_lower_the_quality_and_never_reach_the_evidence(ssvep_decoder, flicker_trial_of):
    trial = flicker_trial_of(4, 2.0, 57)
    (eeg,) = trial.chunks
    data, whole = eeg.data.copy(), np.ones(len(eeg.times), dtype=bool)
    data[(eeg.times > 100.5) & (eeg.times < 100.9), 0] = np.nan
    whole[(eeg.times > 101.2) & (eeg.times < 101.5)] = False
    evidence = decode(ssvep_decoder, replace(trial, chunks=(Chunk("eeg", eeg.times[whole], data[whole]),)))
    assert np.isfinite(evidence.log_likelihood).all()
    assert evidence.log_likelihood.argmax() == 4
    assert 0.4 < evidence.quality < 0.7


def test_a_code_that_is_no_flicker_is_refused(flicker_trial_of):
    trial = flicker_trial_of(4, 1.0, 60)
    block = trial.presentation.blocks[0]
    codes = block.codes.copy()
    codes[2] = 0
    with pytest.raises(ValueError, match="slot 2 shows none"):
        flickers_of(StimulusBlock(codes, block.frame_rate, block.regions), FREQUENCIES_HZ)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": np.asarray(0)}, "of version 1"),
        ({"latencies_": np.full(3, np.nan)}, "'latencies_' is damaged"),
        ({"patterns_": np.zeros((3, 4), dtype=complex)}, "patterns_ are damaged"),
        ({"channels_": np.array([None], dtype=object)}, "'channels_' is damaged"),
    ],
)
def test_damaged_arrays_are_refused(ssvep_decoder, change, said):
    with pytest.raises(ValueError, match=said):
        SSVEPDecoder.from_arrays(ssvep_decoder.to_arrays() | change)


def test_too_few_trials_are_refused(flicker_calibration_of):
    with pytest.raises(ValueError, match="at least 4"):
        SSVEPDecoder().fit(*flicker_calibration_of(1.0, n_trials=3))


def test_a_constant_channel_is_refused(flicker_calibration_of, flicker_trial_of):
    X, y, signals = flicker_calibration_of(1.0, n_trials=4)
    data = signals.data("eeg").copy()
    data[:, 0] = 0.0
    flat = flicker_trial_of(0, 1.0, 0).signals([Chunk("eeg", signals.times("eeg"), data)])
    with pytest.raises(ValueError, match="vary in every channel"):
        SSVEPDecoder().fit(X, y, flat)
