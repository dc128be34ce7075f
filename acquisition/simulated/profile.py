"""How good a simulated participant's signals are, and who the person behind them is."""

from dataclasses import dataclass

import numpy as np

from acquisition.stream import FloatArray

CHANNELS = ("Fz", "C3", "Cz", "C4", "Pz", "PO7", "Oz", "PO8")

# Seen from above, in head radii, nose up.
CHANNEL_POSITIONS = np.array(
    [[0.0, 0.5], [-0.5, 0.0], [0.0, 0.0], [0.5, 0.0], [0.0, -0.5], [-0.6, -0.8], [0.0, -1.0], [0.6, -0.8]]
)

_P300 = np.array([0.45, 0.55, 0.9, 0.55, 1.0, 0.45, 0.4, 0.45])
_N2 = np.array([0.2, 0.0, 0.1, 0.0, -0.3, -1.0, -0.6, -1.0])
_VISUAL = np.array([0.15, 0.0, 0.0, 0.0, -0.3, -0.8, -1.0, -0.8])
_ALPHA = np.array([0.2, 0.3, 0.3, 0.3, 0.7, 0.9, 1.0, 0.9])


@dataclass(frozen=True, slots=True)
class Profile:
    """What makes a participant easy or hard to read.

    Parameters
    ----------
    name : str
        What the profile is called.
    snr : float
        Factor on every response to a flash; 1 answers like a good subject with wet electrodes. With 0 there is no
        response at all, and the eyes wander over the screen whatever is attended to.
    background_uv : float
        Standard deviation of the 1/f part of the EEG, in uV.
    alpha_uv : float
        Standard deviation of the alpha rhythm where it is strongest, in uV.
    latency_jitter_s : float
        Standard deviation of the P300's latency from one target to the next, in s.
    amplitude_variation : float
        Standard deviation of a target response's size, as a share of its mean.
    lapse_rate : float
        Share of targets that go unnoticed.
    gaze_noise_px : float
        Standard deviation of gaze around the fixated place, in px.
    gaze_offset_px : float
        Typical error of the eye tracker's calibration, in px.
    blinks_per_min : float
        How often gaze is lost for a moment.

    Raises
    ------
    ValueError
        If a number is negative or not finite.
    """

    name: str
    snr: float = 1.0
    background_uv: float = 9.5
    alpha_uv: float = 4.5
    latency_jitter_s: float = 0.02
    amplitude_variation: float = 0.25
    lapse_rate: float = 0.02
    gaze_noise_px: float = 12.0
    gaze_offset_px: float = 25.0
    blinks_per_min: float = 12.0

    def __post_init__(self) -> None:
        for field in self.__slots__:
            value = getattr(self, field)
            if field != "name" and not 0 <= value < np.inf:
                raise ValueError(f"Argument {field!r} of profile {self.name!r} must be at least 0 (got {value:g}).")


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("easy", snr=1.35, latency_jitter_s=0.015, lapse_rate=0.01, gaze_noise_px=8.0, gaze_offset_px=15.0),
        Profile("typical"),
        Profile("hard", snr=0.6, latency_jitter_s=0.03, lapse_rate=0.05, gaze_noise_px=25.0, gaze_offset_px=45.0),
    )
}


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """What stays the same between two sessions of one person.

    Parameters
    ----------
    p300, n2, visual, alpha : array, shape (n_channels,)
        How strongly each channel shows the component; the P300's peak is about 1.
    p300_latency, n2_latency, visual_latency : float
        When the components peak, in s after the flash.
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
    p300_latency: float
    n2_latency: float
    visual_latency: float
    alpha_hz: float
    mixing: FloatArray
    gaze_matrix: FloatArray
    gaze_shift: FloatArray


def draw_person(profile: Profile, rng: np.random.Generator) -> Person:
    """Draw the anatomy and habits of one person.

    Parameters
    ----------
    profile : Profile
        Only its ``gaze_offset_px`` is used: the person's brain does not depend on the profile.
    rng : numpy.random.Generator
        The same state gives the same person.

    Returns
    -------
    Person
    """
    apart = np.linalg.norm(CHANNEL_POSITIONS[:, None] - CHANNEL_POSITIONS, axis=-1)
    gains = rng.uniform(0.85, 1.15, len(CHANNELS))
    covariance = np.exp(-apart / 1.6) * np.outer(gains, gains)
    return Person(
        p300=_P300 + 0.08 * rng.standard_normal(len(CHANNELS)),
        n2=_N2 + 0.08 * rng.standard_normal(len(CHANNELS)),
        visual=_VISUAL + 0.08 * rng.standard_normal(len(CHANNELS)),
        alpha=np.abs(_ALPHA + 0.08 * rng.standard_normal(len(CHANNELS))),
        p300_latency=rng.uniform(0.32, 0.42),
        n2_latency=rng.uniform(0.18, 0.22),
        visual_latency=rng.uniform(0.12, 0.14),
        alpha_hz=rng.uniform(9.0, 11.5),
        mixing=np.linalg.cholesky(covariance),
        gaze_matrix=np.eye(2) + 0.015 * rng.standard_normal((2, 2)),
        gaze_shift=profile.gaze_offset_px * rng.standard_normal(2),
    )
