"""How the tiny llama is made from its training texts: read, cut into tokens, train, write."""

import importlib.util
import logging
from pathlib import Path
from typing import Any

import numpy as np

from generation.tiny_llama.data import Tokens, encode, train_tokenizer, training_documents

_log = logging.getLogger(__name__)

_NEEDED = ("torch", "tokenizers", "gguf")
_N_STEPS = 3600
_ROWS = {"library": 4, "packages": 2, "english": 2}
_SEED = 0


def make_tiny_llama(corpora: Path, out: Path) -> Path:
    """Train the tiny llama, for some hours on a CPU; called again, it goes on where it was stopped.

    Parameters
    ----------
    corpora : Path
        Folder that holds ``text/``.
    out : Path
        Folder for the file, and for ``tiny-llama/`` with tokens and checkpoints.

    Returns
    -------
    Path
        The GGUF file.

    Raises
    ------
    ValueError
        If what it takes to train is not installed.
    FileNotFoundError
        If a training text or a package is missing.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ValueError(
            f"Training tiny-llama needs {', '.join(missing)}, which Assent itself does without: "
            "install them into its environment with 'uv pip install torch tokenizers gguf'."
        )
    from generation.tiny_llama.export import write_gguf
    from generation.tiny_llama.network import Shape
    from generation.tiny_llama.train import Plan, train

    work = out / "tiny-llama"
    work.mkdir(parents=True, exist_ok=True)
    tokenizer, sources = _tokens(corpora, work)
    shape = Shape()
    weights = train(shape, sources, Plan(_N_STEPS, _ROWS), work / "checkpoint.npz")
    path = out / "tiny-llama.gguf"
    write_gguf(path, weights, shape, tokenizer)
    return path


def _tokens(corpora: Path, work: Path) -> tuple[Any, dict[str, Tokens]]:
    """The tokenizer and what each source comes to with it, from the folder if they are there."""
    from tokenizers import Tokenizer

    kept, cut = work / "tokenizer.json", work / "tokens.npz"
    if cut.is_file():
        with np.load(cut, allow_pickle=False) as arrays:
            return Tokenizer.from_file(str(kept)), dict(arrays)
    documents = training_documents(corpora)
    tokenizer = train_tokenizer(documents)
    tokenizer.save(str(kept))
    sources = {name: encode(tokenizer, texts, np.random.default_rng(_SEED)) for name, texts in documents.items()}
    np.savez(cut, allow_pickle=False, **sources)
    _log.info("%s tokens.", {name: len(tokens) for name, tokens in sources.items()})
    return tokenizer, sources
