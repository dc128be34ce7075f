"""A participant whose answers are real: EEG played back from a P300 recording, whole repetitions at a time."""

from collections.abc import Sequence

import numpy as np

from acquisition.files import RecordedSignals
from acquisition.simulated.repetitions import (
    EPOCH_TAIL_S,
    FLASHES_PER_REPETITION,
    check_characters,
    find_characters,
)
from acquisition.stimulus import StimulusBlock
from acquisition.stream import Chunk, FloatArray, StreamInfo

# A trial starts where at least so many repetitions follow in the recording, so that few trials need a jump.
_MIN_RUN = 5
# How much EEG comes between a jump and the next flash, in s.
_JUMP_LEAD_S = 1.0
# A block asked for this late, in s, still gets the flips that the recording asks for; a loop that looks at its clock
# every 50 ms must not lose the continuity of the EEG by it.
_LATE_S = 0.1


class RecordedParticipant:
    """Real EEG that answers to a page: the page flashes as the recorded screen did, with the same rhythm.

    Before each block `arrange` names the positions, among 16 flashes, of the two targets of the recorded repetition
    that comes next. The groups that hold the wanted slot are laid on these positions, and the block's flashes on the
    recorded times (`flip_times`); so any page of up to 64 slots is decided by real brain signals.

    A trial begins to play the recording so far ahead of its first repetition that the first flash falls on the
    announced time, and goes on through the following repetitions of that character, sample by sample. Each trial
    takes repetitions not used yet, and when no run of five is left, any, with replacement.

    What it keeps of reality: the EEG within a trial is one piece of a recording, with its noise, its artefacts, the
    overlap of neighbouring responses, the weak response to a target that follows a target, and a rhythm of flashes
    that is a little irregular. Causal filters see genuine EEG before the first flash.

    What it doesn't: the person attended to a letter on another screen, and neither tires nor errs with this one. The
    flashes of the following repetition are in the EEG after the last block whether or not they are shown here. At the
    start of each trial the EEG jumps, unmarked, from one place of the recording to another; so it does where a trial
    outlasts its character, or a block comes late, then with a pause so that no window of 1.2 s after a flash holds
    the jump. Beyond the recording's ends it wraps around. Repetitions may be used again, so trials are not all
    independent: see ``n_used`` and ``n_reused``. There is no gaze, and nobody who attends to nothing.

    Samples lie on a regular grid from ``start`` on; a piece is moved by up to half a sample to fit it, and the flips
    are moved with it, so the time from a flash to its EEG is exactly the recorded one.

    Parameters
    ----------
    recording : RecordedSignals
        As for `find_characters`.
    characters : sequence of int
        Which of its characters are played, from 0. A decoder must have been trained on others.
    seed : int
        Decides which repetitions are used again.
    start : float
        Session time of the first sample, in s.
    latency_s : float
        Time in s that passes between a sample and its arrival.

    Attributes
    ----------
    n_used : int
        How many different repetitions have been shown.
    n_reused : int
        How many repetitions were shown that had been shown before.
    n_jumps : int
        How many blocks came after a jump within their trial.

    Raises
    ------
    ValueError
        If the recording is of another kind, or has no such characters.
    """

    def __init__(
        self,
        recording: RecordedSignals,
        characters: Sequence[int],
        seed: int,
        start: float,
        latency_s: float = 0.06,
    ) -> None:
        found = find_characters(recording)
        check_characters(recording, characters, len(found))
        self.streams = (StreamInfo("eeg", recording.sfreq, recording.channels, "V", source_id=recording.path.stem),)
        self.n_used = self.n_reused = self.n_jumps = 0
        self._recording = recording
        self._characters = [found[number] for number in characters]
        self._used = [np.zeros(character.n_repetitions, dtype=bool) for character in self._characters]
        self._rng = np.random.default_rng(seed)
        self._start, self._latency_s = start, latency_s
        # Each piece is the session's sample at which it begins, and how many samples the recording is ahead there.
        self._pieces = [(0, 0)]
        self._n_given = 0
        self._slot: int | None = None
        # Character and repetition of the next block; None where the last block's was its character's last.
        self._coming: tuple[int, int] | None = None
        self._continues = False
        self._last_onset = self._last_flip = -np.inf

    def attend(self, slot: int | None, region: FloatArray | None, time: float, stimulation_at: float) -> None:  # noqa: ARG002
        """Turn to a slot of a new page; see `Participant.attend`.

        Raises
        ------
        ValueError
            If ``slot`` is None, or ``stimulation_at`` comes before ``time``.
        """
        if slot is None:
            raise ValueError(
                "Argument 'slot' must be a slot: the recorded person always attended to something (got None)."
            )
        if not stimulation_at >= time:
            raise ValueError(
                f"Argument 'stimulation_at' (got {stimulation_at:g}) must not come before 'time' (got {time:g})."
            )
        self._slot = slot
        self._coming, self._continues = self._draw(), True
        self._last_onset = -np.inf
        self._jump(time, stimulation_at)

    def arrange(self) -> tuple[int, tuple[int, int]]:
        """Say what the next block must look like; to be called before each block.

        Returns
        -------
        slot : int
            The wanted slot.
        positions : tuple of int
            Which two of the block's 16 flashes must hold it, from 0.

        Raises
        ------
        RuntimeError
            If nothing is attended to yet.
        """
        if self._slot is None:
            raise RuntimeError("A recorded participant must attend to a slot before a block can be arranged.")
        if self._coming is None:
            self._coming, self._continues = self._draw(), False
        character, repetition = self._coming
        first, second = self._characters[character].targets[repetition]
        return self._slot, (int(first), int(second))

    def flip_times(self, block: StimulusBlock, earliest: float) -> FloatArray:
        """When each frame of the arranged block is shown, so that its flashes fall on the recorded ones.

        Parameters
        ----------
        block : StimulusBlock
            Of 16 equal stretches with a flash at the beginning of each; one that lights no slot, on a page of few
            slots, keeps its time. The frames between two are spread evenly.
        earliest : float
            Session time (s) before which no frame can be shown. Where the recording goes on less than 0.1 s before,
            its times are returned nevertheless, so that the EEG stays in one piece.

        Returns
        -------
        array, shape (n_frames,)
            Session times in s, ascending, and later than those of the block before.

        Raises
        ------
        ValueError
            If the block has flashes elsewhere, or no 16 stretches.
        """
        self.arrange()
        assert self._coming is not None
        number, repetition = self._coming
        character = self._characters[number]
        frames = np.arange(FLASHES_PER_REPETITION) * (block.n_frames // FLASHES_PER_REPETITION)
        lit = [frame for frame, _ in block.flashes]
        if block.n_frames % FLASHES_PER_REPETITION or not lit or not set(lit) <= set(frames.tolist()):
            raise ValueError(
                f"Argument 'block' must have {FLASHES_PER_REPETITION} flashes at equal distances, as a recorded "
                f"repetition has (got {len(lit)} in {block.n_frames} frames)."
            )
        period = 1.0 / block.frame_rate
        begin = float(self._session_time(character.onsets[repetition, 0]))
        if not self._continues or begin < earliest - _LATE_S or begin <= self._last_flip:
            jump_at = max(earliest, self._last_onset + EPOCH_TAIL_S)
            self._jump(jump_at, jump_at + _JUMP_LEAD_S)
            self.n_jumps += 1

        onsets = self._session_time(character.onsets[repetition])
        is_last = repetition + 1 == character.n_repetitions
        if is_last:
            following = onsets[-1] + (block.n_frames - frames[-1]) * period
        else:
            following = float(self._session_time(character.onsets[repetition + 1, 0]))
        flips = np.interp(np.arange(block.n_frames), [*frames, block.n_frames], [*onsets, following])
        self._count(number, repetition)
        self._last_onset, self._last_flip = float(onsets[-1]), float(flips[-1])
        self._coming, self._continues = None if is_last else (number, repetition + 1), True
        return np.asarray(flips, dtype=np.float64)

    def present(self, block: StimulusBlock) -> None:
        """Nothing changes: the recorded person saw the block already."""

    def flip(self, times: FloatArray) -> None:
        """Nothing changes: the recorded person saw these flashes already."""

    def notice(self, time: float, expected: bool) -> None:
        """Nothing: what was selected back then is not known."""

    def pull(self, until: float) -> list[Chunk]:
        """Return the samples that have arrived by the session time ``until`` (s), in V."""
        # The small term keeps a sample that is due now from being missed by rounding.
        stop = int(np.floor((until - self._latency_s - self._start) * self._recording.sfreq + 1e-6)) + 1
        if stop <= self._n_given:
            return []
        samples = np.arange(self._n_given, stop)
        begins = [begin for begin, _ in self._pieces]
        which = np.searchsorted(begins, samples, side="right") - 1
        ahead = np.array([shift for _, shift in self._pieces])[which]
        data = self._recording.data[(samples + ahead) % len(self._recording.data)]
        self._n_given, self._pieces = stop, self._pieces[which[-1] :]
        return [Chunk("eeg", self._start + samples / self._recording.sfreq, data)]

    def close(self) -> None:
        """There is nothing to let go of."""

    def _session_time(self, time: FloatArray | float) -> FloatArray:
        """From the recording's time (s) to the session's, as the last piece goes on."""
        ahead = self._recording.times[0] + self._pieces[-1][1] / self._recording.sfreq
        return np.asarray(self._start + (time - ahead), dtype=np.float64)

    def _jump(self, time: float, onset_at: float) -> None:
        """From ``time`` (s) on, play the recording so that the coming repetition's first flash is at ``onset_at``."""
        assert self._coming is not None
        number, repetition = self._coming
        sfreq = self._recording.sfreq
        onset = self._characters[number].onsets[repetition, 0] - self._recording.times[0]
        begin = max(self._n_given, int(np.ceil((time - self._start) * sfreq - 1e-6)))
        self._pieces = [piece for piece in self._pieces if piece[0] < begin]
        self._pieces.append((begin, round((onset - (onset_at - self._start)) * sfreq)))

    def _draw(self) -> tuple[int, int]:
        """Character and repetition from which to go on: after those used, or anywhere."""
        left = [int(np.argmin(used)) if not used.all() else len(used) for used in self._used]
        n_left = [len(used) - first for used, first in zip(self._used, left, strict=True)]
        longest = int(np.argmax(n_left))
        if n_left[longest] >= _MIN_RUN:
            return longest, left[longest]
        starts = [
            (number, repetition)
            for number, character in enumerate(self._characters)
            for repetition in range(max(1, character.n_repetitions - _MIN_RUN + 1))
        ]
        return starts[int(self._rng.integers(len(starts)))]

    def _count(self, number: int, repetition: int) -> None:
        if self._used[number][repetition]:
            self.n_reused += 1
        else:
            self._used[number][repetition] = True
            self.n_used += 1
