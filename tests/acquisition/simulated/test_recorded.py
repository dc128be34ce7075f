"""The recorded participant plays its recording sample by sample, with the page's flashes on the recorded ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.files import read_recording
from acquisition.simulated.recorded import RecordedParticipant
from acquisition.simulated.repetitions import find_characters
from acquisition.simulated.types import Participant
from acquisition.stimulus import StimulusBlock
from acquisition.stream import Chunk, Signals

N_SLOTS = 64
FRAME_RATE = 60.0
REGIONS = np.zeros((N_SLOTS, 4))
REGION = np.array([0.0, 0.0, 100.0, 100.0])


def block_of(slot, positions, soa=11):
    """Sixteen flashes; those at ``positions`` hold the slot, the others all the rest."""
    codes = np.zeros((N_SLOTS, 16 * soa), dtype=np.uint8)
    for k in range(16):
        lit = np.arange(N_SLOTS) == slot
        codes[lit if k in positions else ~lit, k * soa : k * soa + 4] = 1
    return StimulusBlock(codes, FRAME_RATE, REGIONS)


def play(participant, n_blocks, start=0.0, late=0.0, pulls=None):
    """Trials with these numbers of blocks; the signals, and flashes and positions of each block by trial."""
    signals = Signals(participant.streams, keep_s=1e6)
    trials = []
    time = start + 3.0
    for trial, n in enumerate(n_blocks):
        participant.attend(trial, REGION, time, time + 2.0)
        earliest = time + 2.0
        blocks = []
        for _ in range(n):
            slot, positions = participant.arrange()
            assert slot == trial
            block = block_of(slot, positions)
            participant.present(block)
            flips = participant.flip_times(block, earliest + late)
            assert flips.shape == (block.n_frames,)
            for flip in flips[:: 7 if pulls is None else int(pulls.integers(1, 30))]:
                signals.append(participant.pull(float(flip)))
            participant.flip(flips)
            blocks.append((flips, np.array([flips[frame] for frame, _ in block.flashes]), positions))
            earliest = float(flips[-1]) + 1 / FRAME_RATE
        time = earliest + 1.5
        signals.append(participant.pull(time))
        trials.append(blocks)
    signals.append(participant.pull(time + 1.0))
    return signals, trials


def shift_in_samples(signals, recording):
    """How far the recording is ahead of the session at each sample; the first channel counts the recording's."""
    played = signals.data("eeg")[:, 0].astype(int)
    return (played - np.arange(len(played))) % len(recording.data)


def test_it_is_a_participant(recording):
    participant: Participant = RecordedParticipant(recording, [0], seed=0, start=0.0)
    assert [info.name for info in participant.streams] == ["eeg"]
    participant.close()


def test_a_trial_is_one_piece_of_the_recording(recording):
    signals, trials = play(RecordedParticipant(recording, [1, 3], 0, 100.0), [3, 4, 2], start=100.0)
    np.testing.assert_allclose(signals.times("eeg"), 100.0 + np.arange(len(signals.times("eeg"))) / recording.sfreq)
    shifts = shift_in_samples(signals, recording)
    for blocks in trials:
        inside = (signals.times("eeg") >= blocks[0][0][0] - 1.9) & (signals.times("eeg") <= blocks[-1][0][-1] + 1.3)
        assert len(set(shifts[inside])) == 1
        rows = signals.data("eeg")[inside]
        np.testing.assert_array_equal(rows, recording.data[rows[:, 0].astype(int)])
    assert np.count_nonzero(np.diff(shifts)) == len(trials)


def test_flashes_and_targets_are_the_recorded_ones(recording):
    participant = RecordedParticipant(recording, [1, 3], 0, 100.0)
    signals, trials = play(participant, [3, 4, 2], start=100.0)
    characters = find_characters(recording)
    recorded = [
        (onsets, tuple(targets))
        for number in (1, 3)
        for onsets, targets in zip(characters[number].onsets, characters[number].targets, strict=True)
    ]
    seen = []
    for blocks in trials:
        for _, onsets, positions in blocks:
            at = np.searchsorted(signals.times("eeg"), onsets - 0.002)
            recorded_times = signals.data("eeg")[at, 0].astype(np.float64) / recording.sfreq
            match = [k for k, (times, _) in enumerate(recorded) if abs(times[0] - recorded_times[0]) < 1e-6]
            assert len(match) == 1
            np.testing.assert_allclose(recorded_times, recorded[match[0]][0], atol=1e-6)
            assert positions == recorded[match[0]][1]
            seen.append(match[0])
    assert len(set(seen)) == len(seen) == participant.n_used == 9
    assert participant.n_reused == participant.n_jumps == 0


def test_flips_ascend_across_blocks_and_start_when_announced(recording):
    participant = RecordedParticipant(recording, [0, 1, 2], 0, 0.0)
    _, trials = play(participant, [6, 6])
    for blocks in trials:
        flips = np.concatenate([flips for flips, *_ in blocks])
        assert np.all(np.diff(flips) > 0.005)
    assert abs(trials[0][0][1][0] - 5.0) <= 0.5 / recording.sfreq + 1e-9


