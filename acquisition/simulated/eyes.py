"""Where a simulated participant's eyes really are: fixations, saccades, and glances elsewhere."""

import numpy as np

from acquisition.simulated.bouts import Bouts
from acquisition.simulated.profile import Profile
from acquisition.stream import FloatArray

SCREEN_PX = (1920.0, 1080.0)

PX_PER_DEGREE = 38.0
"""A screen 53 cm wide, 60 cm away."""

# Duration of a saccade by its size: R. H. S. Carpenter, "Movements of the Eyes" (1988).
_SACCADE_S, _SACCADE_S_PER_DEGREE, _SACCADE_MAX_S = 0.021, 0.0022, 0.1
_REACTION_S, _REACTION_SD_S, _REACTION_MIN_S = 0.2, 0.03, 0.1
# A long saccade falls short by a tenth, and a second one corrects it.
_SHORT_BY, _CORRECTED_AFTER_S = 0.1, 0.17
_AIM_SHARE, _AIM_MAX_SHARE = 0.1, 0.3
# How far off the mark (px) small saccades within a fixation leave the eyes.
_MICRO_PX = 6.0
_FIXATION_S = (0.25, 0.75)
# A saccade that began longer ago is over.
_LOOK_BACK_S = 0.5
_BLOCK_S = 2.0
_AT_ONCE = 64


class Eyes:
    """The eyes jump to what is attended to, rest there uneasily, and leave it in lapses of attention.

    Parameters
    ----------
    profile : Profile
        With ``snr`` 0 the eyes wander whatever is attended to.
    away : tuple of Bouts
        When they look elsewhere whatever is attended to.
    start : float
        Session time of the first sample, in s.
    rng : numpy.random.Generator
        The same state gives the same movements.
    """

    def __init__(self, profile: Profile, away: tuple[Bouts, ...], start: float, rng: np.random.Generator) -> None:
        self._follows = profile.snr > 0
        self._away = away
        wander_rng, micro_rng, self._look_rng = rng.spawn(3)
        self._wander = _Steps(start, wander_rng)
        self._micro = _Steps(start, micro_rng)
        # Each move is when it begins and where it leads; NaN leads to wandering about.
        self._moves_at = np.array([-np.inf])
        self._moves_to = np.full((1, 2), np.nan)

    def look(self, region: FloatArray | None, time: float) -> None:
        """Turn to a region (left, top, width, height in px) a reaction time after ``time`` (s), or to nothing."""
        reaction, *aim = self._look_rng.standard_normal(3)
        begin = time + max(_REACTION_MIN_S, _REACTION_S + _REACTION_SD_S * reaction)
        kept = self._moves_at < begin
        at, to = self._moves_at[kept], self._moves_to[kept]
        place = np.full(2, np.nan)
        if region is not None and self._follows:
            off = np.clip(_AIM_SHARE * np.array(aim), -_AIM_MAX_SHARE, _AIM_MAX_SHARE)
            place = region[:2] + region[2:] * (0.5 + off)
        short = place - _SHORT_BY * (place - to[-1])
        moves = [(begin, short), (begin + _CORRECTED_AFTER_S, place)] if np.isfinite(short).all() else [(begin, place)]
        self._moves_at = np.concatenate((at, [begin for begin, _ in moves]))
        self._moves_to = np.concatenate((to, [place for _, place in moves]))

    def places(self, times: FloatArray) -> FloatArray:
        """Where the eyes are at these times (s), ascending, in px, shape (n_times, 2)."""
        begin, end = float(times[0]) - _LOOK_BACK_S, float(times[-1])
        sources = [self._moves_at, self._wander.changes(begin, end), self._micro.changes(begin, end)]
        sources += [np.array([bout[:2] for bout in bouts.between(begin, end)]).ravel() for bouts in self._away]
        changes = np.unique(np.concatenate(sources))
        changes = np.concatenate(([begin], changes[(changes > begin) & (changes <= end)]))
        fixated = self._fixated(changes)
        jumps = np.diff(fixated, axis=0)
        places = np.repeat(fixated[:1], len(times), axis=0)
        for change, jump in zip(changes[1:], jumps, strict=True):
            if jump.any():
                duration = min(
                    _SACCADE_MAX_S, _SACCADE_S + _SACCADE_S_PER_DEGREE * float(np.hypot(*jump)) / PX_PER_DEGREE
                )
                first, stop = np.searchsorted(times, (change, change + duration))
                share = (times[first:stop] - change) / duration
                # The smoothest way from rest to rest (minimum jerk).
                places[first:stop] += (share**3 * (10.0 - 15.0 * share + 6.0 * share**2))[:, None] * jump
                places[stop:] += jump
        return places

    def _fixated(self, times: FloatArray) -> FloatArray:
        """The place that is being fixated at each time, shape (n_times, 2)."""
        places = self._moves_to[np.searchsorted(self._moves_at, times, side="right") - 1]
        places = places + _MICRO_PX * self._micro.normal(times)
        lost = np.isnan(places[:, 0])
        for bouts in self._away:
            lost |= bouts.cover(times)
        wandering = self._wander.uniform(times) * SCREEN_PX
        return np.where(lost[:, None], wandering, places)


class Track:
    """Where the eyes are at each sample of a stream, worked out in blocks of fixed size."""

    def __init__(self, eyes: Eyes, sfreq: float, start: float) -> None:
        self._eyes, self._sfreq, self._start = eyes, sfreq, start
        self._n_samples = round(_BLOCK_S * sfreq)
        self._made: tuple[int, FloatArray] | None = None

    def forget(self) -> None:
        """Work out anew what was not taken yet, for the eyes have other plans."""
        self._made = None

    def rows(self, first: int, stop: int) -> FloatArray:
        """Places in px of the samples from index ``first`` up to and without ``stop``, shape (stop - first, 2)."""
        parts = []
        for block in range(first // self._n_samples, (stop - 1) // self._n_samples + 1):
            begin = block * self._n_samples
            parts.append(self._block(block)[max(0, first - begin) : stop - begin])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _block(self, block: int) -> FloatArray:
        if self._made is None or self._made[0] != block:
            samples = np.arange(block * self._n_samples, (block + 1) * self._n_samples)
            self._made = block, self._eyes.places(self._start + samples / self._sfreq)
        return self._made[1]


class _Steps:
    """Random places, one after another, the same whenever they are asked for."""

    def __init__(self, start: float, rng: np.random.Generator) -> None:
        self._rng = rng
        self._begins = np.array([-np.inf, start])
        self._uniform, self._normal = rng.uniform(size=(2, 2)), rng.standard_normal((2, 2))

    def changes(self, begin: float, end: float) -> FloatArray:
        """When a new place begins, from ``begin`` to ``end`` (s)."""
        while self._begins[-1] <= end:
            waits = self._rng.uniform(*_FIXATION_S, _AT_ONCE)
            self._begins = np.concatenate((self._begins, self._begins[-1] + np.cumsum(waits)))
            self._uniform = np.concatenate((self._uniform, self._rng.uniform(size=(_AT_ONCE, 2))))
            self._normal = np.concatenate((self._normal, self._rng.standard_normal((_AT_ONCE, 2))))
        return self._begins[slice(*np.searchsorted(self._begins, (begin, end)))]

    def uniform(self, times: FloatArray) -> FloatArray:
        """In 0..1, shape (n_times, 2)."""
        return self._uniform[np.searchsorted(self._begins, times, side="right") - 1]

    def normal(self, times: FloatArray) -> FloatArray:
        """Of unit variance, shape (n_times, 2)."""
        return self._normal[np.searchsorted(self._begins, times, side="right") - 1]
