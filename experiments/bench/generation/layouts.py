"""What a page is made of: seconds per correct character under each layout policy, on held-out documents."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os.path import commonprefix
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from acquisition.stream import FloatArray
from experiments.belief import Belief
from experiments.bench.selection import interval, targets
from experiments.bench.table import Progress, Row, as_table
from experiments.config import Config, load
from experiments.copying import wanted_slot
from experiments.document import Document, follow
from experiments.kinds import page_maker
from experiments.layout import POLICIES
from experiments.page import Page
from experiments.pages import PageMaker
from generation.types import Kind

NATS_PER_S = (1.0, 2.5, 10.0)
TICK_S = 0.2
MOST_TICKS = 100
MAX_PAGES = 60
NOTES = (
    "Held-out documents are written by one who always looks at the slot that advances them most, through a noisy "
    "channel: at each tick every slot's score takes a Gaussian step and that of the attended one drifts, so that the "
    "log-likelihood ratio between it and another grows by 'nats_per_s' (P300 is between 1 and 3, c-VEP and gaze near "
    f"10). A selection falls when the posterior reaches the session's threshold, at the latest after "
    f"{MOST_TICKS * TICK_S:g} s, wrong ones included, which cost an undo; time is that of ticks, of gaps between pages "
    "and of reading (settings layout.gap_s, layout.read_word_s); working out pages is left out. Both policies write "
    "the same documents with the same seeds; 'x_seconds_per_character' is over that of marginal-value, geometric mean "
    "over documents, 'low' and 'high' its 95 % interval by a bootstrap over documents."
)


@dataclass(frozen=True, slots=True)
class Written:
    """What one document took: seconds, pages, wrong selections, and characters up to the first mistake."""

    seconds: float
    n_pages: int
    n_wrong: int
    n_characters: int


def bench_layouts(quick: bool, progress: Progress) -> dict[str, Any]:
    """Compare the policies for text and Python."""
    data = Path(os.environ.get("ASSENT_DATA", ""))
    there = data if (data / "corpora").is_dir() else None
    if quick:
        return measure(there, {"text": 8, "python": 2}, (2.5,), progress)
    return measure(there, {"text": 90, "python": 24}, NATS_PER_S, progress)


def measure(
    data: Path | None, n_documents: Mapping[Kind, int], rates: Sequence[float], progress: Progress
) -> dict[str, Any]:
    """Write documents of each kind under each policy and rate.

    Parameters
    ----------
    data : Path or None
        Folder of the corpora; without it, a few documents of our own are written.
    n_documents : mapping of str to int
        How many of each kind.
    rates : sequence of float
        What the person tells, in nats per second.
    progress : Progress
    """
    rows: list[Row] = []
    for kind, n in n_documents.items():
        documents = targets(data, kind, n)
        configs = {policy: load(kind=kind, settings=[f"layout.policy={policy}"]) for policy in POLICIES}
        makers = {policy: page_maker(config) for policy, config in configs.items()}
        for done, rate in enumerate(rates):
            progress(f"writing {kind}", done, len(rates))
            written = {
                policy: [_write(makers[policy], config, target, rate, seed) for seed, target in enumerate(documents)]
                for policy, config in configs.items()
            }
            rows += _rows(kind, rate, written)
        progress(f"writing {kind}", len(rates), len(rates))
    return as_table("layouts", rows, NOTES)


def _write(pages: PageMaker, config: Config, target: str, rate: float, seed: int) -> Written:
    rng = np.random.default_rng(seed)
    seconds, n_pages, n_wrong = 0.0, 0, 0
    document, belief = Document(config.kind), Belief.sure_of("")
    while document.text != target and n_pages < MAX_PAGES:
        page, _ = pages.next_page(belief, document)
        slots = [{"text": s.candidate.text, "command": s.candidate.command} for s in page.slots]
        wanted = wanted_slot(slots, document.text, target)
        assert wanted is not None, "every document must be reachable"
        p, n_ticks = _attend(page, wanted, rate * TICK_S, config.stopping.p, rng)
        slot = int(np.argmax(p[:-1]))
        seconds += page.read_s + n_ticks * TICK_S
        n_pages, n_wrong = n_pages + 1, n_wrong + (slot != wanted)
        belief = Belief.weigh(page.parts, p)
        document = follow(document, page.slots[slot].candidate, pages.n_layers)
    return Written(seconds, n_pages, n_wrong, len(commonprefix((document.text, target))))  # noqa: RUF071


def _attend(page: Page, slot: int, drift: float, sure: float, rng: np.random.Generator) -> tuple[FloatArray, int]:
    """The posterior at which the selection falls, shape (n_slots + 1,), and after how many ticks."""
    scores = np.log(page.mass)
    for n_ticks in range(1, MOST_TICKS + 1):
        scores = scores + rng.normal(0.0, np.sqrt(drift), len(scores))
        scores[slot] += drift
        p: FloatArray = softmax(scores)
        if p[:-1].max() >= sure or n_ticks == MOST_TICKS:
            return p, n_ticks
    raise AssertionError("a trial has a last tick")


def _rows(kind: Kind, rate: float, written: Mapping[str, Sequence[Written]]) -> list[Row]:
    usual = written["marginal-value"]
    rows: list[Row] = []
    for policy, costs in written.items():
        pairs = [(a, b) for a, b in zip(costs, usual, strict=True) if a.n_characters and b.n_characters]
        ratios = [(a.seconds / a.n_characters) / (b.seconds / b.n_characters) for a, b in pairs]
        x, low, high = interval(ratios)
        n_characters = sum(one.n_characters for one in costs)
        rows.append(
            {
                "kind": kind,
                "nats_per_s": rate,
                "policy": policy,
                "n_documents": len(costs),
                "n_characters": n_characters,
                "n_pages": sum(one.n_pages for one in costs),
                "n_wrong": sum(one.n_wrong for one in costs),
                "s_per_character": sum(one.seconds for one in costs) / n_characters,
                "x_seconds_per_character": x,
                "low": low,
                "high": high,
            }
        )
    return rows
