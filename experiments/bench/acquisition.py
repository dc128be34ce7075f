"""Push to pull over LSL on loopback: `acquisition.lsl` beside pylsl alone, on the same samples at the same time."""

import contextlib
import json
import subprocess
import sys
import uuid
from collections.abc import Mapping
from os import environ
from time import monotonic, sleep
from typing import Any

from acquisition.lsl import local_network
from experiments.bench.lsl_receiver import RECEIVERS
from experiments.bench.table import Progress, Row, as_table

PEER = "pylsl"
NOTES = (
    "64 channels of EEG at 1000 Hz and gaze at 200 Hz, pushed by one process, received by one process each, all at the "
    "same time. 'acquisition.lsl' and 'pylsl' ask about every millisecond, and most of their latency is that wait; "
    "'pylsl, waiting' is woken by each sample and bounds what LSL itself takes. Ratios are to 'pylsl'. The share of "
    "one processor is that of the receiving process, liblsl's threads included; its memory is what is resident when "
    "counting begins, 2 s after it was connected, and when it ends. 'recorded' writes all to a file as a session does."
)


def bench_acquisition(quick: bool, progress: Progress) -> dict[str, Any]:
    """Latency, loss and load of receiving, with and without what Assent adds to pylsl."""
    return measure(seconds=20.0 if quick else 300.0, progress=progress)


def measure(seconds: float, progress: Progress) -> dict[str, Any]:
    """Send and receive for so long (s).

    Raises
    ------
    RuntimeError
        If a receiving process ends early.
    """
    results = _receive_side_by_side(seconds, progress)
    rows: list[Row] = []
    for name, streams in results.items():
        for stream, values in streams.items():
            peer = results[PEER][stream]
            rows.append(
                {
                    "receiver": name,
                    "stream": stream,
                    "n": values["n"],
                    "lost": values["lost"],
                    "median_ms": 1e3 * values["median_s"],
                    "p99_ms": 1e3 * values["p99_s"],
                    "x_median": values["median_s"] / peer["median_s"],
                    "x_p99": values["p99_s"] / peer["p99_s"],
                    "cpu_share": values["cpu_share"],
                    "x_cpu": values["cpu_share"] / peer["cpu_share"],
                    "rss_start_mb": values["rss_start_mb"],
                    "rss_end_mb": values["rss_end_mb"],
                    "mb_per_min": _per_minute(values, seconds),
                }
            )
    return as_table("acquisition", rows, NOTES)


def _per_minute(values: Mapping[str, Any], seconds: float) -> float | None:
    """By how many MB a minute the process grew."""
    if values["rss_start_mb"] is None:
        return None
    return float(values["rss_end_mb"] - values["rss_start_mb"]) * 60.0 / seconds


def _receive_side_by_side(seconds: float, progress: Progress) -> dict[str, dict[str, Any]]:
    env = {**environ, **local_network()}
    source_id = uuid.uuid4().hex

    with contextlib.ExitStack() as stack:

        def start(module: str, *arguments: str) -> "subprocess.Popen[str]":
            command = [sys.executable, "-m", f"experiments.bench.{module}", *arguments]
            process = stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)  # noqa: S603
            )
            stack.callback(process.kill)
            return process

        start("lsl_sender", source_id)
        receivers = {name: start("lsl_receiver", name, source_id, str(seconds)) for name in RECEIVERS}
        for done, (name, process) in enumerate(receivers.items()):
            progress("connecting", done, len(receivers))
            _next_line(name, process)
        progress("connecting", len(receivers), len(receivers))
        for process in receivers.values():
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        _wait(seconds, progress)
        return {name: json.loads(_next_line(name, process)) for name, process in receivers.items()}


def _next_line(name: str, process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"The receiver {name!r} ended before it had anything to say (exit code {process.wait()}).")
    return line


def _wait(seconds: float, progress: Progress) -> None:
    began = monotonic()
    while (done := monotonic() - began) < seconds:
        progress("receiving", int(done), round(seconds))
        sleep(min(0.5, seconds - done))
    progress("receiving", round(seconds), round(seconds))
