"""Decoders on every data set in one table, beside what public methods reached on these recordings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from statistics import fmean
from typing import Any

from experiments.evaluation.anchors import Anchor, Figure
from experiments.evaluation.scores import EvaluationResult


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one decoder.

    Parameters
    ----------
    dataset, protocol, decoder : str
        What was judged.
    default : bool
        Is it the protocol's default decoder?
    subject : str or None
        Whose figure; None for the mean over people.
    figure : str
        As in `Score.key`.
    value : float
        Between 0 and 1.
    low, high : float or None
        Exact 95 % interval, for a mean over people that of all their decisions together; None for "auc".
    n : int
        Decisions, for "auc" epochs, behind the figure.
    anchor : float, pair of float or None
        A public method's figure; a pair where only the lowest and the highest are known.
    """

    dataset: str
    protocol: str
    decoder: str
    default: bool
    subject: str | None
    figure: str
    value: float
    low: float | None
    high: float | None
    n: int
    anchor: Figure | None

    @property
    def difference(self) -> float | None:
        """How far above the anchor the value is; 0 within a pair, None without an anchor."""
        if self.anchor is None:
            return None
        low, high = self.anchor if isinstance(self.anchor, tuple) else (self.anchor, self.anchor)
        return self.value - min(max(self.value, low), high)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Data sets, each by its main protocol.

    Parameters
    ----------
    results : tuple of EvaluationResult
        One per data set.
    rows : tuple of Row
        Their figures.
    anchors : mapping of str to Anchor or None
        What there is to compare with, by data set.
    skipped : mapping of str to str
        Why data sets were not judged, by name.
    """

    results: tuple[EvaluationResult, ...]
    rows: tuple[Row, ...]
    anchors: Mapping[str, Anchor | None]
    skipped: Mapping[str, str]

    @property
    def differences(self) -> dict[str, float]:
        """By data set: of the default to the anchor, mean over all figures that have one."""
        found: dict[str, list[float]] = {}
        for row in self.rows:
            if row.default and row.subject is None and row.difference is not None:
                found.setdefault(row.dataset, []).append(row.difference)
        return {name: fmean(values) for name, values in found.items()}

    @property
    def mean_difference(self) -> float | None:
        """Mean of `differences` over data sets, each counting once; None without any."""
        return fmean(self.differences.values()) if self.differences else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "results": [result.to_dict() for result in self.results],
            "table": [asdict(row) | {"difference": row.difference} for row in self.rows],
            "anchors": {name: anchor and anchor.model_dump() for name, anchor in self.anchors.items()},
            "differences": self.differences,
            "mean_difference": self.mean_difference,
            "skipped": dict(self.skipped),
        }


def rows_of(result: EvaluationResult, anchor: Anchor | None, default: str) -> list[Row]:
    """Figures of each decoder: means over people, then those of persons for whom there is an anchor.

    Parameters
    ----------
    result : EvaluationResult
        Of one data set.
    anchor : Anchor or None
        That of its protocol.
    default : str
        The protocol's default decoder.
    """
    rows = []
    for decoder in dict.fromkeys(score.decoder for score in result.scores):
        row = partial(Row, result.dataset, result.protocol, decoder, decoder == default)
        judged = replace(result, decoder=decoder, scores=tuple(s for s in result.scores if s.decoder == decoder))
        pooled = judged.pooled
        for key, mean in judged.mean.items():
            group = [score for score in judged.scores if score.key == key]
            low, high = (pooled[key][end] if key in pooled else None for end in ("low", "high"))
            beside = None if anchor is None else anchor.mean(key, [score.subject for score in group])
            rows.append(row(None, key, mean, low, high, sum(score.n for score in group), beside))
        for score in judged.scores:
            own = None if anchor is None else anchor.of(score.subject, score.key)
            if own is not None:
                rows.append(row(score.subject, score.key, score.value, score.low, score.high, score.n, own))
    return rows
