from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from acquisition.filtering import CausalFilter
from acquisition.stimulus import Presentation, StimulusBlock
from acquisition.stream import Chunk, Signals, StreamInfo
from selector.decoders.ssvep_online import BAND, SSVEPDecoder
from selector.decoders.ssvep_projections import flickers_of
from selector.paradigms.ssvep import FREQUENCIES_HZ, JointFrequencyPhase

EEG = StreamInfo("eeg", 250.0, tuple(f"EEG{i}" for i in range(5)), "V")
REGIONS = np.array([(240.0 * (i % 8), 120.0 * (i // 8 + 1), 240.0, 120.0) for i in range(24)])
LATENCY_S = 0.11


@dataclass(frozen=True)
class Trial:
    presentation: Presentation
    attended: int
    chunk: Chunk

    def signals(self, chunks=None):
        signals = Signals([EEG], {"eeg": CausalFilter(EEG.sfreq, BAND)}, keep_s=np.inf)
        signals.append([self.chunk] if chunks is None else chunks)
        return signals


def make_trial(attended, snr, seed, start=100.0, trial=0, n_blocks=1, frame_s=1 / 60, dropped=()):
    """EEG in which the luminance of the attended slot comes back after a latency."""
    rng = np.random.default_rng(seed)
    paradigm = JointFrequencyPhase(block_s=2.0)
    presentation, at = Presentation(trial, REGIONS, start=start), start
    flips, lit = [], []
    for _ in range(n_blocks):
        block = paradigm.next_block(REGIONS, None, 0, rng)
        steps = frame_s * (1 + np.isin(np.arange(block.n_frames), dropped))
        shown = at + np.cumsum(steps) - steps
        at = shown[-1] + steps[-1]
        presentation = presentation.then(block).shown(shown)
        flips.append(shown)
        lit.append(block.codes[attended])
    times = np.arange(start - 1, at + 0.5, 1 / EEG.sfreq)
    data = rng.normal(size=(len(times), 5)) + rng.normal(size=(len(times), 1))
    flips, lit = np.concatenate(flips), np.concatenate(lit)
    seen = lit[np.clip(np.searchsorted(flips, times - LATENCY_S) - 1, 0, None)] - 0.5
    seen[(times < start + LATENCY_S) | (times > at + LATENCY_S)] = 0.0
    data += snr * seen[:, None] * np.linspace(0.3, 1.0, 5)
    return Trial(presentation, attended, Chunk("eeg", times, (1e-5 * data).astype(np.float32)))


def calibrated(snr, seed=0, n=10):
    trials = [make_trial((7 * i + 3) % 24, snr, seed + i, start=100.0 + 5 * i, trial=i) for i in range(n)]
    signals = trials[0].signals([])
    for trial in trials:
        signals.append([trial.chunk])
    return SSVEPDecoder().fit([t.presentation for t in trials], [t.attended for t in trials], signals)


@pytest.fixture(scope="module")
def decoder():
    return calibrated(1.5)


def fresh(decoder):
    return SSVEPDecoder.from_arrays(decoder.to_arrays())


def decode(decoder, trial):
    return fresh(decoder).decode(trial.presentation, trial.signals())


def assert_same(one, other):
    assert np.array_equal(one.log_likelihood, other.log_likelihood)
    for name in ("modality", "time", "complete_until", "quality", "n_observations"):
        assert getattr(one, name) == getattr(other, name)


def test_attended_slot_is_found_also_at_frequencies_never_cued(decoder):
    trials = [make_trial(slot, 1.5, 60 + slot) for slot in range(24)]
    found = [decode(decoder, trial).log_likelihood.argmax() for trial in trials]
    assert np.mean(np.array(found) == np.arange(24)) > 0.95


def test_where_there_is_no_response_nothing_is_attended_to(decoder):
    nothing = [decode(decoder, make_trial(0, 0.0, 90 + i)).log_likelihood.argmax() == 24 for i in range(20)]
    assert sum(nothing) >= 18


def test_latency_is_found_with_what_the_filter_adds():
    assert 0 < calibrated(3.0).latencies_[0] - LATENCY_S < 0.03


def test_labels_that_mean_nothing_leave_no_confidence():
    assert calibrated(0.0).temperature_ == 0.0


def test_evidence_has_a_value_per_slot_and_for_nothing(decoder):
    evidence = decode(decoder, make_trial(4, 1.5, 50))
    assert evidence.modality == "eeg"
    assert evidence.log_likelihood.shape == (25,)
    assert evidence.log_likelihood[-1] == 0.0
    assert (evidence.quality, evidence.n_observations) == (1.0, 36)


def test_nothing_is_said_before_the_first_sample(decoder):
    trial = make_trial(4, 1.5, 51)
    evidence = fresh(decoder).decode(trial.presentation, trial.signals([]))
    assert np.array_equal(evidence.log_likelihood, np.zeros(25))
    assert (evidence.n_observations, evidence.time) == (0, trial.presentation.start)


@given(cuts=st.lists(st.integers(1, 800), max_size=8, unique=True).map(sorted))
@settings(max_examples=10, deadline=None)
def test_chunking_never_changes_the_evidence(decoder, cuts):
    trial = make_trial(4, 1.0, 52)
    growing, signals = fresh(decoder), trial.signals([])
    chunk = trial.chunk
    for times, data in zip(np.split(chunk.times, cuts), np.split(chunk.data, cuts), strict=True):
        signals.append([Chunk("eeg", times, data)])
        evidence = growing.decode(trial.presentation, signals)
    assert_same(evidence, decode(decoder, trial))


def test_incremental_evidence_equals_batch_evidence_at_every_tick(decoder):
    trial = make_trial(4, 1.0, 53, n_blocks=2)
    growing, signals, seen = fresh(decoder), trial.signals([]), []
    shown = Presentation(0, REGIONS, start=trial.presentation.start)
    for block, flips in zip(trial.presentation.blocks, trial.presentation.flips, strict=True):
        shown = shown.then(block)
        for part in np.array_split(flips, 7):
            shown = shown.shown(part)
            new = (trial.chunk.times <= part[-1]) & (trial.chunk.times > signals.newest("eeg"))
            seen.append(Chunk("eeg", trial.chunk.times[new], trial.chunk.data[new]))
            signals.append(seen[-1:])
            assert_same(growing.decode(shown, signals), fresh(decoder).decode(shown, trial.signals(seen)))


def test_samples_that_come_when_the_next_block_has_begun_still_count(decoder):
    trial = make_trial(4, 1.0, 53, n_blocks=2)
    growing, signals = fresh(decoder), trial.signals([])
    shown = Presentation(0, REGIONS, start=trial.presentation.start)
    for block, flips in zip(trial.presentation.blocks, trial.presentation.flips, strict=True):
        shown = shown.then(block)
        for part in np.array_split(flips, 7):
            shown = shown.shown(part)
            late = (trial.chunk.times <= part[-1] - 0.4) & (trial.chunk.times > signals.newest("eeg"))
            signals.append([Chunk("eeg", trial.chunk.times[late], trial.chunk.data[late])])
            growing.decode(shown, signals)
    rest = trial.chunk.times > signals.newest("eeg")
    signals.append([Chunk("eeg", trial.chunk.times[rest], trial.chunk.data[rest])])
    assert_same(growing.decode(shown, signals), decode(decoder, trial))


def test_another_trial_starts_from_nothing(decoder):
    one, other = make_trial(4, 1.5, 54), make_trial(9, 1.5, 55, trial=1)
    used = fresh(decoder)
    used.decode(one.presentation, one.signals())
    assert_same(used.decode(other.presentation, other.signals()), decode(decoder, other))


@pytest.mark.parametrize("shown", [{"frame_s": 1 / 58}, {"dropped": (30, 31, 70)}])
def test_a_display_that_is_late_is_followed_by_its_flips(decoder, shown):
    found = [decode(decoder, make_trial(slot, 2.0, 70 + slot, **shown)).log_likelihood.argmax() for slot in range(8)]
    assert found == list(range(8))


def test_lost_samples_lower_the_quality_and_never_reach_the_evidence(decoder):
    trial = make_trial(4, 2.0, 57)
    data, whole = trial.chunk.data.copy(), np.ones(len(trial.chunk.times), dtype=bool)
    data[(trial.chunk.times > 100.5) & (trial.chunk.times < 100.9), 0] = np.nan
    whole[(trial.chunk.times > 101.2) & (trial.chunk.times < 101.5)] = False
    evidence = decode(decoder, replace(trial, chunk=Chunk("eeg", trial.chunk.times[whole], data[whole])))
    assert np.isfinite(evidence.log_likelihood).all()
    assert evidence.log_likelihood.argmax() == 4
    assert 0.4 < evidence.quality < 0.7


def test_channels_are_found_by_their_labels(decoder):
    trial = make_trial(4, 1.5, 58)
    order = [3, 0, 4, 1, 2]
    info = replace(EEG, channels=(*(EEG.channels[i] for i in order), "EXG"))
    signals = Signals([info], {"eeg": CausalFilter(EEG.sfreq, BAND)}, keep_s=np.inf)
    data = np.concatenate([trial.chunk.data[:, order], trial.chunk.data[:, :1]], axis=1)
    signals.append([Chunk("eeg", trial.chunk.times, data)])
    evidence = fresh(decoder).decode(trial.presentation, signals)
    np.testing.assert_allclose(evidence.log_likelihood, decode(decoder, trial).log_likelihood)


@pytest.mark.parametrize(
    ("info", "said"),
    [(replace(EEG, sfreq=500.0), "runs at 500 Hz"), (replace(EEG, channels=EEG.channels[:4]), "not so: EEG4")],
)
def test_another_device_is_refused(decoder, info, said):
    with pytest.raises(ValueError, match=said):
        fresh(decoder).decode(make_trial(4, 1.0, 59).presentation, Signals([info]))


def test_a_code_that_is_no_flicker_is_refused(decoder):
    trial = make_trial(4, 1.0, 60)
    block = trial.presentation.blocks[0]
    codes = block.codes.copy()
    codes[2] = 0
    with pytest.raises(ValueError, match="slot 2 shows none"):
        flickers_of(StimulusBlock(codes, block.frame_rate, block.regions), FREQUENCIES_HZ)


def test_a_saved_decoder_decides_bit_for_bit_alike(decoder, tmp_path):
    np.savez(tmp_path / "decoder.npz", **decoder.to_arrays())
    with np.load(tmp_path / "decoder.npz", allow_pickle=False) as arrays:
        loaded = SSVEPDecoder.from_arrays(arrays)
    trial = make_trial(4, 1.0, 61)
    assert_same(loaded.decode(trial.presentation, trial.signals()), decoder.decode(trial.presentation, trial.signals()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": np.asarray(0)}, "of version 1"),
        ({"latencies_": np.full(3, np.nan)}, "'latencies_' is damaged"),
        ({"patterns_": np.zeros((3, 4), dtype=complex)}, "patterns_ are damaged"),
        ({"channels_": np.array([None], dtype=object)}, "'channels_' is damaged"),
    ],
)
def test_damaged_arrays_are_refused(decoder, change, said):
    with pytest.raises(ValueError, match=said):
        SSVEPDecoder.from_arrays(decoder.to_arrays() | change)


def test_arrays_of_something_else_are_refused():
    with pytest.raises(ValueError, match="'arrays' must hold"):
        SSVEPDecoder.from_arrays({})


def test_a_clone_has_the_same_parameters_and_is_not_fitted(decoder):
    cloned = clone(decoder)
    assert cloned.get_params() == decoder.get_params() == fresh(decoder).get_params()
    assert not {name for name in vars(cloned) if name.endswith("_")}
    with pytest.raises(ValueError, match="must be fitted"):
        cloned.decode(make_trial(4, 1.0, 62).presentation, Signals([EEG]))


def test_too_few_trials_are_refused():
    with pytest.raises(ValueError, match="at least 4"):
        calibrated(1.0, n=3)


def test_a_constant_channel_is_refused():
    trials = [make_trial(i, 1.0, i, start=100.0 + 5 * i, trial=i) for i in range(4)]
    signals = trials[0].signals([])
    for trial in trials:
        signals.append([replace_first(trial.chunk)])
    with pytest.raises(ValueError, match="vary in every channel"):
        SSVEPDecoder().fit([t.presentation for t in trials], [t.attended for t in trials], signals)


def replace_first(chunk):
    data = chunk.data.copy()
    data[:, 0] = 0.0
    return Chunk("eeg", chunk.times, data)
