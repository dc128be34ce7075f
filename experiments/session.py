"""A session: everything the loop needs, wired together, and its senses (hear, weigh, feel, hold)."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from scipy.special import log_softmax

from acquisition.meter import QualityMeter
from acquisition.quality import AHEAD_S, Fault, Health, told_by
from acquisition.seconds import StreamQuality, trial_quality
from acquisition.stimulus import Presentation
from acquisition.stream import Signals, Source, StreamLost
from experiments.asking import Chooser
from experiments.belief import Belief
from experiments.display.screen import Screen
from experiments.display.types import Display, Tick
from experiments.document import Document
from experiments.log import EventLog
from experiments.page import Page
from experiments.pages import PageSource
from generation.types import Candidate
from selector.control import ControlState
from selector.decoders.errors import ErrorDecoder
from selector.fusion import fuse
from selector.types import Decoder, Evidence, Learner, Paradigm, Posterior, Selection, StoppingRule

# Of all streams together; what was worth what before a trial is of no use to it.
_SECONDS_KEPT = 200


@dataclass(slots=True, eq=False)
class Session:
    """Everything a loop needs, whatever it is made of.

    Parameters
    ----------
    weights : mapping of str to float
        How much each modality's evidence counts.
    lapse : float
        Share of trials in which attention is elsewhere for all modalities at once.
    prior_weight : float
        How much a page's prior counts.
    max_blocks : int
        After so many blocks a trial is exhausted.
    tail_s : float
        How long to wait after the last block for the epochs of its flashes, in s.
    patience_s : float
        How long a lost stream may stay away, in s.
    asks : Chooser, optional
        Is asked before the person, who gets what it is not sure of.
    errors : ErrorDecoder, optional
        Hears whether the person takes what was inserted for an error.
    learns : bool
        Whether decoders that can learn from selections that the person let stand.
    keeps_evidence : bool
        Whether what the signals have said of one page counts for the next.
    control : ControlState
        Whether the person wants to select at all, as far as the pages so far tell.
    interrupt : callable
        Called between two ticks; may raise to end the session there.
    seconds : deque of StreamQuality
        What the latest seconds of the streams were worth.
    """

    source: Source
    signals: Signals
    health: Health
    meter: QualityMeter
    display: Display
    screen: Screen
    decoders: Sequence[Decoder]
    weights: Mapping[str, float]
    lapse: float
    prior_weight: float
    stopping: StoppingRule
    control: ControlState
    paradigm: Paradigm
    pages: PageSource
    log: EventLog
    rng: np.random.Generator
    max_blocks: int
    tail_s: float
    patience_s: float
    n_layers: int
    errors: ErrorDecoder | None = None
    asks: Chooser | None = None
    learns: bool = True
    keeps_evidence: bool = True
    interrupt: Callable[[], None] = lambda: None
    seconds: deque[StreamQuality] = field(default_factory=lambda: deque(maxlen=_SECONDS_KEPT))
    _worth: dict[str, float] = field(default_factory=dict)
    _worth_at: tuple[float, float] = (np.inf, np.inf)
    _unconfirmed: tuple[Presentation, int] | None = None
    _inserted_at: float | None = None
    _heard: dict[str, tuple[float, int]] = field(default_factory=dict)

    def hear(self, tick: Tick, phase: str) -> None:
        """Take in what has arrived by a tick, and log what was shown and what is wrong."""
        self.interrupt()
        self.log.now = tick.now
        chunks = self.source.pull(tick.now)
        self.log.write("flips", phase=phase, flips=tick.flips.tolist())
        for fault in told_by(self.source):
            self.report(fault, by="source")
        for fault in self.health.update(tick.now, chunks):
            self.report(fault)
        for second in self.meter.update(tick.now, chunks):
            self.log.write("quality", **second.to_dict())
            self.seconds.append(second)
        self.signals.append(chunks, until=tick.now + AHEAD_S)

    def next_page(self, trial: int, belief: Belief, document: Document) -> Page:
        """Have a page made, and log it with all that was weighed for it and all that went wrong."""
        page, trace = self.pages.next_page(belief, document)
        self.log.write(
            "page", trial=trial, context=document.digest, layer=document.layer, **page.to_dict(), **trace.to_dict()
        )
        for mishap in trace.mishaps:
            self.report(Fault("", mishap.kind, self.log.now, mishap.seconds, mishap.detail), by="pages")
        return page

    def report(self, fault: Fault, **more: str) -> None:
        """Log a fault."""
        values = asdict(fault)
        self.log.write("fault", fault=values.pop("kind"), **values, **more)

    def weigh(self, presentation: Presentation, prior: Posterior) -> Posterior:
        """Decode what was shown so far, and log it where anything new has spoken."""
        worth = self._trial_quality(presentation)
        decoded = [decoder.decode(presentation, self.signals) for decoder in self.decoders]
        evidence = [replace(e, quality=e.quality * worth.get(e.modality, 1.0)) for e in decoded]
        posterior, refused = fuse(prior.log_prior, evidence, self.weights, self.lapse)
        state = {e.modality: (e.complete_until, e.n_observations) for e in evidence}
        if state != self._heard:
            self._heard = state
            self.log.write("posterior", p=posterior.p.tolist(), evidence=[_plain(e) for e in evidence])
            for sentence in refused:
                self.report(Fault("", "evidence", self.log.now, 0.0, sentence))
        return posterior

    def ask(self, trial: int, document: Document, page: Page) -> tuple[Selection, None] | None:
        """Let somebody else choose, where there is anybody, and it is sure."""
        if self.asks is None:
            return None
        asked = self.asks.choose(document, page)
        self.log.write("asked", trial=trial, **asked.to_dict())
        if asked.slot is None:
            return None
        log_prior = np.log(page.mass)
        posterior = Posterior(log_prior, np.zeros_like(log_prior), asked.p)
        return Selection(asked.slot, self.log.now, posterior, "threshold", asked.chooser), None

    def learn(self, presentation: Presentation | None, selection: Selection, chosen: Candidate | None) -> None:
        """Let decoders learn from the person's selection before this one, unless this one undoes it."""
        if selection.slot is None or chosen is None:
            return
        if presentation is None:
            self._unconfirmed = None
            return
        learners = [decoder for decoder in self.decoders if isinstance(decoder, Learner)] if self.learns else []
        if self._unconfirmed and learners and chosen.command != "undo":
            shown, slot = self._unconfirmed
            for decoder in learners:
                decoder.learn(shown, slot, self.signals)
            self.log.write("learnt", trial=shown.trial, slot=slot, decoders=[d.modality for d in learners])
        self._unconfirmed = presentation, selection.slot

    def tell(self, trial: int, selection: Selection, chosen: Candidate | None, document: Document) -> None:
        """Show the person what was selected."""
        if selection.chooser == "person":
            self.control.update(float(selection.posterior.p[-1]))
        seen_at = self.display.feedback(selection, document)
        self.log.write("feedback", trial=trial, time=seen_at, no_control=self.control.no_control)
        self._inserted_at = seen_at if chosen is not None and chosen.command is None else None

    def feel(self, page: Page) -> Posterior:
        """What is believed of a page before it flashes: of control, and of what the brain answered to an insertion."""
        log_prior = log_softmax(self.prior_weight * np.log(self.control.prior(page.mass)))
        undo = page.slot_of("undo")
        if self.errors is not None and self._inserted_at is not None and undo is not None:
            nats = self.errors.log_likelihood_ratio_at(self._inserted_at, self.signals)
            self.log.write("felt", time=self._inserted_at, nats=nats)
            log_prior[undo] += nats or 0.0
            log_prior = log_softmax(log_prior)
        return Posterior(log_prior, np.zeros_like(log_prior), np.exp(log_prior))

    def _trial_quality(self, presentation: Presentation) -> dict[str, float]:
        """What each stream is worth in this trial so far; worked out anew only when a second has become known."""
        newest = self.seconds[-1].end if self.seconds else -np.inf
        if self._worth_at != (presentation.start, newest):
            self._worth_at = (presentation.start, newest)
            self._worth = trial_quality(self.seconds, presentation.start, max(presentation.end, newest))
        return self._worth

    def hold(self) -> None:
        """Wait while a stream that a decoder reads is silent."""
        needed = {decoder.modality for decoder in self.decoders}
        if not needed & self.health.lost:
            return
        for tick in self.display.wait(self.patience_s):
            self.hear(tick, "hold")
            if not needed & self.health.lost:
                return
        names = " and ".join(sorted(needed & self.health.lost))
        raise StreamLost(f"Stream {names} has been silent for more than {self.patience_s:g} s; the session stops here.")

    def pending(self, presentation: Presentation) -> int:
        """How many flashes no evidence has counted yet."""
        complete_until = min((until for until, _ in self._heard.values()), default=-np.inf)
        return sum(flash.time > complete_until for flash in presentation.flashes)


def _plain(evidence: Evidence) -> dict[str, Any]:
    return {
        "modality": evidence.modality,
        "time": evidence.time,
        "log_likelihood": evidence.log_likelihood.tolist(),
        "complete_until": evidence.complete_until if np.isfinite(evidence.complete_until) else None,
        "quality": evidence.quality,
        "n_observations": evidence.n_observations,
    }
