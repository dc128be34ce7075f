"""EEG and gaze of devices whose clocks are off, drift and jitter, over LSL: how far are common events apart?"""

import json
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from os import environ
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from acquisition.lsl import LSLClock, LSLSource, StreamWanted, local_network
from acquisition.stream import FloatArray
from experiments.bench.lsl_device import Device, in_whole
from experiments.bench.table import Progress, Row, as_table

GOAL_S = 0.002
EVENT_S = 0.25
SETTLE_S = 2.0
_TIMEOUT_S = 20.0
_TICK_S = 0.01
NOTES = (
    "EEG at 500 Hz and gaze at 200 Hz from devices whose clocks are 3.2 s ahead and 1.7 s behind, gain 100 and lose "
    "100 parts in a million, and jitter by 2 and 3 ms SD; real LSL outlets and liblsl's own time probes. Errors are "
    "those of event times, absolute, against the truth that each sample carries: of each stream, and of an event in "
    "gaze against the same in EEG. 'none' takes the device's stamps as they are, 'offset' adds LSL's clock offset, "
    "'offset, even stamps' is what a session gets. The first 2 s are left out. 'x_goal' is p99 over the goal of 2 ms."
)


def bench_alignment(quick: bool, progress: Progress) -> dict[str, Any]:
    """Errors of event times with and without correction."""
    return measure(seconds=30.0 if quick else 300.0, progress=progress)


def measure(seconds: float, progress: Progress) -> dict[str, Any]:
    """Listen to both devices for so long (s)."""
    heard = _listen(seconds, progress)
    events = _events(heard)
    rows: list[Row] = []
    for correction in ("none", "offset", "offset, even stamps"):
        errors = {
            name: np.interp(events, parts["true"], parts[correction] - parts["true"]) for name, parts in heard.items()
        }
        errors["gaze against eeg"] = errors["gaze"] - errors["eeg"]
        rows += [_row(name, correction, values) for name, values in errors.items()]
    return as_table("alignment", rows, NOTES)


def _row(stream: str, correction: str, errors: FloatArray) -> Row:
    p99 = float(np.quantile(np.abs(errors), 0.99))
    return {
        "stream": stream,
        "correction": correction,
        "n": len(errors),
        "median_ms": 1e3 * float(np.median(np.abs(errors))),
        "p99_ms": 1e3 * p99,
        "x_goal": p99 / GOAL_S,
    }


def _events(heard: dict[str, dict[str, FloatArray]]) -> FloatArray:
    """Times (s) at which something happens that both devices see."""
    first = max(parts["true"][0] for parts in heard.values()) + SETTLE_S
    last = min(parts["true"][-1] for parts in heard.values())
    return np.arange(first, last, EVENT_S)


def _devices(session_id: str) -> list[Device]:
    eeg, gaze = (f"{uuid.uuid4().hex}-{stream}" for stream in ("eeg", "gaze"))
    return [
        Device("eeg", "V", 500.0, eeg, offset_s=3.2, drift_ppm=100.0, jitter_s=0.002, session_id=session_id),
        Device("gaze", "px", 200.0, gaze, offset_s=-1.7, drift_ppm=-100.0, jitter_s=0.003, session_id=session_id),
    ]


def _listen(seconds: float, progress: Progress) -> dict[str, dict[str, FloatArray]]:
    """Of each stream's samples the true times and the times by each correction, in s, shape (n_samples,)."""
    devices = _devices(Path(local_network()["LSLAPICFG"]).stem)
    with _elsewhere(devices) as process:
        try:
            source = LSLSource(
                [StreamWanted(device.stream, source_id=device.source_id) for device in devices], _TIMEOUT_S
            )
            heard = _pull(source, seconds, progress)
            source.close()
        finally:
            process.kill()
    return heard


def _elsewhere(devices: Sequence[Device]) -> "subprocess.Popen[bytes]":
    """The devices' process, in an LSL session of its own."""
    env = {key: value for key, value in environ.items() if key != "LSLAPICFG"}
    command = [sys.executable, "-m", "experiments.bench.lsl_device", json.dumps([asdict(device) for device in devices])]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=env)  # noqa: S603


def _pull(source: LSLSource, seconds: float, progress: Progress) -> dict[str, dict[str, FloatArray]]:
    clock = LSLClock()
    parts: dict[str, list[dict[str, FloatArray]]] = {info.name: [] for info in source.streams}
    began = monotonic()
    while (done := monotonic() - began) < seconds:
        progress("listening", int(done), round(seconds))
        for chunk in source.pull(clock.now()):
            times = in_whole(chunk.data)
            corrected = times["stamp"] + source.clock_offsets()[chunk.stream]
            parts[chunk.stream].append(
                {"true": times["true"], "none": times["stamp"], "offset": corrected, "offset, even stamps": chunk.times}
            )
        clock.sleep_until(clock.now() + _TICK_S)
    progress("listening", round(seconds), round(seconds))
    return {
        name: {key: np.concatenate([part[key] for part in taken]) for key in taken[0]} for name, taken in parts.items()
    }
