"""P300 without calibration: the decoder begins with the first flash, and learns from selections let stand."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from acquisition.files import read_recording
from experiments.calibration import CalibrationRun
from experiments.config import Config
from experiments.paradigms.types import Arrange, RecordedPerson, Wiring
from selector.decoders.erp_adaptive import AdaptiveErpDecoder
from selector.types import Paradigm


def uncalibrated(calibrated: Wiring) -> Wiring:
    """The paradigm with a decoder that knows nobody, and with fixed flashes.

    Flashes that adapt make slots flash soon after each other again and again. While nobody knows when an answer comes,
    the answers to one slot's flashes are then late answers to the other's as well.
    """

    def paradigm(config: Config, arrange: Arrange | None) -> Paradigm:
        return calibrated.paradigm(_with_fixed_flashes(config), arrange)

    def blocks_per_repetition(config: Config) -> int:
        return calibrated.blocks_per_repetition(_with_fixed_flashes(config))

    def recorded(config: Config, path: Path, rng: np.random.Generator) -> RecordedPerson:
        """The same characters as with a calibration are played."""
        assert calibrated.recorded is not None
        person = calibrated.recorded(config, path, rng)
        recording = read_recording(path)
        decoder = _begin(config, recording.sfreq, recording.channels)
        return replace(person, decoder=decoder, fitted_to="fitted to nothing yet")

    return replace(
        calibrated,
        paradigm=paradigm,
        blocks_per_repetition=blocks_per_repetition,
        fit=_fit,
        decoder=AdaptiveErpDecoder,
        recorded=recorded,
        expect=None,
    )


def _with_fixed_flashes(config: Config) -> Config:
    return config.model_copy(update={"flashing": "fixed"})


def _fit(config: Config, run: CalibrationRun, rng: np.random.Generator) -> AdaptiveErpDecoder:  # noqa: ARG001
    info = run.signals.streams["eeg"]
    return _begin(config, info.sfreq, info.channels)


def _begin(config: Config, sfreq: float, channels: tuple[str, ...]) -> AdaptiveErpDecoder:
    if config.control == "shuffled-labels":
        raise ValueError("Setting 'control' (got 'shuffled-labels') needs a calibration, whose labels it shuffles.")
    return AdaptiveErpDecoder(sfreq=sfreq).start_with(channels)
