"""Trials on noise, as long as they get, that decoders are timed with."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any

import numpy as np

from acquisition.stimulus import Presentation
from acquisition.stream import Chunk, SampleArray, Signals, StreamInfo
from experiments.calibration import CalibrationRun, CuedTrial
from experiments.config import Config, load
from experiments.rig import paradigm, screen, signals, wiring
from selector.decoders.cvep_online import CVEPDecoder
from selector.decoders.erp_adaptive import AdaptiveErpDecoder
from selector.decoders.gaze import MAX_LOOKS
from selector.types import Learner, Posterior

FRAME_S = 1 / 60
# The least that every decoder can be fitted to.
_N_CALIBRATION = 4

Took = tuple[float, float]
"""Seconds of the process's CPU time, and of the clock on the wall."""


class Stopwatch:
    """Measures a piece of work in both."""

    def __enter__(self) -> "Stopwatch":
        self._began = process_time(), perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.took: Took = (process_time() - self._began[0], perf_counter() - self._began[1])


@dataclass(frozen=True, slots=True)
class Case:
    """What is decoded.

    Parameters
    ----------
    paradigm : str
    n_slots, n_channels : int
        Of gaze, two channels are an eye.
    sfreq : float
        In Hz.
    calibrated : bool
        P300 may also begin without calibration; nothing is known yet then, which takes longer than later.
    """

    paradigm: str
    n_slots: int = 64
    n_channels: int = 32
    sfreq: float = 500.0
    calibrated: bool = True

    @property
    def name(self) -> str:
        return self.paradigm if self.calibrated else f"{self.paradigm}, uncalibrated"

    @property
    def config(self) -> Config:
        """The paradigm's defaults, with flashes that depend on nothing."""
        return load(paradigm=self.paradigm, flashing="fixed")

    @property
    def info(self) -> StreamInfo:
        if wiring(self.config).stream == "eeg":
            return StreamInfo("eeg", self.sfreq, tuple(f"E{i}" for i in range(self.n_channels)), "V")
        eyes = ("left", "right")[: self.n_channels // 2]
        return StreamInfo("gaze", self.sfreq, tuple(f"{eye}_{axis}" for eye in eyes for axis in "xy"), "px")


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """A tick: what was shown so far, the samples up to then, which share of the trial is over, and `append`'s time."""

    presentation: Presentation
    held: Signals
    share: float
    append: Took


def fitted(case: Case, rng: np.random.Generator) -> Any:
    """The paradigm's default decoder, fitted to noise; what costs time is as large as it gets."""
    if not case.calibrated:
        return AdaptiveErpDecoder(sfreq=case.sfreq).start_with(case.info.channels)
    ticks = list(ticks_of(case, _N_CALIBRATION, np.inf, rng))
    whole = {tick.presentation.trial: tick.presentation for tick in ticks}
    cued = tuple(CuedTrial(shown, (7 * number + 3) % case.n_slots) for number, shown in whole.items())
    run = CalibrationRun(cued, ticks[-1].held)
    decoder: Any = wiring(case.config).fit(case.config, run, rng)
    for number in range(MAX_LOOKS if isinstance(decoder, Learner) else 0):
        trial = cued[number % len(cued)]
        decoder.learn(trial.presentation, trial.cued, run.signals)
    return _with_all_sources(decoder, rng) if isinstance(decoder, CVEPDecoder) else decoder


def _with_all_sources(decoder: CVEPDecoder, rng: np.random.Generator) -> CVEPDecoder:
    """How many sources are found in noise is chance; here they are as many as may be found."""
    sources = {
        "filters_": rng.standard_normal((len(decoder.channels_), decoder.max_rank)),
        "responses_": rng.standard_normal((decoder.max_rank, decoder.responses_.shape[1])),
    }
    return CVEPDecoder.from_arrays(decoder.to_arrays() | sources)


def ticks_of(case: Case, n_trials: int, keep_s: float, rng: np.random.Generator) -> Iterator[Timed]:
    """Show so many trials, tick by tick, with ``keep_s`` seconds of noise held."""
    config, info = case.config, case.info
    grid = screen(config)
    regions = np.stack([grid.region(place) for place in range(case.n_slots)])
    flat = Posterior(*np.zeros((3, case.n_slots + 1)))
    schedule = paradigm(config)
    held = signals(config, [info], keep_s)
    n_blocks = config.stopping.max_blocks * wiring(config).blocks_per_repetition(config)
    frame = n_samples = 0
    for trial in range(n_trials):
        presentation = Presentation(trial, regions, start=frame * FRAME_S)
        for number in range(n_blocks):
            block = schedule.next_block(regions, flat, 0, rng)
            presentation = presentation.then(block)
            for first in range(0, block.n_frames, config.timing.tick_frames):
                n_frames = min(config.timing.tick_frames, block.n_frames - first)
                frames = np.arange(frame, frame + n_frames, dtype=np.float64)
                presentation = presentation.shown(frames * FRAME_S)
                frame += n_frames
                n_due = int(frame * FRAME_S * info.sfreq) - n_samples
                times = (n_samples + np.arange(n_due)) / info.sfreq
                n_samples += n_due
                chunk = Chunk(info.name, times, _noise(info, n_due, rng))
                with Stopwatch() as watch:
                    held.append([chunk])
                yield Timed(presentation, held, (number + first / block.n_frames) / n_blocks, watch.took)


def _noise(info: StreamInfo, n_samples: int, rng: np.random.Generator) -> SampleArray:
    """EEG of 10 uV, or gaze all over the screen."""
    if info.name == "gaze":
        n_eyes = len(info.channels) // 2
        return rng.uniform((0, 0) * n_eyes, (1920, 1080) * n_eyes, (n_samples, 2 * n_eyes)).astype(np.float32)
    return (1e-5 * rng.standard_normal((n_samples, len(info.channels)))).astype(np.float32)
