"""Sessions of a simulated participant in the form in which recordings are read."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from acquisition.files import RecordedSignals
from acquisition.simulated.participant import SimulatedParticipant
from acquisition.simulated.profile import Profile
from acquisition.stimulus import StimulusBlock
from acquisition.stream import FloatArray, Signals
from selector.paradigms.p300 import P300Groups
from selector.types import Posterior

FRAME_RATE = 60.0
FLICKERS_HZ = (13.0, 17.0, 21.0)
_N_SIDE, _SLOT_PX = 6, (160.0, 100.0)
_READING_S, _PAUSE_S, _SETTLE_S = 1.5, 2.5, 5.0
_FLICKER_TRIAL_S, _CUE_S = 5.0, 0.5

Marker = tuple[float, str]


def grid() -> FloatArray:
    """Places of 36 slots on a screen of 1920x1080 px, shape (36, 4)."""
    x, y = np.meshgrid(np.linspace(40, 1720, _N_SIDE), np.linspace(40, 940, _N_SIDE))
    return np.column_stack([x.ravel(), y.ravel(), np.tile(_SLOT_PX, (_N_SIDE**2, 1))])


class Session:
    """One person, one screen, and a clock that moves as trials go by."""

    def __init__(self, profile: Profile, seed: int, regions: FloatArray) -> None:
        self.participant = SimulatedParticipant(profile, person_seed=seed, noise_seed=seed + 1000, start=0.0)
        self.signals = Signals(self.participant.streams, keep_s=np.inf)
        self.regions = regions
        self.markers: list[Marker] = []
        self.time = _SETTLE_S

    def attend(self, slot: int) -> None:
        """Begin a trial; the first flip comes after a time to find the slot."""
        self.participant.attend(slot, self.regions[slot], self.time, self.time + _READING_S)
        self.time += _READING_S

    def show(self, block: StimulusBlock) -> FloatArray:
        """Show a whole block, and return its flips (s), shape (n_frames,)."""
        flips = self.time + np.arange(block.n_frames) / block.frame_rate
        self.participant.present(block)
        for first in range(0, block.n_frames, 6):
            self.participant.flip(flips[first : first + 6])
            self.signals.append(self.participant.pull(float(flips[first])))
        self.time = float(flips[-1]) + 1.0 / block.frame_rate
        return flips

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.time += seconds
        self.signals.append(self.participant.pull(self.time))

    def recording(self, stream: str) -> RecordedSignals:
        """What was recorded so far, of "eeg" or "gaze"."""
        info = self.signals.streams[stream]
        return RecordedSignals(
            path=Path("simulated"),
            sfreq=info.sfreq,
            channels=info.channels,
            unit=info.unit,
            times=self.signals.times(stream).copy(),
            data=self.signals.data(stream).copy(),
            onsets=np.array([time for time, _ in self.markers]),
            labels=tuple(label for _, label in self.markers),
        )


def flash_session(profile: Profile, seed: int, n_characters: int, n_blocks: int, soa_s: float) -> Session:
    """Characters of so many repetitions of 16 flashes, 2 of them targets, with a marker at each."""
    session = Session(profile, seed, grid())
    rng = np.random.default_rng(seed)
    paradigm = P300Groups(FRAME_RATE, soa_s, flash_s=min(0.1, soa_s / 2))
    n = len(session.regions)
    flat = Posterior(np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1))
    for character in range(n_characters):
        slot = int(rng.integers(n))
        session.attend(slot)
        session.markers.append((session.time - 0.1, f"char/{character + 1}"))
        for _ in range(n_blocks):
            block = paradigm.next_block(session.regions, flat, 0, rng)
            flips = session.show(block)
            session.markers += [
                (float(flips[frame]), "flash/target" if slots[slot] else "flash/nontarget")
                for frame, slots in block.flashes
            ]
        session.wait(_PAUSE_S)
    return session


def flicker_session(profile: Profile, seed: int, n_trials: int) -> Session:
    """Trials of 5 s with three slots that flicker at 13, 17 and 21 Hz; a marker at each cue, as in ssvep_exo."""
    regions = grid()[[0, 5, 32]]
    session = Session(profile, seed, regions)
    rng = np.random.default_rng(seed)
    frames = np.arange(round(_FLICKER_TRIAL_S * FRAME_RATE))
    codes = np.stack([(np.mod(frames * hz / FRAME_RATE, 1.0) < 0.5) for hz in FLICKERS_HZ]).astype(np.uint8)
    for trial in range(n_trials):
        slot = int(rng.permutation(len(FLICKERS_HZ))[0]) if trial >= len(FLICKERS_HZ) else trial
        session.attend(slot)
        # The eyes arrive about a second after the recorded cues.
        session.markers.append((session.time - _CUE_S, f"ssvep/{FLICKERS_HZ[slot]:g}Hz"))
        session.show(StimulusBlock(codes, FRAME_RATE, regions))
        session.wait(_PAUSE_S)
    return session


def look_session(profile: Profile, seed: int, look_s: float = 2.0) -> tuple[Session, list[FloatArray]]:
    """A look at each slot in turn, with its errors (n_samples,) in px once the eyes have arrived; NaN where lost."""
    session = Session(profile, seed, grid())
    errors = []
    for slot in np.random.default_rng(seed).permutation(len(session.regions)):
        session.attend(int(slot))
        begin = session.time
        session.wait(look_s)
        inside = (session.signals.times("gaze") >= begin) & (session.signals.times("gaze") < begin + look_s - 0.1)
        centre = session.regions[slot, :2] + session.regions[slot, 2:] / 2
        errors.append(np.linalg.norm(session.signals.data("gaze")[inside] - centre, axis=1).astype(np.float64))
    return session, errors


def over_persons(make: Callable[[int], dict[str, float]], seeds: Sequence[int]) -> dict[str, FloatArray]:
    """Each figure of each person, shape (n_persons,)."""
    found = [make(seed) for seed in seeds]
    return {name: np.array([figures[name] for figures in found]) for name in found[0]}
