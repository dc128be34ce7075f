"""The llama itself, as a function of its weights, which bear the names that a GGUF file gives them."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as nn

Weights = dict[str, Any]
_EPSILON = 1e-5
_INITIAL_STD = 0.02


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a llama (Touvron et al., 2023) whose embedding is its head too.

    Parameters
    ----------
    vocabulary, width, n_layers, n_heads, n_kv_heads, hidden : int
        ``hidden`` is the width inside the gated feed-forward layers.
    n_context : int
        Tokens of a training window.
    rope_base : float
    """

    vocabulary: int = 4096
    width: int = 320
    n_layers: int = 4
    n_heads: int = 5
    n_kv_heads: int = 1
    hidden: int = 832
    n_context: int = 512
    rope_base: float = 10_000.0

    @property
    def head(self) -> int:
        """Width of one attention head."""
        return self.width // self.n_heads


def initial_weights(shape: Shape, seed: int) -> Weights:
    """Normal weights; what is added to the residual stream begins at zero."""
    rng = torch.Generator().manual_seed(seed)

    def normal(*size: int) -> Any:
        return torch.empty(*size).normal_(0, _INITIAL_STD, generator=rng)

    kv = shape.n_kv_heads * shape.head
    weights = {"token_embd": normal(shape.vocabulary, shape.width), "output_norm": torch.ones(shape.width)}
    for layer in range(shape.n_layers):
        weights |= {
            f"blk.{layer}.attn_norm": torch.ones(shape.width),
            f"blk.{layer}.attn_q": normal(shape.width, shape.width),
            f"blk.{layer}.attn_k": normal(kv, shape.width),
            f"blk.{layer}.attn_v": normal(kv, shape.width),
            f"blk.{layer}.attn_output": torch.zeros(shape.width, shape.width),
            f"blk.{layer}.ffn_norm": torch.ones(shape.width),
            f"blk.{layer}.ffn_gate": normal(shape.hidden, shape.width),
            f"blk.{layer}.ffn_up": normal(shape.hidden, shape.width),
            f"blk.{layer}.ffn_down": torch.zeros(shape.width, shape.hidden),
        }
    return weights


def logits(weights: Weights, shape: Shape, tokens: Any) -> Any:
    """Scores of the next token at every place.

    Parameters
    ----------
    tokens : tensor of int64, shape (n_rows, n_tokens)

    Returns
    -------
    tensor, shape (n_rows, n_tokens, vocabulary)
    """
    n_tokens = tokens.shape[1]
    x = nn.embedding(tokens, weights["token_embd"])
    turns = _rotation(shape, n_tokens)
    mask = torch.full((n_tokens, n_tokens), float("-inf")).triu(1)
    for layer in range(shape.n_layers):
        own = {name: weights[f"blk.{layer}.{name}"] for name in _LAYER}
        x = x + _attention(own, shape, _norm(x, own["attn_norm"]), turns, mask)
        y = _norm(x, own["ffn_norm"])
        x = x + nn.linear(nn.silu(nn.linear(y, own["ffn_gate"])) * nn.linear(y, own["ffn_up"]), own["ffn_down"])
    return nn.linear(_norm(x, weights["output_norm"]), weights["token_embd"])


_LAYER = (
    *("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output"),
    *("ffn_norm", "ffn_gate", "ffn_up", "ffn_down"),
)


def _attention(own: Weights, shape: Shape, x: Any, turns: tuple[Any, Any], mask: Any) -> Any:
    n_rows, n_tokens, _ = x.shape

    def heads(name: str, n_heads: int) -> Any:
        return nn.linear(x, own[name]).view(n_rows, n_tokens, n_heads, shape.head).transpose(1, 2)

    q, k = _rotate(heads("attn_q", shape.n_heads), turns), _rotate(heads("attn_k", shape.n_kv_heads), turns)
    v = heads("attn_v", shape.n_kv_heads)
    repeats = shape.n_heads // shape.n_kv_heads
    q, k, v = (y.flatten(0, 1) for y in (q, k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)))
    # Written out: at this length faster on a CPU than PyTorch's fused kernel.
    scores = torch.baddbmm(mask.to(q.dtype).expand(len(q), -1, -1), q, k.transpose(1, 2), alpha=shape.head**-0.5)
    y = torch.bmm(scores.softmax(-1).to(v.dtype), v).view(n_rows, shape.n_heads, n_tokens, shape.head)
    return nn.linear(y.transpose(1, 2).reshape(n_rows, n_tokens, shape.width), own["attn_output"])


def _norm(x: Any, weight: Any) -> Any:
    return nn.rms_norm(x, (x.shape[-1],), weight, _EPSILON)


def _rotation(shape: Shape, n_tokens: int) -> tuple[Any, Any]:
    frequencies = shape.rope_base ** (-torch.arange(0, shape.head, 2).float() / shape.head)
    angles = torch.arange(n_tokens).float()[:, None] * frequencies
    return angles.cos(), angles.sin()


def _rotate(x: Any, turns: tuple[Any, Any]) -> Any:
    # llama.cpp turns neighbours, not halves, in this architecture.
    cos, sin = turns
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2).to(x.dtype)
