"""Reads what comes out of the sandbox until it ends, or a limit ends it."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from validation.sandbox.limits import KilledBy, Limits

_START_S = 20.0  # a busy machine may need long to start an interpreter, and that is not the program's fault


@dataclass(slots=True)
class Record:
    """What came out of the sandbox so far.

    Parameters
    ----------
    streams : dict of str to bytearray
        What was printed ("out", "err") and what the child reports on each step ("report").
    begun, ended : float
        Times (s) of the monotonic clock; ``begun`` is None before the program's first statement.
    killed_by : str, optional
        The limit that was passed.
    code : int
        Exit status.
    """

    streams: dict[str, bytearray] = field(default_factory=lambda: {k: bytearray() for k in ("out", "err", "report")})
    begun: float | None = None
    ended: float = 0.0
    killed_by: KilledBy | None = None
    code: int = 0


def watch(process: subprocess.Popen[bytes], pipes: Mapping[str, int], limits: Limits) -> Record:
    """Read until all has been reported, or nothing more will be, or a limit is passed; the process is ended then."""
    record, deadline = Record(), time.monotonic() + _START_S
    exited = os.pidfd_open(process.pid)
    with selectors.DefaultSelector() as selector:
        try:
            selector.register(exited, selectors.EVENT_READ)
            for name, pipe in pipes.items():
                os.set_blocking(pipe, False)
                selector.register(pipe, selectors.EVENT_READ, name)
            while not record.killed_by:
                ready = selector.select(max(deadline - time.monotonic(), 0.0))
                for key, _ in ready:
                    if key.data and not _read(key.fd, key.data, record, limits):
                        selector.unregister(key.fd)
                if record.begun is None and b"\n" in record.streams["report"]:
                    record.begun = time.monotonic()
                    deadline = record.begun + limits.wall_s
                if any(key.fd == exited for key, _ in ready):
                    break
                if time.monotonic() >= deadline:
                    record.killed_by = "wall"
        finally:
            os.close(exited)
    record.ended = time.monotonic()
    end(process)
    record.code = process.returncode
    for name, pipe in pipes.items():
        while _read(pipe, name, record, limits) and not record.killed_by:
            pass
    return record


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all of its group, and wait until it has ended."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(pipe: int, name: str, record: Record, limits: Limits) -> bool:
    """Read what there is; false where nothing is, or will be."""
    try:
        piece = os.read(pipe, 1 << 16)
    except BlockingIOError:
        return False
    record.streams[name] += piece
    if len(record.streams[name]) > (limits.output if name != "report" else 16 * limits.output):
        record.killed_by = "output"
    return bool(piece)
