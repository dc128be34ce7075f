"""Whether probabilities are true: what a decision promised, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from experiments.evaluation.scores import Score
from selector.types import Evidence

N_BINS = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: whether it was right, how sure it was (0..1), and the log-probability (nats) of what was wanted."""

    hit: bool
    confidence: float
    log_p: float


def decide(evidence: Evidence, wanted: int) -> Decision:
    """The likeliest slot under even odds; without any observation a miss that promised nothing."""
    log_p = log_softmax(evidence.log_likelihood[:-1])
    hit = bool(evidence.n_observations and log_p.argmax() == wanted)
    return Decision(hit, float(np.exp(log_p.max())), float(log_p[wanted]))


def expected_calibration_error(decisions: Sequence[Decision]) -> float:
    """Mean distance of hits from confidence, over ten bins of confidence that hold equally many decisions.

    It is above 0 also for true probabilities, the more so the fewer decisions there are.

    Notes
    -----
    Nixon et al., "Measuring calibration in deep learning", CVPR workshops 2019 (bins of equal mass).
    """
    ordered = sorted(decisions, key=lambda decision: decision.confidence)
    bins = [part for part in np.array_split(np.arange(len(ordered)), N_BINS) if len(part)]
    off = [len(part) * abs(np.mean([ordered[i].hit - ordered[i].confidence for i in part])) for part in bins]
    return float(sum(off)) / len(ordered)


def probability_scores(
    subject: str, decoder: str, metric: str, at: float | None, decisions: Sequence[Decision]
) -> list[Score]:
    """Mean confidence, to be read beside the accuracy and its interval; log loss (nats); calibration error."""
    found = {
        "confidence": float(np.mean([decision.confidence for decision in decisions])),
        "nll": -float(np.mean([decision.log_p for decision in decisions])),
        "ece": expected_calibration_error(decisions),
    }
    return [Score(subject, decoder, f"{name} {metric}", at, value, len(decisions)) for name, value in found.items()]
