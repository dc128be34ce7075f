"""Gaze beside EEG: how much each deserves to count, by cued slots that its decoder has not seen."""

import numpy as np

from acquisition.stream import Chunk, FloatArray, Signals
from experiments.calibration import CalibrationRun, CuedTrial
from experiments.config import Config, Fusion
from experiments.rig import heard
from selector.fusion import fit_weights

# What filters and the last epoch need beside the trial itself, in s.
_BEFORE_S, _AFTER_S = 1.0, 1.2


def fit_fusion(config: Config, run: CalibrationRun, rng: np.random.Generator) -> Fusion:
    """Weights with every second cued slot held out in turn.

    Parameters
    ----------
    config : Config
    run : CalibrationRun
        At least four cued slots.
    rng : numpy.random.Generator

    Returns
    -------
    Fusion
        The prior's weight stays as it was: cued slots tell nothing of the language model. So does the share of lapses:
        each modality knows its own, and `assent bench lapses` finds nothing left for a shared one to mend.

    Raises
    ------
    ValueError
        If there are too few cued slots, or a decoder refuses to learn from half of them.
    """
    if len(run.trials) < 4:
        raise ValueError(f"Setting 'also_gaze' needs at least 4 cued slots to learn from (got {len(run.trials)}).")
    said: dict[str, list[FloatArray]] = {}
    labels = []
    for fold in (0, 1):
        learnt = CalibrationRun(run.trials[1 - fold :: 2], run.signals)
        decoders = [parts.fit(config, learnt, rng) for parts in heard(config)]
        for trial in run.trials[fold::2]:
            labels.append(trial.cued)
            for decoder in decoders:
                evidence = decoder.decode(trial.presentation, _excerpt(trial, run.signals))
                said.setdefault(decoder.modality, []).append(evidence.quality * evidence.log_likelihood)
    evidences = {modality: np.array(rows) for modality, rows in said.items()}
    even = np.zeros_like(next(iter(evidences.values())))
    weights = fit_weights(even, evidences, np.array(labels))
    return config.fusion.model_copy(update={modality: weights[modality] for modality in evidences})


def _excerpt(trial: CuedTrial, signals: Signals) -> Signals:
    """The trial's own stretch of signals that are filtered already, as if nothing had followed."""
    held = Signals(list(signals.streams.values()), keep_s=np.inf)
    for name in signals.streams:
        times = signals.times(name)
        during = (times >= trial.presentation.start - _BEFORE_S) & (times <= trial.presentation.end + _AFTER_S)
        held.append([Chunk(name, times[during], signals.data(name)[during])])
    return held
