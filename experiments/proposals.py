"""What may come next, judged: the expensive half of a page, which needs no belief and may be worked out elsewhere."""

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from generation.types import Candidate, Context, Filter, Generator, Speller
from validation.rings import Ring
from validation.types import Validator, Verdict


class Cancelled(Exception):
    """Nobody wants these proposals any more."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """What went wrong on the way to a page.

    Parameters
    ----------
    kind : str
        "filter": a filter did not do all of its work. "worker": the worker died, hung or answered nonsense. "late": the
        page had to do without what the worker would have found.
    detail : str
        The same in words.
    seconds : float
        How long it took, or was waited for, where that says anything.
    """

    kind: str
    detail: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate, and the verdict that keeps or drops it.

    Parameters
    ----------
    candidate : Candidate
    verdict : Verdict
        Of the first validator that refused, or else of the last; its ``seconds`` are those of all that were asked.
    """

    candidate: Candidate
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the log; what is empty is left out."""
        c, verdict = self.candidate, self.verdict
        told = {"rule": verdict.rule, "reason": verdict.reason}
        return {
            "text": c.text,
            "log_p": c.log_p,
            "source": c.source,
            **({"stages": [[name, p if math.isfinite(p) else None] for name, p in c.stages]} if c.stages else {}),
            "kept_by" if verdict.ok else "dropped_by": verdict.stage,
            **{key: value for key, value in told.items() if value},
            **({"line": verdict.line} if verdict.line is not None else {}),
            "ms": 1e3 * verdict.seconds,
        }


@dataclass(frozen=True, slots=True)
class Proposals:
    """All that a page can be made of, whatever is believed.

    Parameters
    ----------
    letters : tuple of Judged
        Every character of every layer, with the speller's probability.
    candidates : tuple of Judged
        No text twice, likeliest first.
    seconds : mapping of str to float
        Measured wall time of each stage.
    mishaps : tuple of Mishap
    origin : str
        "loop" or "worker": where they were worked out.
    """

    letters: tuple[Judged, ...]
    candidates: tuple[Judged, ...]
    seconds: Mapping[str, float]
    mishaps: tuple[Mishap, ...] = ()
    origin: str = "loop"

    def to_json(self) -> bytes:
        """One line that `from_json` reads."""
        return _ADAPTER.dump_json(self)

    @classmethod
    def from_json(cls, line: bytes, speller: Speller) -> "Proposals":
        """Inverse of `to_json`, for answers that may come from a process gone wrong.

        Raises
        ------
        ValueError
            If it is no whole set of proposals, or its letters are not those of the speller.
        """
        try:
            found = _ADAPTER.validate_json(line, strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(f"An answer must hold proposals ({first['msg']}).") from None
        every = [judged.candidate for judged in (*found.letters, *found.candidates)]
        if not all(c.text and c.command is None and -math.inf < c.log_p <= _ROUNDING for c in every):
            raise ValueError("An answer must hold texts and their log-probabilities, none greater than 0.")
        if [letter.candidate.text for letter in found.letters] != [text for layer in speller.layers for text in layer]:
            raise ValueError("An answer must hold the letters of the speller, in their order.")
        return found


_ROUNDING = 1e-6
_LEAST_P = 1e-12
_ADAPTER = TypeAdapter(Proposals)


class Proposing(Protocol):
    """Who finds proposals: the generators in this process, or a worker ahead of time."""

    @property
    def speller(self) -> Speller:
        """Whose letters the pages show."""
        ...

    def propose(self, context: Context) -> Proposals:
        """Find what may come next."""
        ...

    def expect(self, contexts: Sequence[Context]) -> None:
        """Take in which contexts are likeliest to be asked for next, likeliest first; must return at once."""
        ...

    def judge(self, context: Context, candidate: Candidate) -> Verdict:
        """May the document with this candidate stand?"""
        ...

    def close(self) -> None:
        """End what runs."""
        ...


class Proposer:
    """Generators propose, filters rescore, validators judge.

    Parameters
    ----------
    generators : sequence of Generator
        A mixture is one, too.
    speller : Speller
    validators : sequence of Validator
        In the order in which they are asked; the first that refuses decides.
    filters : sequence of Filter
    n : int
        So many candidates are asked of each generator.
    """

    def __init__(
        self,
        generators: Sequence[Generator],
        speller: Speller,
        validators: Sequence[Validator],
        filters: Sequence[Filter] = (),
        n: int = 96,
    ) -> None:
        self.speller = speller
        self._generators = generators
        self._ring = Ring(validators)
        self._filters = filters
        self._n = n

    def propose(self, context: Context, wanted: Callable[[], bool] = lambda: True) -> Proposals:
        """Work the proposals out.

        Parameters
        ----------
        context : Context
        wanted : callable
            Asked between two stages whether to go on.

        Raises
        ------
        Cancelled
            If they are no longer wanted.
        """
        watch = Stopwatch()
        candidates = _likeliest(c for generator in self._generators for c in generator.propose(context, self._n))
        p = self.speller.next_character(context)
        letters = [
            Candidate(text, math.log(max(p[text], _LEAST_P)), "speller")
            for layer in self.speller.layers
            for text in layer
        ]
        watch.lap("propose")
        mishaps = []
        for stage in self._filters:
            _require(wanted)
            rescored = stage.rescore(context, candidates)
            fault = rescored.fault
            if all(math.isfinite(c.log_p) for c in rescored.candidates):
                candidates = rescored.candidates
            else:
                fault = f"Filter {stage.name!r} has given a candidate no finite log-probability."
            watch.lap("filter")
            if fault:
                mishaps.append(Mishap("filter", fault, watch.laps["filter"]))
        _require(wanted)
        judged = [Judged(c, self.judge(context, c)) for c in (*letters, *candidates)]
        watch.lap("validate")
        n_letters = len(letters)
        return Proposals(tuple(judged[:n_letters]), tuple(judged[n_letters:]), watch.laps, tuple(mishaps))

    def expect(self, contexts: Sequence[Context]) -> None:
        """Nothing is worked out ahead."""

    def judge(self, context: Context, candidate: Candidate) -> Verdict:
        """Ask the validators, one after the other; what was judged before is remembered."""
        verdicts = self._ring.check(context, candidate)
        decided = verdicts[-1] if verdicts else Verdict(ok=True, stage="")
        return replace(decided, seconds=sum(verdict.seconds for verdict in verdicts))

    def close(self) -> None:
        """Nothing runs."""


class Stopwatch:
    """Wall time of one stage after the other; a stage that comes again adds up."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, stage: str) -> None:
        now = perf_counter()
        self.laps[stage] = self.laps.get(stage, 0.0) + now - self._last
        self._last = now


def digest(context: Context) -> str:
    """Short hash of all that proposals depend on and that changes within a session."""
    told = f"{context.kind}\0{context.before}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(told).hexdigest()[:16]


def _likeliest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Each text once, under the likeliest source."""
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        known = best.get(candidate.text)
        if candidate.text and math.isfinite(candidate.log_p) and (known is None or candidate.log_p > known.log_p):
            best[candidate.text] = candidate
    return sorted(best.values(), key=lambda c: -c.log_p)


def _require(wanted: Callable[[], bool]) -> None:
    if not wanted():
        raise Cancelled
