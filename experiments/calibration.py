"""A calibration run: cued slots, stimulation that decides nothing, and a decoder fitted to what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import VirtualClock
from acquisition.files import RecordedSignals
from acquisition.simulated.repetitions import labelled_stretches
from acquisition.simulated.types import Participant
from acquisition.stimulus import Presentation
from acquisition.stream import Chunk, FloatArray, Signals, StreamInfo
from experiments.config import Config
from experiments.display.headless import HeadlessDisplay
from experiments.rig import FittedDecoder, paradigm, screen, signals
from selector.decoders.erp import ErpDecoder
from selector.decoders.gaze import GazeDecoder
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
    held = signals(participant.streams, keep_s=np.inf)
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


def fit_cued(config: Config, run: CalibrationRun, rng: np.random.Generator) -> FittedDecoder:
    """Fit the paradigm's decoder to a calibration run; under the control "shuffled-labels", to meaningless labels."""
    if config.paradigm == "dwell":
        return _fit_gaze(config, run, rng)
    flashes = [
        (trial.presentation.trial, flash.time, bool(flash.slots[trial.cued]))
        for trial in run.trials
        for flash in trial.presentation.flashes
    ]
    groups, onsets, targets = (np.array(column) for column in zip(*flashes, strict=True))
    return _fit_erp(config, run.signals, onsets, targets, groups, rng)


def fit_recorded(
    config: Config, recording: RecordedSignals, characters: Sequence[int], rng: np.random.Generator
) -> FittedDecoder:
    """Fit an ERP decoder to some characters of a recorded P300 session."""
    stretches = labelled_stretches(recording, characters)
    info = StreamInfo("eeg", recording.sfreq, recording.channels, "V")
    held = signals([info], keep_s=np.inf)
    held.append(Chunk("eeg", stretch.times, stretch.data) for stretch in stretches)
    onsets = np.concatenate([stretch.onsets for stretch in stretches])
    targets = np.concatenate([stretch.targets for stretch in stretches])
    groups = np.concatenate([np.full(len(stretch.onsets), stretch.character) for stretch in stretches])
    return _fit_erp(config, held, onsets, targets, groups, rng)


def _fit_erp(
    config: Config,
    held: Signals,
    onsets: FloatArray,
    targets: NDArray[np.bool_],
    groups: NDArray[np.int_],
    rng: np.random.Generator,
) -> FittedDecoder:
    if config.control == "shuffled-labels":
        targets = _shuffled_within(targets, groups, rng)
    decoder = ErpDecoder(sfreq=held.streams["eeg"].sfreq)
    epochs, usable = held.epochs("eeg", onsets, decoder.tmin, decoder.tmax)
    return decoder.fit(epochs[usable], targets[usable], groups[usable])


def _fit_gaze(config: Config, run: CalibrationRun, rng: np.random.Generator) -> FittedDecoder:
    cued = np.array([trial.cued for trial in run.trials])
    times, gaze = run.signals.times("gaze"), run.signals.data("gaze")
    regions = run.trials[0].presentation.regions
    centres = regions[:, :2] + regions[:, 2:] / 2
    if config.control == "shuffled-labels":
        cued = _unrelated(cued, centres, rng)
    looked = [(times >= trial.presentation.start) & (times <= trial.presentation.end) for trial in run.trials]
    return GazeDecoder().fit(
        np.concatenate([gaze[during] for during in looked]),
        np.concatenate([np.tile(centres[slot], (int(d.sum()), 1)) for d, slot in zip(looked, cued, strict=True)]),
        np.concatenate([times[during] for during in looked]),
    )


def _shuffled_within(
    labels: NDArray[np.bool_], groups: NDArray[np.int_], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """The same labels in another order, within each group."""
    shuffled = labels.copy()
    for group in np.unique(groups):
        shuffled[groups == group] = rng.permutation(labels[groups == group])
    return shuffled


def _unrelated(cued: NDArray[np.int_], centres: FloatArray, rng: np.random.Generator) -> NDArray[np.int_]:
    """The same cues in an order that says least about where they were.

    With a handful of cues a random order is often half right: an affine map fitted to it would still tell places apart.
    """
    orders = [rng.permutation(cued) for _ in range(500)]
    places = centres[cued] - centres[cued].mean(axis=0)
    return min(
        orders, key=lambda order: float(np.linalg.norm(places.T @ (centres[order] - centres[order].mean(axis=0))))
    )
