"""Calibration runs: cued slots whose stimulation decides nothing, and selections of which some are wrong on purpose."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import VirtualClock
from acquisition.simulated.types import Participant
from acquisition.stimulus import Presentation
from acquisition.stream import FloatArray, Signals
from experiments.config import Config
from experiments.display.headless import HeadlessDisplay
from experiments.rig import paradigm, screen, signals
from selector.decoders.errors import ErrorDecoder
from selector.types import Posterior

# The person needs a moment to find the cued slot, and the last flash its epoch.
_CUE_S, _TAIL_S = 1.5, 1.2

# Errors have to be rare to be unexpected, and enough to learn from.
_WRONG_SHARE = 0.3
_FEEDBACK_S, _FEEDBACK_SPREAD_S = 1.5, 0.5


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
    config: Config,
    participant: Participant,
    rng: np.random.Generator,
    progress: Callable[[int, int], None],
    is_enough: Callable[[CalibrationRun], bool] = lambda run: False,  # noqa: ARG005
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
    is_enough : callable
        Asked after each character whether the run so far will do.
    """
    grid = screen(config)
    regions = np.stack([grid.region(place) for place in range(grid.n_places)])
    clock = VirtualClock()
    display = HeadlessDisplay(clock, grid, [])
    held = signals(config, participant.streams, keep_s=np.inf)
    # What decides nothing leaves nothing to adapt to.
    schedule = paradigm(config.model_copy(update={"flashing": "fixed"}))
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
        if is_enough(CalibrationRun(tuple(trials), held)):
            break
    return CalibrationRun(tuple(trials), held)


@dataclass(frozen=True, slots=True, eq=False)
class FeedbackRun:
    """Selections that were only shown, and the signals recorded meanwhile.

    Parameters
    ----------
    onsets : array, shape (n_selections,)
        When each was shown, in s.
    wrong : array of bool, shape (n_selections,)
        Whether it was another slot than the one cued.
    signals : Signals
        Filtered, and long enough to hold all of them.
    """

    onsets: FloatArray
    wrong: NDArray[np.bool_]
    signals: Signals


def run_feedback(config: Config, participant: Participant, rng: np.random.Generator) -> FeedbackRun:
    """Show selections of a cued slot, three in ten of which are wrong, on a virtual clock that starts at 0.

    Parameters
    ----------
    config : Config
        Its ``person`` section says how many.
    participant : Participant
        Starts at session time 0.
    rng : numpy.random.Generator
        Draws which are wrong, and the time between two.
    """
    n = config.person.calibration_feedbacks
    wrong = rng.permutation(np.arange(n) < round(_WRONG_SHARE * n))
    onsets = np.cumsum(_FEEDBACK_S + rng.uniform(0.0, _FEEDBACK_SPREAD_S, n))
    held = signals(config, participant.streams, keep_s=np.inf)
    for onset, is_wrong in zip(onsets, wrong, strict=True):
        held.append(participant.pull(float(onset)))
        participant.notice(float(onset), expected=not is_wrong)
    held.append(participant.pull(float(onsets[-1]) + _TAIL_S))
    return FeedbackRun(onsets, wrong, held)


def fit_errors(config: Config, run: FeedbackRun, rng: np.random.Generator) -> ErrorDecoder:
    """Fit a decoder of error potentials; under the control "shuffled-labels", to meaningless labels.

    Raises
    ------
    ValueError
        If there are too few selections, or the EEG is constant or not finite.
    """
    decoder = ErrorDecoder(sfreq=run.signals.streams["eeg"].sfreq)
    epochs, usable = run.signals.epochs("eeg", run.onsets, decoder.tmin, decoder.tmax)
    wrong = rng.permutation(run.wrong) if config.control == "shuffled-labels" else run.wrong
    return decoder.fit(epochs[usable], wrong[usable])


def _cues(n: int, n_slots: int, rng: np.random.Generator) -> list[int]:
    """Slots all over the screen, none twice before all have been cued."""
    rounds = [rng.permutation(n_slots) for _ in range(-(-n // n_slots))]
    return [int(slot) for drawn in rounds for slot in drawn][:n]
