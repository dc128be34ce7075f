"""How long a decision takes for an update, against a quarter of a 60 Hz frame, and how that grows."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.bench.selector_trials import FRAME_S, Case, Stopwatch, Took, fitted, ticks_of
from experiments.bench.table import Progress, Row, as_table
from experiments.config import load
from experiments.registry import STOPPING
from experiments.rig import paradigm, screen, stopping
from selector.fusion import fuse
from selector.types import Evidence, Posterior

BUDGET_S = FRAME_S / 4
CASES = (
    *(
        Case(name, n_slots, n_channels, calibrated=calibrated)
        for name, calibrated in (("p300", True), ("p300", False), ("ssvep", True), ("cvep", True))
        for n_slots, n_channels in ((64, 32), (16, 32), (64, 8))
    ),
    *(Case("dwell", n_slots, n_channels) for n_slots, n_channels in ((64, 4), (16, 4), (64, 2))),
)
QUARTERS = {"first quarter": (0.0, 0.25), "last quarter": (0.75, 1.0)}
NOTES = (
    "Each paradigm's default decoder on trials as long as they get, on noise, at 500 Hz, with a tick every 3 frames: "
    "the time does not depend on what the samples say. Ratios are to a quarter of a 60 Hz frame, 4.17 ms. CPU time is "
    "that of the process; the time on the wall also holds what other processes took meanwhile, which says nothing of "
    "the decoder, so the ratios are of CPU time but for 'x_wall_p99'. 'update' is a decoder's answer at a tick, over "
    "whole trials and at their beginning and end; 'append' is the causal filter and the buffer, which every tick needs "
    "as well; of gaze, 4 channels are two eyes. 'fuse and stop' puts EEG and gaze together and asks a stopping rule; "
    "'choose flashes' draws up a quarter of a repetition, between two ticks, while 5 answers are still to come."
)
_PENDING = 5


def bench_selector(quick: bool, progress: Progress) -> dict[str, Any]:
    """Time the updates of every paradigm's default decoder, and what else a tick needs."""
    return measure(n_trials=3 if quick else 20, progress=progress)


def measure(n_trials: int, progress: Progress, cases: Sequence[Case] = CASES) -> dict[str, Any]:
    """Time all updates of so many trials in each case."""
    rows: list[Row] = []
    for number, case in enumerate(cases):
        progress("decoding", number, len(cases))
        for (work, part), took in _updates(case, n_trials, np.random.default_rng(number)).items():
            rows.append(_row(case.name, work, part, case.n_slots, case.n_channels, took))
    progress("decoding", len(cases), len(cases))
    for n_slots in (64, 16):
        rng = np.random.default_rng(n_slots)
        steps = {f"fuse and stop ({rule})": _decisions(rule, n_slots, rng) for rule in STOPPING}
        steps["choose flashes"] = _choices(n_slots, 20 * n_trials, rng)
        rows += [_row(what, "step", "all", n_slots, None, took) for what, took in steps.items()]
    return as_table("selector", rows, NOTES)


def _row(what: str, work: str, part: str, n_slots: int, n_channels: int | None, took: Sequence[Took]) -> Row:
    (cpu_median, wall_median), (cpu_p99, wall_p99) = np.quantile(np.array(took), (0.5, 0.99), axis=0).tolist()
    return {
        "what": what,
        "work": work,
        "part": part,
        "n_slots": n_slots,
        "n_channels": n_channels,
        "n": len(took),
        "cpu_median_ms": 1e3 * cpu_median,
        "cpu_p99_ms": 1e3 * cpu_p99,
        "wall_median_ms": 1e3 * wall_median,
        "wall_p99_ms": 1e3 * wall_p99,
        "x_median": cpu_median / BUDGET_S,
        "x_p99": cpu_p99 / BUDGET_S,
        "x_wall_p99": wall_p99 / BUDGET_S,
    }


def _updates(case: Case, n_trials: int, rng: np.random.Generator) -> dict[tuple[str, str], list[Took]]:
    """What each piece of work took, tick by tick."""
    decoder = fitted(case, rng)
    took: dict[tuple[str, str], list[Took]] = defaultdict(list)
    for tick in ticks_of(case, n_trials, 60.0, rng):
        with Stopwatch() as watch:
            decoder.decode(tick.presentation, tick.held)
        took["append", "whole trial"].append(tick.append)
        took["update", "whole trial"].append(watch.took)
        for name, (first, last) in QUARTERS.items():
            if first <= tick.share < last:
                took["update", name].append(watch.took)
    return took


def _decisions(rule: str, n_slots: int, rng: np.random.Generator, n: int = 400) -> list[Took]:
    """Fuse EEG and gaze, and ask whether it is enough."""
    asked = stopping(load(settings=[f"stopping.rule={rule}"]))
    log_prior = rng.standard_normal(n_slots + 1)
    took = []
    for _ in range(n):
        evidence = [Evidence(name, 1.0, rng.standard_normal(n_slots + 1), 1.0, 0.9, 100) for name in ("eeg", "gaze")]
        with Stopwatch() as watch:
            posterior, _faults = fuse(log_prior, evidence, {"prior": 0.7, "eeg": 0.9, "gaze": 0.8}, lapse=0.05)
            asked.decide(posterior, 1.0, exhausted=False)
        took.append(watch.took)
    return took


def _choices(n_slots: int, n: int, rng: np.random.Generator) -> list[Took]:
    """Adaptive flashes, block by block, for posteriors of any sharpness."""
    config = load(flashing="adaptive")
    grid = screen(config)
    regions = np.stack([grid.region(place) for place in range(n_slots)])
    schedule = paradigm(config)
    took = []
    for _ in range(n):
        p = rng.dirichlet(np.full(n_slots + 1, rng.uniform(0.05, 1.0)))
        posterior = Posterior(np.log(np.full(n_slots + 1, 1 / (n_slots + 1))), np.zeros(n_slots + 1), p)
        with Stopwatch() as watch:
            schedule.next_block(regions, posterior, _PENDING, rng)
        took.append(watch.took)
    return took
