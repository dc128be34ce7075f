"""How good a simulated participant's signals are: brain, attention, artefacts and eye tracker."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from acquisition.simulated.montage import HEADBAND, HEADSET, OCCIPITAL, PARIETAL, positions


def _refuse_negative(values: Any, whose: str) -> None:
    for field in fields(values):
        value = getattr(values, field.name)
        if isinstance(value, int | float) and not 0 <= value < np.inf:
            raise ValueError(f"Argument {field.name!r} of {whose} must be at least 0 (got {value:g}).")


@dataclass(frozen=True, slots=True)
class Artefacts:
    """What the EEG holds that is no brain.

    Parameters
    ----------
    line_hz : float
        The mains' frequency, 50 or 60 Hz.
    line_uv : float
        Root mean square of line noise on a typical channel, in uV; channels differ by a factor of up to five.
    blink_uv : float
        Height of a blink at the forehead, in uV; a third of it reaches Fz. How often they come is the person's.
    eye_uv_per_degree : float
        What a movement of the eyes adds to a frontal channel, in uV per degree of angle.
    muscle_per_min, muscle_uv : float
        How often a muscle is tensed for a second or so, and how strong it is at the rim of the head, in uV.
    pops_per_hour, pop_uv : float
        How often an electrode jumps, over all channels, and how far, in uV.
    drift_uv : float
        Standard deviation of slow drifts (10 s), in uV.
    sensor_uv : float
        Standard deviation of the amplifier's own white noise, in uV.
    """

    line_hz: float = 50.0
    line_uv: float = 0.7
    blink_uv: float = 190.0
    eye_uv_per_degree: float = 6.0
    muscle_per_min: float = 0.4
    muscle_uv: float = 6.0
    pops_per_hour: float = 8.0
    pop_uv: float = 60.0
    drift_uv: float = 3.0
    sensor_uv: float = 0.8

    def __post_init__(self) -> None:
        _refuse_negative(self, "artefacts")
        if self.line_hz not in (50.0, 60.0):
            raise ValueError(f"Argument 'line_hz' must be 50 or 60 (got {self.line_hz:g}).")


@dataclass(frozen=True, slots=True)
class Tracker:
    """What an eye tracker adds to where the eyes really are.

    Parameters
    ----------
    noise_px : float
        Standard deviation from one sample to the next, in px.
    offset_px : float
        Typical constant error of the calibration on each axis, in px.
    bend : float
        Typical error of the calibration that grows with the distance from the middle of the screen, as a share of it.
    drift_px : float
        Standard deviation of slow changes of the offset, such as a moving head makes, in px.
    lost_per_min, lost_s : float
        How often the eyes are lost other than by a blink, and for how long as a rule, in s.
    """

    noise_px: float = 3.0
    offset_px: float = 20.0
    bend: float = 0.015
    drift_px: float = 8.0
    lost_per_min: float = 0.5
    lost_s: float = 0.5

    def __post_init__(self) -> None:
        _refuse_negative(self, "tracker")


@dataclass(frozen=True, slots=True)
class Profile:
    """What makes a participant easy or hard to read.

    Parameters
    ----------
    name : str
        What the profile is called.
    montage : tuple of str
        Labels of the electrodes.
    snr : float
        Factor on every response to what is shown; 1 answers like a good subject with wet electrodes. With 0 there is
        no response at all, and the eyes wander over the screen whatever is attended to.
    background_uv : float
        Standard deviation of the 1/f part of the EEG, in uV.
    slope : float
        The 1/f part's power falls with the frequency to this power; 0 to 2.
    alpha_uv : float
        Standard deviation of the alpha rhythm where it is strongest, in uV.
    latency_jitter_s : float
        Standard deviation of the P300's latency from one target to the next, in s.
    amplitude_variation : float
        Standard deviation of a response's size, as a share of its mean.
    flicker_uv : float
        Height of the response at Oz to one edge of an attended flicker, in uV, at ``snr`` 1.
    lapse_rate : float
        Share of targets that go unnoticed, each for itself.
    lapses_per_min : float
        How often attention and eyes leave the slot for a second or two.
    absences_per_hour : float
        How often they do so for some ten seconds, attending to nothing.
    blinks_per_min : float
        How often the eyes are shut for a moment.
    amplifier_hz : tuple of float or None
        Band that the amplifier lets pass, in Hz; None for all.
    notch_hz : float
        Width of the amplifier's notch at the mains' frequency, in Hz; 0 for none.
    artefacts : Artefacts
    tracker : Tracker

    Raises
    ------
    ValueError
        If a number is negative or not finite, or an electrode not known.
    """

    name: str
    montage: tuple[str, ...] = PARIETAL
    snr: float = 1.0
    background_uv: float = 11.5
    slope: float = 1.3
    alpha_uv: float = 4.5
    latency_jitter_s: float = 0.02
    amplitude_variation: float = 0.25
    flicker_uv: float = 3.5
    lapse_rate: float = 0.02
    lapses_per_min: float = 0.3
    absences_per_hour: float = 1.0
    blinks_per_min: float = 5.6
    amplifier_hz: tuple[float, float] | None = None
    notch_hz: float = 0.0
    artefacts: Artefacts = Artefacts()
    tracker: Tracker = Tracker()

    def __post_init__(self) -> None:
        _refuse_negative(self, f"profile {self.name!r}")
        positions(self.montage)
        if self.slope > 2:
            raise ValueError(f"Argument 'slope' of profile {self.name!r} must be at most 2 (got {self.slope:g}).")


_TYPICAL = Profile("typical")

PROFILES = {
    profile.name: profile
    for profile in (
        # A good subject, wet electrodes in a quiet room, the head on a chin rest before a fast eye tracker.
        replace(
            _TYPICAL,
            name="easy",
            snr=1.35,
            latency_jitter_s=0.015,
            lapse_rate=0.01,
            lapses_per_min=0.05,
            absences_per_hour=0.0,
            blinks_per_min=5.0,
            artefacts=Artefacts(line_uv=0.3, muscle_per_min=0.1, pops_per_hour=2.0, drift_uv=2.0),
            tracker=Tracker(noise_px=2.0, offset_px=20.0, bend=0.012, drift_px=4.0, lost_per_min=0.1),
        ),
        # A good subject on an ordinary day, a screen-based tracker, the head free.
        _TYPICAL,
        # Weak and late answers, a restless subject, a cheap tracker that often loses the eyes.
        replace(
            _TYPICAL,
            name="hard",
            snr=0.65,
            latency_jitter_s=0.03,
            lapse_rate=0.05,
            lapses_per_min=1.0,
            absences_per_hour=4.0,
            blinks_per_min=14.0,
            artefacts=Artefacts(line_uv=2.0, muscle_per_min=1.0, pops_per_hour=30.0, drift_uv=8.0),
            tracker=Tracker(noise_px=12.0, offset_px=40.0, bend=0.03, drift_px=45.0, lost_per_min=4.0, lost_s=0.8),
        ),
        # As "typical", through an amplifier that keeps 0.5 to 30 Hz: resembles p300_gtec8ch.
        replace(_TYPICAL, name="wet", snr=1.15, background_uv=13.0, amplifier_hz=(0.5, 30.0), notch_hz=12.0),
        # Fourteen saline electrodes, many of them near the eyes: resembles p300_emotiv_rc and p300_emotiv_groups.
        replace(
            _TYPICAL,
            name="headset",
            montage=HEADSET,
            snr=1.35,
            blinks_per_min=16.0,
            amplifier_hz=(0.2, 43.0),
            notch_hz=5.0,
            alpha_uv=11.0,
            artefacts=Artefacts(muscle_per_min=1.0, pops_per_hour=20.0, drift_uv=8.0, sensor_uv=8.0),
        ),
        # Four dry electrodes referenced at the forehead, line noise above all else: resembles p300_muse.
        replace(
            _TYPICAL,
            name="headband",
            montage=HEADBAND,
            snr=1.2,
            background_uv=7.0,
            slope=1.1,
            alpha_uv=4.0,
            artefacts=Artefacts(line_uv=10.0, blink_uv=15.0, eye_uv_per_degree=0.5, sensor_uv=5.0),
        ),
        # Eight electrodes over the visual cortex: resembles ssvep_exo.
        replace(
            _TYPICAL,
            name="occipital",
            montage=OCCIPITAL,
            flicker_uv=2.1,
            background_uv=5.0,
            slope=1.1,
            alpha_uv=2.5,
            artefacts=Artefacts(line_uv=1.0, sensor_uv=3.5, drift_uv=1.5),
        ),
    )
}
