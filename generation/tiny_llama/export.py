"""Writes a llama and its tokenizer as one GGUF file, as llama.cpp reads it."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from generation.tiny_llama.data import END_OF_TEXT
from generation.tiny_llama.network import Shape, Weights

_EPSILON = 1e-5
_FILE_TYPES = {"F32": gguf.LlamaFileType.ALL_F32, "F16": gguf.LlamaFileType.MOSTLY_F16} | {
    "Q8_0": gguf.LlamaFileType.MOSTLY_Q8_0
}


def write_gguf(path: Path, weights: Weights, shape: Shape, tokenizer: Any, quantisation: str = "Q8_0") -> None:
    """Write the file; norms stay in single precision, and the head is the embedding.

    Parameters
    ----------
    quantisation : str
        Of the matrices: "F32", "F16" or "Q8_0".
    """
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Assent tiny llama")
    writer.add_file_type(_FILE_TYPES[quantisation])
    writer.add_context_length(shape.n_context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.n_layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.n_heads)
    writer.add_head_count_kv(shape.n_kv_heads)
    writer.add_layer_norm_rms_eps(_EPSILON)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_rope_dimension_count(shape.head)
    writer.add_vocab_size(shape.vocabulary)
    _add_tokenizer(writer, json.loads(tokenizer.to_str())["model"])
    for name, value in weights.items():
        array = value.numpy().astype(np.float32)
        if array.ndim == 1 or quantisation == "F32":
            writer.add_tensor(f"{name}.weight", array)
        elif quantisation == "F16":
            writer.add_tensor(f"{name}.weight", array.astype(np.float16))
        else:
            kind = gguf.GGMLQuantizationType[quantisation]
            writer.add_tensor(f"{name}.weight", gguf.quants.quantize(array, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: Any, bpe: dict[str, Any]) -> None:
    tokens = sorted(bpe["vocab"], key=bpe["vocab"].__getitem__)
    end = bpe["vocab"][END_OF_TEXT]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in bpe["merges"]])
    writer.add_token_types([gguf.TokenType.CONTROL if t == END_OF_TEXT else gguf.TokenType.NORMAL for t in tokens])
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(end)
    writer.add_pad_token_id(end)
    writer.add_add_bos_token(True)