def test_a_trial_that_outlasts_its_character_jumps_after_the_last_answer(recording):
    participant = RecordedParticipant(recording, [0, 2], 0, 0.0)
    signals, trials = play(participant, [12])
    assert participant.n_jumps == 1
    times, shifts = signals.times("eeg"), shift_in_samples(signals, recording)
    flips = np.concatenate([flips for flips, *_ in trials[0]])
    assert np.all(np.diff(flips) > 0)
    for _, onsets, _ in trials[0]:
        for onset in onsets:
            assert len(set(shifts[(times >= onset - 0.9) & (times <= onset + 1.19)])) == 1


def test_repetitions_are_used_again_when_no_run_is_left(recording):
    participant = RecordedParticipant(recording, [0], 0, 0.0)
    play(participant, [4, 4, 4, 4])
    assert participant.n_used + participant.n_reused == 16
    assert participant.n_used <= 8 <= participant.n_reused + 4


def test_a_late_block_gets_a_pause_and_whole_windows(recording):
    participant = RecordedParticipant(recording, [0], 0, 0.0)
    signals, trials = play(participant, [3], late=0.3)
    assert participant.n_jumps == 3
    times, shifts = signals.times("eeg"), shift_in_samples(signals, recording)
    for _, onsets, _ in trials[0]:
        for onset in onsets:
            assert len(set(shifts[(times >= onset) & (times <= onset + 1.19)])) == 1


def test_a_block_a_tick_late_leaves_the_recording_whole(recording):
    participant = RecordedParticipant(recording, [0], 0, 0.0)
    play(participant, [3], late=0.05)
    assert participant.n_jumps == 0


def test_asking_twice_arranges_the_same_repetition(recording):
    participant = RecordedParticipant(recording, [0], 0, 0.0)
    participant.attend(5, REGION, 0.0, 2.0)
    assert participant.arrange() == participant.arrange()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), late=st.sampled_from([0.0, 0.05, 0.3]))
def test_samples_do_not_depend_on_how_they_are_pulled(recording_of, seed, late):
    recording = recording_of(n_repetitions=6)
    whole, _ = play(RecordedParticipant(recording, [0, 2], 0, 0.0), [3, 7], late=late)
    pulls = np.random.default_rng(seed)
    parts, _ = play(RecordedParticipant(recording, [0, 2], 0, 0.0), [3, 7], late=late, pulls=pulls)
    np.testing.assert_array_equal(whole.times("eeg"), parts.times("eeg"))
    np.testing.assert_array_equal(whole.data("eeg"), parts.data("eeg"))


def test_a_flash_that_lights_no_slot_keeps_its_time(recording):
    whole, sparse = (RecordedParticipant(recording, [0, 1], 0, 0.0) for _ in range(2))
    for participant in (whole, sparse):
        participant.attend(0, REGION, 0.0, 1.0)
    slot, positions = whole.arrange()
    block = block_of(slot, positions)
    few = StimulusBlock(block.codes[[slot]], block.frame_rate, block.regions[[slot]])
    assert len(few.flashes) == 2
    np.testing.assert_array_equal(sparse.flip_times(few, 1.0), whole.flip_times(block, 1.0))


def test_mistakes_get_one_sentence(recording):
    participant = RecordedParticipant(recording, [0], 0, 0.0)
    with pytest.raises(RuntimeError, match="must attend to a slot"):
        participant.arrange()
    with pytest.raises(ValueError, match="always attended to something"):
        participant.attend(None, None, 0.0, 1.0)
    with pytest.raises(ValueError, match="must not come before 'time'"):
        participant.attend(0, REGION, 1.0, 0.5)
    with pytest.raises(ValueError, match="0 to 3"):
        RecordedParticipant(recording, [7], 0, 0.0)
    participant.attend(0, REGION, 0.0, 1.0)
    nothing = StimulusBlock(np.zeros((N_SLOTS, 10), dtype=np.uint8), FRAME_RATE, REGIONS)
    with pytest.raises(ValueError, match=r"must have 16 flashes at equal distances.*\(got 0 in 10 frames\)"):
        participant.flip_times(nothing, 1.0)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["sub-01", "sub-03"])
def test_epochs_of_the_session_equal_those_of_the_recording(data_root, name):
    recording = read_recording(data_root / "recordings" / "p300_gtec8ch" / f"{name}.bdf")
    participant = RecordedParticipant(recording, [1, 4], 0, 1000.0)
    played, trials = play(participant, [3, 5, 4, 5], start=1000.0)
    onsets = np.concatenate([onsets for blocks in trials for _, onsets, _ in blocks])
    is_target = np.concatenate([np.isin(np.arange(16), positions) for blocks in trials for *_, positions in blocks])

    original = Signals(participant.streams, keep_s=1e6)
    original.append([Chunk("eeg", recording.times, recording.data)])
    characters = find_characters(recording)
    recorded_onsets = np.concatenate([characters[number].onsets.ravel() for number in (1, 4)])
    labels = np.zeros((2, 15, 16), dtype=bool)
    for row, number in enumerate((1, 4)):
        np.put_along_axis(labels[row], characters[number].targets, values=True, axis=1)
    expected, _ = original.epochs("eeg", recorded_onsets, -0.1, 0.8)
    epochs, usable = played.epochs("eeg", onsets, -0.1, 0.8)
    assert usable.all()
    bytes_of = {epoch.tobytes(): index for index, epoch in enumerate(expected)}
    found = [bytes_of[epoch.tobytes()] for epoch in epochs]
    assert len(set(found)) == len(found) == 17 * 16
    np.testing.assert_array_equal(labels.ravel()[found], is_target)
