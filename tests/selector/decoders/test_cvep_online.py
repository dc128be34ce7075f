"""Codes decoded while a trial grows: late frames, lost samples, chunks, and what is kept in a file."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from acquisition.filtering import CausalFilter
from acquisition.stimulus import Presentation
from acquisition.stream import Chunk, Signals, StreamInfo
from selector.decoders.cvep_online import BAND, CVEPDecoder
from selector.paradigms.cvep import ModulatedGoldCodes

SFREQ, N_CHANNELS, N_SLOTS = 250.0, 4, 12
EEG = StreamInfo("eeg", SFREQ, tuple(f"EEG{i}" for i in range(N_CHANNELS)), "V")
REGIONS = np.zeros((N_SLOTS, 4))


def trial_of(attended, seed, snr=1.0, trial=0, start=10.0, n_blocks=1, late=0.0, pattern=(0.2, 0.5, 0.8, 1.0)):
    """A trial in which every edge of the attended code is answered by a wave; a share of the frames comes late."""
    rng = np.random.default_rng(seed)
    paradigm = ModulatedGoldCodes()
    shown = Presentation(trial, REGIONS, start)
    time = start
    for _ in range(n_blocks):
        block = paradigm.next_block(REGIONS, None, 0, rng)
        steps = np.where(rng.random(block.n_frames) < late, 2, 1) / 60
        shown = shown.then(block).shown(time + np.cumsum(steps) - steps[0])
        time = shown.end + 1 / 60
    times = np.arange(start - 1.0, shown.end + 1.0, 1 / SFREQ)
    data = rng.standard_normal((len(times), N_CHANNELS)) + rng.standard_normal((len(times), 1))
    if attended is not None:
        codes = np.concatenate([block.codes[attended] for block in shown.blocks]).astype(int)
        edges = np.diff(codes, prepend=0)
        lags = times[:, None] - np.concatenate(shown.flips)[edges != 0]
        wave = np.sin(2 * np.pi * 10 * lags) * np.exp(-lags / 0.06) * ((lags > 0) & (lags < 0.3))
        data += snr * np.outer(wave @ edges[edges != 0], pattern)
    return shown, Chunk("eeg", times, (1e-5 * data).astype(np.float32))


def held_of(*chunks, info=EEG):
    signals = Signals([info], {"eeg": CausalFilter(SFREQ, BAND)}, keep_s=np.inf)
    signals.append(chunks)
    return signals


def calibration(snr, n_trials=8):
    cued = [(5 * number + 2) % N_SLOTS for number in range(n_trials)]
    trials = [trial_of(slot, number, snr, number, 10.0 + 6.0 * number) for number, slot in enumerate(cued)]
    return [shown for shown, _ in trials], cued, held_of(*(chunk for _, chunk in trials))


@pytest.fixture(scope="module")
def decoder():
    return CVEPDecoder().fit(*calibration(1.0))


def fresh(decoder):
    return CVEPDecoder.from_arrays(decoder.to_arrays())


def assert_same(one, other):
    assert np.array_equal(one.log_likelihood, other.log_likelihood)
    assert (one.time, one.complete_until, one.quality, one.n_observations) == (
        other.time,
        other.complete_until,
        other.quality,
        other.n_observations,
    )


@pytest.mark.parametrize("late", [0.0, 0.1])
def test_the_attended_code_is_found_though_frames_come_late(decoder, late):
    for slot in range(6):
        shown, chunk = trial_of(slot, 100 + slot, late=late)
        evidence = decoder.decode(shown, held_of(chunk))
        assert evidence.log_likelihood.shape == (N_SLOTS + 1,)
        assert evidence.log_likelihood.argmax() == slot
        assert evidence.quality == 1.0
        assert evidence.n_observations > 100


def test_nothing_attended_to_is_likelier_than_any_slot(decoder):
    found = [
        decoder.decode(shown, held_of(chunk)).log_likelihood.argmax()
        for shown, chunk in (trial_of(None, 200 + seed) for seed in range(8))
    ]
    assert found.count(N_SLOTS) >= 7


def test_labels_that_mean_nothing_give_no_evidence():
    deaf = CVEPDecoder().fit(*calibration(0.0))
    shown, chunk = trial_of(3, 300)
    assert deaf.temperature_ == 0.0
    assert not deaf.decode(shown, held_of(chunk)).log_likelihood.any()


def test_evidence_while_a_trial_grows_equals_that_of_the_whole_so_far(decoder):
    whole, chunk = trial_of(4, 400, n_blocks=2, late=0.05)
    growing, signals = fresh(decoder), held_of()
    shown, n_seen = Presentation(0, REGIONS, whole.start), 0
    for block, flips in zip(whole.blocks, whole.flips, strict=True):
        shown = shown.then(block)
        for part in np.array_split(flips, 9):
            shown = shown.shown(part)
            n_now = int(np.searchsorted(chunk.times, part[-1] - 0.03))
            signals.append([Chunk("eeg", chunk.times[n_seen:n_now], chunk.data[n_seen:n_now])])
            n_seen = n_now
            so_far = held_of(Chunk("eeg", chunk.times[:n_now], chunk.data[:n_now]))
            assert_same(growing.decode(shown, signals), fresh(decoder).decode(shown, so_far))
    signals.append([Chunk("eeg", chunk.times[n_seen:], chunk.data[n_seen:])])
    assert_same(growing.decode(shown, signals), fresh(decoder).decode(whole, held_of(chunk)))


def test_chunks_make_no_difference(decoder):
    shown, chunk = trial_of(7, 500)
    pieces = [
        Chunk("eeg", times, data)
        for times, data in zip(np.array_split(chunk.times, 37), np.array_split(chunk.data, 37), strict=True)
    ]
    assert_same(fresh(decoder).decode(shown, held_of(*pieces)), fresh(decoder).decode(shown, held_of(chunk)))


def test_another_trial_starts_from_nothing(decoder):
    one, other = trial_of(4, 600), trial_of(9, 601, trial=1)
    used = fresh(decoder)
    used.decode(one[0], held_of(one[1]))
    signals = held_of(other[1])
    assert_same(used.decode(other[0], signals), fresh(decoder).decode(other[0], signals))


def test_nothing_is_said_before_the_first_sample(decoder):
    shown, _ = trial_of(4, 700)
    evidence = fresh(decoder).decode(shown, held_of())
    assert not evidence.log_likelihood.any()
    assert (evidence.n_observations, evidence.time, evidence.quality) == (0, shown.start, 1.0)


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "nan"])
def test_samples_that_are_missing_lower_the_quality(decoder, lost):
    shown, chunk = trial_of(5, 800)
    gap = (chunk.times > 11.0) & (chunk.times < 11.5)
    data = chunk.data.copy()
    data[gap, 2] = np.nan
    there = ~gap if lost else np.ones_like(gap)
    evidence = fresh(decoder).decode(shown, held_of(Chunk("eeg", chunk.times[there], data[there])))
    assert np.isfinite(evidence.log_likelihood).all()
    assert evidence.log_likelihood[:-1].argmax() == 5
    assert 0.5 < evidence.quality < 0.85


def test_channels_are_found_by_their_labels(decoder):
    shown, chunk = trial_of(6, 900)
    order = [2, 0, 3, 1]
    turned = StreamInfo("eeg", SFREQ, tuple(EEG.channels[i] for i in order), "V")
    expected = fresh(decoder).decode(shown, held_of(chunk))
    moved = held_of(Chunk("eeg", chunk.times, chunk.data[:, order]), info=turned)
    assert_same(fresh(decoder).decode(shown, moved), expected)


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (StreamInfo("eeg", SFREQ, ("EEG0", "EEG1", "EEG2", "Cz"), "V"), "not so: EEG3"),
        (StreamInfo("eeg", 500.0, EEG.channels, "V"), "runs at 500 Hz"),
    ],
)
def test_another_device_is_refused(decoder, info, message):
    shown, chunk = trial_of(6, 900)
    with pytest.raises(ValueError, match=message):
        fresh(decoder).decode(shown, held_of(chunk, info=info))


def test_a_saved_decoder_decides_bit_for_bit_alike(decoder, tmp_path):
    np.savez(tmp_path / "decoder.npz", **decoder.to_arrays())
    with np.load(tmp_path / "decoder.npz", allow_pickle=False) as arrays:
        loaded = CVEPDecoder.from_arrays(dict(arrays))
    shown, chunk = trial_of(1, 950)
    signals = held_of(chunk)
    assert_same(loaded.decode(shown, signals), fresh(decoder).decode(shown, signals))
    assert loaded.get_params() == decoder.get_params()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": np.asarray(0)}, "of version"),
        ({"ar_": np.ones(3)}, "ar_ are damaged"),
        ({"filters_": np.full((4, 1), np.nan)}, "'filters_' is damaged"),
        ({"channels_": np.array(["A", "B"])}, "filters_ are damaged"),
    ],
)
def test_damaged_arrays_are_refused(decoder, change, message):
    with pytest.raises(ValueError, match=message):
        CVEPDecoder.from_arrays({**decoder.to_arrays(), **change})


def test_arrays_of_something_else_are_refused():
    with pytest.raises(ValueError, match="lacks version"):
        CVEPDecoder.from_arrays({})


def test_a_clone_is_not_fitted(decoder):
    shown, chunk = trial_of(1, 950)
    with pytest.raises(NotFittedError):
        clone(decoder).decode(shown, held_of(chunk))


def test_too_few_trials_and_flat_channels_are_told():
    X, y, signals = calibration(1.0, n_trials=4)
    with pytest.raises(ValueError, match="at least 4"):
        CVEPDecoder().fit(X[:3], y[:3], signals)
    flat = signals.data("eeg").copy()
    flat[:, 1] = 0.0
    unfiltered = Signals([EEG], keep_s=np.inf)
    unfiltered.append([Chunk("eeg", signals.times("eeg"), flat)])
    with pytest.raises(ValueError, match="not so: EEG1"):
        CVEPDecoder().fit(X, y, unfiltered)
    unheard = [*X[:3], replace(X[3], flips=(X[3].flips[0] + 1e4,))]
    with pytest.raises(ValueError, match="without missing samples"):
        CVEPDecoder().fit(unheard, y, signals)
