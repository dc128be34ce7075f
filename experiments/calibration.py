"""A calibration run: cued slots, and stimulation that decides nothing."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from acquisition.clock import VirtualClock
from acquisition.simulated.types import Participant
from acquisition.stimulus import Presentation
from acquisition.stream import Signals
from experiments.config import Config
from experiments.display.headless import HeadlessDisplay
from experiments.rig import paradigm, screen, signals
from selector.types import Posterior

# The person needs a moment to find the cued slot, and the last flash its epoch.
_CUE_S, _TAIL_S = 1.5, 1.2


@dataclass(frozen=True, slots=True, eq=False)
class CuedTrial:
    """One trial whose slot was instructed."""

    presentation: Presentation
    cued: int


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationRun:
    """Cued trials, and the signals recorded meanwhile.

    Parameters
    ----------
    trials : tuple of CuedTrial
    signals : Signals
        Filtered, and long enough to hold all trials.
    """

    trials: tuple[CuedTrial, ...]
    signals: Signals


def run_calibration(
    config: Config, participant: Participant, rng: np.random.Generator, progress: Callable[[int, int], None]
) -> CalibrationRun:
    """Cue places all over the screen, and record, on a virtual clock that starts at 0.

    Parameters
    ----------
    config : Config
        Its ``person`` section says how many characters and blocks.
    participant : Participant
        Starts at session time 0.
    rng : numpy.random.Generator
        Draws the cues and the order of flashes.
    progress : callable
        Called as ``progress(done, total)`` after each character.
    """
    grid = screen(config)
    regions = np.stack([grid.region(place) for place in range(grid.n_places)])
    clock = VirtualClock()
    display = HeadlessDisplay(clock, grid, [])
    held = signals(config, participant.streams, keep_s=np.inf)
    schedule = paradigm(config)
    flat = Posterior(np.zeros(len(regions) + 1), np.zeros(len(regions) + 1), np.zeros(len(regions) + 1))
    trials = []
    for character, cued in enumerate(_cues(config.person.calibration_characters, len(regions), rng)):
        now = clock.now()
        participant.attend(cued, regions[cued], now, now + _CUE_S)
        for tick in display.wait(_CUE_S):
            held.append(participant.pull(tick.now))
        presentation = Presentation(character, regions, start=clock.now())
        for _ in range(config.person.calibration_blocks):
            block = schedule.next_block(regions, flat, 0, rng)
            participant.present(block)
            presentation = presentation.then(block)
            for tick in display.show(block):
                participant.flip(tick.flips)
                presentation = presentation.shown(tick.flips)
                held.append(participant.pull(tick.now))
        for tick in display.wait(_TAIL_S):
            held.append(participant.pull(tick.now))
        trials.append(CuedTrial(presentation, cued))
        progress(character + 1, config.person.calibration_characters)
    return CalibrationRun(tuple(trials), held)


def _cues(n: int, n_slots: int, rng: np.random.Generator) -> list[int]:
    """Slots all over the screen, none twice before all have been cued."""
    rounds = [rng.permutation(n_slots) for _ in range(-(-n // n_slots))]
    return [int(slot) for slot in np.concatenate(rounds)[:n]]
