"""How many times faster than real time a recorded session is replayed on one core."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from experiments.bench.table import Progress, Row, as_table
from experiments.config import Config, load
from experiments.demo import run_demo
from experiments.replay import replay

NOTES = (
    "A simulated participant's session (8 channels of EEG at 250 Hz, gaze at 120 Hz) on the virtual clock, replayed: "
    "read, filtered, decoded, decided and compared event by event. 'x_real_time' counts processor seconds over all "
    "threads, as on one core, and the reading of the log; 'x_real_time_wall' the seconds waited from there on. The "
    "simulated participant has no more than 8 channels: `assent bench selector` shows what more of them cost."
)


def bench_replay(quick: bool, progress: Progress) -> dict[str, Any]:
    """Replay virtual sessions of both paradigms; without ``quick`` of both kinds of document too."""
    kinds = ("text",) if quick else ("text", "python")
    return measure([load(kind=kind, paradigm=p) for kind in kinds for p in ("p300", "dwell")], progress)


def measure(configs: Sequence[Config], progress: Progress) -> dict[str, Any]:
    """Make a session of each of these settings, and replay it."""
    rows: list[Row] = []
    with TemporaryDirectory() as folder:
        for config in configs:
            summary = run_demo(config, Path(folder), fast=True, progress=progress)
            progress("replaying", len(rows), len(configs))
            began = process_time()
            result = replay(Path(summary["session"]))
            cpu_s = process_time() - began
            rows.append(
                {
                    "kind": config.kind,
                    "paradigm": config.paradigm,
                    "events": result.n_events,
                    "identical": result.n_identical,
                    "session_s": result.session_s,
                    "replay_s": result.replay_s,
                    "cpu_s": cpu_s,
                    "x_real_time": result.session_s / cpu_s,
                    "x_real_time_wall": result.speed_x,
                }
            )
        progress("replaying", len(configs), len(configs))
    return as_table("replay", rows, NOTES)
