"""Trains the tiny llama, and goes on where it was stopped."""

import itertools
import logging
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as nn
from numpy.typing import NDArray

from generation.tiny_llama.data import Tokens
from generation.tiny_llama.network import Shape, Weights, initial_weights, logits

_log = logging.getLogger(__name__)
_WARMUP = 30
_SEED = 1
_NARROW = ("norm", "token_embd")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to train, and on what.

    Parameters
    ----------
    n_steps : int
        May change between two runs of the same training while the rate has not begun to fall.
    decay : float
        Share of the steps, at the end, over which the learning rate falls to zero: constant before, so that a run
        can be made longer or shorter (warm-up, stable, decay; Hu et al., 2024).
    rows : mapping of str to int
        Windows of each source in a step.
    n_rows_at_once : int
        Windows that are worked out together; the rest of a step follows.
    matrix_rate, other_rate : float
        Learning rates of Muon (Jordan et al., 2024) for matrices inside the layers, and of AdamW for the rest.
    save_every : int
        Steps.
    """

    n_steps: int
    rows: Mapping[str, int]
    decay: float = 0.4
    n_rows_at_once: int = 8
    matrix_rate: float = 0.02
    other_rate: float = 0.004
    save_every: int = 50

    def rate(self, step: int) -> float:
        """Factor of the learning rates at a step, in 0..1."""
        left = (self.n_steps - step) / (self.decay * self.n_steps)
        return min(1.0, (step + 1) / _WARMUP, left)


def train(shape: Shape, sources: Mapping[str, Tokens], plan: Plan, checkpoint: Path) -> Weights:
    """Train until the plan is through; begin where the checkpoint stands, if there is one.

    Parameters
    ----------
    sources : mapping of str to array of uint16, shape (n_tokens,)
    checkpoint : Path
        A NumPy archive, written anew every few steps.

    Returns
    -------
    Weights
        In single precision.
    """
    weights = initial_weights(shape, _SEED)
    for value in weights.values():
        value.requires_grad_()
    optimizers = _optimizers(weights, plan)
    begun = _restore(checkpoint, weights, optimizers) if checkpoint.is_file() else 0
    windows = {name: _windows(tokens, shape.n_context, begun * plan.rows[name]) for name, tokens in sources.items()}
    since, loss = time.perf_counter(), math.nan
    for step in range(begun, plan.n_steps):
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * plan.rate(step)
        rows = [next(windows[name]) for name, n in plan.rows.items() for _ in range(n)]
        loss = _step(weights, shape, np.stack(rows), plan.n_rows_at_once)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        if (step + 1) % plan.save_every == 0 or step + 1 == plan.n_steps:
            _save(checkpoint, weights, optimizers, step + 1)
            _log.info(
                "Step %d of %d: %.3f nats a token, %.1f s.", step + 1, plan.n_steps, loss, time.perf_counter() - since
            )
            since = time.perf_counter()
    return {name: value.detach() for name, value in weights.items()}


def _step(weights: Weights, shape: Shape, rows: NDArray[np.int64], n_at_once: int) -> float:
    """Add up gradients of the mean loss, which is returned, in nats a token."""
    total = 0.0
    for begin in range(0, len(rows), n_at_once):
        part = torch.from_numpy(rows[begin : begin + n_at_once])
        with torch.autocast("cpu", torch.bfloat16):
            scores = logits(weights, shape, part[:, :-1])
        loss = nn.cross_entropy(scores.flatten(0, 1).float(), part[:, 1:].flatten()) * (len(part) / len(rows))
        loss.backward()
        total += float(loss.detach())
    return total


def _windows(tokens: Tokens, n_context: int, skip: int) -> Iterator[NDArray[np.int64]]:
    """Windows of ``n_context + 1`` tokens, each pass over them in an order and from a beginning of its own."""
    n_windows = (len(tokens) - 1) // n_context - 1
    for epoch in itertools.count(skip // n_windows):
        rng = np.random.default_rng([_SEED, epoch])
        offset = int(rng.integers(n_context))
        order = rng.permutation(n_windows)
        for window in order[skip % n_windows if epoch == skip // n_windows else 0 :]:
            begin = offset + int(window) * n_context
            yield tokens[begin : begin + n_context + 1].astype(np.int64)


def _optimizers(weights: Weights, plan: Plan) -> tuple[Any, Any]:
    matrices = [value for name, value in weights.items() if not name.endswith(_NARROW)]
    others = [value for name, value in weights.items() if name.endswith(_NARROW)]
    groups = (
        {"params": matrices, "lr": plan.matrix_rate, "initial_lr": plan.matrix_rate},
        {"params": others, "lr": plan.other_rate, "initial_lr": plan.other_rate},
    )
    return (
        torch.optim.Muon([groups[0]], momentum=0.95, nesterov=True, weight_decay=0.01),
        torch.optim.AdamW([groups[1]], betas=(0.9, 0.95), weight_decay=0.0),
    )


def _save(path: Path, weights: Weights, optimizers: tuple[Any, Any], step: int) -> None:
    arrays = {f"weight/{name}": value.detach().numpy() for name, value in weights.items()}
    for which, optimizer in enumerate(optimizers):
        for place, state in optimizer.state_dict()["state"].items():
            arrays |= {f"state/{which}/{place}/{name}": value.numpy() for name, value in state.items()}
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, step=np.array(step), **arrays)
    partial.replace(path)


def _restore(path: Path, weights: Weights, optimizers: tuple[Any, Any]) -> int:
    """Set weights and optimizers to what was saved, and return the steps done."""
    with np.load(path, allow_pickle=False) as saved:
        states: tuple[dict[int, dict[str, Any]], ...] = ({}, {})
        for key in saved.files:
            kind, _, rest = key.partition("/")
            if kind == "weight":
                weights[rest].data.copy_(torch.from_numpy(saved[key]))
            elif kind == "state":
                which, place, name = rest.split("/")
                states[int(which)].setdefault(int(place), {})[name] = torch.from_numpy(saved[key])
        for optimizer, state in zip(optimizers, states, strict=True):
            optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        return int(saved["step"])
