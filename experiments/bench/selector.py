"""How long a decoder takes for an update, against a quarter of a 60 Hz frame."""

from collections.abc import Iterator
from time import perf_counter
from typing import Any

import numpy as np

from acquisition.stimulus import Presentation
from acquisition.stream import Chunk, SampleArray, Signals, StreamInfo
from experiments.bench.table import Progress, Row, as_table
from experiments.config import Config
from experiments.rig import paradigm, screen, signals
from selector.decoders.erp import ErpDecoder
from selector.decoders.gaze import GazeDecoder
from selector.types import Posterior

FRAME_S = 1 / 60
BUDGET_S = FRAME_S / 4
STREAMS = (
    *(StreamInfo("eeg", sfreq, tuple(f"E{i}" for i in range(n)), "V") for n in (8, 32) for sfreq in (250.0, 500.0)),
    *(StreamInfo("gaze", sfreq, ("x", "y"), "px") for sfreq in (250.0, 500.0)),
)
NOTES = (
    "Trials as long as they get (64 slots, 8 blocks of 16 flashes, a tick every 3 frames) on noise: the time does not "
    "depend on what the samples say. Ratios are to a quarter of a 60 Hz frame, 4.2 ms. 'new' and 'no news' are a "
    "decoder's updates: to ERP a complete epoch is new, to gaze every tick's samples. 'append' is the causal filter "
    "and the buffer, which every tick needs as well."
)
_N_CALIBRATION = 2


def bench_selector(quick: bool, progress: Progress) -> dict[str, Any]:
    """Time the updates of the ERP and the gaze decoder, with and without anything new to decode."""
    return measure(n_trials=8 if quick else 40, progress=progress)


def measure(n_trials: int, progress: Progress) -> dict[str, Any]:
    """Time all updates of so many trials, for each kind of stream."""
    rows: list[Row] = []
    for i, info in enumerate(STREAMS):
        progress("decoding", i, len(STREAMS))
        for work, seconds in _time_updates(info, n_trials, np.random.default_rng(i)).items():
            median, p99 = (float(np.quantile(seconds, q)) for q in (0.5, 0.99))
            rows.append(
                {
                    "decoder": "erp" if info.name == "eeg" else "gaze",
                    "work": work,
                    "n_channels": len(info.channels),
                    "sfreq": info.sfreq,
                    "n": len(seconds),
                    "median_ms": 1e3 * median,
                    "p99_ms": 1e3 * p99,
                    "x_median": median / BUDGET_S,
                    "x_p99": p99 / BUDGET_S,
                }
            )
    progress("decoding", len(STREAMS), len(STREAMS))
    return as_table("selector", rows, NOTES)


def _time_updates(info: StreamInfo, n_trials: int, rng: np.random.Generator) -> dict[str, list[float]]:
    """Seconds that each piece of work took, tick by tick."""
    decoder = _erp_decoder(info, rng) if info.name == "eeg" else GazeDecoder()
    seconds: dict[str, list[float]] = {"append": [], "new": [], "no news": []}
    heard: dict[int, int] = {}
    for presentation, held, append_s in _ticks(info, n_trials, 60.0, rng):
        seconds["append"].append(append_s)
        # The second call of a tick never finds anything new.
        for _ in range(2):
            began = perf_counter()
            evidence = decoder.decode(presentation, held)
            took = perf_counter() - began
            is_new = evidence.n_observations > heard.get(presentation.trial, 0)
            heard[presentation.trial] = evidence.n_observations
            seconds["new" if is_new else "no news"].append(took)
    return seconds


def _erp_decoder(info: StreamInfo, rng: np.random.Generator) -> ErpDecoder:
    """A decoder fitted to noise, as if the first slot had been cued."""
    ticks = list(_ticks(info, _N_CALIBRATION, np.inf, rng))
    held = ticks[-1][1]
    trials = {presentation.trial: presentation for presentation, _, _ in ticks}
    flashes = [(flash.time, flash.slots[0], trial) for trial, whole in trials.items() for flash in whole.flashes]
    onsets, targets, groups = (np.array(column) for column in zip(*flashes, strict=True))
    decoder = ErpDecoder(sfreq=info.sfreq)
    epochs, usable = held.epochs("eeg", onsets, decoder.tmin, decoder.tmax)
    return decoder.fit(epochs[usable], targets[usable], groups[usable])


def _ticks(
    info: StreamInfo, n_trials: int, keep_s: float, rng: np.random.Generator
) -> Iterator[tuple[Presentation, Signals, float]]:
    """At each tick: what was shown so far, the samples up to then, and how long it took to take in the latest."""
    config = Config(flashing="fixed")
    grid = screen(config)
    regions = np.stack([grid.region(place) for place in range(grid.n_places)])
    flat = Posterior(np.zeros(len(regions) + 1), np.zeros(len(regions) + 1), np.zeros(len(regions) + 1))
    schedule = paradigm(config)
    held = signals(config, [info], keep_s)
    frame = n_samples = 0
    for trial in range(n_trials):
        presentation = Presentation(trial, regions, start=frame * FRAME_S)
        for _ in range(config.stopping.max_blocks):
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
                began = perf_counter()
                held.append([chunk])
                yield presentation, held, perf_counter() - began


def _noise(info: StreamInfo, n_samples: int, rng: np.random.Generator) -> SampleArray:
    """EEG of 10 uV, or gaze all over the screen."""
    if info.name == "gaze":
        return rng.uniform((0, 0), (1920, 1080), (n_samples, 2)).astype(np.float32)
    return (1e-5 * rng.standard_normal((n_samples, len(info.channels)))).astype(np.float32)
