"""What an evaluation found: figures, how many decisions stand behind each, and exact intervals."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from scipy.stats import binomtest, chi2


@dataclass(frozen=True, slots=True)
class Score:
    """One figure for one person.

    Parameters
    ----------
    subject, decoder, metric : str
        Whose figure, by which decoder, of what: "accuracy", "auc", "characters", or accuracy under a condition by
        the condition's name.
    at : float or None
        Seconds for "accuracy", repetitions for "characters"; None where there is nothing to say.
    value : float
        Between 0 and 1; a rate per minute where ``minutes`` is given.
    n : int
        Decisions, for "auc" epochs, behind the figure.
    low, high : float or None
        Exact 95 % interval (Clopper-Pearson; Garwood for a rate); None for "auc".
    minutes : float or None
        How long was counted, where the value is a rate: ``n`` events a minute; None for a share.
    """

    subject: str
    decoder: str
    metric: str
    at: float | None
    value: float
    n: int
    low: float | None = None
    high: float | None = None
    minutes: float | None = None

    @property
    def key(self) -> str:
        """Like "accuracy@1.05", or the metric alone."""
        return self.metric if self.at is None else f"{self.metric}@{self.at:g}"


@dataclass(frozen=True, slots=True)
class OverLSL:
    """What changed because recordings were played over LSL, and not read from disk.

    Parameters
    ----------
    speed : float
        How many s of a recording passed in one s.
    n_recordings, n_samples, n_markers : int
        How much was played.
    samples_lost, markers_lost : int
        How much of it did not arrive.
    largest_time_error_ms : float
        Of a sample or a marker, in ms of the recording; what a session's correction of jitter moves is in it.
    largest_sample_difference : float
        In V or px.
    n_scores, n_scores_identical : int
        Scores, and how many of them are the same in all figures as those read from disk.
    largest_score_difference : float
        Of any score's value.
    """

    speed: float
    n_recordings: int
    n_samples: int
    samples_lost: int
    n_markers: int
    markers_lost: int
    largest_time_error_ms: float
    largest_sample_difference: float
    n_scores: int
    n_scores_identical: int
    largest_score_difference: float


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """All scores of one run, and their means over people for one decoder.

    Parameters
    ----------
    dataset, protocol, description : str
        What was done, by name and in words.
    decoder : str
        The decoder that the means are for.
    scores : tuple of Score
        One per person, decoder and figure.
    over_lsl : OverLSL, optional
        How they compare with those from disk, where the recordings were played over LSL.
    """

    dataset: str
    protocol: str
    description: str
    decoder: str
    scores: tuple[Score, ...]
    over_lsl: OverLSL | None = None

    @property
    def mean(self) -> dict[str, float]:
        """Mean over people, by `Score.key`."""
        return {key: sum(score.value for score in group) / len(group) for key, group in self._by_key().items()}

    @property
    def pooled(self) -> dict[str, dict[str, float]]:
        """For each accuracy or rate all people together: value, n, low and high, by `Score.key`."""
        pooled = {}
        for key, group in self._by_key().items():
            if group[0].minutes is not None:
                together = rate("", "", "", None, sum(s.n for s in group), sum(s.minutes or 0.0 for s in group))
                pooled[key] = {name: getattr(together, name) for name in ("value", "n", "low", "high")}
            elif group[0].low is not None:
                n = sum(score.n for score in group)
                hits = sum(score.value * score.n for score in group)
                low, high = exact_interval(hits, n)
                pooled[key] = {"value": hits / n, "n": n, "low": low, "high": high}
        return pooled

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "dataset": self.dataset,
            "protocol": self.protocol,
            "description": self.description,
            "decoder": self.decoder,
            "scores": [asdict(score) for score in self.scores],
            "mean": self.mean,
            "pooled": self.pooled,
            "over_lsl": self.over_lsl and asdict(self.over_lsl),
        }

    def _by_key(self) -> dict[str, list[Score]]:
        groups: dict[str, list[Score]] = {}
        for score in self.scores:
            if score.decoder == self.decoder:
                groups.setdefault(score.key, []).append(score)
        return groups


def exact_interval(hits: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of a proportion.

    Parameters
    ----------
    hits : float
        How many of ``n`` succeeded; a mean over draws lies between two counts, and the wider side of each is taken.
    n : int
        How many there were.
    confidence : float
        Coverage.
    """
    fewest, most = math.floor(hits + 1e-9), math.ceil(hits - 1e-9)
    low = binomtest(fewest, n).proportion_ci(confidence, method="exact").low
    high = binomtest(most, n).proportion_ci(confidence, method="exact").high
    return float(low), float(high)


def accuracy(subject: str, decoder: str, metric: str, at: float | None, hits: float, n: int) -> Score:
    """Score of ``n`` decisions of which ``hits`` (a count, or a mean of counts over draws) were right."""
    low, high = exact_interval(hits, n)
    return Score(subject, decoder, metric, at, hits / n, n, low, high)


def rate(subject: str, decoder: str, metric: str, at: float | None, n: int, minutes: float) -> Score:
    """Score of ``n`` events in so many minutes, with the exact interval of a Poisson rate (Garwood)."""
    low = chi2.ppf(0.025, 2 * n) / 2 if n else 0.0
    high = chi2.ppf(0.975, 2 * (n + 1)) / 2
    return Score(subject, decoder, metric, at, n / minutes, n, low / minutes, high / minutes, minutes)
