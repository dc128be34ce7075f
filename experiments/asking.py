"""Who may be asked before the person: alone where it is sure, or only to point at what the person then confirms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from acquisition.stream import FloatArray
from experiments.belief import Belief, Part
from experiments.choosers import MetaAI
from experiments.config import Config
from experiments.document import Document
from experiments.page import Page
from experiments.pages import PageSource, Trace

# A slot that the model rules out may still be what is wanted.
_LEAST_P = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """An answer.

    Parameters
    ----------
    slot : int or None
        None where the one asked abstains.
    p : array, shape (n_slots + 1,)
        What it thinks of each slot; sums to one; the last is "attends to nothing".
    chooser : str
        Who was asked.
    reason : str
        Why, in a sentence.
    """

    slot: int | None
    p: FloatArray
    chooser: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the log."""
        return {"slot": self.slot, "p": self.p.tolist(), "chooser": self.chooser, "reason": self.reason}

    @classmethod
    def from_dict(cls, values: Any) -> "Asked":
        """Inverse of `to_dict`."""
        return cls(values["slot"], np.array(values["p"]), values["chooser"], values["reason"])


class Chooser(Protocol):
    """Somebody who looks at a page."""

    def choose(self, document: Document, page: Page) -> Asked:
        """Choose a slot, or abstain."""
        ...


class ModelChooser:
    """A language model that chooses a slot where it is sure, and else leaves the page to the person.

    Commands have what no text has: the model never takes one.

    Parameters
    ----------
    model : MetaAI
    """

    def __init__(self, model: MetaAI) -> None:
        self._model = model

    def choose(self, document: Document, page: Page) -> Asked:
        """Choose a slot, or abstain; with whatever goes wrong, it abstains and says why."""
        slots = [i for i, slot in enumerate(page.slots) if slot.candidate.command is None]
        try:
            picked = self._model.pick(document.text, [page.slots[i].candidate.text for i in slots])
        except (RuntimeError, ValueError, OSError) as error:
            return Asked(None, page.mass, self._model.name, f"{self._model.name} abstains: {error}")
        p = np.zeros(len(page.mass))
        p[slots] = picked.p
        rest = page.slot_of("more")
        p[-1 if rest is None else rest] += max(0.0, 1.0 - p.sum())
        p = (1 - _LEAST_P) * p / p.sum() + _LEAST_P * page.mass
        return Asked(None if picked.place is None else slots[picked.place], p, self._model.name, picked.reason)


class Confirmed:
    """Pages on which somebody has pointed at one slot: the person takes it, or asks for the whole page by "more".

    Parameters
    ----------
    pages : PageSource
    chooser : Chooser
    """

    def __init__(self, pages: PageSource, chooser: Chooser) -> None:
        self._pages = pages
        self._chooser = chooser

    def next_page(self, belief: Belief, document: Document) -> tuple[Page, Trace]:
        """The page with one slot, if the chooser points at any; after "more" the whole one, layer by layer."""
        if document.layer:
            return self._pages.next_page(belief, replace(document, layer=document.layer - 1))
        page, trace = self._pages.next_page(belief, document)
        asked = self._chooser.choose(document, page)
        return (page if asked.slot is None else only(page, asked.slot)), replace(trace, asked=asked.to_dict())

    def expect(self, document: Document, page: Page, p: FloatArray) -> None:
        """As the pages themselves do."""
        self._pages.expect(document, page, p)


def only(page: Page, slot: int) -> Page:
    """A page with one of its slots and its commands; "more" takes over what the others had."""
    kept = [i for i, other in enumerate(page.slots) if i == slot or other.candidate.command is not None]
    more = page.slot_of("more")
    assert more is not None, "every page has a way to something else"
    places = {i: kept.index(i if i in kept else more) for i in range(page.n_slots)}
    mass = np.zeros(len(kept) + 1)
    for i, share in enumerate(page.mass[:-1].tolist()):
        mass[places[i]] += share
    mass[-1] = page.mass[-1]
    parts = tuple(Part(part.cell, places[part.slot]) for part in page.parts)
    unread = sum(other.candidate.read_s for i, other in enumerate(page.slots) if i not in kept)
    return Page(page.document, tuple(page.slots[i] for i in kept), mass, parts, page.read_s - unread)


def chooser(config: Config) -> ModelChooser | None:
    """Who is asked, as the settings say; None where the person alone chooses.

    Raises
    ------
    ImportError, OSError, ValueError
        If the model cannot be used; in a sentence.
    """
    told = config.choosing
    if told.by == "person":
        return None
    model = MetaAI.load(config.generation.llm, told.p, told.brief)
    if model is None:
        raise ValueError(
            f"Setting 'choosing.by' (got {told.by!r}) needs a language model: 'generation.llm' is "
            f"{config.generation.llm!r}, and llama-cpp-python must be installed."
        )
    return ModelChooser(model)


class Logged:
    """Answers of a log, in order."""

    def __init__(self, events: Sequence[dict[str, Any]], at_end: Callable[[], Exception]) -> None:
        self._events = iter([e for e in events if e["kind"] == "asked"])
        self._at_end = at_end

    def choose(self, document: Document, page: Page) -> Asked:  # noqa: ARG002 - both are verified
        """The next answer."""
        event = next(self._events, None)
        if event is None:
            raise self._at_end()
        return Asked.from_dict(event)
