"""The virtual wearer: where on the screen they look, how they hold their head, and what the phone's clock says."""

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from acquisition.neon.tags import TaggedScreen
from acquisition.stream import FloatArray

_N_TARGETS = 512
_HEAD_HZ = np.array([0.31, 0.23, 0.17])  # Without a common period soon.


class PhoneClock:
    """The phone's time as a function of the true one.

    Parameters
    ----------
    offset_s : float
        By how much it is ahead of this machine's wall clock at first, in s.
    drift : float
        By how much it runs too fast, 1e-6 being 1 ppm.
    """

    def __init__(self, offset_s: float = 0.0, drift: float = 0.0) -> None:
        self.drift = drift
        self._zero = time.monotonic()
        self._at_zero = time.time() + offset_s

    def at(self, true_time: float) -> float:
        """Seconds since 1970 on the phone at this time (s) of `time.monotonic`."""
        return self._at_zero + (true_time - self._zero) * (1.0 + self.drift)

    def now(self) -> float:
        """Seconds since 1970 on the phone."""
        return self.at(time.monotonic())

    def step(self, seconds: float) -> None:
        """Set the clock forward, or back."""
        self._at_zero += seconds


@dataclass(slots=True)
class Faults:
    """What is wrong with a fake Neon; may be changed while it runs.

    Parameters
    ----------
    worn : bool
        Whether the glasses are on a nose.
    hides_tags : bool
        Whether the display shows no tags.
    silent : set of str
        Which of "gaze", "world" and "eye_events" send nothing.
    garbage : set of str
        Which of them, or "status", send bytes without sense.
    """

    worn: bool = True
    hides_tags: bool = False
    silent: set[str] = field(default_factory=set)
    garbage: set[str] = field(default_factory=set)


class Wearer:
    """Looks from one place on the screen to the next, and never holds the head quite still.

    Parameters
    ----------
    screen : TaggedScreen
        What is looked at.
    rng : numpy.random.Generator
        Draws the places.
    fixation_s : float
        How long each is looked at, in s.
    turn_deg, shift_m : float
        How far the head turns about each axis, and moves along it, from its mean place.
    width_m, distance_m : float
        Width of the screen, and how far it stands from the scene camera.
    """

    def __init__(
        self,
        screen: TaggedScreen,
        rng: np.random.Generator,
        fixation_s: float = 0.5,
        turn_deg: float = 4.0,
        shift_m: float = 0.02,
        width_m: float = 0.6,
        distance_m: float = 0.65,
    ) -> None:
        self.screen, self.fixation_s, self.width_m = screen, fixation_s, width_m
        self._turn, self._shift, self._distance_m = np.deg2rad(turn_deg), shift_m, distance_m
        self._targets = rng.uniform((0.1, 0.1), (0.9, 0.9), (_N_TARGETS, 2)) * (screen.width_px, screen.height_px)

    def looks_at(self, times: FloatArray) -> FloatArray:
        """Screen px (n_times, 2) that are looked at, by true time (n_times,) in s."""
        return np.asarray(self._targets[(np.asarray(times) // self.fixation_s).astype(int) % _N_TARGETS])

    def head(self, true_time: float) -> tuple[FloatArray, FloatArray]:
        """Rotation vector (3,) and place (3,) in m of the screen's middle, as the scene camera sees them."""
        phase = 2 * np.pi * _HEAD_HZ * true_time
        turn = self._turn * np.sin(phase)
        place = np.array([0.0, 0.0, self._distance_m]) + self._shift * np.cos(phase)
        # The camera turns with the head, so that the screen swings past it at the screen's distance.
        place[:2] += self._distance_m * np.array([np.sin(turn[1]), -np.sin(turn[0])])
        return turn, place

    def events(self, start: float, stop: float, phone: PhoneClock) -> Iterator[tuple[float, bytes]]:
        """Eye events that end after ``start`` and no later than ``stop``: true time (s) and the protocol's bytes."""
        number = int(start // self.fixation_s) + 1
        while (change := number * self.fixation_s) <= stop:
            began_ns, change_ns = (round(phone.at(t) * 1e9) for t in (change - self.fixation_s, change))
            if change > start:
                numbers = (0.0,) * 7 + (1.5, 10.0, 20.0)
                yield change, struct.pack("!iqq10f", 1, began_ns, change_ns, *numbers)
                yield change, struct.pack("!iq", 3, change_ns)
                if number % 8 == 0:
                    yield change, struct.pack("!iqq", 4, change_ns - 150_000_000, change_ns)
            number += 1
