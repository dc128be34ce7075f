"""The event log: the single truth about a session, one JSON object a line."""

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

SCHEMA_VERSION = 1
"""Raised whenever an event's fields change their meaning."""

logger = logging.getLogger(__name__)


class EventLog(Protocol):
    """Where events go: a file, or memory while a replay compares."""

    now: float
    """Session time (s) that the next events carry: the time of the latest tick."""

    def write(self, kind: str, **fields: Any) -> None:
        """Add an event."""
        ...

    def sync(self) -> None:
        """Return when everything written so far will survive a loss of power."""
        ...


def to_line(seq: int, time: float, kind: str, fields: Mapping[str, Any]) -> str:
    """One event as one line of JSON; floats are written unrounded."""
    return json.dumps({"seq": seq, "t": time, "kind": kind, **fields}, ensure_ascii=False, allow_nan=False)


class MemoryLog:
    """Events in a list of lines."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []

    def write(self, kind: str, **fields: Any) -> None:
        self.lines.append(to_line(len(self.lines), self.now, kind, fields))

    def sync(self) -> None:
        """Nothing to do."""


class FileLog:
    """Events as lines of a file, each given to the operating system at once.

    Parameters
    ----------
    path : Path
        Must not exist yet.
    announce : callable, optional
        Called as ``announce(line, kind, time)`` after each event, to send it out as a marker.
    beside : callable, optional
        Called by `sync`, for what must be on disk together with the log.
    """

    def __init__(
        self,
        path: Path,
        announce: Callable[[str, str, float], None] | None = None,
        beside: Callable[[], None] | None = None,
    ) -> None:
        self.now = 0.0
        self.path = path
        self._announce = announce
        self._beside = beside
        self._seq = 0
        self._file = path.open("x", encoding="utf-8", errors="surrogatepass", newline="\n")

    def write(self, kind: str, **fields: Any) -> None:
        """Add an event.

        Raises
        ------
        OSError
            If the disk takes no more; what was written before stays whole.
        """
        line = to_line(self._seq, self.now, kind, fields)
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            raise OSError(f"The event log {self.path} takes no more events ({error.strerror}).") from error
        if self._announce:
            self._announce(line, kind, self.now)
        self._seq += 1

    def sync(self) -> None:
        if self._beside:
            self._beside()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        try:
            self._file.close()
        except OSError:
            logger.warning("The last event did not fit on the disk: %s", self.path)


def how_it_ended(lines: Sequence[str]) -> str:
    """One sentence on how a run ended, from its event log's lines."""
    n_selections = sum(json.loads(line)["kind"] == "selection" for line in lines)
    saved = f"{n_selections} selection{'' if n_selections == 1 else 's'} on disk"
    last = json.loads(lines[-1]) if lines else {}
    if last.get("kind") != "end":
        return f"The run was cut off after event {len(lines) - 1}, with {saved}."
    return f"The run ended ({last['reason']}), with {saved}."
