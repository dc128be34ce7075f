"""Propose, validate, and show what pays: from a belief to the next page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from experiments.belief import Belief, Continuation
from experiments.display.screen import Screen
from experiments.document import Document
from experiments.layout import LayoutPolicy
from experiments.page import Page, Slot
from generation.types import Candidate, Context, Generator, Speller
from validation.types import Validator, Verdict


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened to every candidate on its way to a page, and how long the stages took.

    Parameters
    ----------
    candidates : list of dict
        Text, log_p, source, whether it was shown, and the verdict that dropped it.
    seconds : dict of str to float
        Measured wall time of each stage.
    """

    candidates: list[dict[str, Any]]
    seconds: dict[str, float]


class PageSource(Protocol):
    """Who makes pages: the generators, or a log."""

    def next_page(self, belief: Belief, document: Document) -> tuple[Page, Trace]:
        """Return the page for this belief and document."""
        ...


class PageMaker:
    """Letters in fixed places, and the candidates that pay for their reading.

    Parameters
    ----------
    generators : sequence of Generator
    speller : Speller
    validators : sequence of Validator
        In the order in which they are asked; the first that refuses decides.
    policy : LayoutPolicy
    screen : Screen
    models : mapping of str to str
        Name and checksum of each language model behind the generators, for the log.
    """

    def __init__(
        self,
        generators: Sequence[Generator],
        speller: Speller,
        validators: Sequence[Validator],
        policy: LayoutPolicy,
        screen: Screen,
        models: Mapping[str, str] | None = None,
    ) -> None:
        self.models = dict(models or {})
        self._generators = generators
        self._speller = speller
        self._validators = validators
        self._policy = policy
        self._first_letter = screen.n_places - max(len(layer) for layer in speller.layers)
        self._n_candidate_places = self._first_letter - 2
        if self._n_candidate_places < 0:
            raise ValueError(
                f"Argument 'screen' must have a place for every letter and two commands (got {screen.n_places} places)."
            )

    @property
    def n_layers(self) -> int:
        return len(self._speller.layers)

    def obstacle(self, document: Document, target: str) -> str:
        """Why a target cannot be written from a document, in a sentence; empty where it can."""
        foreign = sorted(set(target) - {character for layer in self._speller.layers for character in layer})
        if foreign:
            return f"No page holds {', '.join(map(repr, foreign))}."
        return self._judge(document.context, Candidate(target, 0.0, "target")).reason

    def next_page(self, belief: Belief, document: Document) -> tuple[Page, Trace]:
        """Propose, validate, and lay out what pays."""
        clock = _Stopwatch()
        context = document.context
        proposed = self._propose(context)
        letters = self._letters(context, document.layer)
        clock.lap("propose")
        verdicts = {c.text: self._judge(context, c) for c in [*letters, *proposed]}
        letters = [c for c in letters if verdicts[c.text].ok]
        valid = [c for c in proposed if verdicts[c.text].ok and c.text not in {letter.text for letter in letters}]
        clock.lap("validate")
        continuation = self._continuation(document, [*valid, *letters])
        shown = self._choose(belief, document, letters, valid, continuation)
        slots = self._place(document, letters, shown)
        previous = document.previous.text if document.previous else None
        texts = [slot.candidate.text for slot in slots if slot.candidate.command is None]
        parts = belief.split(document.text, texts, previous, continuation)
        mass = np.zeros(len(slots))
        for part in parts:
            mass[part.slot] += part.cell.weight
        read_s = self._policy.gap_s + sum(c.read_s for c in shown)
        page = Page(document.text, tuple(slots), self._policy.prior(mass), parts, read_s)
        clock.lap("lay_out")
        return page, Trace(_traces(proposed, verdicts, {c.text for c in shown}), clock.laps)

    def _propose(self, context: Context) -> list[Candidate]:
        """What the generators offer, each text once, under the likeliest source."""
        best: dict[str, Candidate] = {}
        for generator in self._generators:
            for candidate in generator.propose(context, 4 * self._policy.max_candidates):
                known = best.get(candidate.text)
                if candidate.text and (known is None or candidate.log_p > known.log_p):
                    best[candidate.text] = candidate
        return sorted(best.values(), key=lambda c: -c.log_p)

    def _letters(self, context: Context, layer: int) -> list[Candidate]:
        p = self._speller.next_character(context)
        return [Candidate(text, math.log(p[text]), "speller") for text in self._speller.layers[layer]]

    def _judge(self, context: Context, candidate: Candidate) -> Verdict:
        verdict = Verdict(ok=True, stage="")
        for validator in self._validators:
            verdict = validator.check(context, candidate)
            if not verdict.ok:
                break
        return verdict

    def _continuation(self, document: Document, candidates: Sequence[Candidate]) -> Continuation:
        """Probability that a text goes on with another; from the candidates themselves where they know it."""
        known = {(document.text, c.text): math.exp(c.log_p) for c in candidates}

        def continuation(before: str, text: str) -> float:
            p = known.get((before, text))
            if p is None:
                p = math.exp(self._speller.log_p(Context(document.kind, before), text))
                known[before, text] = p
            return p

        return continuation

    def _choose(
        self,
        belief: Belief,
        document: Document,
        letters: Sequence[Candidate],
        valid: Sequence[Candidate],
        continuation: Continuation,
    ) -> list[Candidate]:
        def mass(text: str) -> float:
            start = document.text + text
            return sum(cell.weight * cell.share(start, continuation) for cell in belief.cells)

        of_letters = {c.text: mass(c.text) for c in letters}
        of_candidates = {c.text: mass(c.text) for c in valid}
        elsewhere = max(0.0, 1.0 - sum(of_letters.values()))
        chosen = self._policy.worth_showing(of_letters, of_candidates, elsewhere)[: self._n_candidate_places]
        by_text = {c.text: c for c in valid}
        return [
            Candidate(text, by_text[text].log_p, by_text[text].source, read_s=self._policy.reading_time(text))
            for text in chosen
        ]

    def _place(self, document: Document, letters: Sequence[Candidate], shown: Sequence[Candidate]) -> list[Slot]:
        """Letters keep their places; candidates stand above them, best first; commands between."""
        places = {text: self._first_letter + i for i, text in enumerate(self._speller.layers[document.layer])}
        slots = [Slot(letter, places[letter.text]) for letter in letters]
        slots += [Slot(candidate, place) for place, candidate in enumerate(shown)]
        slots.append(Slot(Candidate("", 0.0, "command", command="more"), self._first_letter - 1))
        if document.previous is not None:
            slots.append(Slot(Candidate("", 0.0, "command", command="undo"), self._first_letter - 2))
        return slots


class _Stopwatch:
    """Wall time of one stage after the other."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, stage: str) -> None:
        now = perf_counter()
        self.laps[stage] = now - self._last
        self._last = now


def _traces(proposed: Sequence[Candidate], verdicts: Mapping[str, Verdict], shown: set[str]) -> list[dict[str, Any]]:
    traces = []
    for candidate in proposed:
        verdict = verdicts[candidate.text]
        trace: dict[str, Any] = {"text": candidate.text, "log_p": candidate.log_p, "source": candidate.source}
        trace["shown"] = candidate.text in shown
        if not verdict.ok:
            trace |= {"dropped_by": verdict.stage, "rule": verdict.rule, "reason": verdict.reason}
        traces.append(trace)
    return traces
