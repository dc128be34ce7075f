"""Runs the table of attacks in the sandbox, and looks for what got out and what was harmed."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from experiments.bench.table import Row
from experiments.bench.validation.attack_table import ATTACKS, FORGERIES
from validation.sandbox.box import Sandbox
from validation.sandbox.limits import Limits, Outcome

LIMITS = Limits(wall_s=0.5, memory=256 << 20)
RIGHT = "assert mean([1, 2]) == 1.5"  # what no forgery computes
_GRACE_S = 20.0  # to start and to end a run, on a busy machine


@dataclass(frozen=True, slots=True)
class Outside:
    """What an attack might harm: a file, a server and a process."""

    folder: Path
    server: socket.socket
    victim: subprocess.Popen[bytes]


@contextmanager
def outside() -> Iterator[Outside]:
    """Set up what may be harmed, with a secret in a file and one in the environment."""
    os.environ["ASSENT_SECRET"] = "SECRET"  # noqa: S105
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            socket.create_server(("127.0.0.1", 0)) as server,
            subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as victim,
        ):
            (Path(folder) / "secret").write_text("secret")
            server.setblocking(False)
            yield Outside(Path(folder), server, victim)
            victim.kill()
    finally:
        del os.environ["ASSENT_SECRET"]


def attack(name: str, around: Outside, sandbox: Sandbox) -> tuple[Outcome, list[str], list[str]]:
    """Run one attack.

    Returns
    -------
    Outcome
    list of str
        What it got through, a sentence each.
    list of str
        What it harmed.
    """
    source = ATTACKS[name].replace("OUTSIDE", str(around.folder)).replace("PARENT", str(around.victim.pid))
    begun = time.monotonic()
    outcome = sandbox.run(source.replace("PORT", str(around.server.getsockname()[1])))
    took = time.monotonic() - begun
    printed, limits = outcome.stdout + outcome.stderr, sandbox.limits
    escapes = {
        "It says that it got through.": "ESCAPED" in outcome.stdout,
        "It read the secret.": "secret" in printed,
        "It reached the server.": _was_reached(around.server),
        "It ran on after its time.": outcome.seconds > limits.wall_s + 1 or took > limits.wall_s + _GRACE_S,
        "It printed more than it may.": len(printed) > 2 * limits.output,
    }
    harm = {
        "The folder outside has changed.": [path.name for path in around.folder.iterdir()] != ["secret"],
        "The file outside has changed.": (around.folder / "secret").read_text() != "secret",
        "The process outside was ended.": around.victim.poll() is not None,
        "A file was left outside.": any(Path(place, "escaped").exists() for place in ("/", "/tmp", sys.prefix)),  # noqa: S108
    }
    return outcome, [what for what, held in escapes.items() if held], [what for what, held in harm.items() if held]


def attack_row(wall_s: float = LIMITS.wall_s) -> Row:
    """Every attack and every forgery once: what came of them, and milliseconds; None where nothing can be isolated."""
    sandbox = Sandbox(replace(LIMITS, wall_s=wall_s))
    possible, why_not = sandbox.available()
    row: Row = {"set": "attacks", "n": len(ATTACKS), "n_forgeries": len(FORGERIES)}
    if not possible:
        return {
            **row,
            "escapes": None,
            "harm": None,
            "forged": None,
            "median_ms": None,
            "slowest_ms": None,
            "exceptions": why_not,
        }
    escapes, harm, seconds = list[str](), list[str](), list[float]()
    with outside() as around:
        for name in ATTACKS:
            begun = time.perf_counter()
            _, escaped, harmed = attack(name, around, sandbox)
            seconds.append(time.perf_counter() - begun)
            escapes += [f"{name}: {what}" for what in escaped]
            harm += [f"{name}: {what}" for what in harmed]
    forged = [name for name, source in FORGERIES.items() if sandbox.run(source, RIGHT).ok]
    return {
        **row,
        "escapes": len(escapes),
        "harm": len(harm),
        "forged": len(forged),
        "median_ms": 1e3 * float(np.median(seconds)),
        "slowest_ms": 1e3 * max(seconds),
        "exceptions": " | ".join(escapes + harm + forged),
    }


def _was_reached(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    sys.stdout.write(json.dumps(attack_row(*map(float, sys.argv[1:]))) + "\n")
