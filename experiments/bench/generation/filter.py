"""What the language model's filter is worth: words, tokens and lines that nobody learnt from, with it and without."""

import math
import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiments.bench.generation import python as blocks_python
from experiments.bench.generation import text as blocks_text
from experiments.bench.generation.coverage import DEPTHS, Case, coverage
from experiments.bench.table import Progress, Row, as_table
from experiments.fitting import N_CANDIDATES, generators_of
from generation.fitted import TINY_LLAMA, mixture_of, read_fitted, sampler_of
from generation.llm.filter import LlmFilter, open_filter
from generation.models import checked, list_models
from generation.types import Candidate, Context, Filter, Generator, Kind

KINDS: tuple[Kind, ...] = ("text", "python")
OFF, ON, SAMPLES = "mixture", "+ LLM filter", "+ LLM samples"
_N_SAMPLES = 6
_TAKEN: Mapping[Kind, tuple[str, ...]] = {
    "text": ("held-out", "aac", "comm", "enron"),
    "python": ("mbpp,", "mbpp after the task", "held-out modules"),
}
NOTES = (
    "The generators' mixture with the weights and the calibration that ship: its candidates as they are, and as the "
    "tiny llama's filter reorders them, with as much time as it takes. Fitted on other documents, which "
    "generation/mixing.toml names; it says too whether the filter is on. 'top-1', 'mrr', 'coverage@k': of candidates "
    "that hold the next block and only what really follows; x_top_1 and x_mrr are ratios to those without the filter. "
    "'+ LLM samples': six of "
    "its own continuations beside the generators, instead of the filter. 'bits': surprise of the likeliest such "
    "candidate, where there is one."
)
WITHOUT_CORPORA = "Text and MBPP were left out: ASSENT_DATA must name the folder that holds corpora/."
WITHOUT_LLAMA = "The filter was left out: it takes the tiny llama, and the extra 'llm'."


class Filtered:
    """A generator whose candidates a filter rescores.

    Parameters
    ----------
    generator : Generator
    filter_ : Filter
    n : int
        Candidates that the filter sees, at least.
    """

    def __init__(self, generator: Generator, filter_: Filter, n: int = N_CANDIDATES) -> None:
        self._generator = generator
        self._filter = filter_
        self._n = n

    @property
    def name(self) -> str:
        """The generator's, and the filter's."""
        return f"{self._generator.name} + {self._filter.name}"

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        candidates = self._generator.propose(context, max(n, self._n))
        return self._filter.rescore(context, candidates).candidates[:n]


def bench_filter(quick: bool, progress: Progress) -> dict[str, Any]:
    """Ranks and bits of the next block without the filter and with it."""
    corpora = Path(os.environ.get("ASSENT_DATA", "")) / "corpora"
    is_there = all((corpora / part).is_dir() for part in ("text", "code"))
    return measure(corpora if is_there else None, 40 if quick else 250, progress)


def measure(corpora: Path | None, n: int, progress: Progress) -> dict[str, Any]:
    """Take the figures at about ``n`` places of each set; without corpora, of the standard library's modules alone."""
    rows: list[Row] = []
    kinds = KINDS if corpora is not None else KINDS[1:]
    for kind in kinds:
        found = stages(kind)
        for done, (documents, cases) in enumerate(sets := list(blocks(kind, corpora, n).items())):
            progress(f"filtering {kind}: {documents}", done, len(sets))
            rows += _rows(kind, documents, cases, found)
        progress(f"filtering {kind}", len(sets), len(sets))
    notes = [NOTES, *([] if corpora else [WITHOUT_CORPORA]), *([] if _has_llama() else [WITHOUT_LLAMA])]
    return as_table("filter", rows, " ".join(notes))


def blocks(kind: Kind, corpora: Path | None, n: int) -> Mapping[str, Sequence[Case]]:
    """Words of text, or tokens and lines of Python, about ``n`` of each set; of texts the English ones."""
    found = (blocks_text if kind == "text" else blocks_python).blocks(corpora, n)
    return {name: cases for name, cases in found.items() if cases and any(part in name for part in _TAKEN[kind])}


def stages(kind: Kind) -> Mapping[str, Generator]:
    """The mixture of what ships, and the same with the filter, whether it is on by default or not."""
    fitted = read_fitted()[kind]
    mixture = mixture_of(generators_of(kind), kind, fitted)
    if not _has_llama() or fitted.llm is None:
        return {OFF: mixture}
    filter_: LlmFilter = open_filter(checked(TINY_LLAMA).file, fitted.llm, budget_s=math.inf)
    drawing = sampler_of(_N_SAMPLES, budget_s=math.inf)
    assert drawing is not None, "what can be filtered can be sampled"
    return {
        OFF: mixture,
        ON: Filtered(mixture, filter_),
        SAMPLES: mixture_of([*generators_of(kind), drawing], kind, fitted),
    }


def _rows(kind: Kind, documents: str, cases: Sequence[Case], found: Mapping[str, Generator]) -> list[Row]:
    figures = {stage: _figures(generator, cases) for stage, generator in found.items()}
    return [
        {
            "kind": kind,
            "documents": documents,
            "stage": stage,
            **values,
            "x_top_1": _ratio(values["top-1"], figures[OFF]["top-1"]),
            "x_mrr": _ratio(values["mrr"], figures[OFF]["mrr"]),
        }
        for stage, values in figures.items()
    ]


def _figures(generator: Generator, cases: Sequence[Case]) -> dict[str, Any]:
    bits: list[float] = []
    pages = {case.context: generator.propose(case.context, N_CANDIDATES) for case in cases}
    found = coverage(lambda context, n: pages[context][:n], cases, (1, *DEPTHS))
    for case in cases:
        right = [c.log_p for c in pages[case.context] if c.text.startswith(case.block) and case.rest.startswith(c.text)]
        bits += [-max(right) / math.log(2)] if right else []
    return {
        "n": found["n"],
        "top-1": found["coverage@1"],
        "mrr": found["mrr"],
        **{f"coverage@{k}": found[f"coverage@{k}"] for k in DEPTHS},
        "bits": sum(bits) / len(bits) if bits else None,
    }


def _ratio(value: float, peer: float) -> float | None:
    return value / peer if peer else None


def _has_llama() -> bool:
    return find_spec("llama_cpp") is not None and any(info.name == TINY_LLAMA for info in list_models())
