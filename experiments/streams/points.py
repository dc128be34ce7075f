"""The points of `assent check` that concern this machine alone: clock, processor, disk, and LSL in it."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from acquisition.lsl import LSLClock, MarkerInlet, MarkerOutlet

TIMER_LIMIT_MS = 4.0
"""A quarter of a frame at 60 Hz."""
PROCESSOR_LIMIT = 80.0
"""In %. Below this, others take the processor away for longer than the loop has to spare in a frame."""
DISK_LIMIT_GB = 5.0
"""64 channels at 1000 Hz fill 1 GB an hour."""
WRITE_LIMIT_MB_S = 5.0
"""Twenty times what 64 channels at 1000 Hz need."""
LSL_LIMIT_MS = 10.0
"""The greater part of a frame at 60 Hz; on the loopback interface 2 ms are usual."""
_N_SLEEPS, _SLEEP_S = 200, 0.004
_SPIN_S = 0.5
_MB = 1_000_000
_N_MB = 16
_N_MARKERS = 100


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was checked.

    Parameters
    ----------
    name : str
    ok : bool
    value, limit : float or None
        The number that decides and what it may be; None where there was nothing to measure.
    unit : str
        Of both.
    sentence : str
        What was found, for a person.
    """

    name: str
    ok: bool
    value: float | None
    limit: float | None
    unit: str
    sentence: str

    @classmethod
    def at_most(cls, name: str, value: float, limit: float, unit: str, sentence: str) -> "Point":
        """A point that holds up to a limit, which is added to its sentence."""
        return cls(
            name, bool(value <= limit), float(value), float(limit), unit, f"{sentence}; at most {limit:g} {unit}."
        )

    @classmethod
    def at_least(cls, name: str, value: float, limit: float, unit: str, sentence: str) -> "Point":
        """A point that holds from a limit on, which is added to its sentence."""
        return cls(
            name, bool(value >= limit), float(value), float(limit), unit, f"{sentence}; at least {limit:g} {unit}."
        )

    @classmethod
    def failed(cls, name: str, sentence: str) -> "Point":
        """A point that could not even be measured."""
        return cls(name, False, None, None, "", sentence)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def machine_points(folder: Path, progress: Callable[[str, int, int], None] = lambda *_: None) -> list[Point]:
    """Judge this machine within a few seconds.

    Parameters
    ----------
    folder : Path
        Where sessions will be written; it need not exist yet.
    progress : callable
        ``(what, done, total)``.
    """
    checks = (_timer, _processor, lambda: _disk(folder), lambda: _writing(folder), _lsl)
    points = []
    for done, one in enumerate(checks):
        progress("checking this machine", done, len(checks))
        points.append(one())
    progress("checking this machine", len(checks), len(checks))
    return points


def _timer() -> Point:
    clock = LSLClock()
    late = []
    for _ in range(_N_SLEEPS):
        due = clock.now() + _SLEEP_S
        clock.sleep_until(due)
        late.append(clock.now() - due)
    value = 1e3 * float(np.quantile(late, 0.99))
    return Point.at_most("timer", value, TIMER_LIMIT_MS, "ms", f"Waits end within {value:.2f} ms of their time (p99)")


def _processor() -> Point:
    """How much of one processor a busy thread gets, by which other work shows on every system."""
    began, cpu_began = perf_counter(), process_time()
    while perf_counter() - began < _SPIN_S:
        pass
    value = 100 * min(1.0, (process_time() - cpu_began) / (perf_counter() - began))
    return Point.at_least("processor", value, PROCESSOR_LIMIT, "%", f"A busy thread gets {value:.0f} % of a processor")


def _disk(folder: Path) -> Point:
    free = shutil.disk_usage(_existing(folder)).free / 1e9
    return Point.at_least("disk", free, DISK_LIMIT_GB, "GB", f"{free:.1f} GB are free for sessions")


def _writing(folder: Path) -> Point:
    content = os.urandom(_MB)
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)) as file:
            began = perf_counter()
            for _ in range(_N_MB):
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
            value = _N_MB / (perf_counter() - began)
    except OSError as error:
        return Point.failed("writing", f"Sessions cannot be written to {folder} ({error.strerror}).")
    return Point.at_least("writing", value, WRITE_LIMIT_MB_S, "MB/s", f"The disk of {folder} takes {value:.0f} MB/s")


def _lsl() -> Point:
    clock = LSLClock()
    source_id = f"assent-check-{uuid.uuid4().hex}"
    outlet = MarkerOutlet("assent-check", source_id)
    took = []
    try:
        inlet = MarkerInlet(source_id=source_id, timeout_s=5.0)
        for number in range(_N_MARKERS):
            sent = clock.now()
            outlet.push(str(number), sent)
            while not inlet.pull() and clock.now() < sent + 1.0:
                clock.sleep_until(clock.now() + 1e-4)
            took.append(clock.now() - sent)
        inlet.close()
    except OSError as error:
        return Point.failed("lsl", f"LSL does not work on this machine; a firewall may be in its way. {error}")
    finally:
        outlet.close()
    value = 1e3 * float(np.quantile(took, 0.99))
    return Point.at_most("lsl", value, LSL_LIMIT_MS, "ms", f"LSL takes {value:.2f} ms inside this machine (p99)")


def _existing(folder: Path) -> Path:
    """The folder, or that of its parents which exists."""
    path = folder.resolve()
    while not path.is_dir():
        path = path.parent
    return path
