"""A Neon with a fault, and a wearer whose gaze tells the time."""

import struct
from typing import Any

import numpy as np

from acquisition.fake_neon import FakeNeon, PhoneClock, Wearer
from acquisition.neon import TaggedScreen
from acquisition.stream import FloatArray
from experiments.bench.faulty_device import RATE

SCREEN = TaggedScreen.with_corner_tags(1920, 1080, 200)
STEP_S = 0.75
_OFFSET_S = -4321.5
_LEFT_PX, _SPEED_PX_S = 200.0, 1500.0


class Sweeper(Wearer):
    """Follows a point that crosses the screen once a second, so that every place tells a time."""

    def looks_at(self, times: FloatArray) -> FloatArray:
        times = np.asarray(times)
        return np.column_stack((_LEFT_PX + _SPEED_PX_S * (times % 1.0), np.full(len(times), 540.0)))


def lateness(times: FloatArray, x_px: FloatArray) -> FloatArray:
    """How much later (s) than its time each sample was really looked at; known but for whole seconds."""
    return np.asarray(((x_px - _LEFT_PX) / _SPEED_PX_S - times + 0.5) % 1.0 - 0.5)


class FaultyNeon(FakeNeon):
    """Sends gaze within the RTSP connection, spoilt while `is_bad`, until it `has_ended`."""

    def __init__(self, fault: str, announced: bool = False) -> None:
        drift = 1e-4 if fault == "drift of 100 ppm" else 0.0
        super().__init__(
            # With a still head a place tells the time, however late the camera's pictures are.
            Sweeper(SCREEN, np.random.default_rng(0), turn_deg=0.0, shift_m=0.0),
            protocol="rtspt",
            phone=PhoneClock(_OFFSET_S, drift),
            scene_scale=0.4,
            scene_hz=15,
            gaze_bytes=65,
            announced=announced,
        )
        self.is_announced = announced
        self.is_bad = self.has_ended = self.is_short = False
        self.n_sent = 0
        self._fault = fault

    def turn(self, is_bad: bool) -> None:
        """Begin or end the fault."""
        self.is_bad = is_bad
        if self._fault == "clock step" and is_bad:
            self.phone.step(STEP_S)
        if self._fault == "garbage":
            (self.faults.garbage.add if is_bad else self.faults.garbage.discard)("gaze")
        if self._fault == "gap":
            (self.faults.silent.add if is_bad else self.faults.silent.discard)("gaze")

    async def _gaze(self) -> Any:
        held: list[tuple[float, list[bytes]]] = []
        number = 0
        async for time, packets in super()._gaze():
            number += 1
            if self.has_ended or (self._fault == "wrong rate" and number % 5 >= round(5 * RATE)):
                continue
            self.n_sent += not (self._fault == "garbage" and self.is_bad)
            due = (time, [packet[:9] for packet in packets] if self.is_short else packets)
            if self._fault in ("NaN", "Inf") and self.is_bad:
                nowhere = float(self._fault)
                due = (time, [struct.pack("!ff", nowhere, nowhere) + packet[8:] for packet in packets])
            is_swapped = self._fault == "out of order" and self.is_bad
            if (is_swapped and not held) or (self._fault == "burst after silence" and self.is_bad):
                held.append(due)
                continue
            for sent in (due, *held) if is_swapped else (*held, due):
                yield sent
            held.clear()
            if self._fault == "duplicates" and self.is_bad:
                yield due
