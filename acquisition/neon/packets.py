"""What the packets of a Neon's sensors hold."""

from dataclasses import dataclass
from typing import Any

import numpy as np

_GAZE_BYTES = frozenset({9, 17, 25, 65, 89, 105})  # The layouts of gaze; each begins with x, y and worn.
_KEEP_ALIVE = 5


@dataclass(frozen=True, slots=True)
class Gaze:
    """One gaze sample.

    Parameters
    ----------
    time : float
        Session time in s.
    x, y : float
        Place in the scene camera's picture, in px.
    worn : bool
        Whether the glasses are worn.
    """

    time: float
    x: float
    y: float
    worn: bool


@dataclass(frozen=True, slots=True)
class EyeEvent:
    """One eye event.

    Parameters
    ----------
    time : float
        Session time at which it was reported, in s.
    kind : int
        0 saccade, 1 fixation, 2 saccade begins, 3 fixation begins, 4 blink.
    begun_s, ended_s : float
        When it began and ended, relative to ``time``; the same where it only begins.
    amplitude_deg : float
        Of saccades and fixations, otherwise NaN.
    """

    time: float
    kind: int
    begun_s: float
    ended_s: float
    amplitude_deg: float


def read_gaze(library: Any, packet: Any, time: float) -> Gaze:
    """The gaze sample in one of the library's raw packets.

    Raises
    ------
    ValueError
        If it holds none.
    """
    if len(packet.raw) not in _GAZE_BYTES:
        raise ValueError(f"{_shown(packet)} is no gaze sample")
    gaze = library.GazeData.from_raw(packet._replace(raw=packet.raw[:9]))
    return Gaze(time, gaze.x, gaze.y, gaze.worn)


def read_eye_event(library: Any, packet: Any, time: float) -> EyeEvent | None:
    """The eye event in one of the library's raw packets; None if that only keeps the connection alive.

    Raises
    ------
    ValueError
        If it holds none.
    """
    kind = int.from_bytes(packet.raw[:4], "big", signed=True)
    if kind == _KEEP_ALIVE:
        return None
    layouts = {
        (0, 60): library.FixationEventData,
        (1, 60): library.FixationEventData,
        (2, 12): library.FixationOnsetEventData,
        (3, 12): library.FixationOnsetEventData,
        (4, 20): library.BlinkEventData,
    }
    layout = layouts.get((kind, len(packet.raw)))
    if layout is None:
        raise ValueError(f"{_shown(packet)} is no eye event")
    event = layout.from_raw(packet)
    stamped = packet.timestamp_unix_seconds
    return EyeEvent(
        time=time,
        kind=kind,
        begun_s=event.start_time_ns * 1e-9 - stamped,
        ended_s=getattr(event, "end_time_ns", event.start_time_ns) * 1e-9 - stamped,
        amplitude_deg=getattr(event, "amplitude_angle_deg", np.nan),
    )


def _shown(packet: Any) -> str:
    return f"a packet of {len(packet.raw)} bytes, {bytes(packet.raw[:12]).hex()}..."
