"""The document half alone: what may come next at a cursor, each with its scores, its verdicts and its time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from experiments.proposals import Judged, Proposing
from generation.types import Candidate, Context
from validation.types import Verdict

_WHERE = 40  # characters of a context that are told of it

Closer = Callable[[Context, Candidate], Sequence[Verdict]]
"""A closer look at a candidate that is about to be shown: what the slow ring says of it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A candidate and all that was said of it.

    Parameters
    ----------
    candidate : Candidate
    verdicts : tuple of Verdict
        One that is no refusal may name a matter of style.
    """

    candidate: Candidate
    verdicts: tuple[Verdict, ...]

    @property
    def ok(self) -> bool:
        return all(verdict.ok for verdict in self.verdicts)

    @property
    def reason(self) -> str:
        """Why it was dropped; empty where it was not."""
        return next((verdict.reason for verdict in self.verdicts if not verdict.ok), "")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for programs."""
        c = self.candidate
        return {
            "text": c.text,
            "log_p": c.log_p,
            "source": c.source,
            "ok": self.ok,
            "stages": dict(c.stages),
            "verdicts": [
                {
                    "stage": v.stage,
                    "rule": v.rule,
                    "ok": v.ok,
                    "reason": v.reason,
                    **({"line": v.line} if v.line is not None else {}),
                    "ms": 1e3 * v.seconds,
                }
                for v in self.verdicts
            ],
            "ms": 1e3 * sum(v.seconds for v in self.verdicts),
        }


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What may come next.

    Parameters
    ----------
    offers : tuple of Offer
        Those that may stand first, likeliest first; then those that were dropped.
    seconds : mapping of str to float
        Of each stage.
    faults : tuple of str
        What went wrong, a sentence each.
    """

    offers: tuple[Offer, ...]
    seconds: Mapping[str, float]
    faults: tuple[str, ...] = ()

    def to_dict(self, context: Context, n: int) -> dict[str, Any]:
        """Plain values for programs; the first ``n`` that may stand."""
        kept = [offer for offer in self.offers if offer.ok]
        return {
            "context": {
                "kind": context.kind,
                "before": context.before[-_WHERE:],
                "after": context.after[:_WHERE],
                "n_before": len(context.before),
            },
            "candidates": [offer.to_dict() for offer in kept[:n]],
            "dropped": [offer.to_dict() for offer in self.offers if not offer.ok],
            "seconds": dict(self.seconds),
            "faults": list(self.faults),
        }


def suggest(proposing: Proposing, context: Context, n: int, closer: Closer | None = None) -> Suggestions:
    """What may come next at the cursor.

    Parameters
    ----------
    proposing : Proposing
    context : Context
    n : int
        So many that may stand are looked at more closely, where somebody does. If there are fewer, letters that may
        stand follow.
    closer : callable, optional

    Raises
    ------
    ValueError
        If ``n`` is less than 1.
    """
    if n < 1:
        raise ValueError(f"Argument 'n' (got {n}) must be at least 1.")
    found = proposing.propose(context)
    known = {judged.candidate.text for judged in found.candidates}
    letters = [letter for letter in found.letters if letter.verdict.ok and letter.candidate.text not in known]
    letters.sort(key=lambda letter: -letter.candidate.log_p)
    kept = [_offer(judged) for judged in found.candidates if judged.verdict.ok]
    kept += [_offer(letter) for letter in letters[: max(0, n - len(kept))]]
    dropped = [_offer(judged) for judged in found.candidates if not judged.verdict.ok]
    seconds = dict(found.seconds)
    if closer is not None:
        begun = perf_counter()
        kept = [_looked_at(offer, context, closer) if place < n else offer for place, offer in enumerate(kept)]
        seconds["look closer"] = perf_counter() - begun
    kept, refused = [o for o in kept if o.ok], [o for o in kept if not o.ok]
    return Suggestions((*kept, *refused, *dropped), seconds, tuple(m.detail for m in found.mishaps))


def _offer(judged: Judged) -> Offer:
    candidate = judged.candidate
    if not candidate.stages:
        candidate = replace(candidate, stages=((candidate.source, candidate.log_p),))
    return Offer(candidate, (judged.verdict,))


def _looked_at(offer: Offer, context: Context, closer: Closer) -> Offer:
    return replace(offer, verdicts=(*offer.verdicts, *closer(context, offer.candidate)))
