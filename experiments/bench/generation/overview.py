"""What generation is worth, stage by stage, on documents that nobody learnt from, for every kind of document."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.bench.generation import formula as blocks_formula
from experiments.bench.generation import formula_tokens as blocks_formula_tokens
from experiments.bench.generation import python as blocks_python
from experiments.bench.generation import table as blocks_table
from experiments.bench.generation import text as blocks_text
from experiments.bench.generation.cost import bench_cost
from experiments.bench.generation.coverage import Case, coverage
from experiments.bench.generation.filter import bench_filter
from experiments.bench.generation.language import token_ranks
from experiments.bench.generation.prefetch import bench_prefetch
from experiments.bench.table import Progress, Row, as_table
from generation.models import load
from generation.python.model import TokenModel
from generation.python.tokens import token_model
from generation.types import Generator, Kind

_KINDS: tuple[Kind, ...] = ("text", "python", "table", "formula")
_N_QUICK, _N = 6, 200
NOTES = (
    "'coverage@k': is there a candidate among the first k that holds the next block, and only what really follows? "
    "'mrr': mean of one over the first such candidate's rank, none beyond 32. Stages are cumulative within a set; "
    "x_first is the ratio to the set's first stage. Parts, unless quick: the language model's filter, its cost, and "
    "prefetching."
)
LEFT_OUT = "Left out, since ASSENT_DATA names no folder with corpora/: all but the standard library's held-out modules."


def bench_generation(quick: bool, progress: Progress) -> dict[str, Any]:
    """Coverage, ranks and key presses by kind, set and stage; then filter, cost and prefetch."""
    corpora = Path(os.environ.get("ASSENT_DATA", "")) / "corpora"
    there = corpora if corpora.is_dir() else None
    result = measure(there, _N_QUICK if quick else _N, progress)
    parts = {"filter": bench_filter, "cost": bench_cost, "prefetch": bench_prefetch}
    return result if quick else {**result, "parts": {name: part(False, progress) for name, part in parts.items()}}


def measure(corpora: Path | None, n: int, progress: Progress) -> dict[str, Any]:
    """Take the figures at about ``n`` places of each set."""
    rows: list[Row] = []
    for done, kind in enumerate(_KINDS):
        progress("measuring what is proposed", done, len(_KINDS))
        for documents, cases in _sets(kind, corpora, n).items():
            rows += _rows(kind, documents, {s: coverage(g.propose, cases) for s, g in _stages(kind, documents).items()})
        for documents, figures in _further(kind, corpora, n):
            rows += _rows(kind, documents, figures)
    progress("measuring what is proposed", len(_KINDS), len(_KINDS))
    notes = (NOTES, blocks_text.NOTES, blocks_table.NOTES, blocks_formula.NOTES, blocks_formula_tokens.NOTES)
    return as_table("generation", rows, " ".join(notes if corpora else (NOTES, LEFT_OUT)))


def _sets(kind: Kind, corpora: Path | None, n: int) -> Mapping[str, Sequence[Case]]:
    found = {
        "text": blocks_text.blocks,
        "python": blocks_python.blocks,
        "table": blocks_table.blocks,
        "formula": blocks_formula.blocks,
    }[kind](corpora, n)
    return {documents: cases for documents, cases in found.items() if cases}


def _stages(kind: Kind, documents: str) -> Mapping[str, Generator]:
    if kind == "python":
        return blocks_python.stages("line" if documents.endswith(", line") else "token")
    return {"text": blocks_text.stages, "table": blocks_table.stages, "formula": blocks_formula.stages}[kind]()


def _further(kind: Kind, corpora: Path | None, n: int) -> Iterator[tuple[str, Mapping[str, Mapping[str, float]]]]:
    """Figures of a kind that are no coverage: key presses, and ranks of the next token, by set and stage."""
    if corpora is None:
        return
    if kind == "text":
        sizes = {name: len(found) for name, found in blocks_text.documents_of(corpora, 2 * n).items()}
        for documents, saved in blocks_text.key_presses(corpora, 2 * n).items():
            yield documents, {stage: {"n": sizes[documents], "savings@5": value} for stage, value in saved.items()}
    elif kind == "python":
        tasks = json.loads((corpora / "code" / "sanitized-mbpp.json").read_text("utf-8"))
        sources = [task["code"].replace("\r", "").strip() + "\n" for task in tasks][:: max(1, len(tasks) // n)]
        tokens = load("python-tokens")
        models = {"n-gram": TokenModel(tokens, cached=False), "+ cache": TokenModel(tokens), "+ scope": token_model()}
        yield "mbpp, next token", {stage: _ranks(token_ranks(model, sources)) for stage, model in models.items()}
    elif kind == "formula":
        figures = blocks_formula_tokens.token_figures(corpora, n)
        for measured in ("tokens", "tokens, with ends"):
            floor = measured.replace("tokens", "text 6-gram")
            yield f"EUSES, {measured}", {"text 6-gram": figures[floor], "n-gram": figures[measured]}


def _ranks(figures: Mapping[str, float]) -> dict[str, float]:
    return {"n": figures["n_tokens"], **{key: value for key, value in figures.items() if key.startswith("top-")}}


def _rows(kind: Kind, documents: str, by_stage: Mapping[str, Mapping[str, float]]) -> Iterator[Row]:
    """One row for each figure of each stage."""
    first = next(iter(by_stage.values()))
    for stage, figures in by_stage.items():
        for figure, value in figures.items():
            if figure != "n":
                yield {
                    "kind": kind,
                    "documents": documents,
                    "stage": stage,
                    "figure": figure,
                    "n": int(figures["n"]),
                    "value": value,
                    "x_first": value / first[figure] if first[figure] else None,
                }
