"""From a belief and what was proposed to the next page: show what pays."""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from acquisition.stream import FloatArray
from experiments.belief import Belief, Continuation
from experiments.branches import Branches
from experiments.display.screen import Screen
from experiments.document import Document, follow
from experiments.layout import LayoutPolicy
from experiments.page import Page, Slot
from experiments.proposals import Judged, Mishap, Proposals, Proposing, Stopwatch
from generation.types import Candidate, Context

# So many slots are thought ahead, and none that is less likely than this.
N_EXPECTED, _LEAST_EXPECTED = 6, 0.02
# Of so many documents back it is remembered what was likely there.
_N_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened to every candidate on its way to a page, and how long the stages took.

    Parameters
    ----------
    candidates : list of dict
        As `experiments.proposals.Judged.to_dict` writes them, and whether each was "shown".
    seconds : dict of str to float
        Measured wall time of each stage.
    origin : str
        Where the proposals were worked out; see `experiments.proposals.Proposals`.
    mishaps : tuple of Mishap
    asked : dict
        What somebody who was to point at a slot has answered; empty where nobody was asked.
    """

    candidates: list[dict[str, Any]]
    seconds: dict[str, float]
    origin: str = "loop"
    mishaps: tuple[Mishap, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Fields of a page's event; mishaps are events of their own."""
        told = {"candidates": self.candidates, "seconds": self.seconds, "origin": self.origin}
        return {**told, "asked": dict(self.asked)} if self.asked else told


class PageSource(Protocol):
    """Who makes pages: the generators, or a log."""

    def next_page(self, belief: Belief, document: Document) -> tuple[Page, Trace]:
        """Return the page for this belief and document."""
        ...

    def expect(self, document: Document, page: Page, p: FloatArray) -> None:
        """Take in how likely each slot of the document's page is by now, shape (n_slots + 1,); must return at once."""
        ...


