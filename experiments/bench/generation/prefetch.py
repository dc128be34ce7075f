"""How often a page's proposals are ready when the selection falls, and how long it is waited for where they are not."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
from scipy.special import softmax

from acquisition.stream import FloatArray
from experiments.belief import Belief
from experiments.bench.selection import targets
from experiments.bench.table import Progress, Row, as_table
from experiments.config import Config, load
from experiments.copying import wanted_slot
from experiments.document import Document, follow
from experiments.kinds import page_maker
from experiments.page import Page
from experiments.pages import PageMaker, Trace
from generation.models import checked
from generation.types import Kind

TINY_LLAMA = "tiny-llama"
TRIALS_S = (1.0, 2.0, 4.0)
TICK_S = 0.05
SURE = 0.95
LOADING_S = 60.0
_LEAST_NATS = 1.0
_LONGEST = 3  # times as long as a trial on average
NOTES = (
    "Held-out documents are written in real time, a page after the other. In a trial, scores of all slots wander with "
    f"equal steps and that of one slot drifts until its posterior is {SURE:g}, as a selection needs; the pace is such "
    "that this takes about 'trial_s'. The slot is the one that advances the document most, but in "
    f"{100 * (1 - SURE):.0f} of 100 trials one drawn from the page's prior. There is no reading time: a trial begins "
    "as soon as the page is laid out. 'ready' is the share of pages whose proposals lay there when they were asked "
    "for, 'without' of those that had to do without the worker's; waits are those for proposals, in ms, and "
    "'p99_page_ms' is the whole page's. Without prefetch the same generators, language model and validators run "
    "when the selection has fallen; ratios are to their p99 wait. The worker has loaded its models before, and the "
    "page that opens a document is left out, since no selection leads to it."
)


def bench_prefetch(quick: bool, progress: Progress) -> dict[str, Any]:
    """Write with and without prefetch, text and Python, with the language model that ships."""
    data = Path(os.environ.get("ASSENT_DATA", ""))
    n_pages = 3 if quick else 40
    return measure(data if (data / "corpora").is_dir() else None, ("text", "python"), TRIALS_S, n_pages, progress)


def measure(
    data: Path | None, kinds: Sequence[Kind], trials_s: Sequence[float], n_pages: int, progress: Progress
) -> dict[str, Any]:
    """Wait for so many pages under each condition.

    Parameters
    ----------
    data : Path or None
        Folder of the corpora; without it, texts of our own are written.
    kinds : sequence of str
    trials_s : sequence of float
        How long a trial takes, in s.
    n_pages : int
    progress : Progress
    """
    rows: list[Row] = []
    for kind in kinds:
        documents = targets(data, kind, 8)
        config = load(kind=kind, settings=[f"generation.llm={json.dumps(str(checked(TINY_LLAMA).file))}"])
        progress(f"pages of {kind} without prefetch", 0, 1)
        with closing(page_maker(config)) as pages:
            without = _waits(pages, config, documents, 0.0, n_pages)
        peer_s = float(np.quantile([_waited(trace, in_loop=True) for trace, _ in without], 0.99))
        rows.append(_row(kind, "none", None, without, peer_s))
        for done, trial_s in enumerate(trials_s):
            progress(f"pages of {kind} with prefetch", done, len(trials_s))
            with closing(page_maker(config, real_time=True)) as pages:
                _warm_up(pages, config)
                waits = _waits(pages, config, documents, trial_s, n_pages)
            rows.append(_row(kind, "worker", trial_s, waits, peer_s))
        progress(f"pages of {kind} with prefetch", len(trials_s), len(trials_s))
    return as_table("prefetch", rows, NOTES)


def _waits(
    pages: PageMaker, config: Config, documents: Sequence[str], trial_s: float, n_pages: int
) -> list[tuple[Trace, float]]:
    """What became of each page that a selection led to, and how long it took altogether."""
    rng = np.random.default_rng(0)
    found: list[tuple[Trace, float]] = []
    while True:
        for target in documents:
            document, belief = Document(config.kind), Belief.sure_of("")
            opens = True
            while document.text != target:
                began = monotonic()
                page, trace = pages.next_page(belief, document)
                if not opens:
                    found.append((trace, monotonic() - began))
                if len(found) == n_pages:
                    return found
                opens = False
                slot = _attended(page, document, target, rng)
                p = page.mass
                for p in _posteriors(page, slot, trial_s, rng):
                    pages.expect(document, page, p)
                belief = Belief.weigh(page.parts, p)
                document = follow(document, page.slots[slot].candidate, pages.n_layers)


def _warm_up(pages: PageMaker, config: Config) -> None:
    """Return when the worker is up, as it is when a session's calibration has ended."""
    until = monotonic() + LOADING_S
    while pages.next_page(Belief.sure_of(""), Document(config.kind))[1].origin != "worker":
        if monotonic() > until:
            raise TimeoutError(f"The worker must be up within {LOADING_S:g} s.")
        sleep(TICK_S)


def _attended(page: Page, document: Document, target: str, rng: np.random.Generator) -> int:
    slots = [{"text": s.candidate.text, "command": s.candidate.command} for s in page.slots]
    slot = wanted_slot(slots, document.text, target)
    if slot is None or rng.random() > SURE:
        slot = int(rng.choice(page.n_slots, p=page.mass[:-1] / page.mass[:-1].sum()))
    return slot


def _posteriors(page: Page, slot: int, trial_s: float, rng: np.random.Generator) -> Iterator[FloatArray]:
    """The posterior of every tick of a trial, in real time, shape (n_slots + 1,), until the slot is selected."""
    n_ticks = max(1, round(trial_s / TICK_S))
    wanted = np.log(SURE / (1 - SURE)) - np.log(page.mass[slot] / (1 - page.mass[slot]))
    drift = max(_LEAST_NATS, float(wanted)) / n_ticks
    scores, began = np.log(page.mass), monotonic()
    for tick in range(1, _LONGEST * n_ticks + 1):
        scores = scores + rng.normal(0.0, np.sqrt(drift), len(scores))
        scores[slot] += drift
        if trial_s:
            sleep(max(0.0, began + tick * TICK_S - monotonic()))
        p = softmax(scores)
        yield p
        if p[slot] >= SURE:
            break


def _waited(trace: Trace, in_loop: bool) -> float:
    """Seconds that proposals were waited for."""
    work = sum(seconds for stage, seconds in trace.seconds.items() if stage not in ("wait", "lay_out"))
    if in_loop:
        return work
    return trace.seconds["wait"] + (work if trace.origin == "loop" else 0.0)


def _row(kind: Kind, prefetch: str, trial_s: float | None, waits: Sequence[tuple[Trace, float]], peer_s: float) -> Row:
    in_loop = prefetch == "none"
    waited = np.array([_waited(trace, in_loop) for trace, _ in waits])
    p99_s = float(np.quantile(waited, 0.99))
    return {
        "kind": kind,
        "prefetch": prefetch,
        "trial_s": trial_s,
        "n_pages": len(waits),
        "ready": float((waited == 0.0).mean()),
        "without": None if in_loop else float(np.mean([trace.origin == "loop" for trace, _ in waits])),
        "median_wait_ms": 1e3 * float(np.median(waited)),
        "p99_wait_ms": 1e3 * p99_s,
        "p99_page_ms": 1e3 * float(np.quantile([seconds for _, seconds in waits], 0.99)),
        "x_p99_wait": p99_s / peer_s,
    }
