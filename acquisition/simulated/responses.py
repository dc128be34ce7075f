"""What a brain answers to what is shown: flashes waited for, every edge of a flicker, and what was selected."""

import numpy as np
from numpy.typing import NDArray

from acquisition.simulated.person import Person
from acquisition.simulated.profile import Profile
from acquisition.stimulus import StimulusBlock
from acquisition.stream import FloatArray

# A response lies between these two times after what it answers (s).
FLASH_FROM_S, FLASH_UNTIL_S = 0.08, 0.9
EDGE_FROM_S, EDGE_UNTIL_S = 0.05, 0.4

_P300_UV, _N2_UV, _VISUAL_UV = 11.0, 9.0, 1.5
_P300_WIDTH_S, _N2_WIDTH_S, _VISUAL_WIDTH_S = 0.055, 0.03, 0.015
_P300_EARLIEST_S = 0.25
# A target this long after the last one is answered in full; right after it, by no more than the floor.
_REFRACTORY_S, _REFRACTORY_FLOOR = 0.55, 0.2

# Each peak of the response to an edge: latency before the person's own (s), width (s), and size. Light that goes off
# is answered by half as much of the opposite sign and a little later, so that a steady flicker has its frequency and,
# weaker, both multiples; the peaks' distance makes flicker at 12 Hz the strongest.
_LIT = ((0.075, 0.009, -0.5), (0.1, 0.012, 1.0), (0.14, 0.016, -0.8), (0.2, 0.03, 0.3))
_DARK = ((0.085, 0.01, 0.25), (0.115, 0.014, -0.5), (0.155, 0.018, 0.4), (0.22, 0.03, -0.15))
_TYPICAL_LATENCY_S = 0.13
_GRID_S = 0.0005

# A neighbour seen from the corner of the eye: its share of the response right beside the slot, and how soon that falls.
_BESIDE, _BESIDE_PX = 0.2, 250.0

_MIN_EDGES, _MIN_EDGES_PER_S = 4, 8.0

FEEDBACK_FROM_S, FEEDBACK_UNTIL_S = 0.08, 0.9
# Peaks after an unexpected selection: latency after the person's own (s), width (s), and height (uV); and the smaller
# ones after one that was expected. Their sizes are such that an error decoder is right about as often as published:
# four times in five.
_UNEXPECTED = ((0.0, 0.03, -9.0), (0.08, 0.04, 11.0), (0.2, 0.06, -6.0))
_EXPECTED = ((0.08, 0.05, 4.0),)


def flickers(block: StimulusBlock) -> bool:
    """Whether a block is a flicker (SSVEP, c-VEP) rather than flashes to be waited for (P300, RSVP).

    It is one where the slots that ever light up go on or off at least four times in the block and eight times a
    second, in median over those slots. A flicker's block must so hold two periods at least.
    """
    n_edges = np.count_nonzero(np.diff(block.codes.astype(np.int16), axis=1, prepend=0), axis=1)
    if not n_edges.any():
        return False
    median = float(np.median(n_edges[n_edges > 0]))
    return median >= _MIN_EDGES and median * block.frame_rate >= _MIN_EDGES_PER_S * block.n_frames


class FlashResponse:
    """A small visual response to every flash, and an N2 and a P300 to those of the slot attended to.

    Parameters
    ----------
    profile : Profile
    person : Person
    rng : numpy.random.Generator
        How size and latency vary.
    """

    def __init__(self, profile: Profile, person: Person, rng: np.random.Generator) -> None:
        self._profile, self._person, self._rng = profile, person, rng
        self._last_target = -np.inf

    def __call__(self, lag: FloatArray, flash: float, attended: bool) -> FloatArray:
        """Response in uV, shape (n_samples, n_channels), at times ``lag`` (s) after a flash at ``flash`` (s)."""
        # Drawn for every flash, so that what one session draws does not depend on what is attended to.
        size, jitter = self._rng.standard_normal(2)
        noticed = self._rng.random() >= self._profile.lapse_rate
        profile, person = self._profile, self._person
        response = np.outer(_VISUAL_UV * _bump(lag, person.visual_latency, _VISUAL_WIDTH_S), person.visual)
        if attended:
            since = (flash - self._last_target) / _REFRACTORY_S
            strength = min(1.0, _REFRACTORY_FLOOR + (1.0 - _REFRACTORY_FLOOR) * since)
            strength *= noticed * max(0.0, 1.0 + profile.amplitude_variation * size)
            latency = max(_P300_EARLIEST_S, person.p300_latency + profile.latency_jitter_s * jitter)
            p300 = _bump(lag, latency, _P300_WIDTH_S)
            n2 = _bump(lag, person.n2_latency, _N2_WIDTH_S)
            response += strength * (_P300_UV * np.outer(p300, person.p300) + _N2_UV * np.outer(n2, person.n2))
            self._last_target = flash
        return np.asarray(profile.snr * response)


