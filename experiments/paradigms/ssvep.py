"""SSVEP: every slot flickers at a frequency and phase of its own, and the response that fits is decoded."""

import numpy as np

from experiments.calibration import CalibrationRun
from experiments.config import Config
from experiments.paradigms.types import Arrange, FittedDecoder, Wiring
from selector.decoders.ssvep_online import BAND, SSVEPDecoder
from selector.paradigms.ssvep import JointFrequencyPhase
from selector.types import Paradigm


def _paradigm(config: Config, arrange: Arrange | None) -> Paradigm:  # noqa: ARG001 - every slot has its own flicker
    return JointFrequencyPhase(frame_rate=config.timing.refresh_hz)


def _fit(config: Config, run: CalibrationRun, rng: np.random.Generator) -> FittedDecoder:
    cued = np.array([trial.cued for trial in run.trials])
    if config.control == "shuffled-labels":
        cued = rng.permutation(cued)
    return SSVEPDecoder().fit([trial.presentation for trial in run.trials], cued, run.signals)


WIRING = Wiring(stream="eeg", band=BAND, paradigm=_paradigm, fit=_fit, decoder=SSVEPDecoder)
