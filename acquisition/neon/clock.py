"""The phone's clock against the session's, by the time echo protocol."""

import asyncio
import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acquisition.clock import Clock

_TICK_S = 0.001  # The phone tells its time in whole milliseconds, rounded down.
_N_ECHOES = 16
_SPACING_S = 0.0073  # No multiple of the tick: each echo then meets the phone's millisecond at another place.
_LEAST_UNCERTAINTY_S = 5e-5
_LIKELY_DRIFT = 1e-4
_STEP_S = 0.005


@dataclass(frozen=True, slots=True)
class Echo:
    """One question and its answer: sent and received on the session's clock (s), between them the phone's (ms)."""

    sent: float
    device_ms: int
    received: float


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """What must be added to the phone's time to get the session's.

    Parameters
    ----------
    device_time : float
        When it was measured, on the phone's clock, in s.
    offset : float
        Session time minus phone time, in s.
    uncertainty : float
        Half the width of the interval in which the offset must lie, in s.
    """

    device_time: float
    offset: float
    uncertainty: float


def narrow(echoes: Sequence[Echo]) -> ClockOffset:
    """The offset that all echoes allow.

    The phone read its clock after the question left and before the answer came, so each echo bounds the
    offset from both sides (Marzullo & Owicki 1983). Bounds that cross, because a clock stepped between two
    echoes, leave their middle with an uncertainty as wide as they cross.

    Raises
    ------
    ValueError
        If there are no echoes.
    """
    if not echoes:
        raise ValueError("Argument 'echoes' must hold at least one echo (got none).")
    lower = max(echo.sent - echo.device_ms * 1e-3 - _TICK_S for echo in echoes)
    upper = min(echo.received - echo.device_ms * 1e-3 for echo in echoes)
    return ClockOffset(
        device_time=echoes[-1].device_ms * 1e-3,
        offset=(lower + upper) / 2,
        uncertainty=max(abs(upper - lower) / 2, _LEAST_UNCERTAINTY_S),
    )


async def measure_offset(host: str, port: int, clock: Clock) -> ClockOffset:
    """Ask the phone's time echo, in about a tenth of a second.

    Raises
    ------
    OSError
        If nobody answers there, or not with what was asked.
    """
    echoes = []
    reader, writer = await asyncio.open_connection(host, port)
    try:
        for number in range(_N_ECHOES):
            sent = clock.now()
            writer.write(struct.pack("!Q", number))
            await writer.drain()
            try:
                answered, device_ms = struct.unpack("!QQ", await reader.readexactly(16))
            except asyncio.IncompleteReadError:
                raise ConnectionError(f"The time echo at {host}:{port} broke off.") from None
            received = clock.now()
            if answered != number:
                raise ConnectionError(f"The time echo at {host}:{port} answered {answered} to {number}.")
            echoes.append(Echo(sent, device_ms, received))
            await asyncio.sleep(_SPACING_S)
    finally:
        writer.close()
    return narrow(echoes)


class DeviceClock:
    """Turns the phone's time into the session's, by a line through the latest offsets.

    The line's slope, the drift between the two clocks, is held near 0 by as much as 100 ppm is likely, so
    that few or uncertain offsets do not tilt it. An offset that lies off the line by more than can be drift
    or uncertainty is a step of the phone's clock: those before it are forgotten.

    Parameters
    ----------
    n_offsets : int
        How many offsets the line goes through.
    """

    def __init__(self, n_offsets: int = 30) -> None:
        self._measured: deque[ClockOffset] = deque(maxlen=n_offsets)
        # One tuple, so that another thread never reads half of a new line.
        self._line = (0.0, 0.0, 0.0)

    @property
    def newest(self) -> ClockOffset | None:
        """The offset measured last."""
        return self._measured[-1] if self._measured else None

    @property
    def drift(self) -> float:
        """By how much the session's clock runs faster than the phone's; 1e-6 is 1 ppm."""
        return self._line[2]

    def add(self, measured: ClockOffset) -> float:
        """Take in an offset; return by how much (s) the phone's clock has stepped, mostly 0."""
        step = 0.0
        if self._measured:
            off_line = measured.offset - self.offset_at(measured.device_time)
            allowed = _STEP_S + measured.uncertainty + self._measured[-1].uncertainty
            if abs(off_line) > allowed:
                self._measured.clear()
                step = -off_line
        self._measured.append(measured)
        self._fit()
        return step

    def offset_at(self, device_time: float) -> float:
        """What to add to this time of the phone's (s)."""
        middle, offset, drift = self._line
        return offset + drift * (device_time - middle)

    def to_session(self, device_time: float) -> float:
        """The session's time (s) at this time of the phone's (s)."""
        return device_time + self.offset_at(device_time)

    def to_device(self, session_time: float) -> float:
        """The phone's time (s) at this time of the session's (s)."""
        middle, offset, drift = self._line
        return middle + (session_time - offset - middle) / (1.0 + drift)

    def _fit(self) -> None:
        times, offsets, uncertainties = np.array([(m.device_time, m.offset, m.uncertainty) for m in self._measured]).T
        weights = uncertainties**-2
        middle, offset = (float(np.average(values, weights=weights)) for values in (times, offsets))
        x, y = times - middle, offsets - offset
        drift = (weights * x * y).sum() / ((weights * x * x).sum() + _LIKELY_DRIFT**-2)
        self._line = (middle, offset, float(drift))
