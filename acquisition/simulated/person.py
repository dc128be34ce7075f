"""Who a simulated participant is: what stays the same from one session to the next."""

from dataclasses import dataclass

import numpy as np

from acquisition.simulated import montage
from acquisition.simulated.profile import Profile
from acquisition.stream import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """What stays the same between two sessions of one person.

    Parameters
    ----------
    p300, n2, visual, alpha, error : array, shape (n_channels,)
        How strongly each channel shows the component; the P300's peak is about 1.
    lids, sideways, muscle : array, shape (n_channels,)
        How strongly each channel shows blinks and upward movements of the eyes, movements to the right, and muscles.
    line : array, shape (n_channels,)
        How strongly each channel shows line noise.
    p300_latency, n2_latency, visual_latency : float
        When the components peak, in s after the flash.
    error_latency : float
        When the negative peak after an unexpected selection comes, in s after it is seen.
    alpha_hz : float
        Frequency of the alpha rhythm.
    mixing : array, shape (n_channels, n_channels)
        From independent sources of unit variance to the channels' background.
    gaze_matrix : array, shape (2, 2)
        Linear part of the eye tracker's calibration error.
    gaze_shift : array, shape (2,)
        Constant part of the eye tracker's calibration error, in px.
    """

    p300: FloatArray
    n2: FloatArray
    visual: FloatArray
    alpha: FloatArray
    lids: FloatArray
    sideways: FloatArray
    muscle: FloatArray
    line: FloatArray
    p300_latency: float
    n2_latency: float
    visual_latency: float
    alpha_hz: float
    mixing: FloatArray
    gaze_matrix: FloatArray
    gaze_shift: FloatArray
    error: FloatArray
    error_latency: float


def draw_person(profile: Profile, rng: np.random.Generator) -> Person:
    """Draw the anatomy and habits of one person.

    Parameters
    ----------
    profile : Profile
        Only its montage and its tracker are used: the person's brain does not depend on how well it is read.
    rng : numpy.random.Generator
        The same state gives the same person.

    Returns
    -------
    Person
    """
    places = montage.positions(profile.montage)
    n_channels = len(places)
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    gains = rng.uniform(0.85, 1.15, n_channels)
    covariance = np.exp(-apart / 1.6) * np.outer(gains, gains)

    def varied(weights: FloatArray) -> FloatArray:
        return np.asarray(weights + 0.08 * rng.standard_normal(n_channels))

    return Person(
        p300=varied(montage.p300_weights(places)),
        n2=varied(montage.n2_weights(places)),
        visual=varied(montage.visual_weights(places)),
        alpha=np.abs(varied(montage.alpha_weights(places))),
        lids=montage.lid_weights(places) * rng.uniform(0.8, 1.2, n_channels),
        sideways=montage.sideways_weights(places) * rng.uniform(0.8, 1.2, n_channels),
        muscle=montage.muscle_weights(places) * rng.uniform(0.6, 1.4, n_channels),
        line=np.exp(rng.uniform(-0.8, 0.8, n_channels)),
        p300_latency=rng.uniform(0.32, 0.42),
        n2_latency=rng.uniform(0.18, 0.22),
        visual_latency=rng.uniform(0.12, 0.14),
        alpha_hz=rng.uniform(9.0, 11.5),
        mixing=np.linalg.cholesky(covariance),
        gaze_matrix=np.eye(2) + profile.tracker.bend * rng.standard_normal((2, 2)),
        gaze_shift=profile.tracker.offset_px * rng.standard_normal(2),
        error=varied(montage.error_weights(places)),
        error_latency=rng.uniform(0.23, 0.28),
    )
