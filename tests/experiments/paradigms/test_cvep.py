"""A recording of codes takes part: some trials are learnt from, others are played to any page."""

import mne
import numpy as np
import pytest

from acquisition.clock import VirtualClock
from acquisition.stimulus import Presentation
from experiments.config import load
from experiments.display.headless import HeadlessDisplay
from experiments.paradigms.cvep import WIRING
from experiments.rig import paradigm, screen, signals
from selector.paradigms.cvep import modulated_gold_codes

SFREQ, N_TRIALS, CYCLE_S = 120.0, 12, 2.1
CONFIG = load(paradigm="cvep")


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Trials of two cycles in a row, each of a code of its own, in four channels."""
    folder = tmp_path_factory.mktemp("recording")
    rng = np.random.default_rng(0)
    codes = modulated_gold_codes()[10 : 10 + N_TRIALS]
    shown = np.tile(np.repeat(codes, 2, axis=1), (1, 2)).astype(int)
    lags = np.arange(36) / SFREQ
    wave = np.sin(2 * np.pi * 8 * lags) * np.exp(-lags / 0.08)
    data = np.concatenate([np.convolve(np.diff(row, prepend=0), wave)[: len(row)] for row in shown])
    data = np.linspace(0.3, 1.0, 4)[:, None] * data + 0.7 * rng.standard_normal((4, len(data)))
    raw = mne.io.RawArray(1e-5 * data, mne.create_info(4, SFREQ, "eeg"), verbose="error")
    onsets = [2 * CYCLE_S * trial for trial in range(N_TRIALS)]
    raw.set_annotations(mne.Annotations(onsets, 0.0, [f"cvep/{trial}" for trial in range(N_TRIALS)]))
    raw.save(folder / "a_raw.fif", verbose="error")
    np.savetxt(folder / "codes_60Hz_126bit.csv", codes, fmt="%d", delimiter=",")
    return folder / "a_raw.fif"


def decide(person, wanted, n_slots, trial=0, arrange=None):
    """Show two cycles to the recorded person, and return the likeliest slot."""
    participant, grid, rng = person.participant, screen(CONFIG), np.random.default_rng(trial)
    regions = np.stack([grid.region(place) for place in range(n_slots)])
    clock = VirtualClock(100.0 * trial + 3.0)
    display = HeadlessDisplay(clock, grid, [], participant)
    schedule, held = paradigm(CONFIG, arrange or person.arrange), signals(CONFIG, participant.streams)
    participant.attend(wanted, regions[wanted], clock.now(), clock.now() + 1.0)
    for tick in display.wait(1.0):
        held.append(participant.pull(tick.now))
    shown = Presentation(trial, regions, clock.now())
    for _ in range(2):
        block = schedule.next_block(regions, None, 0, rng)
        shown = shown.then(block)
        for tick in display.show(block):
            shown = shown.shown(tick.flips)
            held.append(participant.pull(tick.now))
    return int(person.decoder.decode(shown, held).log_likelihood[:-1].argmax())


def test_any_slot_is_found_by_trials_that_were_not_learnt_from(recording):
    person = WIRING.recorded(CONFIG, recording, np.random.default_rng(0))
    wanted = [3, 17, 39, 0]
    assert [decide(person, slot, 40, trial) for trial, slot in enumerate(wanted)] == wanted
    assert person.participant.n_used == 4
    assert person.fitted_to == "fitted to 8 trials of a_raw.fif; 4 others are played"


def test_an_eeg_that_answers_to_nothing_shown_finds_no_slot(recording):
    config = load(None, ["control=zero-snr"], paradigm="cvep")
    person = WIRING.recorded(config, recording, np.random.default_rng(0))
    found = [decide(person, 5, 40, trial) for trial in range(4)]
    assert found.count(5) <= 1


def test_recordings_that_cannot_take_part_are_told(recording, tmp_path):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"timing\.refresh_hz"):
        WIRING.recorded(load(None, ["timing.refresh_hz=120"], paradigm="cvep"), recording, rng)
    alone = tmp_path / "a_raw.fif"
    alone.write_bytes(recording.read_bytes())
    with pytest.raises(FileNotFoundError, match="needs the codes"):
        WIRING.recorded(CONFIG, alone, rng)
    np.savetxt(tmp_path / "codes_60Hz_126bit.csv", np.eye(126), fmt="%d", delimiter=",")
    with pytest.raises(ValueError, match="126 are not"):
        WIRING.recorded(CONFIG, alone, rng)
