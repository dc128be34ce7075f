"""A participant whose answers are real: EEG played back from a recording of codes, whole trials at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acquisition.files import RecordedSignals
from acquisition.stimulus import StimulusBlock
from acquisition.stream import Chunk, FloatArray, StreamInfo

# How much EEG comes between a jump and the next block, in s.
_JUMP_LEAD_S = 1.0
# After a trial's last frame, the answer to it lasts so long, in s.
_ANSWER_S = 0.4
# A block asked for this late, in s, still gets the flips that the recording asks for.
_LATE_S = 0.1


@dataclass(frozen=True, slots=True)
class CodeTrial:
    """A recorded trial: cycles of one attended code.

    Parameters
    ----------
    onset : float
        When its first frame came, in s of the recording.
    code : int
        Which code was attended to, by the number that the paradigm gives it.
    n_cycles : int
        How often the code was shown, without a break.
    """

    onset: float
    code: int
    n_cycles: int


class RecordedCodesParticipant:
    """Real EEG that answers to a page: the wanted slot flickers as the attended one did in a recorded trial.

    Before each block `arrange` names the code of the recorded trial that comes next; the page lays it on the wanted
    slot, and other codes on all others. The block's frames come when the recorded ones came (`flip_times`), so any page
    is decided by real brain signals. A page plays a trial not played yet, and where none is left, any.

    What it keeps of reality: the EEG within a trial is one piece of a recording, in one piece with the code's phase.
    What it doesn't: neighbouring codes were others, and after a trial's last cycle the EEG goes on as recorded,
    whatever is shown. At the start of each trial, and where a page outlasts a trial or a block comes late, the EEG
    jumps, unmarked, from one place of the recording to another, the latter with a pause of a second before the next
    block. There is no gaze, and nobody who attends to nothing.

    Parameters
    ----------
    recording : RecordedSignals
    trials : sequence of CodeTrial
        Those that are played. A decoder must have been trained on others.
    cycle_s : float
        Length of a code in s.
    seed : int
        Decides which trials are played again.
    start : float
        Session time of the first sample, in s.
    latency_s : float
        Time in s that passes between a sample and its arrival.

    Attributes
    ----------
    n_used, n_reused : int
        How many different trials have been played, and how many for another time.

    Raises
    ------
    ValueError
        If there is no trial.
    """

    def __init__(
        self,
        recording: RecordedSignals,
        trials: Sequence[CodeTrial],
        cycle_s: float,
        seed: int,
        start: float,
        latency_s: float = 0.06,
    ) -> None:
        if not trials:
            raise ValueError(f"Argument 'trials' must hold a trial of {recording.path} at least (got none).")
        self.streams = (StreamInfo("eeg", recording.sfreq, recording.channels, "V", source_id=recording.path.stem),)
        self.n_used = self.n_reused = 0
        self._recording, self._trials, self._cycle_s = recording, tuple(trials), cycle_s
        self._start, self._latency_s = start, latency_s
        self._rng = np.random.default_rng(seed)
        # Each piece is the session's sample at which it begins, and how many samples the recording is ahead there.
        self._pieces = [(0, 0)]
        self._n_given = 0
        self._slot: int | None = None
        # Trial and cycle of the next block; None where the last block's was its trial's last.
        self._coming: tuple[CodeTrial, int] | None = None
        self._continues = False
        self._last_flip = -np.inf

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
        self._coming, self._continues = (self._draw(), 0), True
        self._jump(time, stimulation_at)

    def arrange(self) -> tuple[int, int]:
        """Say what the next block must look like: the wanted slot and its code; to be called before each block.

        Raises
        ------
        RuntimeError
            If nothing is attended to yet.
        """
        if self._slot is None:
            raise RuntimeError("A recorded participant must attend to a slot before a block can be arranged.")
        if self._coming is None:
            self._coming, self._continues = (self._draw(), 0), False
        return self._slot, self._coming[0].code

    def flip_times(self, block: StimulusBlock, earliest: float) -> FloatArray:
        """When each frame of the arranged block is shown, so that it falls on the recorded one.

        Parameters
        ----------
        block : StimulusBlock
            One cycle.
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
            If the block is not as long as a cycle.
        """
        self.arrange()
        assert self._coming is not None
        trial, cycle = self._coming
        if abs(block.n_frames / block.frame_rate - self._cycle_s) > 0.5 / block.frame_rate:
            raise ValueError(
                f"Argument 'block' must last {self._cycle_s:g} s, as a recorded cycle does "
                f"(got {block.n_frames / block.frame_rate:g} s)."
            )
        begin = self._session_time(trial.onset + cycle * self._cycle_s)
        if not self._continues or begin < earliest - _LATE_S or begin <= self._last_flip:
            # A trial begun in its middle would answer to frames that were not shown.
            self._coming = trial, cycle = trial, 0
            jump_at = max(earliest, self._last_flip + _ANSWER_S)
            self._jump(jump_at, jump_at + _JUMP_LEAD_S)
            begin = self._session_time(trial.onset)
        flips = begin + np.arange(block.n_frames) * (self._cycle_s / block.n_frames)
        self._last_flip = float(flips[-1])
        self._coming, self._continues = None if cycle + 1 == trial.n_cycles else (trial, cycle + 1), True
        return np.asarray(flips, dtype=np.float64)

    def present(self, block: StimulusBlock) -> None:
        """Nothing changes: the recorded person saw the block already."""

    def flip(self, times: FloatArray) -> None:
        """Nothing changes: the recorded person saw these frames already."""

    def notice(self, time: float, expected: bool) -> None:
        """Nothing: what was selected back then is not known."""

    def pull(self, until: float) -> list[Chunk]:
        """Return the samples that have arrived by the session time ``until`` (s), in V."""
        # The small term keeps a sample that is due now from being missed by rounding.
        stop = int(np.floor((until - self._latency_s - self._start) * self._recording.sfreq + 1e-6)) + 1
        if stop <= self._n_given:
            return []
        samples = np.arange(self._n_given, stop)
        which = np.searchsorted([begin for begin, _ in self._pieces], samples, side="right") - 1
        ahead = np.array([shift for _, shift in self._pieces])[which]
        data = self._recording.data[(samples + ahead) % len(self._recording.data)]
        self._n_given, self._pieces = stop, self._pieces[which[-1] :]
        return [Chunk("eeg", self._start + samples / self._recording.sfreq, data)]

    def close(self) -> None:
        """There is nothing to let go of."""

    def _session_time(self, time: float) -> float:
        """From the recording's time (s) to the session's, as the last piece goes on."""
        ahead = float(self._recording.times[0]) + self._pieces[-1][1] / self._recording.sfreq
        return self._start + (time - ahead)

    def _jump(self, time: float, onset_at: float) -> None:
        """From ``time`` (s) on, play the recording so that the coming trial's first frame is at ``onset_at``."""
        assert self._coming is not None
        sfreq = self._recording.sfreq
        onset = self._coming[0].onset - float(self._recording.times[0])
        begin = max(self._n_given, int(np.ceil((time - self._start) * sfreq - 1e-6)))
        self._pieces = [piece for piece in self._pieces if piece[0] < begin]
        self._pieces.append((begin, round((onset - (onset_at - self._start)) * sfreq)))

    def _draw(self) -> CodeTrial:
        """The next trial in order, or one of those played already."""
        if self.n_used < len(self._trials):
            self.n_used += 1
            return self._trials[self.n_used - 1]
        self.n_reused += 1
        return self._trials[int(self._rng.integers(len(self._trials)))]
