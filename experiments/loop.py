"""The assembly loop: signals to selection, selection to document, document to the next page."""

from itertools import count
from typing import Any

import numpy as np

from acquisition.stimulus import Presentation
from experiments.belief import Belief
from experiments.document import Document, follow
from experiments.page import Page
from experiments.session import Session
from selector.types import Selection


def assemble(session: Session, document: Document, target: str | None, max_pages: int) -> Document:
    """Show pages and take selections until the target is written, or the pages are used up."""
    belief = Belief.sure_of(document.text)
    for trial in count():
        if document.text == target or trial == max_pages:
            break
        session.hold()
        page = session.next_page(trial, belief, document)
        selection, presentation = session.ask(trial, document, page) or run_trial(session, trial, document, page)
        session.log.write("selection", trial=trial, slot=selection.slot, **_account(page, selection))
        session.log.sync()
        chosen = page.chosen(selection)
        session.learn(presentation, selection, chosen)
        document = follow(document, chosen, session.n_layers, selection.chooser)
        said = Belief.weigh(page.parts, selection.posterior.p)
        belief = said if session.keeps_evidence else Belief.sure_of(document.text)
        session.log.write("belief", **belief.summary())
        session.log.write("document", **document.to_dict())
        session.tell(trial, selection, chosen, document)
    return document


def run_trial(session: Session, trial: int, document: Document, page: Page) -> tuple[Selection, Presentation]:
    """Show one page and weigh the signals until the stopping rule decides."""
    for tick in session.display.read(page):
        session.hear(tick, "read")
    posterior = session.feel(page)
    regions = page.regions(session.screen)
    presentation = Presentation(trial, regions, start=session.log.now)
    for _ in range(session.max_blocks):
        session.hold()
        block = session.paradigm.next_block(regions, posterior, session.pending(presentation), session.rng)
        session.log.write("block", trial=trial, **block.to_dict(), arranged=session.paradigm.arranged)
        presentation = presentation.then(block)
        for tick in session.display.show(block):
            session.hear(tick, "show")
            presentation = presentation.shown(tick.flips)
            posterior = session.weigh(presentation, posterior)
            session.pages.expect(document, page, posterior.p)
            if selection := session.stopping.decide(posterior, tick.now, exhausted=False):
                return selection, presentation
    for tick in session.display.wait(session.tail_s):
        session.hear(tick, "tail")
        posterior = session.weigh(presentation, posterior)
        session.pages.expect(document, page, posterior.p)
        if selection := session.stopping.decide(posterior, tick.now, exhausted=False):
            return selection, presentation
    selection = session.stopping.decide(posterior, session.log.now, exhausted=True)
    assert selection is not None, "a stopping rule must decide once a trial is exhausted"
    return selection, presentation


def _account(page: Page, selection: Selection) -> dict[str, Any]:
    """What was selected; how much of it came from the prior (against even odds), how much from who chose."""
    account = {"reason": selection.reason, "chooser": selection.chooser}
    if selection.slot is None:
        return account
    posterior, slot = selection.posterior, selection.slot
    log_prior, n_slots = float(posterior.log_prior[slot]), len(posterior.p) - 1
    bits = (float(np.log(posterior.p[slot])) - log_prior) / float(np.log(2))
    return account | {
        "text": page.slots[slot].candidate.text,
        "command": page.slots[slot].candidate.command,
        "p": float(posterior.p[slot]),
        "bits_from_prior": (log_prior + float(np.log(n_slots))) / float(np.log(2)),
        "bits_from_person": bits if selection.chooser == "person" else 0.0,
        "bits_from_model": 0.0 if selection.chooser == "person" else bits,
    }
