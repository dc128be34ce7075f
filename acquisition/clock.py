"""One clock for a session: what time is it, and wait until then."""

from typing import Protocol


class Clock(Protocol):
    """Seconds on the session's one time line."""

    def now(self) -> float:
        """Return the time in s."""
        ...

    def sleep_until(self, time: float) -> None:
        """Return no earlier than ``time`` (s); a time that has passed returns at once."""
        ...


class VirtualClock:
    """A clock that moves only when somebody waits on it, so that an hour of session takes seconds.

    Parameters
    ----------
    start : float
        The time (s) at which it stands at first.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def sleep_until(self, time: float) -> None:
        self._now = max(self._now, time)
