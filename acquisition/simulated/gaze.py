"""Where a simulated participant's eyes are, and what an eye tracker makes of it."""

import numpy as np
from scipy import signal

from acquisition.simulated.background import SampleQueue
from acquisition.simulated.profile import Person, Profile
from acquisition.stream import FloatArray

SCREEN_PX = (1920.0, 1080.0)

_SACCADE_S = 0.04
_REACTION_S = 0.2
_REACTION_SD_S = 0.03
_REACTION_MIN_S = 0.1
_TREMOR_S = 0.15
_DRIFT_S = 20.0
_DRIFT_PX = 10.0
_BLINK_S = (0.1, 0.25)
_WANDER_S = (0.25, 0.7)
_BLOCK_S = 10.0


class Gaze:
    """Saccades to what is attended to, fixation noise, drift, blinks, and a calibration that is a little off.

    Parameters
    ----------
    profile : Profile
        Noise, and how often gaze is lost.
    person : Person
        The calibration's error.
    sfreq : float
        Sampling rate in Hz.
    start : float
        Session time of the first sample, in s.
    rng : numpy.random.Generator
        The same state gives the same gaze.
    """

    def __init__(self, profile: Profile, person: Person, sfreq: float, start: float, rng: np.random.Generator) -> None:
        self._profile, self._person = profile, person
        self._sfreq, self._start = sfreq, start
        self._noise_rng, self._blink_rng, wander_rng, self._look_rng = rng.spawn(4)
        self._wander = _Wander(start, wander_rng)
        # Each move is when it begins and where it leads; None leads to wandering about.
        self._moves: list[tuple[float, FloatArray | None]] = [(-np.inf, None)]
        self._tremor_state, self._drift_state = np.zeros((1, 2)), np.zeros((1, 2))
        self._blink = self._next_blink(start)
        self._n_made = 0
        self._noise = SampleQueue(self._next_noise)

    def look(self, region: FloatArray | None, time: float) -> None:
        """Begin a saccade into a region (left, top, width, height in px) a reaction time after ``time`` (s)."""
        reaction = max(_REACTION_MIN_S, _REACTION_S + _REACTION_SD_S * self._look_rng.standard_normal())
        aim = 0.1 * self._look_rng.standard_normal(2)
        place = None
        if region is not None and self._profile.snr > 0:
            place = region[:2] + region[2:] * (0.5 + np.clip(aim, -0.3, 0.3))
        self._moves = [move for move in self._moves if move[0] < time + reaction]
        self._moves.append((time + reaction, place))

    def take(self, stop: int) -> tuple[FloatArray, FloatArray]:
        """Times (s), shape (n_samples,), and gaze (px), shape (n_samples, 2), of the samples before index ``stop``."""
        first = self._noise.taken
        noise = self._noise.take(stop)
        times = self._start + np.arange(first, first + len(noise)) / self._sfreq
        if not len(times):
            return times, noise
        centre = np.array(SCREEN_PX) / 2
        seen = (self._places(times) - centre) @ self._person.gaze_matrix.T + centre + self._person.gaze_shift
        return times, seen + noise

    def _places(self, times: FloatArray) -> FloatArray:
        """Where the eyes really are, shape (n_samples, 2)."""
        begins = np.array([begin for begin, _ in self._moves])
        which = np.searchsorted(begins, times, side="right") - 1
        places = np.empty((len(times), 2))
        for index in range(which[0], which[-1] + 1):
            mine = which == index
            begin, place = self._moves[index]
            target = self._wander(times[mine]) if place is None else np.broadcast_to(place, (int(mine.sum()), 2))
            if index and times[mine].min(initial=np.inf) < begin + _SACCADE_S:
                before = self._moves[index - 1][1]
                origin = self._wander(np.array([begin]))[0] if before is None else before
                share = np.clip((times[mine] - begin) / _SACCADE_S, 0.0, 1.0)[:, None]
                target = origin + share * (target - origin)
            places[mine] = target
        # The move before the current one is where a saccade under way came from.
        self._moves = self._moves[max(0, which[-1] - 1) :]
        return places

    def _next_noise(self) -> FloatArray:
        """Fixation noise and drift in px, NaN during blinks, shape (n_samples, 2)."""
        n_samples = round(_BLOCK_S * self._sfreq)
        white = self._noise_rng.standard_normal((n_samples, 6))
        tremor, self._tremor_state = _wandering(white[:, :2], _TREMOR_S * self._sfreq, self._tremor_state)
        drift, self._drift_state = _wandering(white[:, 2:4], _DRIFT_S * self._sfreq, self._drift_state)
        noise = self._profile.gaze_noise_px * (0.8 * tremor + 0.6 * white[:, 4:]) + _DRIFT_PX * drift
        times = self._start + (self._n_made + np.arange(n_samples)) / self._sfreq
        self._n_made += n_samples
        while self._blink[0] <= times[-1]:
            shut, opened = self._blink
            noise[(times >= shut) & (times < opened)] = np.nan
            if opened > times[-1]:
                break
            self._blink = self._next_blink(opened)
        return noise

    def _next_blink(self, after: float) -> tuple[float, float]:
        if self._profile.blinks_per_min == 0:
            return np.inf, np.inf
        shut = after + self._blink_rng.exponential(60.0 / self._profile.blinks_per_min)
        return shut, shut + self._blink_rng.uniform(*_BLINK_S)


class _Wander:
    """Fixations on random places of the screen, one after another, the same whenever they are asked for."""

    def __init__(self, start: float, rng: np.random.Generator) -> None:
        self._rng = rng
        self._ends = np.array([start])
        self._places = rng.uniform((0.0, 0.0), SCREEN_PX, (1, 2))

    def __call__(self, times: FloatArray) -> FloatArray:
        while self._ends[-1] <= times[-1]:
            ends = self._ends[-1] + np.cumsum(self._rng.uniform(*_WANDER_S, 64))
            self._ends = np.concatenate((self._ends, ends))
            self._places = np.concatenate((self._places, self._rng.uniform((0.0, 0.0), SCREEN_PX, (64, 2))))
        return self._places[np.searchsorted(self._ends, times, side="right")]


def _wandering(white: FloatArray, n_samples: float, state: FloatArray) -> tuple[FloatArray, FloatArray]:
    """First-order noise of unit variance that forgets itself within ``n_samples``, from white noise."""
    keep = np.exp(-1.0 / n_samples)
    rows, state = signal.lfilter([np.sqrt(1.0 - keep**2)], [1.0, -keep], white, axis=0, zi=state)
    return np.asarray(rows, dtype=np.float64), np.asarray(state, dtype=np.float64)
