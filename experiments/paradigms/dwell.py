"""Dwell: nothing flashes, and gaze tells which slot is looked at."""

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray
from experiments.calibration import CalibrationRun
from experiments.config import Config
from experiments.paradigms.types import Arrange, FittedDecoder, Wiring
from selector.decoders.gaze import GazeDecoder
from selector.paradigms.dwell import Dwell
from selector.types import Paradigm


def _paradigm(config: Config, arrange: Arrange | None) -> Paradigm:  # noqa: ARG001 - without flashes, nothing to fix
    return Dwell(frame_rate=config.timing.refresh_hz)


def _fit(config: Config, run: CalibrationRun, rng: np.random.Generator) -> FittedDecoder:
    cued = np.array([trial.cued for trial in run.trials])
    times, gaze = run.signals.times("gaze"), run.signals.data("gaze")
    regions = run.trials[0].presentation.regions
    centres = regions[:, :2] + regions[:, 2:] / 2
    if config.control == "shuffled-labels":
        cued = _unrelated(cued, centres, rng)
    looked = [(times >= trial.presentation.start) & (times <= trial.presentation.end) for trial in run.trials]
    slots = np.repeat(cued, [int(during.sum()) for during in looked])
    return GazeDecoder().fit(
        np.concatenate([gaze[during] for during in looked]),
        centres[slots],
        np.concatenate([times[during] for during in looked]),
        sizes=regions[slots, 2:],
        channels=run.signals.streams["gaze"].channels,
    )


def _unrelated(cued: NDArray[np.int_], centres: FloatArray, rng: np.random.Generator) -> NDArray[np.int_]:
    """The same cues in an order that says least about where they were.

    With a handful of cues a random order is often half right: an affine map fitted to it would still tell places apart.
    """
    orders = [rng.permutation(cued) for _ in range(500)]
    places = centres[cued] - centres[cued].mean(axis=0)
    return min(
        orders, key=lambda order: float(np.linalg.norm(places.T @ (centres[order] - centres[order].mean(axis=0))))
    )


WIRING = Wiring(stream="gaze", band=None, paradigm=_paradigm, fit=_fit, decoder=GazeDecoder)
