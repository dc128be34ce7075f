"""A clock that tests share with the fake Neon, and a patient reader of its source."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from acquisition.neon import NeonSource
from acquisition.quality import Fault


class MachineClock:
    """The machine's monotonic clock, which is also the fake Neon's true time."""

    def now(self) -> float:
        return time.monotonic()

    def sleep_until(self, until: float) -> None:
        time.sleep(max(0.0, until - time.monotonic()))


class Reader:
    """Pulls a source as a session does, and keeps what came."""

    def __init__(self, source: NeonSource) -> None:
        self.source, self.clock = source, MachineClock()
        self.faults: list[Fault] = []
        self._rows: dict[str, list[np.ndarray]] = {}

    def read(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Pull for so long, or until it holds; whether it did."""
        end = self.clock.now() + seconds
        while (now := self.clock.now()) < end:
            for chunk in self.source.pull(now):
                rows = np.column_stack((chunk.times, chunk.data, np.full(len(chunk.times), now)))
                self._rows.setdefault(chunk.stream, []).append(rows)
            self.faults += self.source.faults()
            if until():
                return True
            self.clock.sleep_until(now + 0.01)
        return False

    def forget(self) -> None:
        """Drop what came so far, as a pull before the session does."""
        self.read(0.02)
        self._rows.clear()
        self.faults.clear()

    def rows(self, stream: str = "gaze") -> np.ndarray:
        """Time, channels, and time of the pull of every sample, shape (n_samples, n_channels + 2)."""
        n_channels = next(len(info.channels) for info in self.source.streams if info.name == stream)
        return np.concatenate([np.empty((0, n_channels + 2)), *self._rows.get(stream, [])])

    def newest(self) -> np.ndarray:
        """The last gaze sample; all NaN before the first."""
        rows = self.rows()
        return rows[-1] if len(rows) else np.full(5, np.nan)

    def kinds(self, stream: str = "gaze") -> list[str]:
        return [fault.kind for fault in self.faults if fault.stream == stream]


@pytest.fixture(scope="session")
def clock() -> MachineClock:
    return MachineClock()


@pytest.fixture(scope="session")
def reader_of() -> Callable[[NeonSource], Reader]:
    return Reader
