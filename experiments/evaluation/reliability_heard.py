"""Whose growing trials are there: simulated people at work and at rest, by SSVEP, c-VEP and gaze."""

from dataclasses import replace
from typing import Any

import numpy as np

from acquisition.simulated.participant import SimulatedParticipant
from acquisition.simulated.profile import PROFILES, Profile
from experiments.calibration import CalibrationRun, run_calibration
from experiments.config import Config, load
from experiments.evaluation.reliability_people import LooksAway
from experiments.evaluation.reliability_trials import HeardTrial, hear
from experiments.rig import wiring

PEOPLE = {
    "ssvep": ("occipital", "typical", "hard"),
    "cvep": ("occipital", "typical", "hard"),
    "dwell": ("typical", "hard"),
}
"""Profiles that a paradigm is tried with: without the eyes' tracker, "occipital" is one of its own."""


def heard_person(
    paradigm: str, profile: str, seed: int, n_pages: int, rests: bool = False
) -> dict[str, list[HeardTrial]]:
    """Pages of one simulated person, heard by a decoder fitted to a calibration run with other noise.

    Parameters
    ----------
    paradigm, profile : str
    seed : int
        Who it is.
    n_pages : int
        Of each kind.
    rests : bool
        Whether the person rests, too.

    Returns
    -------
    dict of str to list of HeardTrial
        "attends"; with ``rests`` also "looks away", whose brain sees all flicker from the corner of the eye and whose
        eyes wander; and "no answers" (zero SNR).
    """
    rng = np.random.default_rng([seed, 3])
    config = load(paradigm=paradigm)
    calibration = run_calibration(config, _person(PROFILES[profile], seed, rng), rng, _say_nothing)
    decoder: Any = wiring(config).fit(config, calibration, rng)
    of_page = [f"person.calibration_characters={n_pages}", f"person.calibration_blocks={config.stopping.max_blocks}"]
    pages = load(settings=of_page, paradigm=paradigm)
    who: dict[str, Any] = {"attends": _person(PROFILES[profile], seed, rng)}
    if rests:
        deaf = replace(PROFILES[profile], snr=0.0)
        who |= {"looks away": LooksAway(_person(PROFILES[profile], seed, rng)), "no answers": _person(deaf, seed, rng)}
    return {name: _pages(decoder, pages, participant, name, rng) for name, participant in who.items()}


def _pages(decoder: Any, config: Config, participant: Any, name: str, rng: np.random.Generator) -> list[HeardTrial]:
    run: CalibrationRun = run_calibration(config, participant, rng, _say_nothing)
    tail = config.stopping.tail_s if decoder.modality == "eeg" else 0.0
    return [
        hear(decoder, trial.presentation, run.signals, trial.cued if name == "attends" else None, tail)
        for trial in run.trials
    ]


def _person(profile: Profile, seed: int, rng: np.random.Generator) -> SimulatedParticipant:
    return SimulatedParticipant(profile, seed, int(rng.integers(2**31)), start=0.0)


def _say_nothing(*_: object) -> None:
    pass
