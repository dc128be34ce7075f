"""Ways to have a model judge 32 candidates, or make as many itself; each is measured in a process of its own."""

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from generation.llm.llama import Llama, LogProbabilities, Row
from generation.llm.scorer import LlmScorer

N_CANDIDATES = 32
N_TOKENS = 8
N_NEW = 8
N_READ = 256
N_WHOLE = 8
_SOME = 2  # candidates that stand for all where all would take minutes
_SEED = 0
_BATCH = 256


def measure(path: Path, way: str, n_repeats: int) -> dict[str, float]:
    """Processor time for all candidates, and the process's memory at its most.

    Parameters
    ----------
    path : Path
        A GGUF file.
    way : str
        One of ``SCORING`` or ``GENERATING``.
    n_repeats : int

    Returns
    -------
    dict of str to float
        "cpu_s", the median, and "peak_mb", with the model's file.
    """
    if way in SCORING:
        seconds = _measure_scoring(path, SCORING[way], n_repeats)
    else:
        seconds = _measure_generating(path, GENERATING[way], n_repeats)
    return {"cpu_s": float(np.median(seconds)), "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _measure_scoring(path: Path, score: "Score", n_repeats: int) -> list[float]:
    """Seconds, once the context is read but for its last few tokens."""
    seconds = []
    with LlmScorer(path, N_READ + 2 * N_NEW, _BATCH, N_CANDIDATES) as scorer:
        before, new, candidates = _texts(scorer.n_tokens)
        for _ in range(n_repeats):
            scorer.score(before, candidates[:1], n_whole=0)
            begun = time.process_time()
            share = score(scorer, before + new, candidates)
            seconds.append((time.process_time() - begun) / share)
            scorer.forget()
    return seconds


def _measure_generating(path: Path, groups: Sequence[Sequence[int]], n_repeats: int) -> list[float]:
    """Seconds, once all of the context is read."""
    seconds = []
    model = Llama(path, N_READ + 2 * N_NEW, _BATCH, N_CANDIDATES + 1, n_threads=1)
    rng = np.random.default_rng(_SEED)
    before, new, _ = _texts(lambda text: len(model.tokens(text)))
    tokens = model.tokens(before + new)
    for at in range(0, len(tokens), _BATCH):
        part = tokens[at : at + _BATCH]
        following = model.evaluate([Row(t, at + i, (0,), i == len(part) - 1) for i, t in enumerate(part)])[0]
    for _ in range(n_repeats):
        begun = time.process_time()
        for group in groups:
            _generate(model, len(tokens), following, group, rng)
        share = sum(map(len, groups)) / N_CANDIDATES
        seconds.append((time.process_time() - begun) / share)
    model.close()
    return seconds


def _generate(
    model: Llama, n_read: int, following: LogProbabilities, sequences: Sequence[int], rng: np.random.Generator
) -> None:
    """Sample a continuation in each sequence, all a token at a time."""
    model.share(sequences)
    rows = np.repeat(following[None], len(sequences), axis=0)
    for step in range(N_TOKENS):
        drawn = (rows + rng.gumbel(size=rows.shape).astype(np.float32)).argmax(axis=1)
        if step < N_TOKENS - 1:  # nothing follows the last token
            rows = model.evaluate(
                [Row(token, n_read + step, (s,)) for token, s in zip(drawn.tolist(), sequences, strict=True)]
            )
    model.drop(sequences)


def _texts(count: Callable[[str], int]) -> tuple[str, str, list[str]]:
    """A context, what is new of it, and candidates, each of so many tokens to the model at hand."""
    rng = np.random.default_rng(_SEED)

    def words(n_tokens: int) -> str:
        text = ""
        while count(text) < n_tokens:
            text += str(rng.choice([" ", "c", "d", "e", "g", "i", "l", "n", "o", "r", "s", "t", "u"]))
        return text

    return words(N_READ), words(N_NEW), [words(N_TOKENS) for _ in range(N_CANDIDATES)]


def _staged(scorer: LlmScorer, before: str, candidates: list[str]) -> float:
    scorer.score(before, candidates, N_WHOLE)
    return 1.0


def _whole(scorer: LlmScorer, before: str, candidates: list[str]) -> float:
    scorer.score(before, candidates)
    return 1.0


def _one_by_one(scorer: LlmScorer, before: str, candidates: list[str]) -> float:
    for candidate in candidates:
        scorer.score(before, [candidate])
    return 1.0


def _one_by_one_without_cache(scorer: LlmScorer, before: str, candidates: list[str]) -> float:
    for candidate in candidates[:_SOME]:
        scorer.forget()
        scorer.score(before, [candidate])
    return _SOME / N_CANDIDATES


Score = Callable[[LlmScorer, str, list[str]], float]
"""Scores candidates, and says which share of them."""

STAGED = "batched, staged"
SCORING: Mapping[str, Score] = {
    STAGED: _staged,
    "batched, all as wholes": _whole,
    "one by one, context kept": _one_by_one,
    "one by one, no cache": _one_by_one_without_cache,
}
GENERATING: Mapping[str, Sequence[Sequence[int]]] = {
    "generating in parallel": [range(1, N_CANDIDATES + 1)],
    "generating one by one": [[1]] * _SOME,
}
"""Which sequences go together."""


if __name__ == "__main__":
    json.dump(measure(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])), sys.stdout)
