"""Characters and repetitions are found as they were recorded, or refused in one sentence."""

from dataclasses import replace

import numpy as np
import pytest

from acquisition.files import read_recording
from acquisition.simulated.repetitions import find_characters, labelled_stretches, split_characters


def relabelled(recording, changes):
    labels = list(recording.labels)
    for index, label in changes.items():
        labels[index] = label
    return replace(recording, labels=tuple(labels))


def without_markers(recording, keep):
    return replace(
        recording, onsets=recording.onsets[keep], labels=tuple(np.array(recording.labels, dtype=object)[keep])
    )


def test_every_repetition_is_found(recording):
    characters = find_characters(recording)
    assert [character.label for character in characters] == ["char/1", "char/2", "char/3", "char/4"]
    assert all(character.onsets.shape == (8, 16) for character in characters)
    times = np.concatenate([character.onsets.ravel() for character in characters])
    is_flash = np.array([label.startswith("flash/") for label in recording.labels])
    np.testing.assert_array_equal(times, recording.onsets[is_flash])
    for character in characters:
        for onsets, targets in zip(character.onsets, character.targets, strict=True):
            marked = [recording.labels[np.flatnonzero(recording.onsets == onset)[0]] for onset in onsets]
            assert [marked.index("flash/target"), 15 - marked[::-1].index("flash/target")] == list(targets)


def test_markers_of_another_kind_are_refused(recording):
    other = replace(recording, labels=("13 Hz",) * len(recording.labels))
    with pytest.raises(ValueError, match="must hold markers 'flash/target' and 'flash/nontarget'"):
        find_characters(other)


def test_a_recording_without_markers_is_refused(recording):
    with pytest.raises(ValueError, match="got none of them"):
        find_characters(without_markers(recording, slice(0, 0)))


def test_flashes_of_no_character_are_refused(recording):
    keep = np.array([label.startswith("flash/") for label in recording.labels])
    with pytest.raises(ValueError, match="before each character"):
        find_characters(without_markers(recording, keep))


def test_three_targets_in_a_repetition_are_refused(recording):
    first_nontarget = recording.labels.index("flash/nontarget", 130)
    with pytest.raises(ValueError, match=r"2 targets in every 16 flashes \(got 3 in repetition 1 of char/2\)"):
        find_characters(relabelled(recording, {first_nontarget: "flash/target"}))


def test_a_repetition_whose_eeg_was_cut_off_is_left_out(recording, caplog):
    last_flash = recording.onsets[-1]
    shorter = recording.times < last_flash + 0.5
    cut = replace(recording, times=recording.times[shorter], data=recording.data[shorter])
    assert [character.n_repetitions for character in find_characters(cut)] == [8, 8, 8, 7]
    assert "ends within a repetition" in caplog.text


def test_nothing_but_a_broken_repetition_is_refused(recording):
    with pytest.raises(ValueError, match="at least one complete repetition"):
        find_characters(without_markers(recording, slice(0, 10)))


def test_played_characters_are_never_trained_on(recording):
    for seed in range(20):
        train, play = split_characters(recording, 2, np.random.default_rng(seed))
        assert len(play) == 2
        assert sorted((*train, *play)) == [0, 1, 2, 3]


@pytest.mark.parametrize("n_played", [0, 4, 9])
def test_a_split_needs_characters_on_both_sides(recording, n_played):
    with pytest.raises(ValueError, match="leave one of the 4 characters"):
        split_characters(recording, n_played, np.random.default_rng(0))


def test_stretches_hold_the_flashes_of_their_character_and_no_other(recording):
    characters = find_characters(recording)
    stretches = labelled_stretches(recording, [2, 0])
    assert [stretch.character for stretch in stretches] == [0, 2]
    for stretch in stretches:
        own = characters[stretch.character]
        np.testing.assert_array_equal(stretch.onsets, own.onsets.ravel())
        np.testing.assert_array_equal(np.flatnonzero(stretch.targets) % 16, own.targets.ravel())
        assert stretch.times[0] <= own.onsets[0, 0] - 3.5
        assert stretch.times[-1] >= own.onsets[-1, -1] + 1.1
        for number, other in enumerate(characters):
            if number != stretch.character:
                answered = (stretch.times >= other.onsets[0, 0]) & (stretch.times < other.onsets[-1, -1] + 1.2)
                assert not answered.any()


@pytest.mark.parametrize("characters", [[], [0, 0], [4], [-1]])
def test_unknown_characters_are_refused(recording, characters):
    with pytest.raises(ValueError, match=r"different characters of made-up\.bdf, 0 to 3"):
        labelled_stretches(recording, characters)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["sub-01", "sub-03", "sub-05"])
def test_real_recordings_hold_five_characters_of_fifteen_repetitions(data_root, name):
    recording = read_recording(data_root / "recordings" / "p300_gtec8ch" / f"{name}.bdf")
    assert [character.n_repetitions for character in find_characters(recording)] == [15] * 5