class FeedbackResponse:
    """An error potential to a selection that was not meant, and a small positive wave to one that was.

    Parameters
    ----------
    profile : Profile
    person : Person
    rng : numpy.random.Generator
        How size and latency vary.

    References
    ----------
    .. [1] P. W. Ferrez, J. del R. Millan, "Error-related EEG potentials generated during simulated brain-computer
       interaction", IEEE Trans. Biomed. Eng. 55, 923-929, 2008.
    """

    def __init__(self, profile: Profile, person: Person, rng: np.random.Generator) -> None:
        self._profile, self._person, self._rng = profile, person, rng

    def __call__(self, lag: FloatArray, expected: bool) -> FloatArray:
        """Response in uV, shape (n_samples, n_channels), at times ``lag`` (s) after the selection was shown."""
        size, jitter = self._rng.standard_normal(2)
        noticed = self._rng.random() >= self._profile.lapse_rate
        latency = self._person.error_latency + self._profile.latency_jitter_s * jitter
        peaks = _EXPECTED if expected else _UNEXPECTED
        wave = np.sum([height * _bump(lag, latency + after, width) for after, width, height in peaks], axis=0)
        strength = noticed * max(0.0, 1.0 + self._profile.amplitude_variation * size)
        return np.asarray(self._profile.snr * strength * np.outer(wave, self._person.error))


class FlickerResponse:
    """The sum of brief responses to every edge, that of light going on and that of light going off.

    To a periodic code this is a steady-state response at its frequency and the multiples, weaker the higher they are;
    to a pseudo-random one it is what re-convolution assumes [1]_, [2]_.

    Parameters
    ----------
    profile : Profile
    person : Person
    rng : numpy.random.Generator
        How the size varies from block to block.

    References
    ----------
    .. [1] A. Capilla, P. Pazo-Alvarez, A. Darriba, P. Campo, J. Gross, "Steady-state visual evoked potentials can be
       explained by temporal superposition of transient event-related responses", PLoS ONE 6, e14543, 2011.
    .. [2] J. Thielen, P. van den Broek, J. Farquhar, P. Desain, "Broad-band visually evoked potentials:
       re(con)volution in brain-computer interfacing", PLoS ONE 10, e0133797, 2015.
    """

    def __init__(self, profile: Profile, person: Person, rng: np.random.Generator) -> None:
        self._profile, self._person, self._rng = profile, person, rng
        self._grid = np.arange(EDGE_FROM_S, EDGE_UNTIL_S, _GRID_S)
        shift = person.visual_latency - _TYPICAL_LATENCY_S
        self._lit, self._dark = (
            np.sum([size * _bump(self._grid, at + shift, width) for at, width, size in peaks], axis=0)
            for peaks in (_LIT, _DARK)
        )
        self._before: FloatArray | None = None
        self._edges = self._looked_at = self._looked_away = np.empty(0)

    def begin_trial(self) -> None:
        """Forget what was lit last: a new page begins in the dark."""
        self._before = None

    def begin_block(self, block: StimulusBlock, slot: int | None) -> None:
        """Prepare for a block of which ``slot`` is attended to."""
        codes = block.codes.astype(np.float64) / max(1, int(block.codes.max()))
        before = self._before if self._before is not None and len(self._before) == len(codes) else np.zeros(len(codes))
        self._edges = np.diff(codes, axis=1, prepend=before[:, None])
        self._before = codes[:, -1]
        centres = block.regions[:, :2] + block.regions[:, 2:] / 2
        self._looked_away = np.full(len(codes), _BESIDE * np.exp(-1.0))
        self._looked_at = self._looked_away
        if slot is not None:
            away = np.linalg.norm(centres - centres[slot], axis=1)
            self._looked_at = np.where(np.arange(len(codes)) == slot, 1.0, _BESIDE * np.exp(-away / _BESIDE_PX))
        self._size = max(0.0, 1.0 + self._profile.amplitude_variation * self._rng.standard_normal())

    def __call__(self, lag: FloatArray, frame: int, attended: NDArray[np.bool_]) -> FloatArray:
        """Response to the next frames.

        Parameters
        ----------
        lag : array, shape (n_samples, n_frames)
            How long after each frame each sample comes, in s.
        frame : int
            Number of the first of these frames in the block.
        attended : array of bool, shape (n_frames,)
            Whether the eyes were on the slot in each of them.

        Returns
        -------
        array, shape (n_samples, n_channels)
            In uV.
        """
        edges = self._edges[:, frame : frame + lag.shape[1]]
        weights = np.where(attended, self._looked_at[:, None], self._looked_away[:, None])
        lit, dark = (np.maximum(edges, 0) * weights).sum(axis=0), (np.maximum(-edges, 0) * weights).sum(axis=0)
        wave = np.interp(lag, self._grid, self._lit, 0.0, 0.0) @ lit
        wave += np.interp(lag, self._grid, self._dark, 0.0, 0.0) @ dark
        size = self._profile.snr * self._profile.flicker_uv * self._size
        return np.outer(size * wave, -self._person.visual)


def _bump(lag: FloatArray, latency: float, width: float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * ((lag - latency) / width) ** 2))
