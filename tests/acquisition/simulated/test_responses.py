"""What is shown decides how the brain answers: flashes, steady flicker, pseudo-random flicker."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.signal import max_len_seq

from acquisition.filtering import CausalFilter
from acquisition.simulated.montage import OCCIPITAL
from acquisition.simulated.participant import EEG_SFREQ, SimulatedParticipant
from acquisition.simulated.profile import PROFILES
from acquisition.simulated.responses import flickers
from acquisition.stimulus import StimulusBlock
from acquisition.stream import Signals
from selector.decoders.ssvep import FBCCA
from selector.paradigms.dwell import Dwell
from selector.paradigms.p300 import P300Groups
from selector.types import Posterior

FRAME_RATE = 60.0
FREQUENCIES = (8.0, 9.0, 11.0, 13.0)
N_SLOTS = len(FREQUENCIES)
REGIONS = np.array([[100.0 + 450 * slot, 400.0, 300.0, 200.0] for slot in range(N_SLOTS)])
OCCIPITAL_TYPICAL = replace(PROFILES["typical"], montage=OCCIPITAL)
OZ = OCCIPITAL.index("Oz")


def steady(seconds=4.0, frequencies=FREQUENCIES):
    frames = np.arange(round(seconds * FRAME_RATE))
    codes = np.stack([np.mod(frames * hz / FRAME_RATE, 1.0) < 0.5 for hz in frequencies])
    return StimulusBlock(codes.astype(np.uint8), FRAME_RATE, REGIONS[: len(codes)])


def pseudo_random(n_periods=2):
    """One m-sequence of 63 bits, each slot a quarter further on."""
    sequence = max_len_seq(6)[0]
    codes = np.stack([np.tile(np.roll(sequence, -16 * slot), n_periods) for slot in range(N_SLOTS)])
    return StimulusBlock(codes.astype(np.uint8), FRAME_RATE, REGIONS)


def trial(participant, signals, block, slot, begin):
    """Show a block from ``begin`` on; the EEG (n_channels, n_samples) while it lasted."""
    participant.attend(slot, REGIONS[slot or 0], begin - 1.5, begin)
    participant.present(block)
    flips = begin + np.arange(block.n_frames) / FRAME_RATE
    for part in np.array_split(flips, block.n_frames // 3):
        participant.flip(part)
        signals.append(participant.pull(float(part[-1])))
    signals.append(participant.pull(float(flips[-1]) + 1.0))
    epochs, usable = signals.epochs("eeg", np.array([begin]), 0.0, block.n_frames / FRAME_RATE)
    assert usable.all()
    return epochs[0].astype(np.float64)


def trials(block, slots, noise_seed=2, profile=OCCIPITAL_TYPICAL, band=None):
    participant = SimulatedParticipant(profile, 1, noise_seed, 0.0)
    signals = Signals(participant.streams, {"eeg": CausalFilter(EEG_SFREQ, band)} if band else None, keep_s=1e6)
    length = block.n_frames / FRAME_RATE + 4.0
    return np.stack([trial(participant, signals, block, slot, 3.0 + k * length) for k, slot in enumerate(slots)])


def clean_answer(block, slot, profile=OCCIPITAL_TYPICAL):
    """EEG in uV at Oz that is there because the block was shown, shape (n_samples,)."""
    sure = replace(profile, lapses_per_min=0.0, absences_per_hour=0.0, amplitude_variation=0.0)
    dark = StimulusBlock(np.zeros_like(block.codes), FRAME_RATE, block.regions)
    shown, unshown = (trials(which, [slot], profile=sure)[0, OZ] for which in (block, dark))
    return 1e6 * (shown - unshown)


def test_flickers_are_told_from_flashes_by_their_codes():
    rng = np.random.default_rng(0)
    grid = np.tile(REGIONS[:1], (36, 1))
    flat = Posterior(np.zeros(37), np.zeros(37), np.zeros(37))
    assert flickers(steady())
    assert flickers(steady(seconds=0.5))
    assert flickers(pseudo_random())
    assert not flickers(P300Groups(FRAME_RATE).next_block(grid, flat, 0, rng))
    assert not flickers(P300Groups(FRAME_RATE, soa_s=0.1, flash_s=0.05).next_block(grid, flat, 0, rng))
    assert not flickers(Dwell(FRAME_RATE).next_block(grid, flat, 0, rng))
    single = np.zeros((4, 10), dtype=np.uint8)
    single[1, :6] = 1
    assert not flickers(StimulusBlock(single, FRAME_RATE, REGIONS))


def test_a_periodic_code_is_answered_at_its_frequency_and_multiples():
    answer = clean_answer(steady(4.0, (7.5, 10.0)), 0)[round(EEG_SFREQ) :][: round(2.4 * EEG_SFREQ)]
    spectrum = np.abs(np.fft.rfft(answer)) / len(answer) * 2
    hz = np.fft.rfftfreq(len(answer), 1 / EEG_SFREQ)
    at = {f: spectrum[np.argmin(np.abs(hz - f))] for f in (7.5, 10.0, 15.0, 22.5)}
    elsewhere = np.median(spectrum[(hz > 5) & (hz < 24)])
    assert min(at[7.5], at[15.0], at[22.5]) > 5 * elsewhere
    assert 0.5 < at[7.5] < 6.0
    assert 0 < at[10.0] < 0.3 * at[7.5]


def test_faster_flicker_is_answered_less():
    sizes = [clean_answer(steady(3.0, (hz,)), 0)[round(EEG_SFREQ) :].std() for hz in (15.0, 20.0, 30.0)]
    assert sizes[0] > sizes[1] > sizes[2] > 0


def test_an_answer_begins_when_the_flips_really_came():
    block = steady(1.0, (10.0,))
    late = []
    for shift in (0.0, 0.02):
        participant = SimulatedParticipant(OCCIPITAL_TYPICAL, 1, 2, 0.0)
        participant.attend(0, REGIONS[0], 0.0, 2.0)
        participant.present(block)
        participant.flip(2.0 + shift + np.arange(block.n_frames) / FRAME_RATE)
        late.append(participant.pull(5.0)[0].data[:, OZ].astype(np.float64))
    quiet = SimulatedParticipant(OCCIPITAL_TYPICAL, 1, 2, 0.0)
    quiet.attend(0, REGIONS[0], 0.0, 2.0)
    without = quiet.pull(5.0)[0].data[:, OZ]
    first, second = (answer - without for answer in late)
    np.testing.assert_allclose(second[5:], first[:-5], atol=1e-7)


def test_fbcca_finds_the_flicker_attended_to():
    slots = np.tile(np.arange(N_SLOTS), 5)
    windows = trials(steady(), slots)
    found = FBCCA(FREQUENCIES, EEG_SFREQ).predict(windows)
    assert np.mean(found == np.array(FREQUENCIES)[slots]) > 0.85


def test_fbcca_finds_nothing_at_zero_snr():
    slots = np.tile(np.arange(N_SLOTS), 5)
    windows = trials(steady(), slots, profile=replace(OCCIPITAL_TYPICAL, snr=0.0))
    found = FBCCA(FREQUENCIES, EEG_SFREQ).predict(windows)
    assert np.mean(found == np.array(FREQUENCIES)[slots]) < 0.6


def test_templates_of_one_session_find_the_code_attended_to_in_another():
    slots = np.tile(np.arange(N_SLOTS), 10)
    calibration, session = (trials(pseudo_random(), slots, seed, band=(4.0, 30.0)) for seed in (2, 3))
    means = np.stack([calibration[slots == slot].mean(axis=0) for slot in range(N_SLOTS)])
    # The weights of the channels for which the mean response stands out most.
    power, mean_power = (np.einsum("tcn,tdn->cd", rows, rows) for rows in (calibration, means))
    weights = eigh(mean_power, power)[1][:, -1]
    scores = np.corrcoef(weights @ session, weights @ means)[: len(session), len(session) :]
    assert np.mean(scores.argmax(axis=1) == slots) > 0.8


def test_an_answer_to_a_code_is_linear_in_its_edges():
    codes = np.zeros((1, 60), dtype=np.uint8)
    codes[0, 0:3] = codes[0, 6:9] = codes[0, 12:15] = codes[0, 21:24] = 1
    shifted = np.roll(codes, 30, axis=1)
    one, other = (clean_answer(StimulusBlock(c, FRAME_RATE, REGIONS[:1]), 0) for c in (codes, shifted))
    both = clean_answer(StimulusBlock(codes | shifted, FRAME_RATE, REGIONS[:1]), 0)
    np.testing.assert_allclose(both, one + other, atol=0.02)


@pytest.mark.parametrize("slot", [0, 2])
def test_a_flicker_has_no_p300(slot):
    profile = replace(PROFILES["typical"], lapses_per_min=0.0, absences_per_hour=0.0)
    block = steady(2.0)
    dark = StimulusBlock(np.zeros_like(block.codes), FRAME_RATE, REGIONS)
    shown, unshown = (trials(which, [slot], profile=profile)[0] for which in (block, dark))
    cz = profile.montage.index("Cz")
    assert np.abs(shown[cz] - unshown[cz]).max() < 1e-6
