"""Whether probabilities are true at the moment of stopping, for people whose flashes were recorded or simulated."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray
from experiments.bench.table import Progress, Row, as_table
from experiments.config import Config
from experiments.evaluation.reliability import (
    N_FLASHES,
    N_SLOTS,
    HeldOut,
    believed,
    flat_prior,
    lay_out,
    skewed_prior,
    stop,
)
from experiments.evaluation.reliability_people import recorded_people, simulated_person
from experiments.evaluation.scores import exact_interval
from selector.reliability import (
    brier_score,
    calibration_error,
    group_bootstrap,
    negative_log_likelihood,
    reliability_curve,
)
from selector.stopping import ThresholdStopping

DATASET = "p300_gtec8ch"
THRESHOLDS = (0.8, 0.9, 0.95, 0.99)
PRIORS = ("flat", "skewed")
NOTES = (
    "ThresholdStopping at 'p' over held-out characters, looking after every flash from the 8th on. All that is fitted "
    "(classifiers, scales, bound, temperature) is so without the character. Recorded flashes name no slot: they are "
    "dealt to rows and columns of an 8x8 page at random, many times over; a character's two halves of at most 8 blocks "
    "are played each. 'error' is the share of wrong selections; 'x_error' its ratio to the nominal 1 - p. Its "
    "interval, and that of 'ece', come from drawing whole recorded characters again (500 times): draws of layouts "
    "are no new data. Where no character had an error the former has no width, and 'exact_high' is what bounds: the "
    "upper end of the exact 95 % interval if each recorded stretch were one decision. ECE is over 5 bins of equally "
    "many selections, and not 0 for true probabilities of so few characters. Prior 'flat', or 'skewed' as Zipf's law "
    "with a floor, and true; 0.01 for attending to nothing in both. 'curve' has all decisions after 1, 2, 3 and 5 "
    "blocks, stopped or not: bins of confidence and the share that was right. Recorded people need ASSENT_DATA; the "
    "simulated ones say only that the software does as it should."
)
_N_BINS = 5
_N_DRAWS = 500
_CURVE_BLOCKS = (1, 2, 3, 5)
_MAX_BLOCKS = 8


@dataclass(frozen=True, slots=True, eq=False)
class _Decided:
    """Decisions: p (n, n_slots + 1), what was cued (n,), after how many flashes (n,), from which stretch (n,)."""

    p: FloatArray
    cued: NDArray[np.intp]
    n_flashes: FloatArray
    stretch: NDArray[np.intp]

    @property
    def confidence(self) -> FloatArray:
        return np.asarray(self.p[:, :-1].max(axis=1))

    @property
    def correct(self) -> NDArray[np.bool_]:
        return np.asarray(self.p[:, :-1].argmax(axis=1) == self.cued)


def bench_probabilities(quick: bool, progress: Progress) -> dict[str, Any]:
    """Reliability at the stopping time: 4 layouts of each stretch with ``quick``, 20 without."""
    root = os.environ.get("ASSENT_DATA")
    people = {}
    if root:
        recorded = recorded_people(DATASET, Path(root) / "recordings", progress)
        people = {f"{DATASET} {name}": characters for name, characters in recorded.items()}
    return measure(people, simulated=(1,) if quick else (1, 2, 3), n_layouts=4 if quick else 20, progress=progress)


def measure(
    people: Mapping[str, Sequence[HeldOut]], simulated: Sequence[int], n_layouts: int, progress: Progress
) -> dict[str, Any]:
    """Play held-out characters of these people, and of simulated persons of these seeds."""
    everyone = dict(people)
    for seed in simulated:
        everyone[f"simulated {seed}"] = simulated_person("typical", seed, n_pages=8)["attends"]
    rows: list[Row] = []
    curve: list[Row] = []
    for prior in PRIORS:
        found = {}
        for done, (name, characters) in enumerate(everyone.items()):
            progress(f"stopping, {prior} prior", done, len(everyone))
            found[name] = _play(characters, prior, n_layouts, np.random.default_rng(0))
        progress(f"stopping, {prior} prior", len(everyone), len(everyone))
        for group in (people, [name for name in everyone if name not in people]):
            if len(group) > 1:
                label = f"all {'recorded' if group is people else 'simulated'}"
                found[label] = _together([found[name] for name in group])
        rows += [_row(name, prior, p, of_them[p]) for name, of_them in found.items() for p in THRESHOLDS]
        curve += [part for name, of_them in found.items() for part in _curve(name, prior, of_them[0.0])]
    return {**as_table("probabilities", rows, NOTES), "curve": curve}


def _play(characters: Sequence[HeldOut], prior: str, n_layouts: int, rng: np.random.Generator) -> dict[float, _Decided]:
    """Decisions by threshold; under 0 those after fixed numbers of blocks."""
    settings = Config()
    rules = {
        p: ThresholdStopping(p, settings.stopping.min_evidence_nats, settings.stopping.min_observations)
        for p in THRESHOLDS
    }
    decided: dict[float, list[tuple[FloatArray, int, float, int]]] = {p: [] for p in (0.0, *THRESHOLDS)}
    for number, character in enumerate(characters):
        for half in range(2):
            first = half * max(0, character.n_blocks - _MAX_BLOCKS)
            stretch = character.blocks(first, first + _MAX_BLOCKS)
            for _ in range(n_layouts):
                lit, cued = lay_out(stretch.is_target, rng)
                assert cued is not None, "somebody who attends has targets"
                no_control, floor = settings.layout.no_control, settings.layout.floor
                log_prior = flat_prior(no_control) if prior == "flat" else skewed_prior(cued, no_control, floor, rng)
                for p, ended in stop(stretch, lit, log_prior, rules).items():
                    if ended.slot is not None:
                        decided[p].append((ended.posterior.p, cued, ended.time, 2 * number + half))
                for n in _CURVE_BLOCKS:
                    posterior = believed(stretch, lit, log_prior, n * N_FLASHES)
                    decided[0.0].append((posterior.p, cued, float(n * N_FLASHES), 2 * number + half))
            if character.n_blocks <= _MAX_BLOCKS:
                break
    return {p: _decided(of_it) for p, of_it in decided.items()}


def _decided(of_it: Sequence[tuple[FloatArray, int, float, int]]) -> _Decided:
    p, cued, n_flashes, stretch = zip(*of_it, strict=True) if of_it else ((), (), (), ())
    return _Decided(
        np.array(p).reshape(-1, N_SLOTS + 1),
        np.array(cued, dtype=int),
        np.array(n_flashes),
        np.array(stretch, dtype=int),
    )


def _together(of_each: Sequence[Mapping[float, _Decided]]) -> dict[float, _Decided]:
    return {
        p: _Decided(
            np.concatenate([one[p].p for one in of_each]),
            np.concatenate([one[p].cued for one in of_each]),
            np.concatenate([one[p].n_flashes for one in of_each]),
            np.concatenate([one[p].stretch + 1000 * person for person, one in enumerate(of_each)]),
        )
        for p in of_each[0]
    }


def _row(name: str, prior: str, p: float, found: _Decided) -> Row:
    row: Row = {"people": name, "prior": prior, "p": p, "n_characters": len(np.unique(found.stretch // 2))}
    names = ("n_stretches", "error", "error_low", "error_high", "exact_high", "x_error", "repetitions", "confidence")
    row |= dict.fromkeys((*names, "ece", "ece_low", "ece_high", "brier", "nll"))
    if not len(found.cued):
        return row
    wrong, characters, rng = ~found.correct, found.stretch // 2, np.random.default_rng(0)
    n_stretches = len(np.unique(found.stretch))
    low, high = _share_interval(wrong, characters)
    ece_low, ece_high = group_bootstrap(
        lambda i: calibration_error(found.confidence[i], found.correct[i], _N_BINS), characters, rng, _N_DRAWS
    )
    error = float(wrong.mean())
    return row | {
        "n_stretches": n_stretches,
        "error": error,
        "error_low": low,
        "error_high": high,
        "exact_high": exact_interval(error * n_stretches, n_stretches)[1],
        "x_error": error / (1 - p),
        "repetitions": float(found.n_flashes.mean()) / N_FLASHES,
        "confidence": float(found.confidence.mean()),
        "ece": calibration_error(found.confidence, found.correct, _N_BINS),
        "ece_low": ece_low,
        "ece_high": ece_high,
        "brier": brier_score(found.p, found.cued),
        "nll": negative_log_likelihood(found.p, found.cued),
    }


def _share_interval(
    which: NDArray[np.bool_], characters: NDArray[np.intp], n_draws: int = _N_DRAWS
) -> tuple[float, float]:
    return group_bootstrap(lambda i: float(which[i].mean()), characters, np.random.default_rng(0), n_draws)


def _curve(name: str, prior: str, found: _Decided) -> list[Row]:
    """The curve, each bin with the interval of its accuracy over characters."""
    order = np.argsort(found.confidence, kind="stable")
    curve = reliability_curve(found.confidence, found.correct)
    parts = np.split(order, np.cumsum([part.n for part in curve])[:-1])
    rows: list[Row] = []
    for part, members in zip(curve, parts, strict=True):
        low, high = _share_interval(found.correct[members], found.stretch[members] // 2, n_draws=_N_DRAWS // 2)
        rows.append(
            {
                "people": name,
                "prior": prior,
                "n": part.n,
                "confidence": part.confidence,
                "accuracy": part.accuracy,
                "low": low,
                "high": high,
            }
        )
    return rows
