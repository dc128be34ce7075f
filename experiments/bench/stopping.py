"""Whether probabilities are true at the moment of stopping, and whether who rests selects: SSVEP, c-VEP and gaze."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.bench.table import Progress, Row, as_table
from experiments.config import Config, load
from experiments.evaluation.reliability_heard import PEOPLE, heard_person
from experiments.evaluation.reliability_trials import HeardTrial, stop_trial
from experiments.evaluation.scores import exact_interval
from experiments.rig import stopping
from selector.control import ControlState
from selector.reliability import brier_score, calibration_error, negative_log_likelihood
from selector.types import Selection

THRESHOLDS = (0.8, 0.9, 0.95, 0.99)
RESTS = ("looks away", "no answers")
NOTES = (
    "Simulated people, each calibrated on one run and tested on another with other noise; 64 slots with even odds and "
    "0.01 for attending to nothing, a look every 0.1 s, the session's own rule at 'p'. 'error' is the share of wrong "
    "selections with its exact 95 % interval, as if pages were independent; 'x_error' its ratio to the nominal "
    "1 - p. ECE is over 5 bins of equally many selections, and some hundredths above 0 for true probabilities of so "
    "few. 'fixed' and 'followed' are false selections per minute of somebody who looks away or whose brain and eyes "
    "answer nothing, with a prior of 0.01 for each page, and with what earlier pages said of control kept."
)
_N_BINS = 5


def bench_stopping(quick: bool, progress: Progress) -> dict[str, Any]:
    """Two persons of one profile with ``quick``, six of each without."""
    people = {name: profiles[:1] for name, profiles in PEOPLE.items()} if quick else PEOPLE
    return measure(people, seeds=range(1, 3 if quick else 7), n_pages=10 if quick else 20, progress=progress)


def measure(
    people: Mapping[str, Sequence[str]], seeds: Sequence[int], n_pages: int, progress: Progress
) -> dict[str, Any]:
    """Let persons of these seeds and of each paradigm's profiles attend to so many pages, and rest for as many."""
    rows: list[Row] = []
    cells = [(paradigm, profile) for paradigm, profiles in people.items() for profile in profiles]
    for done, (paradigm, profile) in enumerate(cells):
        progress("attending and resting", done, len(cells))
        persons = [heard_person(paradigm, profile, seed, n_pages, rests=True) for seed in seeds]
        rows += [{"paradigm": paradigm, "profile": profile, **_row(paradigm, persons, p)} for p in THRESHOLDS]
    progress("attending and resting", len(cells), len(cells))
    return as_table("stopping", rows, NOTES)


def _row(paradigm: str, persons: Sequence[Mapping[str, list[HeardTrial]]], p: float) -> Row:
    config = load(paradigm=paradigm, settings=[f"stopping.p={p}"])
    trials = [trial for person in persons for trial in person["attends"]]
    ended = [_end(trial, config, config.layout.no_control) for trial in trials]
    chosen = [(s, trial.cued) for s, trial in zip(ended, trials, strict=True) if s.slot is not None]
    row: Row = {"p": p, "n_pages": len(trials), "selected": len(chosen) / len(trials)}
    right = np.array([s.slot == cued for s, cued in chosen])
    believed = np.array([s.posterior.p for s, _ in chosen])
    cued = np.array([cued for _, cued in chosen], dtype=np.intp)
    n_wrong = int((~right).sum()) if len(chosen) else 0
    low, high = exact_interval(n_wrong, len(chosen)) if chosen else (0.0, 1.0)
    row |= {
        "error": n_wrong / len(chosen) if chosen else None,
        "error_low": low,
        "error_high": high,
        "x_error": n_wrong / len(chosen) / (1 - p) if chosen else None,
        "seconds": float(np.mean([s.time for s in ended])),
        "ece": calibration_error(believed[:, :-1].max(axis=1), right, _N_BINS) if chosen else None,
        "brier": brier_score(believed, cued) if chosen else None,
        "nll": negative_log_likelihood(believed, cued) if chosen else None,
    }
    for rest in RESTS:
        for name, follows in (("fixed", False), ("followed", True)):
            row[f"{name}, {rest}"] = _false_per_min([person[rest] for person in persons], config, follows)
    return row


def _end(trial: HeardTrial, config: Config, no_control: float) -> Selection:
    return stop_trial(trial, no_control, {"": stopping(config)})[""]


def _false_per_min(persons: Sequence[Sequence[HeardTrial]], config: Config, follows: bool) -> float:
    """Selections per minute at rest, the pause before each page counted."""
    n_selected, seconds = 0, 0.0
    for pages in persons:
        control = ControlState(leaves=config.layout.no_control, returns=config.stopping.returns)
        for page in pages:
            ended = _end(page, config, control.no_control if follows else config.layout.no_control)
            control.update(float(ended.posterior.p[-1]))
            n_selected += ended.slot is not None
            seconds += config.layout.gap_s + ended.time
    return 60.0 * n_selected / seconds
