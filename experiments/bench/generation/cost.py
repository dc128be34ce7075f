"""What a language model costs as a filter, against other ways to use the same one."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.bench.generation.shapes import SHAPES, can_write, write_random
from experiments.bench.generation.ways import GENERATING, SCORING, STAGED
from experiments.bench.table import Progress, Row, as_table
from generation.fitted import TINY_LLAMA
from generation.models import checked

ALL_WAYS = (*SCORING, *GENERATING)
NOTES = (
    "A context of 256 tokens and 32 candidates of 8 tokens each; 8 tokens of the context are new and are read within "
    "the time of each way that scores, while those that generate have read everything. 'batched, staged': the first "
    "token of all, and the best 8 as wholes. 'no cache': the context is read anew for every candidate. Generating: 32 "
    "continuations of 8 tokens, sampled. Seconds are processor time of one thread, each way in a process of its own, "
    "whose memory at its most is 'peak_mb', Python and the model's file included; two candidates stand for all that go "
    "one by one without cache or are generated one by one. 'x_staged': ratio to the staged way with the same model. "
    "Qwen2.5-0.5B and Qwen-1.8B are files of random weights in Q4_0 of those shapes: a text costs the same, and means "
    "nothing."
)
WITHOUT_LLAMA_CPP = "Nothing was measured: the extra 'llm' (llama-cpp-python) must be installed."
WITHOUT_GGUF = "Larger shapes were left out: the package gguf, which writes their files, must be installed."


def bench_cost(quick: bool, progress: Progress) -> dict[str, Any]:
    """Processor time and memory of scoring and generating, by size of the model."""
    return measure((TINY_LLAMA,) if quick else (TINY_LLAMA, *SHAPES), ALL_WAYS, 5 if quick else 15, progress)


def measure(models: Sequence[str], ways: Sequence[str], n_repeats: int, progress: Progress) -> dict[str, Any]:
    """Measure the tiny llama and random weights of larger shapes, which are not repeated, in ways that begin staged."""
    can_read = importlib.util.find_spec("llama_cpp") is not None
    rows = _rows(models, ways, n_repeats, progress) if can_read else []
    left_out = [name for name in SHAPES if name not in models]
    notes = [NOTES, *([f"Left out: {', '.join(left_out)}."] if left_out else [] if can_write() else [WITHOUT_GGUF])]
    return as_table("cost", rows, " ".join(notes) if can_read else WITHOUT_LLAMA_CPP)


def _rows(models: Sequence[str], ways: Sequence[str], n_repeats: int, progress: Progress) -> list[Row]:
    rows: list[Row] = []
    for name in models:
        if name not in SHAPES:
            rows += model_rows(name, checked(name).file, ways, n_repeats, progress)
        elif can_write():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "random.gguf"
                write_random(path, SHAPES[name])
                rows += model_rows(name, path, ways, 1, progress)
    return rows


def model_rows(name: str, path: Path, ways: Sequence[str], n_repeats: int, progress: Progress) -> list[Row]:
    """Some ways with one model, each in its own process."""
    found = {}
    for done, way in enumerate(ways):
        progress(f"{name}: {way}", done, len(ways))
        found[way] = measured_apart(path, way, n_repeats)
    progress(name, len(ways), len(ways))
    return [
        {
            "model": name,
            "way": way,
            "file_mb": path.stat().st_size / 2**20,
            "cpu_s": figures["cpu_s"],
            "peak_mb": figures["peak_mb"],
            "x_staged": figures["cpu_s"] / found[STAGED]["cpu_s"],
        }
        for way, figures in found.items()
    ]


def measured_apart(path: Path, way: str, n_repeats: int) -> dict[str, float]:
    """Figures of a process that does nothing else.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    command = [sys.executable, "-m", "experiments.bench.generation.ways", os.fspath(path), way, str(n_repeats)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - only our own module
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise RuntimeError(f"Way {way!r} with {path.name} must run through ({last[0]}).")
    return {str(key): float(value) for key, value in json.loads(done.stdout).items()}
