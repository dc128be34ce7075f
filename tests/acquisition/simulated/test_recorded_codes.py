"""The recorded participant plays whole trials, with the page's frames on the recorded ones."""

import numpy as np
import pytest

from acquisition.simulated.recorded_codes import CodeTrial, RecordedCodesParticipant
from acquisition.simulated.types import PacedParticipant
from acquisition.stimulus import StimulusBlock
from acquisition.stream import Signals

CYCLE_S, N_FRAMES = 2.1, 126
REGION = np.array([0.0, 0.0, 100.0, 100.0])
TRIALS = [CodeTrial(onset=8.0 + 4.2 * number, code=10 + number, n_cycles=2) for number in range(3)]


def block():
    codes = np.random.default_rng(0).integers(0, 2, (4, N_FRAMES), dtype=np.uint8)
    return StimulusBlock(codes, 60.0, np.zeros((4, 4)))


def participant_of(recording, **given):
    return RecordedCodesParticipant(recording, TRIALS, CYCLE_S, seed=0, start=100.0, **given)


def play(participant, n_blocks, late=0.0):
    """Trials with these numbers of blocks: the signals, and code and flips of each block by trial."""
    signals = Signals(participant.streams, keep_s=1e6)
    time, trials = 103.0, []
    for slot, n in enumerate(n_blocks):
        participant.attend(slot, REGION, time, time + 1.5)
        earliest, blocks = time + 1.5, []
        for _ in range(n):
            arranged = participant.arrange()
            assert arranged[0] == slot
            flips = participant.flip_times(block(), earliest + late)
            for flip in flips[::5]:
                signals.append(participant.pull(float(flip)))
            blocks.append((arranged[1], flips))
            earliest = float(flips[-1]) + 1 / 60
        time = earliest + 0.5
        trials.append(blocks)
    signals.append(participant.pull(time))
    return signals, trials


def recorded_at(signals, recording, time):
    """Where in the recording the sample nearest to a session time is from; the first channel counts its samples."""
    nearest = np.abs(signals.times("eeg") - time).argmin()
    return float(recording.times[int(signals.data("eeg")[nearest, 0])])


def test_it_is_a_paced_participant(recording):
    participant: PacedParticipant = participant_of(recording)
    assert [info.name for info in participant.streams] == ["eeg"]
    participant.close()


def test_frames_fall_on_the_recorded_ones(recording):
    participant = participant_of(recording)
    signals, trials = play(participant, [2, 1, 2])
    for trial, blocks in zip(TRIALS, trials, strict=True):
        for cycle, (code, flips) in enumerate(blocks):
            assert code == trial.code
            onset = trial.onset + cycle * CYCLE_S
            assert recorded_at(signals, recording, flips[0]) == pytest.approx(onset, abs=0.6 / recording.sfreq)
            np.testing.assert_allclose(np.diff(flips), 1 / 60)
    assert (participant.n_used, participant.n_reused) == (3, 0)


def test_a_page_that_outlasts_its_trial_goes_on_with_another_after_a_pause(recording):
    participant = participant_of(recording)
    signals, ((*_, last, further),) = play(participant, [3])
    assert further[0] == TRIALS[1].code
    assert 1.3 < further[1][0] - last[1][-1] < 1.6
    onset = recorded_at(signals, recording, further[1][0])
    assert onset == pytest.approx(TRIALS[1].onset, abs=0.6 / recording.sfreq)


def test_a_block_that_comes_late_begins_its_trial_anew(recording):
    participant = participant_of(recording)
    signals, ((first, second),) = play(participant, [2], late=0.5)
    assert first[0] == second[0]
    for _, flips in (first, second):
        onset = recorded_at(signals, recording, flips[0])
        assert onset == pytest.approx(TRIALS[0].onset, abs=0.6 / recording.sfreq)


def test_trials_are_played_again_when_none_is_left(recording):
    participant = participant_of(recording)
    play(participant, [1] * 5)
    assert (participant.n_used, participant.n_reused) == (3, 2)


def test_what_cannot_be_played_is_told(recording):
    with pytest.raises(ValueError, match="must hold a trial"):
        RecordedCodesParticipant(recording, [], CYCLE_S, 0, 0.0)
    participant = participant_of(recording)
    with pytest.raises(RuntimeError, match="attend to a slot"):
        participant.arrange()
    with pytest.raises(ValueError, match="always attended"):
        participant.attend(None, None, 101.0, 102.0)
    with pytest.raises(ValueError, match="must not come before"):
        participant.attend(0, REGION, 102.0, 101.0)
    participant.attend(0, REGION, 101.0, 102.0)
    short = StimulusBlock(np.zeros((4, 60), dtype=np.uint8), 60.0, np.zeros((4, 4)))
    with pytest.raises(ValueError, match=r"must last 2\.1 s"):
        participant.flip_times(short, 102.0)
