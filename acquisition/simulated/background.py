"""EEG that goes on whether or not anything flashes, made a few seconds ahead of when it is needed."""

from collections.abc import Callable

import numpy as np
from scipy import signal

from acquisition.simulated.profile import Person, Profile
from acquisition.stream import FloatArray

# White noise to 1/f: J. O. Smith, "Spectral Audio Signal Processing" (2011), section "Synthesis of 1/F noise".
_PINK_B = np.array([0.049922035, -0.095993537, 0.050612699, -0.004408786])
_PINK_A = np.array([1.0, -2.494956002, 2.017265875, -0.522189400])
_SETTLE_S = 20.0
_ALPHA_BANDWIDTH_HZ = 1.5
_SENSOR_NOISE_UV = 0.8


class SampleQueue:
    """Rows that are made in blocks of fixed size, so that how they are taken never changes them.

    Parameters
    ----------
    next_block : callable
        Makes the next rows, shape (n_rows, n_columns).
    """

    def __init__(self, next_block: Callable[[], FloatArray]) -> None:
        self._next_block = next_block
        self._rows = next_block()
        self._first = 0  # index of the first row held
        self.taken = 0

    def add(self, first: int, rows: FloatArray) -> None:
        """Add to the rows from index ``first`` on; what has been taken already stays as it was."""
        self._make_until(first + len(rows))
        late = max(0, self.taken - first)
        if late < len(rows):
            begin = first + late - self._first
            self._rows[begin : begin + len(rows) - late] += rows[late:]

    def take(self, stop: int) -> FloatArray:
        """Return the rows from the last one taken up to and without index ``stop``."""
        self._make_until(stop)
        rows = self._rows[self.taken - self._first : max(stop, self.taken) - self._first]
        self.taken = max(stop, self.taken)
        return rows

    def _make_until(self, stop: int) -> None:
        if stop <= self._first + len(self._rows):
            return
        parts = [self._rows[self.taken - self._first :]]
        self._first, end = self.taken, self._first + len(self._rows)
        while end < stop:
            parts.append(self._next_block())
            end += len(parts[-1])
        self._rows = np.concatenate(parts)


class Background:
    """1/f noise that neighbouring channels share, an alpha rhythm over the back of the head, and sensor noise.

    Blinks, muscles, movement and line noise are left out.

    Parameters
    ----------
    profile : Profile
        How strong it is.
    person : Person
        Where on the head it is strong.
    sfreq : float
        Sampling rate in Hz.
    rng : numpy.random.Generator
        The same state gives the same noise.
    block_s : float
        How much is made at a time, in s.
    """

    def __init__(
        self, profile: Profile, person: Person, sfreq: float, rng: np.random.Generator, block_s: float = 4.0
    ) -> None:
        self._rng = rng
        self._n_samples = round(block_s * sfreq)
        radius = np.exp(-np.pi * _ALPHA_BANDWIDTH_HZ / sfreq)
        self._alpha_a = np.array([1.0, -2.0 * radius * np.cos(2 * np.pi * person.alpha_hz / sfreq), radius**2])
        # The two alpha sources are equally strong; left and right of the head they differ in weight.
        lean = np.linspace(0.3, 0.7, len(person.alpha))
        self._alpha_mixing = profile.alpha_uv * person.alpha * np.sqrt(np.stack([lean, 1.0 - lean]))
        self._mixing = profile.background_uv * person.mixing.T
        n_channels = len(person.alpha)
        self._pink_state = np.zeros((3, n_channels))
        self._alpha_state = np.zeros((2, 2))
        self._pink_gain = _unit_gain(_PINK_B, _PINK_A, sfreq)
        self._alpha_gain = _unit_gain(np.ones(1), self._alpha_a, sfreq)
        self._make(round(_SETTLE_S * sfreq))

    def next_block(self) -> FloatArray:
        """Return the next samples in uV, shape (n_samples, n_channels)."""
        return self._make(self._n_samples)

    def _make(self, n_samples: int) -> FloatArray:
        n_channels = len(self._mixing)
        white = self._rng.standard_normal((n_samples, 2 * n_channels + 2))
        pink, self._pink_state = signal.lfilter(
            _PINK_B, _PINK_A, self._pink_gain * white[:, :n_channels], axis=0, zi=self._pink_state
        )
        alpha, self._alpha_state = signal.lfilter(
            [1.0], self._alpha_a, self._alpha_gain * white[:, n_channels : n_channels + 2], axis=0, zi=self._alpha_state
        )
        rows = pink @ self._mixing + alpha @ self._alpha_mixing + _SENSOR_NOISE_UV * white[:, n_channels + 2 :]
        return np.asarray(rows, dtype=np.float64)


def _unit_gain(b: FloatArray, a: FloatArray, sfreq: float) -> float:
    """Factor on white noise of unit variance that makes the filtered noise's variance one."""
    impulse = np.zeros(round(_SETTLE_S * sfreq))
    impulse[0] = 1.0
    return float(1.0 / np.linalg.norm(signal.lfilter(b, a, impulse)))
