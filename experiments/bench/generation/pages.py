"""How long a page takes to work out, stage by stage, against the time that a selection takes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.belief import Belief
from experiments.bench.table import Progress, Row, as_table
from experiments.config import Config
from experiments.copying import wanted_slot
from experiments.demo import TARGETS
from experiments.document import Document, follow
from experiments.kinds import page_maker
from experiments.page import Page
from experiments.pages import PageMaker
from generation.types import Kind
from selector.types import Posterior, Selection

WRITTEN: Mapping[Kind, tuple[str, ...]] = {
    "text": (
        TARGETS["text"],
        "The doctor said that she can come on Friday, but not before noon.",
        "I would like a cup of tea and my other glasses, please!",
    ),
    "python": (
        TARGETS["python"],
        "import json\n\n\ndef read(path):\n    with open(path) as file:\n        return json.load(file)\n",
        "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n"
        "        self.items.append(item)\n",
    ),
}
SURE = 0.95
NOTES = (
    "Every page on the way to a few documents, each written by one who always takes the slot that advances it most and "
    f"is believed with {SURE:g}; no page comes twice. 'propose' includes the letters. Ratios are to the seconds that a "
    "selection takes on average without reading (setting layout.trial_s)."
)


def bench_pages(quick: bool, progress: Progress) -> dict[str, Any]:
    """Time the stages of pages for text and for Python."""
    return measure(n_documents=1 if quick else 3, max_pages=200, progress=progress)


def measure(n_documents: int, max_pages: int, progress: Progress) -> dict[str, Any]:
    """Write so many documents of each kind, with at most so many pages each."""
    rows: list[Row] = []
    for kind, targets in WRITTEN.items():
        config = Config(kind=kind)
        progress(f"loading the models for {kind}", 0, 1)
        pages = page_maker(config)
        progress(f"loading the models for {kind}", 1, 1)
        traces: list[dict[str, float]] = []
        for done, target in enumerate(targets[:n_documents]):
            progress(f"pages of {kind}", done, n_documents)
            traces += _write(pages, kind, target, max_pages)
        progress(f"pages of {kind}", n_documents, n_documents)
        rows += _rows(kind, traces, config.layout.trial_s)
    return as_table("pages", rows, NOTES)


def _write(pages: PageMaker, kind: Kind, target: str, max_pages: int) -> list[dict[str, float]]:
    """Seconds of each stage, page by page, until the target is written."""
    document, belief = Document(kind), Belief.sure_of("")
    seconds = []
    for _ in range(max_pages):
        if document.text == target:
            break
        page, trace = pages.next_page(belief, document)
        seconds.append(trace.seconds)
        slots = [{"text": s.candidate.text, "command": s.candidate.command} for s in page.slots]
        selection = _selection(page, wanted_slot(slots, document.text, target))
        belief = Belief.weigh(page.parts, selection.posterior.p)
        document = follow(document, page.chosen(selection), pages.n_layers)
    return seconds


def _selection(page: Page, slot: int | None) -> Selection:
    """A slot taken for sure, nearly; what is left stays as the page had it."""
    assert slot is not None, "every document must be reachable"
    p = (1 - SURE) * page.mass
    p[slot] += SURE
    return Selection(slot, 0.0, Posterior(np.log(page.mass), np.log(p) - np.log(page.mass), p), "threshold")


def _rows(kind: Kind, traces: Sequence[Mapping[str, float]], trial_s: float) -> list[Row]:
    total = np.array([sum(trace.values()) for trace in traces])
    columns = {stage: np.array([trace[stage] for trace in traces]) for stage in traces[0]} | {"whole page": total}
    return [
        {
            "kind": kind,
            "stage": stage,
            "n_pages": len(traces),
            "median_ms": 1e3 * float(np.median(seconds)),
            "worst_ms": 1e3 * float(seconds.max()),
            "page_share": float(seconds.sum() / total.sum()),
            "x_median": float(np.median(seconds)) / trial_s,
            "x_worst": float(seconds.max()) / trial_s,
        }
        for stage, seconds in columns.items()
    ]
