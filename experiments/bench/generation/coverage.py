"""How often what a document goes on with is among the first few candidates."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from generation.types import Candidate, Context

Propose = Callable[[Context, int], Sequence[Candidate]]
DEPTHS = (8, 16, 32)


@dataclass(frozen=True, slots=True)
class Case:
    """A place in a document that nobody learnt from.

    Parameters
    ----------
    context : Context
        What stands before it.
    rest : str
        What the document goes on with, to its end.
    block : str
        The next block: how far a candidate must reach, at least. ``rest`` begins with it.
    """

    context: Context
    rest: str
    block: str


def coverage(propose: Propose, cases: Iterable[Case], depths: Sequence[int] = DEPTHS) -> dict[str, float]:
    """Share of cases in which one of the first k candidates holds the next block, and only what really follows.

    Returns
    -------
    dict of str to float
        "n", "coverage@k" for each depth, and "mrr": the mean of one over the first such candidate's rank, which counts
        as nothing beyond the last depth.
    """
    ranks = [_rank(propose(case.context, max(depths)), case) for case in cases]
    if not ranks:
        raise ValueError("Argument 'cases' must hold at least one case (got none).")
    figures = {f"coverage@{k}": sum(rank <= k for rank in ranks) / len(ranks) for k in depths}
    reciprocal = sum(1 / rank for rank in ranks if rank <= max(depths)) / len(ranks)
    return {"n": len(ranks), **figures, "mrr": reciprocal}


def _rank(candidates: Sequence[Candidate], case: Case) -> float:
    """Place of the first candidate that holds the block, counted from 1; infinite if none does."""
    for place, candidate in enumerate(candidates, 1):
        if candidate.text.startswith(case.block) and case.rest.startswith(candidate.text):
            return place
    return float("inf")
