"""What EEG holds that is no brain: line noise, blinks, muscles, drifting and jumping electrodes."""

import numpy as np
from scipy import signal

from acquisition.simulated.background import forgetful
from acquisition.simulated.bouts import Bouts
from acquisition.simulated.person import Person
from acquisition.simulated.profile import Profile
from acquisition.stream import FloatArray

_MUSCLE_FROM_HZ = 20.0
_DRIFT_S = 10.0
_LINE_SWELL_S, _LINE_SWELL, _LINE_HARMONIC = 5.0, 0.2, 0.06
# How long the lids take to close and to open again (s), the slower half of it hidden from an eye tracker.
_CLOSING_S, _OPENING_S = 0.08, 0.15
# An electrode that jumped is back after so many time constants.
_POP_FORGOTTEN = 6.0


class EegArtefacts:
    """Artefacts that do not depend on what is shown; those of eye movements come with the eyes.

    Parameters
    ----------
    profile : Profile
        How strong and how frequent they are.
    person : Person
        Which channels they reach.
    blinks : Bouts
        When the eyes are shut.
    sfreq : float
        Sampling rate in Hz.
    start : float
        Session time of the first sample, in s.
    rng : numpy.random.Generator
        The same state gives the same artefacts.
    """

    def __init__(
        self, profile: Profile, person: Person, blinks: Bouts, sfreq: float, start: float, rng: np.random.Generator
    ) -> None:
        self._artefacts, self._person, self._blinks = profile.artefacts, person, blinks
        self._sfreq, self._start = sfreq, start
        self._rng, muscle_rng, pop_rng = rng.spawn(3)
        self._muscles = Bouts(start, profile.artefacts.muscle_per_min, 1.0, muscle_rng, spread=0.5)
        self._pops = Bouts(start, profile.artefacts.pops_per_hour / 60.0, 0.5, pop_rng, spread=0.5)
        n_channels = len(person.lids)
        self._high_pass = signal.butter(2, _MUSCLE_FROM_HZ, "highpass", fs=sfreq, output="sos")
        self._muscle_state = np.zeros((len(self._high_pass), 2, n_channels))
        # Drifts were there before the first sample.
        self._drift_state = self._rng.standard_normal((1, n_channels))
        self._line_state = np.zeros((1, 1))
        self._phase = self._rng.uniform(0, 2 * np.pi)
        self._n_made = 0

    def next_rows(self, n_samples: int) -> FloatArray:
        """Return the next samples in uV, shape (n_samples, n_channels)."""
        samples = np.arange(self._n_made, self._n_made + n_samples)
        self._n_made += n_samples
        times = self._start + samples / self._sfreq
        white = self._rng.standard_normal((n_samples, len(self._person.lids) + 1))
        drift, self._drift_state = forgetful(white[:, 1:], _DRIFT_S * self._sfreq, self._drift_state)
        rows = self._artefacts.drift_uv * drift
        rows += np.outer(self._line(samples / self._sfreq, white[:, :1]), self._person.line)
        rows += np.outer(self._lids(times), self._person.lids)
        self._add_muscles(rows, times)
        self._add_pops(rows, times)
        return rows

    def _line(self, since_start: FloatArray, white: FloatArray) -> FloatArray:
        swell, self._line_state = forgetful(white, _LINE_SWELL_S * self._sfreq, self._line_state)
        phase = 2 * np.pi * self._artefacts.line_hz * since_start + self._phase
        wave = np.sin(phase) + _LINE_HARMONIC * np.sin(2 * phase)
        size = np.sqrt(2.0) * self._artefacts.line_uv
        return np.asarray(size * (1.0 + _LINE_SWELL * swell[:, 0]) * wave)

    def _lids(self, times: FloatArray) -> FloatArray:
        """What blinks add at the forehead, in uV, shape (n_samples,)."""
        wave = np.zeros(len(times))
        for shut, opened, marks in self._blinks.between(times[0] - _OPENING_S, times[-1] + _CLOSING_S):
            closing = _smooth((times - shut) / _CLOSING_S + 0.5)
            opening = _smooth((times - opened) / _OPENING_S + 0.5)
            wave += self._artefacts.blink_uv * (0.7 + 0.6 * marks[0]) * (closing - opening)
        return wave

    def _add_muscles(self, rows: FloatArray, times: FloatArray) -> None:
        noise, self._muscle_state = signal.sosfilt(
            self._high_pass, self._rng.standard_normal(rows.shape), axis=0, zi=self._muscle_state
        )
        for begin, end, marks in self._muscles.between(times[0], times[-1]):
            envelope = np.sin(np.pi * np.clip((times - begin) / (end - begin), 0.0, 1.0)) ** 2
            size = self._artefacts.muscle_uv * (0.4 + 1.2 * marks[0])
            rows += size * envelope[:, None] * noise * self._person.muscle

    def _add_pops(self, rows: FloatArray, times: FloatArray) -> None:
        longest = _POP_FORGOTTEN * 2.0
        for begin, end, marks in self._pops.between(times[0] - longest, times[-1]):
            since = (times - begin) / (end - begin)
            inside = (since >= 0) & (since < _POP_FORGOTTEN)
            size = self._artefacts.pop_uv * (0.5 + marks[0]) * (1.0 if marks[1] < 0.5 else -1.0)
            rows[inside, int(marks[2] * rows.shape[1])] += size * np.exp(-since[inside])


def _smooth(share: FloatArray) -> FloatArray:
    """From 0 to 1 with a level beginning and end."""
    share = np.clip(share, 0.0, 1.0)
    return np.asarray(share**2 * (3.0 - 2.0 * share))
