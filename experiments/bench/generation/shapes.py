"""GGUF files of random weights, in the shapes of models that are too large to ship: they cost what the real ones do."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SCALE = 0.02 / 4.6  # of a block of Q4_0, so that weights have the usual standard deviation of 0.02
_SEED = 0
_CONTEXT = 32768


@dataclass(frozen=True, slots=True)
class Shape:
    """A model of the qwen2 architecture.

    Parameters
    ----------
    width, hidden : int
    n_layers, n_heads, n_kv_heads : int
    n_vocabulary : int
    is_tied : bool
        Whether the head is the embedding.
    """

    width: int
    hidden: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    n_vocabulary: int = 151_936
    is_tied: bool = True


SHAPES: Mapping[str, Shape] = {
    "Qwen2.5-0.5B": Shape(896, 4864, 24, 14, 2),
    "Qwen-1.8B": Shape(2048, 5504, 24, 16, 16, is_tied=False),
}


def can_write() -> bool:
    """Whether the package gguf is installed."""
    return importlib.util.find_spec("gguf") is not None


def write_random(path: Path, shape: Shape) -> None:
    """Write a file with weights in Q4_0; every byte is a token, the other tokens are no text's.

    Raises
    ------
    ImportError
        If the package gguf is not installed.
    """
    import gguf

    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.n_layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.n_heads)
    writer.add_head_count_kv(shape.n_kv_heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)
    _add_tokens(writer, shape.n_vocabulary)
    rng = np.random.default_rng(_SEED)
    kind = gguf.GGMLQuantizationType.Q4_0
    for name, (n_rows, n_columns) in _matrices(shape).items():
        writer.add_tensor(f"{name}.weight", _random_blocks(rng, n_rows, n_columns), raw_dtype=kind)
    for name, size in _vectors(shape).items():
        fill = np.zeros if name.endswith("bias") else np.ones
        writer.add_tensor(name, fill(size, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokens(writer: Any, n: int) -> None:
    import gguf

    plain = [chr(x) for x in (*range(33, 127), *range(161, 173), *range(174, 256))]
    letters = plain + [chr(256 + i) for i in range(256 - len(plain))]  # as GPT-2 writes bytes
    tokens = [*letters, "ab", *(f"token {i}" for i in range(n - 258)), "<|endoftext|>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_merges(["a b"])
    writer.add_token_types([gguf.TokenType.NORMAL] * (n - 1) + [gguf.TokenType.CONTROL])
    writer.add_bos_token_id(n - 1)
    writer.add_eos_token_id(n - 1)
    writer.add_add_bos_token(False)


def _matrices(shape: Shape) -> dict[str, tuple[int, int]]:
    width, kv_width = shape.width, shape.width // shape.n_heads * shape.n_kv_heads
    found = {"token_embd": (shape.n_vocabulary, width)}
    if not shape.is_tied:
        found["output"] = (shape.n_vocabulary, width)
    for layer in range(shape.n_layers):
        part = f"blk.{layer}."
        found |= {f"{part}attn_q": (width, width), f"{part}attn_output": (width, width)}
        found |= {f"{part}attn_k": (kv_width, width), f"{part}attn_v": (kv_width, width)}
        found |= {f"{part}ffn_gate": (shape.hidden, width), f"{part}ffn_up": (shape.hidden, width)}
        found[f"{part}ffn_down"] = (width, shape.hidden)
    return found


def _vectors(shape: Shape) -> dict[str, int]:
    width, kv_width = shape.width, shape.width // shape.n_heads * shape.n_kv_heads
    found = {"output_norm.weight": width}
    for layer in range(shape.n_layers):
        part = f"blk.{layer}."
        found |= {f"{part}attn_norm.weight": width, f"{part}ffn_norm.weight": width}
        found |= {f"{part}attn_q.bias": width, f"{part}attn_k.bias": kv_width, f"{part}attn_v.bias": kv_width}
    return found


def _random_blocks(rng: np.random.Generator, n_rows: int, n_columns: int) -> NDArray[np.uint8]:
    """Blocks of 32 weights: a scale in half precision, then 16 bytes of two weights each."""
    blocks = np.empty((n_rows * n_columns // 32, 18), np.uint8)
    blocks[:, :2] = np.frombuffer(np.float16(_SCALE).tobytes(), np.uint8)
    blocks[:, 2:] = rng.integers(0, 256, (len(blocks), 16), dtype=np.uint8)
    return blocks.reshape(n_rows, n_columns // 32 * 18)
