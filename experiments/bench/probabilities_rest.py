"""No control: selections a minute while nobody selects anything, against those of somebody who does."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.bench.probabilities import DATASET, THRESHOLDS
from experiments.bench.table import Progress, Row, as_table
from experiments.config import Config
from experiments.evaluation.reliability import HeldOut, flat_prior, lay_out, stop
from experiments.evaluation.reliability_people import recorded_people, simulated_person
from experiments.evaluation.scores import rate
from selector.control import ControlState
from selector.stopping import ThresholdStopping

NOTES = (
    "Pages of 64 slots and at most 8 blocks, one after the other. 'rest_per_min' counts selections of somebody who "
    "wants none, with the exact 95 % interval of a Poisson rate over the minutes recorded or simulated (draws of "
    "layouts are no new minutes); 'right_per_min' and 'wrong_per_min' those of the same person attending; "
    "'x_rest' is the first against the second. 'control': 'fixed' keeps the prior of attending to nothing at 0.01 on "
    "every page; 'followed' carries it from page to page (`selector.control.ControlState`), and is the harder for "
    "who attends, since those pages begin right after a long rest. 'rest': simulated persons who look away "
    "(the brain sees the flashes and waits for none) or have no answers at all (zero SNR); recorded people whose "
    "targets fall on any slots, block by block (a brain that answers to something else: the harshest), or with other "
    "nontargets in the targets' place. A true ratio does not keep a person at rest from selecting with a prior of "
    "0.01: Bayes' rule then reckons with 99 persons who select for each who rests. Recorded people need ASSENT_DATA."
)
CONTROLS = ("fixed", "followed")
_MAX_BLOCKS = 8


@dataclass(frozen=True, slots=True, eq=False)
class RestPerson:
    """Stretches of one person attending, and of the same person at rest, by kind of rest."""

    attends: Sequence[HeldOut]
    rests: Mapping[str, Sequence[HeldOut]]


def bench_rest(quick: bool, progress: Progress) -> dict[str, Any]:
    """Rest and work of recorded people and simulated persons: one of each profile with ``quick``, three without."""
    root = os.environ.get("ASSENT_DATA")
    people = {}
    if root:
        recorded = recorded_people(DATASET, Path(root) / "recordings", progress)
        people = {f"{DATASET} {name}": _recorded(characters) for name, characters in recorded.items()}
    seeds = (1,) if quick else (1, 2, 3)
    n_pages, n_draws = (8, 1) if quick else (20, 5)
    return measure(people, ("typical", "hard"), seeds, n_pages, progress, n_draws)


def measure(
    people: Mapping[str, RestPerson],
    profiles: Sequence[str],
    seeds: Sequence[int],
    n_pages: int,
    progress: Progress,
    n_draws: int = 5,
) -> dict[str, Any]:
    """These people, and simulated persons of these profiles and seeds with so many pages each."""
    everyone = {name: [person] for name, person in people.items()}
    for done, profile in enumerate(profiles):
        progress("simulating", done, len(profiles))
        everyone[f"simulated {profile}"] = [_simulated(profile, seed, n_pages) for seed in seeds]
    progress("simulating", len(profiles), len(profiles))
    rows: list[Row] = []
    for done, (name, persons) in enumerate(everyone.items()):
        progress("selecting", done, len(everyone))
        rows += [row for control in CONTROLS for row in _rows(name, persons, control, n_draws)]
    progress("selecting", len(everyone), len(everyone))
    return as_table("rest", rows, NOTES)


def _recorded(characters: Sequence[HeldOut]) -> RestPerson:
    rng = np.random.default_rng(0)
    halves = [
        character.blocks(first, first + _MAX_BLOCKS)
        for character in characters
        for first in sorted({0, max(0, character.n_blocks - _MAX_BLOCKS)})
    ]
    rests = {"untied targets": [half.untied() for half in halves], "nontargets": [half.at_rest(rng) for half in halves]}
    return RestPerson(halves, rests)


def _simulated(profile: str, seed: int, n_pages: int) -> RestPerson:
    pages = simulated_person(profile, seed, n_pages)
    return RestPerson(pages.pop("attends"), pages)


@dataclass(slots=True)
class _Count:
    """Selections and minutes."""

    right: int = 0
    wrong: int = 0
    minutes: float = 0.0


def _rows(name: str, persons: Sequence[RestPerson], control: str, n_draws: int) -> list[Row]:
    on = _count([person.attends for person in persons], control, n_draws, after_rest=True)
    rows: list[Row] = []
    for kind in persons[0].rests:
        off = _count([person.rests[kind] for person in persons], control, n_draws, after_rest=False)
        for p in THRESHOLDS:
            false = rate("", "", "", p, round(off[p].wrong / n_draws), off[p].minutes / n_draws)
            right = on[p].right / on[p].minutes
            per_min = off[p].wrong / off[p].minutes
            rows.append(
                {
                    "people": name,
                    "rest": kind,
                    "control": control,
                    "p": p,
                    "rest_per_min": per_min,
                    "rest_low": false.low,
                    "rest_high": false.high,
                    "rest_min": off[p].minutes / n_draws,
                    "right_per_min": right,
                    "wrong_per_min": on[p].wrong / on[p].minutes,
                    "x_rest": per_min / right if right else None,
                }
            )
    return rows


def _count(of_each: Sequence[Sequence[HeldOut]], control: str, n_draws: int, after_rest: bool) -> dict[float, _Count]:
    settings = Config()
    found = {p: _Count() for p in THRESHOLDS}
    for pages in of_each:
        for draw in range(n_draws):
            for p, count in found.items():
                _work_through(pages, p, count, control == "followed", after_rest, settings, np.random.default_rng(draw))
    return found


def _work_through(
    pages: Sequence[HeldOut],
    p: float,
    count: _Count,
    follows: bool,
    after_rest: bool,
    settings: Config,
    rng: np.random.Generator,
) -> None:
    """Page after page, in an order of the draw's own; the control is followed or stays what is believed at first."""
    rule = ThresholdStopping(p, settings.stopping.min_evidence_nats, settings.stopping.min_observations)
    state = ControlState(leaves=settings.layout.no_control)
    if follows and after_rest:
        for _ in range(10):
            state.update(1.0)
    for number in rng.permutation(len(pages)):
        page = pages[number]
        lit, cued = lay_out(page.is_target, rng)
        ended = stop(page, lit, flat_prior(state.no_control), {p: rule})[p]
        if follows:
            state.update(float(ended.posterior.p[-1]))
        if ended.slot is not None:
            count.right += ended.slot == cued
            count.wrong += ended.slot != cued
        # The last flash has to wait for its epoch.
        seconds = ended.time * settings.timing.soa_s + settings.stopping.tail_s + settings.layout.gap_s
        count.minutes += seconds / 60
