"""The matrix of faults and streams: what each does to a session, over real LSL and with the fake Neon."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from acquisition.lsl import local_network
from experiments.bench.fault_cells import LSL_STREAMS, NEON, SCENARIOS, Right, Scenario
from experiments.bench.fault_ears import SampleEar
from experiments.bench.fault_play import Cell, play_by_neon, play_over_lsl
from experiments.bench.table import Progress, Row, as_table

ALLOWED_S = 0.005
WRONG_S = (0.01, 0.03)
"""Samples that are off by more make an epoch wrong; a Neon's tell their time by a place, which the head moves too."""
_LSL_AT_ONCE, _NEONS_AT_ONCE = 6, 4
NOTES = (
    "Each device is a process of its own that sends EEG at 250 Hz, gaze at 120 Hz and markers over LSL, or the fake "
    "Neon. It is heard as in a session: source, recorder, health, signals, log. 'seen' is what is seen on the screen "
    "besides the page, 'log' the kinds of fault in the log, 'n_lost' the samples that were sent while the connection "
    "stood, and did not arrive, 'recorded' whether the recording holds just what arrived, bit for bit, 'error_ms' the "
    "95th percentile of how far the times that decoders see are off after the fault, 'x_allowed' the same over 5 ms, "
    "'wrong_epochs' how many epochs that count as usable hold samples off by more than 10 ms (30 ms for the Neon), "
    "'expected' what is right besides that all of this is in order, 'wanting' what is not so. A driver that stamps "
    "wrongly is told of, but cannot be corrected. "
    "Files that are cut are tested elsewhere."
)


def bench_faults(quick: bool, progress: Progress) -> dict[str, Any]:
    """Every fault with every stream that can have it."""
    return measure(list(SCENARIOS), stretch=1.0 if quick else 4.0, progress=progress)


def measure(faults: Sequence[str], stretch: float, progress: Progress) -> dict[str, Any]:
    """Play faults.

    Parameters
    ----------
    faults : sequence of str
        Keys of `SCENARIOS`.
    stretch : float
        How many times longer than they need they last.
    progress : callable
    """
    local_network()
    rows: list[Row] = []
    with (
        TemporaryDirectory() as folder,
        ThreadPoolExecutor(_LSL_AT_ONCE) as over_lsl,
        ThreadPoolExecutor(_NEONS_AT_ONCE) as by_neon,
    ):
        played = {}
        for fault in sorted(faults, key=lambda fault: -SCENARIOS[fault].seconds):
            scenario = SCENARIOS[fault]
            if scenario.right.keys() & set(LSL_STREAMS):
                played[fault, "LSL"] = over_lsl.submit(play_over_lsl, fault, scenario, stretch, Path(folder))
            if NEON in scenario.right:
                played[fault, NEON] = by_neon.submit(play_by_neon, fault, scenario, stretch, Path(folder))
        for done, ((fault, _), job) in enumerate(played.items()):
            progress("playing faults", done, len(played))
            rows += [_row(fault, SCENARIOS[fault], cell) for cell in job.result()]
        progress("playing faults", len(played), len(played))
    streams = [*LSL_STREAMS, NEON]
    rows.sort(key=lambda row: (faults.index(str(row["fault"])), streams.index(str(row["stream"]))))
    return as_table("faults", rows, NOTES)


def _row(fault: str, scenario: Scenario, cell: Cell) -> Row:
    """What happened, and whether that is right."""
    right, ear = scenario.right[cell.stream], cell.ear
    figures: dict[str, Any] = {
        "n_arrived": 0,
        "n_lost": cell.n_lost,
        "recorded": None,
        "error_ms": None,
        "wrong_epochs": None,
    }
    seen, log, held_s = cell.refused, [], 0.0
    if ear is not None:
        seen, log, held_s = ear.ended or cell.refused, ear.faults, ear.held_s
        figures["n_arrived"] = len(ear.arrived()[0])
        errors = ear.errors(cell.off + scenario.settle_s)
        if len(errors):
            figures["error_ms"] = 1e3 * float(np.quantile(np.abs(errors), 0.95))
        if isinstance(ear, SampleEar):
            figures["recorded"] = ear.is_recorded()
            figures["wrong_epochs"] = ear.wrong_epochs(WRONG_S[cell.stream == NEON])
    error_ms = figures["error_ms"]
    wanting = _wanting(right, seen, log, held_s, figures, is_heard=scenario.returns and ear is not None)
    return {
        "fault": fault,
        "stream": cell.stream,
        "ok": not wanting,
        "seen": seen or (f"the page waits for {held_s:.1f} s" if held_s else "nothing"),
        "log": ", ".join(log),
        **figures,
        "x_allowed": None if error_ms is None else error_ms / (1e3 * ALLOWED_S),
        "expected": str(right),
        "wanting": "; ".join(wanting),
    }


def _wanting(
    right: Right, seen: str, log: Sequence[str], held_s: float, figures: Mapping[str, Any], is_heard: bool
) -> list[str]:
    """What is not as it should be."""
    told = set(log)
    may = right.log | right.may
    must_be_timed = right.is_timed and is_heard and not (right.sentence and seen and "came back" in seen)
    checks = {
        f"says {right.sentence!r}": (right.sentence in seen) if right.sentence else not seen,
        f"logs {', '.join(sorted(right.log))}": right.log <= told,
        f"logs nothing but {', '.join(sorted(may)) or 'nothing'}": told <= may,
        "waits" if right.waits else "does not wait": right.waits in (None, bool(held_s)),
        "loses nothing": figures["n_lost"] == 0,
        "records all": figures["recorded"] is not False,
        "is timed": not must_be_timed or (figures["error_ms"] or np.inf) <= 1e3 * ALLOWED_S,
        "has no wrong epochs": not right.is_timed or not figures["wrong_epochs"],
    }
    return [f"should be so: {what}" for what, holds in checks.items() if not holds]
