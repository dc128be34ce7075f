"""What an eye tracker makes of a simulated participant's eyes."""

import numpy as np

from acquisition.simulated.background import SampleQueue, forgetful
from acquisition.simulated.bouts import Bouts
from acquisition.simulated.eyes import SCREEN_PX, Eyes, Track
from acquisition.simulated.person import Person
from acquisition.simulated.profile import Profile
from acquisition.stream import FloatArray

_DRIFT_S = 20.0
_BLOCK_S = 10.0


class Gaze:
    """Where the eyes are, through a calibration that is a little off, with noise, blinks and lost track.

    Parameters
    ----------
    profile : Profile
        Its tracker says how bad it is.
    person : Person
        The calibration's error.
    eyes : Eyes
        Where the eyes really are.
    blinks : Bouts
        When they are shut.
    sfreq : float
        Sampling rate in Hz.
    start : float
        Session time of the first sample, in s.
    rng : numpy.random.Generator
        The same state gives the same noise.
    """

    def __init__(
        self,
        profile: Profile,
        person: Person,
        eyes: Eyes,
        blinks: Bouts,
        sfreq: float,
        start: float,
        rng: np.random.Generator,
    ) -> None:
        self._tracker, self._person, self._blinks = profile.tracker, person, blinks
        self._sfreq, self._start = sfreq, start
        self._noise_rng, lost_rng = rng.spawn(2)
        self._lost = Bouts(start, self._tracker.lost_per_min, self._tracker.lost_s, lost_rng, spread=0.6)
        self._drift_state = np.zeros((1, 2))
        self._n_made = 0
        self._noise = SampleQueue(self._next_noise)
        self.track = Track(eyes, sfreq, start)

    def take(self, stop: int) -> tuple[FloatArray, FloatArray]:
        """Times (s), shape (n_samples,), and gaze (px), shape (n_samples, 2), of the samples before index ``stop``."""
        first = self._noise.taken
        noise = self._noise.take(stop)
        times = self._start + np.arange(first, first + len(noise)) / self._sfreq
        if not len(times):
            return times, noise
        centre = np.array(SCREEN_PX) / 2
        off, matrix = self.track.rows(first, stop) - centre, self._person.gaze_matrix
        # Written out, since a matrix product may round differently for another number of samples.
        seen = off[:, :1] * matrix[:, 0] + off[:, 1:] * matrix[:, 1] + centre + self._person.gaze_shift
        return times, seen + noise

    def _next_noise(self) -> FloatArray:
        """Noise and drift in px, NaN while the tracker has no eye, shape (n_samples, 2)."""
        n_samples = round(_BLOCK_S * self._sfreq)
        white = self._noise_rng.standard_normal((n_samples, 4))
        drift, self._drift_state = forgetful(white[:, 2:], _DRIFT_S * self._sfreq, self._drift_state)
        noise = self._tracker.noise_px * white[:, :2] + self._tracker.drift_px * drift
        times = self._start + (self._n_made + np.arange(n_samples)) / self._sfreq
        self._n_made += n_samples
        noise[self._blinks.cover(times) | self._lost.cover(times)] = np.nan
        return noise
