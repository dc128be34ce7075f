"""What every decoder owes the loop, whatever it reads."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from acquisition.stimulus import Presentation
from acquisition.stream import Chunk, Signals

TRIALS = {
    "erp_decoder": "flash_trial_of",
    "adaptive_erp_decoder": "flash_trial_of",
    "gaze_decoder": "flash_trial_of",
    "ssvep_decoder": "flicker_trial_of",
    "cvep_decoder": "code_trial_of",
}
"""Every decoder of the loop, fitted, and the trials that it is for."""

READ_EEG = [name for name in TRIALS if name != "gaze_decoder"]
"""Gaze is found by its axes, at any rate, and may begin without a fit."""


@pytest.fixture(scope="module", params=TRIALS)
def subject(request):
    return tuple(request.getfixturevalue(name) for name in (request.param, TRIALS[request.param]))


@pytest.fixture(scope="module")
def decoder(subject):
    return subject[0]


@pytest.fixture(scope="module")
def trial_of(subject):
    return subject[1]


def fresh(decoder):
    return type(decoder).from_arrays(decoder.to_arrays())


def assert_same(one, other):
    assert np.array_equal(one.log_likelihood, other.log_likelihood)
    assert (one.complete_until, one.quality, one.n_observations, one.time) == (
        other.complete_until,
        other.quality,
        other.n_observations,
        other.time,
    )


def rechunked(chunks, cuts):
    """The same samples in other pieces, the streams taking turns."""
    pieces = [
        Chunk(chunk.stream, times, data)
        for chunk in chunks
        for times, data in zip(np.split(chunk.times, cuts), np.split(chunk.data, cuts), strict=True)
        if len(times)
    ]
    return sorted(pieces, key=lambda piece: piece.times[-1])


def test_evidence_is_finite_and_has_a_value_per_slot_and_for_nothing(decoder, trial_of):
    trial = trial_of(4, 2.0, 50)
    evidence = decoder.decode(trial.presentation, trial.signals())
    assert evidence.modality == decoder.modality
    assert evidence.log_likelihood.shape == (21,)
    assert np.isfinite(evidence.log_likelihood).all()
    assert evidence.quality == 1.0
    assert evidence.n_observations > 0


def test_attended_slot_is_found_at_high_snr(decoder, trial_of):
    trials = [trial_of(slot, 3.0, 60 + slot) for slot in range(10)]
    found = [decoder.decode(t.presentation, t.signals()).log_likelihood.argmax() for t in trials]
    assert found == [t.attended for t in trials]


def test_attended_slot_is_found_by_chance_at_zero_snr(decoder, trial_of):
    trials = [trial_of(seed % 20, 0.0, 200 + seed, n_blocks=1) for seed in range(40)]
    found = [decoder.decode(t.presentation, t.signals()).log_likelihood[:-1].argmax() for t in trials]
    assert sum(slot == t.attended for slot, t in zip(found, trials, strict=True)) <= 8


def test_decoding_twice_gives_the_same(decoder, trial_of):
    trial = trial_of(4, 1.0, 51)
    signals = trial.signals()
    assert_same(decoder.decode(trial.presentation, signals), decoder.decode(trial.presentation, signals))
    assert_same(decoder.decode(trial.presentation, signals), fresh(decoder).decode(trial.presentation, trial.signals()))


@given(cuts=st.lists(st.integers(1, 1200), max_size=8, unique=True).map(sorted))
@settings(max_examples=10, deadline=None)
def test_chunking_never_changes_the_evidence(decoder, trial_of, cuts):
    trial = trial_of(4, 1.0, 52)
    batch = fresh(decoder).decode(trial.presentation, trial.signals())
    growing, signals = fresh(decoder), trial.signals([])
    for chunk in rechunked(trial.chunks, cuts):
        signals.append([chunk])
        evidence = growing.decode(trial.presentation, signals)
    assert_same(evidence, batch)


def test_incremental_evidence_equals_batch_evidence_at_every_tick(decoder, trial_of):
    trial = trial_of(4, 1.0, 53, n_blocks=2)
    growing, signals = fresh(decoder), trial.signals([])
    shown = Presentation(trial=0, regions=trial.presentation.regions, start=trial.presentation.start)
    seen = []
    for block, flips in zip(trial.presentation.blocks, trial.presentation.flips, strict=True):
        shown = shown.then(block)
        for part in np.array_split(flips, 8):
            shown = shown.shown(part)
            for chunk in trial.chunks:
                new = (chunk.times <= part[-1]) & (chunk.times > signals.newest(chunk.stream))
                piece = Chunk(chunk.stream, chunk.times[new], chunk.data[new])
                signals.append([piece])
                seen.append(piece)
            assert_same(growing.decode(shown, signals), fresh(decoder).decode(shown, trial.signals(seen)))


def test_another_trial_starts_from_nothing(decoder, trial_of):
    one, other = trial_of(4, 2.0, 54), trial_of(9, 2.0, 55, trial=1)
    used = fresh(decoder)
    used.decode(one.presentation, one.signals())
    assert_same(
        used.decode(other.presentation, other.signals()), fresh(decoder).decode(other.presentation, other.signals())
    )


def test_nothing_is_said_before_the_first_sample(decoder, trial_of):
    trial = trial_of(4, 1.0, 56)
    evidence = fresh(decoder).decode(trial.presentation, trial.signals([]))
    assert np.array_equal(evidence.log_likelihood, np.zeros(21))
    assert (evidence.n_observations, evidence.time) == (0, trial.presentation.start)


def test_nan_samples_lower_the_quality_and_never_reach_the_evidence(decoder, trial_of):
    trial = trial_of(4, 3.0, 57, n_blocks=4)
    chunks = []
    for chunk in trial.chunks:
        data = chunk.data.copy()
        data[(chunk.times > 101) & (chunk.times < 102), 0] = np.nan
        chunks.append(Chunk(chunk.stream, chunk.times, data))
    evidence = fresh(decoder).decode(trial.presentation, trial.signals(chunks))
    assert np.isfinite(evidence.log_likelihood).all()
    assert evidence.log_likelihood.argmax() == 4
    assert 0.3 < evidence.quality < 0.95


def test_a_saved_decoder_decides_bit_for_bit_alike(decoder, trial_of, tmp_path):
    np.savez(tmp_path / "decoder.npz", **decoder.to_arrays())
    with np.load(tmp_path / "decoder.npz", allow_pickle=False) as arrays:
        loaded = type(decoder).from_arrays(arrays)
    trial = trial_of(4, 1.0, 58)
    assert_same(
        loaded.decode(trial.presentation, trial.signals()), fresh(decoder).decode(trial.presentation, trial.signals())
    )
    assert loaded.get_params() == decoder.get_params()


def test_arrays_of_something_else_are_refused(decoder):
    with pytest.raises(ValueError, match="'arrays' must hold"):
        type(decoder).from_arrays({})


def test_a_clone_has_the_same_parameters_and_is_not_fitted(decoder):
    cloned = clone(decoder)
    assert cloned.get_params() == decoder.get_params()
    fitted = {name for name in vars(decoder) if name.endswith("_")}
    assert fitted
    assert not fitted & set(vars(cloned))


def test_a_gap_never_reaches_the_evidence(decoder, trial_of):
    trial = trial_of(4, 3.0, 59, n_blocks=4)
    there = [(chunk.times < 101) | (chunk.times > 101.6) for chunk in trial.chunks]
    chunks = [Chunk(c.stream, c.times[kept], c.data[kept]) for c, kept in zip(trial.chunks, there, strict=True)]
    whole, evidence = (fresh(decoder).decode(trial.presentation, trial.signals(held)) for held in (None, chunks))
    assert np.isfinite(evidence.log_likelihood).all()
    assert evidence.log_likelihood.argmax() == 4
    assert evidence.n_observations < whole.n_observations


def test_nothing_but_nan_says_nothing(decoder, trial_of):
    trial = trial_of(4, 3.0, 60)
    chunks = [Chunk(c.stream, c.times, np.full_like(c.data, np.nan)) for c in trial.chunks]
    evidence = fresh(decoder).decode(trial.presentation, trial.signals(chunks))
    assert np.array_equal(evidence.log_likelihood, np.zeros(21))
    assert (evidence.quality, evidence.n_observations) == (0.0, 0)


def test_channels_are_found_by_their_labels_in_any_order_and_among_others(decoder, trial_of):
    trial = trial_of(4, 2.0, 61)
    streams, chunks = [], []
    for info in trial.signals([]).streams.values():
        order = [*reversed(range(len(info.channels))), 0]
        labels = (*reversed(info.channels), "EXG")
        streams.append(replace(info, channels=labels))
        chunks += [Chunk(c.stream, c.times, c.data[:, order]) for c in trial.chunks if c.stream == info.name]
    turned = fresh(decoder).decode(trial.presentation, trial.signals(chunks, streams))
    as_fitted = fresh(decoder).decode(trial.presentation, trial.signals())
    np.testing.assert_allclose(turned.log_likelihood, as_fitted.log_likelihood, rtol=1e-9, atol=1e-9)
    assert turned.quality == 1.0


@pytest.mark.parametrize("subject", READ_EEG, indirect=True)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sfreq": 512.0}, "runs at 512 Hz"),
        ({"sfreq": 0.0}, "runs at 0 Hz"),
        ({"channels": ("EEG0", "EEG1", "EEG2", "EEG3", "EEG4")}, "EEG5"),
        ({"channels": ("EEG0", "EEG1", "EEG2", "EEG3", "EEG5", "EEG5")}, "EEG4"),
        ({"channels": ("Fz", "Cz", "Pz", "O1", "Oz", "O2")}, "EEG0"),
    ],
)
def test_a_stream_of_another_device_is_refused_in_a_sentence(decoder, trial_of, change, said):
    trial = trial_of(4, 1.0, 62)
    info = replace(trial.signals([]).streams["eeg"], **change)
    with pytest.raises(ValueError, match=f"{said}.*fit it on a recording"):
        fresh(decoder).decode(trial.presentation, Signals([info]))


@pytest.mark.parametrize("subject", READ_EEG, indirect=True)
def test_a_decoder_that_was_never_fitted_says_so(decoder, trial_of):
    trial = trial_of(4, 1.0, 63)
    with pytest.raises(NotFittedError, match="must be fitted before it decodes"):
        clone(decoder).decode(trial.presentation, trial.signals())
