"""What error potentials are worth: the same sessions with and without them, at two thresholds."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from experiments.bench.table import Progress, Row, as_table
from experiments.config import Config, load
from experiments.demo import run_demo
from experiments.folder import RunFolder
from experiments.rig import load_errors

PROFILES = ("easy", "typical", "hard")
THRESHOLDS = (0.8, 0.95)
NOTES = (
    "Simulated people write 'please open the window' on the virtual clock. Error potentials are simulated too, after "
    "Ferrez and Millan (2008): these figures show what the platform does with them, not how good they are in people. "
    "'auc' is that of the error decoder on held-out selections of its calibration (100, three in ten wrong); "
    "'x_seconds' the time with error potentials over that without, geometric mean over the people who wrote the text "
    "both times, and 'least' and 'most' its range over them."
)


def bench_errors(quick: bool, progress: Progress) -> dict[str, Any]:
    """Write a sentence with and without error potentials, by people who are easy and hard to read."""
    return measure(PROFILES[1:2] if quick else PROFILES, THRESHOLDS, range(1, 3 if quick else 9), progress)


def measure(
    profiles: Sequence[str], thresholds: Sequence[float], persons: Sequence[int], progress: Progress, **given: Any
) -> dict[str, Any]:
    """Compare sessions of each profile, threshold and person; what is ``given`` goes into their settings."""
    rows: list[Row] = []
    n_rows = len(profiles) * len(thresholds)
    with TemporaryDirectory() as folder:
        for profile in profiles:
            for p in thresholds:
                progress("writing with and without error potentials", len(rows), n_rows)
                settings = [f"person.profile={profile}", f"stopping.p={p}"]
                rows.append({"profile": profile, "p": p, **_compared(settings, persons, Path(folder), given)})
    progress("writing with and without error potentials", n_rows, n_rows)
    return as_table("errors", rows, NOTES)


def _compared(settings: Sequence[str], persons: Sequence[int], folder: Path, given: dict[str, Any]) -> Row:
    ratios, undos, wrong, aucs = [], [0, 0], [0, 0], []
    for person in persons:
        seconds: list[float] = []
        for i, felt in enumerate((False, True)):
            config = load(
                settings=[*settings, f"person.person_seed={person}", f"error_potentials={str(felt).lower()}"],
                seed=person,
                **given,
            )
            told = run_demo(config, folder, fast=True, progress=_say_nothing)
            undos[i] += told["n_undos"]
            wrong[i] += not told["exact"]
            if felt:
                aucs.append(_auc(config, told["session"]))
            if told["exact"]:
                seconds.append(told["seconds"])
        if len(seconds) == 2:
            ratios.append(seconds[1] / seconds[0])
    return {
        "persons": len(persons),
        "auc": float(np.mean(aucs)),
        "unfinished_without": wrong[0],
        "unfinished_with": wrong[1],
        "undos_without": undos[0],
        "undos_with": undos[1],
        "x_seconds": float(np.exp(np.mean(np.log(ratios)))) if ratios else None,
        "least": min(ratios, default=None),
        "most": max(ratios, default=None),
    }


def _auc(config: Config, session: str) -> float:
    errors = load_errors(config, RunFolder(Path(session)))
    assert errors is not None, "the session was made with error potentials"
    return errors.auc_


def _say_nothing(what: str, done: int, total: int) -> None:
    pass
