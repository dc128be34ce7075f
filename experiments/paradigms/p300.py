"""P300: groups of slots flash, and single answers to flashes are decoded."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acquisition.files import RecordedSignals, read_recording
from acquisition.simulated.recorded import RecordedParticipant
from acquisition.simulated.repetitions import labelled_stretches, split_characters
from acquisition.stream import Chunk, FloatArray, Signals, StreamInfo
from experiments.calibration import CalibrationRun
from experiments.config import Config
from experiments.expectation import Expectation, expect, held_out
from experiments.paradigms.p300_uncalibrated import uncalibrated
from experiments.paradigms.types import Arrange, FittedDecoder, RecordedPerson, Wiring
from experiments.rig import signals
from selector.calibration import bounded
from selector.decoders.erp import BAND, ErpDecoder
from selector.paradigms.p300 import P300Groups
from selector.paradigms.p300_adaptive import P300Adaptive
from selector.types import Paradigm

# A quarter of a repetition is chosen at a time: more often is no gain, since answers come most of a second late.
_FLASHES_PER_REPETITION, _FLASHES_PER_CHOICE = 16, 4


def _paradigm(config: Config, arrange: Arrange | None) -> Paradigm:
    timing = config.timing
    if config.flashing == "adaptive":
        return P300Adaptive(
            timing.refresh_hz, timing.soa_s, timing.flash_s, _FLASHES_PER_CHOICE, refractory=timing.refractory
        )
    return P300Groups(timing.refresh_hz, timing.soa_s, timing.flash_s, _FLASHES_PER_REPETITION, arrange)


def _blocks_per_repetition(config: Config) -> int:
    return _FLASHES_PER_REPETITION // _FLASHES_PER_CHOICE if config.flashing == "adaptive" else 1


def _fit(config: Config, run: CalibrationRun, rng: np.random.Generator) -> FittedDecoder:
    groups, onsets, targets = _flashes(run)
    return _fit_flashes(config, run.signals, onsets, targets, groups, rng)


def _flashes(run: CalibrationRun) -> tuple[NDArray, ...]:
    """Trial, onset (s) and whether the cued slot lit up, of all flashes."""
    flashes = [
        (trial.presentation.trial, flash.time, bool(flash.slots[trial.cued]))
        for trial in run.trials
        for flash in trial.presentation.flashes
    ]
    return tuple(np.array(column) for column in zip(*flashes, strict=True))


def _expect(config: Config, run: CalibrationRun, decoder: ErpDecoder, rng: np.random.Generator) -> Expectation:
    """By the ratios of flashes whose character the decoder's folds had held out."""
    groups, onsets, targets = _flashes(run)
    _, usable = run.signals.epochs("eeg", onsets, decoder.tmin, decoder.tmax)
    ratios = np.full(len(onsets), np.nan)
    scores = decoder.slope_ * decoder.ensemble_.held_out_ + decoder.offset_
    ratios[usable] = decoder.temperature_ * bounded(scores, decoder.doubt_)
    characters = held_out(ratios, targets, groups, apart=decoder.temperature_ * decoder.separation_)
    return expect(config, characters, rng)


def _recorded(config: Config, path: Path, rng: np.random.Generator) -> RecordedPerson:
    """A decoder fitted to other characters of the recording than those played."""
    if config.flashing != "fixed":
        raise ValueError(
            f"Setting 'flashing' (got {config.flashing!r}) must be 'fixed' with a recording, whose flashes are over."
        )
    recording = read_recording(path)
    train, play = split_characters(recording, 2, rng)
    decoder = _fit_recorded(config, recording, train, rng)
    participant = RecordedParticipant(recording, play, seed=int(rng.integers(2**31)), start=0.0)

    def nowhere() -> None:
        """Let the recorded targets fall on any slots: what is left is an EEG that answers to nothing shown."""
        participant.arrange()

    return RecordedPerson(
        participant,
        decoder,
        fitted_to=f"fitted to characters {list(train)} of {path.name}; {list(play)} are played",
        arrange=nowhere if config.control == "zero-snr" else participant.arrange,
    )


def _fit_recorded(
    config: Config, recording: RecordedSignals, characters: Sequence[int], rng: np.random.Generator
) -> FittedDecoder:
    stretches = labelled_stretches(recording, characters)
    held = signals(config, [StreamInfo("eeg", recording.sfreq, recording.channels, "V")], keep_s=np.inf)
    held.append(Chunk("eeg", stretch.times, stretch.data) for stretch in stretches)
    onsets = np.concatenate([stretch.onsets for stretch in stretches])
    targets = np.concatenate([stretch.targets for stretch in stretches])
    groups = np.concatenate([np.full(len(stretch.onsets), stretch.character) for stretch in stretches])
    return _fit_flashes(config, held, onsets, targets, groups, rng)


def _fit_flashes(
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
    return decoder.fit(epochs[usable], targets[usable], groups[usable], channels=held.streams["eeg"].channels)


def _shuffled_within(
    labels: NDArray[np.bool_], groups: NDArray[np.int_], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """The same labels in another order, within each group."""
    shuffled = labels.copy()
    for group in np.unique(groups):
        shuffled[groups == group] = rng.permutation(labels[groups == group])
    return shuffled


_CALIBRATED = Wiring(
    stream="eeg",
    band=BAND,
    paradigm=_paradigm,
    fit=_fit,
    decoder=ErpDecoder,
    recorded=_recorded,
    expect=_expect,
    blocks_per_repetition=_blocks_per_repetition,
)
WIRING = replace(_CALIBRATED, uncalibrated=uncalibrated(_CALIBRATED))
