"""Whose held-out flashes are there: recorded people, and simulated ones who attend, look away, or have no answers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from acquisition.files import read_recording
from acquisition.simulated.participant import SimulatedParticipant
from acquisition.simulated.profile import PROFILES, Profile
from acquisition.stimulus import StimulusBlock
from acquisition.stream import Chunk, FloatArray
from experiments.calibration import CalibrationRun, run_calibration
from experiments.config import Config, load
from experiments.evaluation.datasets import choose_protocol, load_dataset
from experiments.evaluation.erp import read_flashes
from experiments.evaluation.recordings import locate, read_all
from experiments.evaluation.reliability import N_FLASHES, HeldOut
from experiments.rig import wiring
from selector.decoders.erp import ErpDecoder

Progress = Callable[[str, int, int], None]


def recorded_people(dataset: str, root: Path, progress: Progress) -> dict[str, list[HeldOut]]:
    """Characters of each person of a row and column recording, each judged by a decoder fitted to the others.

    Classifiers, their scales, the bound and the temperature are all fitted without the character.

    Parameters
    ----------
    dataset : str
        Of flashes that are two targets in each 16.
    root : Path
        Folder of its recordings, or the folder above.
    progress : callable

    Raises
    ------
    ValueError, OSError
        If a file is missing or a recording does not hold what is said of it.
    """
    described = load_dataset(dataset)
    protocol = choose_protocol(described, None).model_copy(update={"decimate": 1})
    recordings = read_all(locate(described.name, described.files, root), read_recording)
    people: dict[str, list[HeldOut]] = {}
    for done, (subject, runs) in enumerate(recordings.items()):
        progress(f"decoding {dataset}", done, len(recordings))
        flashes = read_flashes(runs, described.markers, protocol)
        people[subject] = []
        for decision in np.unique(flashes.decision[flashes.usable]):
            seen = flashes.usable & (flashes.decision != decision)
            decoder = ErpDecoder(runs[0].sfreq, protocol.tmin, protocol.tmax)
            decoder.fit(flashes.epochs[seen], flashes.is_target[seen], flashes.decision[seen])
            of_it = np.flatnonzero(flashes.decision == decision)
            whole = of_it[: len(of_it) // N_FLASHES * N_FLASHES].reshape(-1, N_FLASHES)
            kept = whole[flashes.usable[whole].all(axis=1)].ravel()
            people[subject].append(_held_out(decoder, flashes.epochs[kept], flashes.is_target[kept]))
    progress(f"decoding {dataset}", len(recordings), len(recordings))
    return people


class LooksAway:
    """A participant who attends to nothing, whatever is cued."""

    def __init__(self, participant: SimulatedParticipant) -> None:
        self._participant = participant
        self.streams = participant.streams

    def attend(self, slot: int | None, region: FloatArray | None, time: float, stimulation_at: float) -> None:  # noqa: ARG002
        self._participant.attend(None, None, time, stimulation_at)

    def present(self, block: StimulusBlock) -> None:
        self._participant.present(block)

    def flip(self, times: FloatArray) -> None:
        self._participant.flip(times)

    def notice(self, time: float, expected: bool) -> None:
        self._participant.notice(time, expected)

    def pull(self, until: float) -> list[Chunk]:
        return self._participant.pull(until)

    def close(self) -> None:
        self._participant.close()


def simulated_person(profile: str, seed: int, n_pages: int) -> dict[str, list[HeldOut]]:
    """Pages of one simulated person, as flashes judged by a decoder fitted to another session.

    Returns
    -------
    dict of str to list of HeldOut
        "attends"; "looks away", whose brain sees every flash and waits for none; and "no answers" (zero SNR).
    """
    rng = np.random.default_rng([seed, 1])
    config = load()
    calibration = run_calibration(config, _person(PROFILES[profile], seed, rng), rng, _say_nothing)
    decoder: Any = wiring(config).fit(config, calibration, rng)
    pages = load(settings=[f"person.calibration_characters={n_pages}", "person.calibration_blocks=8"])
    deaf = replace(PROFILES[profile], snr=0.0)
    who: dict[str, Any] = {
        "attends": _person(PROFILES[profile], seed, rng),
        "looks away": LooksAway(_person(PROFILES[profile], seed, rng)),
        "no answers": _person(deaf, seed, rng),
    }
    return {name: _pages(decoder, pages, participant, name, rng) for name, participant in who.items()}


def _person(profile: Profile, seed: int, rng: np.random.Generator) -> SimulatedParticipant:
    return SimulatedParticipant(profile, seed, int(rng.integers(2**31)), start=0.0)


def _pages(decoder: ErpDecoder, config: Config, participant: Any, name: str, rng: np.random.Generator) -> list[HeldOut]:
    run: CalibrationRun = run_calibration(config, participant, rng, _say_nothing)
    pages = []
    for trial in run.trials:
        flashes = trial.presentation.flashes
        onsets = np.array([flash.time for flash in flashes])
        epochs, _ = run.signals.epochs("eeg", onsets, decoder.tmin, decoder.tmax)
        is_target = np.array([flash.slots[trial.cued] and name == "attends" for flash in flashes], dtype=bool)
        pages.append(_held_out(decoder, epochs, is_target))
    return pages


def _held_out(decoder: ErpDecoder, epochs: Any, is_target: Any) -> HeldOut:
    apart = decoder.temperature_ * decoder.separation_
    return HeldOut(decoder.log_likelihood_ratio(np.asarray(epochs, dtype=np.float64)), is_target, apart)


def _say_nothing(*_: object) -> None:
    pass
