"""Propose, validate, and show what pays: from a belief to the next page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from acquisition.stream import FloatArray
from experiments.belief import Belief, Continuation, Part
from experiments.display.screen import Screen
from experiments.document import Document
from generation.types import Candidate, Context, Generator, Speller
from validation.types import Validator, Verdict


@dataclass(frozen=True, slots=True)
class Slot:
    """A candidate and its place on the screen."""

    candidate: Candidate
    place: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the log; what is empty is left out."""
        c = self.candidate
        values = {"text": c.text, "log_p": c.log_p, "source": c.source, "read_s": c.read_s, "command": c.command}
        return {"place": self.place, **{key: value for key, value in values.items() if value not in (None, "", 0.0)}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Slot":
        """Inverse of `to_dict`."""
        candidate = Candidate(
            text=values.get("text", ""),
            log_p=values.get("log_p", 0.0),
            source=values["source"],
            read_s=values.get("read_s", 0.0),
            command=values.get("command"),
        )
        return cls(candidate, values["place"])


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One set of slots, and the prior of each.

    Parameters
    ----------
    document : str
        The text it continues.
    slots : tuple of Slot
        Letters and candidates, then "more", then "undo" where there is something to undo.
    mass : array, shape (n_slots + 1,)
        Prior of each slot as a cell, floor included; sums to one; the last is "attends to nothing".
    parts : tuple of Part
        The belief, cut along the slots.
    read_s : float
        How long the page is shown before anything flashes, in s.
    """

    document: str
    slots: tuple[Slot, ...]
    mass: FloatArray
    parts: tuple[Part, ...]
    read_s: float

    @property
    def n_slots(self) -> int:
        return len(self.slots)

    def regions(self, screen: Screen) -> FloatArray:
        """Left, top, width and height of each slot, shape (n_slots, 4), in px."""
        return np.stack([screen.region(slot.place) for slot in self.slots])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the log."""
        return {
            "slots": [slot.to_dict() for slot in self.slots],
            "mass": self.mass.tolist(),
            "parts": [part.to_list(self.document) for part in self.parts],
            "read_s": self.read_s,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], document: str) -> "Page":
        """Inverse of `to_dict` for the same document."""
        return cls(
            document=document,
            slots=tuple(Slot.from_dict(slot) for slot in values["slots"]),
            mass=np.array(values["mass"]),
            parts=tuple(Part.from_list(part, document) for part in values["parts"]),
            read_s=values["read_s"],
        )


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


@dataclass(frozen=True, slots=True)
class LayoutPolicy:
    """What a page costs, and what it must bring.

    Parameters
    ----------
    gap_s : float
        Time between two pages: feedback, and moving the eyes to the next target.
    read_word_s : float
        Time to find and read one word of a candidate. Letters stand in fixed places and cost nothing.
    trial_s : float
        What a selection takes on average, without reading: the cost that candidates save.
    floor : float
        Share of the prior that is spread evenly over the slots, since language models are overconfident.
    no_control : float
        Prior probability that the person attends to nothing.
    max_candidates : int
        At most so many candidates beside the letters.
    """

    gap_s: float = 1.0
    read_word_s: float = 0.25
    trial_s: float = 4.0
    floor: float = 0.05
    no_control: float = 0.01
    max_candidates: int = 24

    def reading_time(self, text: str) -> float:
        """Time (s) to read a candidate: one unit per word, and per eight characters of longer ones."""
        return self.read_word_s * max(1, len(text.split()), math.ceil(len(text) / 8))

    def worth_showing(
        self, letters: Mapping[str, float], candidates: Mapping[str, float], elsewhere: float
    ) -> list[str]:
        """Choose candidates while they bring more bits per second than the page has without them.

        Parameters
        ----------
        letters : mapping of str to float
            What is on the page anyway, and the probability of all continuations that start with it.
        candidates : mapping of str to float
            The same for what may join.
        elsewhere : float
            Probability of everything else (undo, more).

        Returns
        -------
        list of str
            The chosen ones, in order of what they bring.

        Notes
        -----
        The page's information is the entropy of its cells. A candidate splits its parent's cell in two; it joins if
        that adds more bits per second of reading than the page yields per second of its whole trial (the marginal
        value theorem, Charnov 1976).
        """
        cells = {**letters, "": elsewhere}
        seconds = self.gap_s + self.trial_s
        bits = sum(_bits(p) for p in cells.values())
        chosen: list[str] = []
        waiting = dict(candidates)
        while waiting and len(chosen) < self.max_candidates:
            own = {text: p - sum(cells[c] for c in chosen if c.startswith(text)) for text, p in waiting.items()}
            gains = {text: _gain(text, p, cells) for text, p in own.items()}
            best = max(gains, key=lambda text: gains[text] / self.reading_time(text))
            if gains[best] / self.reading_time(best) <= bits / seconds:
                break
            parent = _parent(best, cells)
            if parent is not None:
                cells[parent] = max(0.0, cells[parent] - own[best])
            cells[best] = own[best]
            bits += gains[best]
            seconds += self.reading_time(best)
            chosen.append(best)
            del waiting[best]
        return chosen

    def prior(self, mass: FloatArray) -> FloatArray:
        """Floor the masses, shape (n_slots,), and append "attends to nothing"; sums to one."""
        shares = (1.0 - self.floor) * mass / mass.sum() + self.floor / len(mass)
        return np.append((1.0 - self.no_control) * shares, self.no_control)


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


def _parent(text: str, cells: Mapping[str, float]) -> str | None:
    """The longest cell that a text would be cut out of."""
    for end in range(len(text) - 1, 0, -1):
        if text[:end] in cells:
            return text[:end]
    return None


def _gain(text: str, p: float, cells: Mapping[str, float]) -> float:
    """Bits that the page's entropy gains when ``text`` leaves its parent's cell."""
    parent = _parent(text, cells)
    if parent is None or p <= 0.0:
        return 0.0
    whole = cells[parent]
    return _bits(min(p, whole)) + _bits(max(0.0, whole - p)) - _bits(whole)


def _bits(p: float) -> float:
    return -p * math.log2(p) if p > 0.0 else 0.0
