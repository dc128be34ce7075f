"""Characters and repetitions of a recorded P300 session: which EEG is played, and which is trained on."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.files import RecordedSignals
from acquisition.stream import FloatArray, SampleArray

FLASHES_PER_REPETITION = 16
TARGETS_PER_REPETITION = 2

CHARACTER, TARGET, NONTARGET = "char/", "flash/target", "flash/nontarget"

# EEG that belongs to a flash: what lies later than this after the last one, in s, answers to none.
EPOCH_TAIL_S = 1.2
# How much EEG before a character's first flash is worth having for filters to settle, in s.
_SETTLE_S = 4.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class RecordedCharacter:
    """All complete repetitions for one character that a person attended to.

    Parameters
    ----------
    label : str
        Its marker.
    onsets : array, shape (n_repetitions, 16)
        When each flash came, in s of the recording.
    targets : array of int, shape (n_repetitions, 2)
        Which of the 16 were the flashes of the attended row and column.
    """

    label: str
    onsets: FloatArray
    targets: NDArray[np.intp]

    @property
    def n_repetitions(self) -> int:
        return len(self.onsets)


@dataclass(frozen=True, slots=True, eq=False)
class LabelledStretch:
    """Continuous EEG of one character, and what flashed meanwhile.

    Parameters
    ----------
    character : int
        Its number in the recording, from 0.
    times : array, shape (n_samples,)
        In s of the recording; later characters come later.
    data : array, shape (n_samples, n_channels)
        In V.
    onsets : array, shape (n_flashes,)
        When each flash came, in s of the recording.
    targets : array of bool, shape (n_flashes,)
        Whether it was one of the attended row and column.
    """

    character: int
    times: FloatArray
    data: SampleArray
    onsets: FloatArray
    targets: NDArray[np.bool_]


def find_characters(recording: RecordedSignals) -> tuple[RecordedCharacter, ...]:
    """Group a recording's flashes into characters and repetitions of 16.

    A repetition that was broken off, or whose EEG ends too early, is left out.

    Parameters
    ----------
    recording : RecordedSignals
        Its markers are "char/..." before each character, then "flash/target" and "flash/nontarget".

    Returns
    -------
    tuple of RecordedCharacter
        In the order recorded.

    Raises
    ------
    ValueError
        If there are no such markers, or a repetition doesn't hold 2 targets.
    """
    path = recording.path
    labels = np.array(recording.labels, dtype=object)
    flashes = np.flatnonzero((labels == TARGET) | (labels == NONTARGET))
    begins = np.flatnonzero([label.startswith(CHARACTER) for label in recording.labels])
    if not len(flashes):
        raise ValueError(f"Recording {path} must hold markers {TARGET!r} and {NONTARGET!r} (got none of them).")
    if not len(begins):
        raise ValueError(f"Recording {path} must hold a marker {CHARACTER + '...'!r} before each character (got none).")

    last_usable = recording.times[-1] - EPOCH_TAIL_S
    characters = []
    for begin, end in zip(begins, [*begins[1:], len(labels)], strict=True):
        mine = flashes[(flashes > begin) & (flashes < end)]
        mine = mine[recording.onsets[mine] <= last_usable]
        n_repetitions = len(mine) // FLASHES_PER_REPETITION
        if n_repetitions * FLASHES_PER_REPETITION < len(mine):
            logger.warning("%s: %s ends within a repetition, which is left out.", path, labels[begin])
        if not n_repetitions:
            continue
        mine = mine[: n_repetitions * FLASHES_PER_REPETITION].reshape(n_repetitions, FLASHES_PER_REPETITION)
        is_target = labels[mine] == TARGET
        n_targets = is_target.sum(axis=1)
        if np.any(n_targets != TARGETS_PER_REPETITION):
            wrong = int(np.flatnonzero(n_targets != TARGETS_PER_REPETITION)[0])
            raise ValueError(
                f"Recording {path} must hold {TARGETS_PER_REPETITION} targets in every {FLASHES_PER_REPETITION} "
                f"flashes (got {n_targets[wrong]} in repetition {wrong + 1} of {labels[begin]})."
            )
        positions = np.nonzero(is_target)[1].reshape(n_repetitions, TARGETS_PER_REPETITION)
        characters.append(RecordedCharacter(str(labels[begin]), recording.onsets[mine], positions))
    if not characters:
        raise ValueError(f"Recording {path} must hold at least one complete repetition of 16 flashes (got none).")
    return tuple(characters)


def split_characters(
    recording: RecordedSignals, n_played: int, rng: np.random.Generator
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Deal out a recording's characters: those to train a decoder on, and those to be played.

    Parameters
    ----------
    recording : RecordedSignals
        As for `find_characters`.
    n_played : int
        How many are played; at least one must be left to train on.
    rng : numpy.random.Generator
        Decides which.

    Returns
    -------
    train, play : tuple of int
        Numbers of characters, from 0, ascending; none is in both.

    Raises
    ------
    ValueError
        If the recording holds too few characters.
    """
    n_characters = len(find_characters(recording))
    if not 1 <= n_played < n_characters:
        raise ValueError(
            f"Argument 'n_played' (got {n_played}) must be at least 1 and leave one of the {n_characters} characters "
            f"of {recording.path} to train on."
        )
    order = [int(number) for number in rng.permutation(n_characters)]
    return tuple(sorted(order[n_played:])), tuple(sorted(order[:n_played]))


def labelled_stretches(recording: RecordedSignals, characters: Sequence[int]) -> tuple[LabelledStretch, ...]:
    """Cut out the continuous EEG of some characters, from some seconds before the first flash to after the last.

    No stretch holds EEG that answers to a flash of another character. Filters should run over a stretch as a whole
    before epochs are cut.

    Parameters
    ----------
    recording : RecordedSignals
        As for `find_characters`.
    characters : sequence of int
        Numbers of characters, from 0.

    Returns
    -------
    tuple of LabelledStretch
        Ascending by character, so that one `Signals` can take them all in.

    Raises
    ------
    ValueError
        If there is no such character.
    """
    found = find_characters(recording)
    check_characters(recording, characters, len(found))
    stretches = []
    for number in sorted(characters):
        character = found[number]
        begin = character.onsets[0, 0] - _SETTLE_S
        if number > 0:
            begin = max(begin, found[number - 1].onsets[-1, -1] + EPOCH_TAIL_S)
        inside = slice(*np.searchsorted(recording.times, (begin, character.onsets[-1, -1] + EPOCH_TAIL_S)))
        is_target = np.zeros(character.onsets.shape, dtype=bool)
        np.put_along_axis(is_target, character.targets, values=True, axis=1)
        stretches.append(
            LabelledStretch(
                character=number,
                times=recording.times[inside],
                data=recording.data[inside],
                onsets=character.onsets.ravel(),
                targets=is_target.ravel(),
            )
        )
    return tuple(stretches)


def check_characters(recording: RecordedSignals, characters: Sequence[int], n_characters: int) -> None:
    """Refuse numbers of characters that are repeated or not in the recording, and an empty choice.

    Raises
    ------
    ValueError
        In these cases.
    """
    if not characters or len(set(characters)) < len(characters) or not set(characters) <= set(range(n_characters)):
        raise ValueError(
            f"Argument 'characters' must name different characters of {recording.path}, 0 to {n_characters - 1} "
            f"(got {list(characters)})."
        )