class PageMaker:
    """Letters in fixed places, and the candidates that pay for their reading.

    Parameters
    ----------
    proposer : Proposing
    policy : LayoutPolicy
    screen : Screen
    models : mapping of str to str
        Name and checksum of each language model behind the proposals, for the log.
    """

    def __init__(
        self, proposer: Proposing, policy: LayoutPolicy, screen: Screen, models: Mapping[str, str] | None = None
    ) -> None:
        self.models = dict(models or {})
        self._proposer = proposer
        self._speller = proposer.speller
        self._policy = policy
        self._first_letter = screen.n_places - max(len(layer) for layer in self._speller.layers)
        self._n_candidate_places = self._first_letter - 2
        if self._n_candidate_places < 0:
            raise ValueError(
                f"Argument 'screen' must have a place for every letter and two commands (got {screen.n_places} places)."
            )
        self._branches: OrderedDict[str, Branches] = OrderedDict()
        self._likeliest: tuple[Page | None, tuple[int, ...]] = (None, ())
        self._expected: list[Context] = []

    @property
    def n_layers(self) -> int:
        return len(self._speller.layers)

    def obstacle(self, document: Document, target: str) -> str:
        """Why a target cannot be written from a document, in a sentence; empty where it can."""
        foreign = sorted(set(target) - {character for layer in self._speller.layers for character in layer})
        if foreign:
            return f"No page holds {', '.join(map(repr, foreign))}."
        return self._proposer.judge(document.context, Candidate(target, 0.0, "target")).reason

    def next_page(self, belief: Belief, document: Document) -> tuple[Page, Trace]:
        """Propose, filter, validate, and lay out what pays."""
        proposals = self._proposer.propose(document.context)
        watch = Stopwatch()
        page = self.lay_out(belief, document, proposals)
        watch.lap("lay_out")
        self.expect(document, page, page.mass)
        shown = {slot.candidate.text for slot in page.slots if slot.candidate.source not in ("speller", "command")}
        candidates = [{**judged.to_dict(), "shown": judged.candidate.text in shown} for judged in proposals.candidates]
        return page, Trace(candidates, {**proposals.seconds, **watch.laps}, proposals.origin, proposals.mishaps)

    def lay_out(self, belief: Belief, document: Document, proposals: Proposals) -> Page:
        """Choose what pays, and cut the belief along it."""
        continuation = self._continuation(document, proposals)
        belief = belief.seen_from(document.text, continuation)
        layer = self._speller.layers[document.layer]
        letters = [
            replace(c, log_p=math.log(max(continuation(document.text, c.text), _LEAST_P)))
            for c in _kept(proposals.letters)
            if c.text in layer
        ]
        on_layer = {letter.text for letter in letters}
        valid = [c for c in _kept(proposals.candidates) if c.text not in on_layer]
        for text in self._policy.beginnings([c.text for c in valid]):
            p = max(continuation(document.text, text), _LEAST_P)
            valid.append(Candidate(text, math.log(p), "beginning"))
        shown = self._choose(belief, document, letters, valid, continuation)
        slots = self._place(document, letters, shown)
        previous = document.previous.text if document.previous else None
        texts = [slot.candidate.text for slot in slots if slot.candidate.command is None]
        parts = belief.split(document.text, texts, previous, continuation)
        mass = np.zeros(len(slots))
        for part in parts:
            mass[part.slot] += part.cell.weight
        read_s = self._policy.gap_s + sum(c.read_s for c in shown)
        return Page(document.text, tuple(slots), self._policy.prior(mass), parts, read_s)

    def expect(self, document: Document, page: Page, p: FloatArray) -> None:
        """Have proposals worked out ahead for the documents that the likeliest slots lead to."""
        order = np.argsort(-p[:-1], kind="stable")[:N_EXPECTED]
        likeliest = tuple(int(slot) for slot in order if p[slot] >= _LEAST_EXPECTED)
        if self._likeliest != (page, likeliest):
            self._likeliest = page, likeliest
            chosen = (page.slots[slot].candidate for slot in likeliest)
            self._expected = [follow(document, candidate, self.n_layers).context for candidate in chosen]
        self._proposer.expect(self._expected)

    def close(self) -> None:
        """End what works ahead."""
        self._proposer.close()

    def _continuation(self, document: Document, proposals: Proposals) -> Continuation:
        """Probability that a text goes on with another, as far as was proposed here and on the pages before."""
        remembered = self._branches

        def spell(before: str, text: str) -> float:
            return self._speller.log_p(replace(document.context, before=before), text)

        here = Branches(
            {c.text: math.exp(c.log_p) for c in _kept(proposals.letters)},
            {c.text: math.exp(c.log_p) for c in _kept(proposals.candidates)},
            lambda beginning, text: spell(document.text + beginning, text),
        )
        remembered[document.text] = here
        remembered.move_to_end(document.text)
        if len(remembered) > _N_REMEMBERED:
            remembered.popitem(last=False)
        known: dict[tuple[str, str], float] = {}

        def continuation(before: str, text: str) -> float:
            p = known.get((before, text))
            if p is None:
                branches = remembered.get(before)
                p = branches.p(text) if branches else math.exp(spell(before, text))
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
        near = [cell for cell in belief.cells if cell.is_near(document.text)]

        def mass(text: str) -> float:
            start = document.text + text
            return sum(cell.weight * cell.share(start, continuation) for cell in near)

        of_letters = {c.text: mass(c.text) for c in letters}
        of_candidates = {c.text: mass(c.text) for c in valid}
        elsewhere = max(0.0, 1.0 - sum(of_letters.values()))
        chosen = self._policy.worth_showing(of_letters, of_candidates, elsewhere)[: self._n_candidate_places]
        by_text = {c.text: c for c in valid}
        return [replace(by_text[text], read_s=self._policy.reading_time(text), stages=()) for text in chosen]

    def _place(self, document: Document, letters: Sequence[Candidate], shown: Sequence[Candidate]) -> list[Slot]:
        """Letters keep their places; candidates stand above them, best first; commands between."""
        places = {text: self._first_letter + i for i, text in enumerate(self._speller.layers[document.layer])}
        slots = [Slot(letter, places[letter.text]) for letter in letters]
        slots += [Slot(candidate, place) for place, candidate in enumerate(shown)]
        slots.append(Slot(Candidate("", 0.0, "command", command="more"), self._first_letter - 1))
        if document.previous is not None:
            slots.append(Slot(Candidate("", 0.0, "command", command="undo"), self._first_letter - 2))
        return slots


_LEAST_P = 1e-12


def _kept(judged: Sequence[Judged]) -> list[Candidate]:
    return [each.candidate for each in judged if each.verdict.ok]
