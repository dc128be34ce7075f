"""EEG that goes on whether or not anything flashes, made a few seconds ahead of when it is needed."""

from collections.abc import Callable

import numpy as np
from scipy import signal

from acquisition.simulated.person import Person
from acquisition.simulated.profile import Profile
from acquisition.stream import FloatArray

_SETTLE_S = 20.0
_ALPHA_BANDWIDTH_HZ = 1.5
# Slow swells of the alpha rhythm: how long they last, and the standard deviation of the amplitude's logarithm.
_WAXING_S, _WAXING = 4.0, 0.4
_FLATTENS_HZ = 0.2


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
    """1/f noise that neighbouring channels share, an alpha rhythm that waxes and wanes, and the amplifier's noise.

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
    """

    def __init__(self, profile: Profile, person: Person, sfreq: float, rng: np.random.Generator) -> None:
        self._rng = rng
        self._sfreq = sfreq
        radius = np.exp(-np.pi * _ALPHA_BANDWIDTH_HZ / sfreq)
        self._alpha_a = np.array([1.0, -2.0 * radius * np.cos(2 * np.pi * person.alpha_hz / sfreq), radius**2])
        # The two alpha sources are equally strong; left and right of the head they differ in weight.
        lean = np.linspace(0.3, 0.7, len(person.alpha))
        self._alpha_mixing = profile.alpha_uv * person.alpha * np.sqrt(np.stack([lean, 1.0 - lean]))
        self._mixing = profile.background_uv * person.mixing.T
        self._sensor_uv = profile.artefacts.sensor_uv
        self._sos = _power_law(profile.slope, sfreq)
        self._state = np.zeros((len(self._sos), 2, len(person.alpha)))
        self._alpha_state, self._waxing_state = np.zeros((2, 2)), np.zeros((1, 1))
        impulse = np.zeros(round(_SETTLE_S * sfreq))
        impulse[0] = 1.0
        self._gain = 1.0 / np.linalg.norm(signal.sosfilt(self._sos, impulse))
        self._alpha_gain = 1.0 / np.linalg.norm(signal.lfilter([1.0], self._alpha_a, impulse))
        self.next_rows(round(_SETTLE_S * sfreq))

    def next_rows(self, n_samples: int) -> FloatArray:
        """Return the next samples in uV, shape (n_samples, n_channels)."""
        n_channels = len(self._mixing)
        white = self._rng.standard_normal((n_samples, 2 * n_channels + 3))
        noise, self._state = signal.sosfilt(self._sos, self._gain * white[:, :n_channels], axis=0, zi=self._state)
        alpha, self._alpha_state = signal.lfilter(
            [1.0], self._alpha_a, self._alpha_gain * white[:, n_channels : n_channels + 2], axis=0, zi=self._alpha_state
        )
        swell, self._waxing_state = forgetful(
            white[:, n_channels + 2 : n_channels + 3], _WAXING_S * self._sfreq, self._waxing_state
        )
        # A log-normal factor whose mean square is one.
        alpha *= np.exp(_WAXING * swell - _WAXING**2)
        rows = noise @ self._mixing + alpha @ self._alpha_mixing + self._sensor_uv * white[:, n_channels + 3 :]
        return np.asarray(rows, dtype=np.float64)


def forgetful(white: FloatArray, n_samples: float, state: FloatArray) -> tuple[FloatArray, FloatArray]:
    """First-order noise of unit variance that forgets itself within ``n_samples``, from white noise; and its state."""
    keep = np.exp(-1.0 / n_samples)
    rows, state = signal.lfilter([np.sqrt(1.0 - keep**2)], [1.0, -keep], white, axis=0, zi=state)
    return np.asarray(rows, dtype=np.float64), np.asarray(state, dtype=np.float64)


def _power_law(slope: float, sfreq: float) -> FloatArray:
    """Second-order sections that turn white noise into noise whose power falls as f**-slope, flat below 0.2 Hz.

    Poles an octave apart and zeros between them (G. Corsini, R. Saletti, "A 1/f^gamma power spectrum noise sequence
    generator", IEEE Trans. Instrum. Meas. 37, 615-619, 1988).
    """
    poles = _FLATTENS_HZ * 2.0 ** np.arange(np.log2(sfreq / 2 / _FLATTENS_HZ))
    zeros = poles * 2.0 ** (slope / 2)
    return np.asarray(
        signal.zpk2sos(np.exp(-2 * np.pi * zeros / sfreq), np.exp(-2 * np.pi * poles / sfreq), 1.0), dtype=np.float64
    )
