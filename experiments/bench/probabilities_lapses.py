"""EEG and gaze as independent evidence: where it holds, where a shared lapse of attention breaks it, and what helps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from acquisition.simulated.participant import SimulatedParticipant
from acquisition.simulated.profile import PROFILES, Profile
from acquisition.stream import FloatArray
from experiments.bench.table import Progress, Row, as_table
from experiments.calibration import run_calibration
from experiments.config import load
from experiments.evaluation.reliability import N_FLASHES
from experiments.evaluation.scores import exact_interval
from experiments.rig import wiring
from selector.calibration import flash_log_likelihood
from selector.fusion import fit_lapse, fit_weights, with_lapses
from selector.reliability import calibration_error, negative_log_likelihood

NOTES = (
    "Simulated participants (profile typical) whose eyes and attention leave the cued slot together: in lapses of 1.5 "
    "s as a rule, or absences of 10 s, which outlast a page. Decoders are fitted to a session with 0.3 lapses a minute "
    "and 1 absence an hour. After one block (2.7 s) the evidence of each page is put together: EEG alone, gaze alone, "
    "their 'product' as if they were independent, 'weights' fitted by likelihood, and the latter with a 'lapse' common "
    "to both, whose share is fitted as well, to half of the pages and judged on the other half, and the other way "
    "round. 'pairing': 'same page', or gaze of another page, so that lapses come apart: independence restored. "
    "'error' is that among pages decided with a probability of 0.95 or more, 'decided' their share; 'high' is the "
    "upper end of error's exact 95 % interval. 'x_nll' is the negative log-likelihood against that of the product."
)
FUSIONS = ("eeg", "gaze", "product", "weights", "lapse")
HABITS = ((0.3, 1.0), (12.0, 1.0), (0.3, 60.0))
"""Lapses a minute, and absences an hour."""

_NO_CONTROL = 0.01
_P = 0.95

Fuse = Callable[[dict[str, FloatArray]], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class _Pages:
    """What each modality said, shape (n_pages, n_slots + 1), and what was cued (n_pages,)."""

    said: dict[str, FloatArray]
    cued: NDArray[np.intp]

    def take(self, which: NDArray[np.bool_]) -> "_Pages":
        return _Pages({name: values[which] for name, values in self.said.items()}, self.cued[which])


def bench_lapses(quick: bool, progress: Progress) -> dict[str, Any]:
    """Three habits, 60 pages of one person with ``quick``, and 100 of each of three without."""
    return measure(HABITS, (1,) if quick else (1, 2, 3), n_pages=60 if quick else 100, progress=progress)


def measure(
    habits: Sequence[tuple[float, float]],
    seeds: Sequence[int],
    n_pages: int,
    progress: Progress,
    settings: Sequence[str] = (),
) -> dict[str, Any]:
    """Such lapses a minute and absences an hour, for simulated persons of these seeds with so many pages each.

    ``settings`` are those of the session to which decoders are fitted.
    """
    rows: list[Row] = []
    for done, habit in enumerate(habits):
        progress("simulating", done, len(habits))
        of_each = [_simulate(*habit, seed, n_pages, settings) for seed in seeds]
        rows += _rows(*habit, "same page", of_each)
        rows += _rows(*habit, "another page", [_paired_apart(pages) for pages in of_each])
    progress("simulating", len(habits), len(habits))
    return as_table("lapses", rows, NOTES)


def _simulate(
    lapses_per_min: float, absences_per_hour: float, seed: int, n_pages: int, settings: Sequence[str]
) -> _Pages:
    rng = np.random.default_rng([seed, 2])
    config = load(settings=settings)
    calibration = run_calibration(config, _person(PROFILES["typical"], seed, rng), rng, _say_nothing)
    eeg: Any = wiring(config).fit(config, calibration, rng)
    dwell = load(paradigm="dwell")
    gaze: Any = wiring(dwell).fit(dwell, calibration, rng)
    lapsing = replace(PROFILES["typical"], lapses_per_min=lapses_per_min, absences_per_hour=absences_per_hour)
    pages = load(settings=[f"person.calibration_characters={n_pages}", "person.calibration_blocks=1"])
    run = run_calibration(pages, _person(lapsing, seed, rng), rng, _say_nothing)
    said: dict[str, list[FloatArray]] = {"eeg": [], "gaze": []}
    times, info = run.signals.times("gaze"), run.signals.streams["gaze"]
    for trial in run.trials:
        shown = trial.presentation
        flashes = shown.flashes[:N_FLASHES]
        epochs, _ = run.signals.epochs("eeg", np.array([flash.time for flash in flashes]), eeg.tmin, eeg.tmax)
        ratios = eeg.log_likelihood_ratio(np.asarray(epochs, dtype=np.float64))
        lit = np.array([flash.slots for flash in flashes])
        said["eeg"].append(flash_log_likelihood(ratios, lit, eeg.temperature_ * eeg.separation_))
        during = (times > shown.start + gaze.latency_s) & (times <= shown.end)
        said["gaze"].append(gaze.log_likelihood(run.signals.data("gaze")[during], shown.regions, info.sfreq))
    return _Pages({name: np.array(of_it) for name, of_it in said.items()}, np.array([t.cued for t in run.trials]))


def _paired_apart(pages: _Pages) -> _Pages:
    """Each page's EEG with the next page's gaze, in which the two cued slots have changed places."""
    gaze = np.roll(pages.said["gaze"], -1, axis=0)
    for row, here, there in zip(gaze, pages.cued, np.roll(pages.cued, -1), strict=True):
        row[[here, there]] = row[[there, here]]
    return _Pages({**pages.said, "gaze": gaze}, pages.cued)


def _rows(lapses_per_min: float, absences_per_hour: float, pairing: str, of_each: Sequence[_Pages]) -> list[Row]:
    rows: list[Row] = []
    cued = np.concatenate([part for pages in of_each for part in (pages.cued[::2], pages.cued[1::2])])
    log_p = {name: np.concatenate([part for pages in of_each for part in _judged(name, pages)]) for name in FUSIONS}
    of_product = negative_log_likelihood(np.exp(log_p["product"]), cued)
    for name, values in log_p.items():
        p = np.exp(values)
        confidence, correct = p[:, :-1].max(axis=1), p[:, :-1].argmax(axis=1) == cued
        decided = confidence >= _P
        n, n_wrong = int(decided.sum()), int((decided & ~correct).sum())
        nll = negative_log_likelihood(p, cued)
        rows.append(
            {
                "lapses_per_min": lapses_per_min,
                "absences_per_hour": absences_per_hour,
                "pairing": pairing,
                "fusion": name,
                "n": len(cued),
                "accuracy": float(correct.mean()),
                "decided": n / len(cued),
                "error": n_wrong / n if n else None,
                "high": exact_interval(n_wrong, n)[1] if n else None,
                "ece": calibration_error(confidence, correct),
                "nll": nll,
                "x_nll": nll / of_product,
            }
        )
    return rows


def _judged(name: str, pages: _Pages) -> list[FloatArray]:
    """Log-posteriors of either half, by what was fitted to the other."""
    even = np.arange(len(pages.cued)) % 2 == 0
    return [_log_posterior(_fuser(name, pages.take(~half)), pages.take(half)) for half in (even, ~even)]


def _fuser(name: str, learnt: _Pages) -> Fuse:
    if name in ("eeg", "gaze"):
        return lambda said: said[name]
    if name == "product":
        return lambda said: np.asarray(said["eeg"] + said["gaze"])
    prior = _prior(learnt)
    weights = fit_weights(prior, learnt.said, learnt.cued)
    if name == "weights":
        return lambda said: np.asarray(sum(weights[m] * values for m, values in said.items()))
    weighted = {m: weights[m] * values for m, values in learnt.said.items()}
    lapse = fit_lapse(prior, weighted, learnt.cued)
    return lambda said: np.array(
        [
            with_lapses([weights[m] * one for m, one in zip(said, of_page, strict=True)], lapse)
            for of_page in zip(*said.values(), strict=True)
        ]
    )


def _log_posterior(fuse: Fuse, pages: _Pages) -> FloatArray:
    return np.asarray(log_softmax(_prior(pages) + fuse(pages.said), axis=1))


def _prior(pages: _Pages) -> FloatArray:
    n_slots = pages.said["eeg"].shape[1] - 1
    row = np.log(np.append(np.full(n_slots, (1 - _NO_CONTROL) / n_slots), _NO_CONTROL))
    return np.tile(row, (len(pages.cued), 1))


def _person(profile: Profile, seed: int, rng: np.random.Generator) -> SimulatedParticipant:
    return SimulatedParticipant(profile, seed, int(rng.integers(2**31)), start=0.0)


def _say_nothing(*_: object) -> None:
    pass
