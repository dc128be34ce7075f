"""A GGUF model and its cells through llama.cpp's own functions."""

import ctypes
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

try:
    import llama_cpp
except ImportError:  # an extra that is compiled where it is installed
    llama_cpp = None

LogProbabilities = NDArray[np.float32]

_MAX_CONTEXT = 2048
_ERROR = 4  # as ggml numbers its levels
_ABORTED = 2  # as llama_decode puts it
_said: list[str] = []


@dataclass(frozen=True, slots=True)
class Row:
    """One token to evaluate.

    Parameters
    ----------
    token, position : int
    sequences : sequence of int
        Those that the token belongs to.
    wanted : bool
        Whether what follows it is asked for.
    """

    token: int
    position: int
    sequences: Sequence[int]
    wanted: bool = True


class Interrupted(TimeoutError):
    """An evaluation was told to stop before it was through."""


class Llama:
    """A model loaded, with cells that sequences share.

    Parameters
    ----------
    path : Path
    n_context : int, optional
        Tokens of the longest sequence; at most, and by default, what the model was trained with, up to 2048.
    n_batch : int
        Tokens evaluated at once; at least ``n_sequences``, or llama.cpp ends the process.
    n_sequences : int
    n_threads : int

    Raises
    ------
    ImportError
        If llama-cpp-python is not installed.
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no whole GGUF file of an architecture that llama.cpp knows, there is too little memory for it, or
        ``n_batch`` is less than ``n_sequences``.
    """

    def __init__(self, path: Path, n_context: int | None, n_batch: int, n_sequences: int, n_threads: int) -> None:
        _require(path)
        if n_batch < n_sequences:
            raise ValueError(f"Argument 'n_batch' (got {n_batch}) must be at least the {n_sequences} sequences.")
        llama_cpp.llama_backend_init()
        llama_cpp.llama_log_set(_LISTENER, ctypes.c_void_p(0))
        _said.clear()
        settings = llama_cpp.llama_model_default_params()
        settings.n_gpu_layers = 0
        self._context: Any = None
        self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), settings)
        if not self._model:
            raise ValueError(f"File {path} must be a whole GGUF model that llama.cpp knows ({_complaint()}).")
        trained = min(llama_cpp.llama_model_n_ctx_train(self._model), _MAX_CONTEXT)
        self.n_context = min(n_context or trained, trained)
        self.n_batch = n_batch
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = self.n_context + n_batch
        settings.n_batch = settings.n_ubatch = n_batch
        settings.n_seq_max = n_sequences
        settings.kv_unified = True
        settings.n_threads = settings.n_threads_batch = n_threads
        # Asked before every step of the graph; llama.cpp calls it as long as the context lives.
        self.stop: Callable[[], bool] = _never
        self._asked = llama_cpp.ggml_abort_callback(lambda _: self.stop())
        settings.abort_callback = self._asked
        self._context = llama_cpp.llama_init_from_model(self._model, settings)
        if not self._context:
            llama_cpp.llama_model_free(self._model)
            raise ValueError(f"File {path} must leave memory for {settings.n_ctx} tokens ({_complaint()}).")
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(n_batch, 0, n_sequences)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self.pieces = [self._piece(token) for token in range(llama_cpp.llama_vocab_n_tokens(self._vocabulary))]
        begin = llama_cpp.llama_vocab_bos(self._vocabulary)
        self.begin = begin if begin >= 0 else llama_cpp.llama_vocab_eos(self._vocabulary)

    def close(self) -> None:
        """Give the memory back; a second time does nothing."""
        if self._context:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self._context)
            llama_cpp.llama_model_free(self._model)
            self._context = None

    def tokens(self, text: str) -> list[int]:
        """A text's tokens; names of control tokens in it are ordinary text."""
        raw = text.encode("utf-8", "replace")
        found = (llama_cpp.llama_token * (len(raw) + 8))()
        n = llama_cpp.llama_tokenize(self._vocabulary, raw, len(raw), found, len(found), False, False)
        return list(found[:n])

    def evaluate(self, rows: Sequence[Row]) -> LogProbabilities:
        """What follows each row that wants it: log-probabilities (nats), shape (n_wanted, n_vocabulary).

        Raises
        ------
        Interrupted
            If ``stop`` says so meanwhile; what these rows' sequences hold from the first of them on is void then.
        RuntimeError
            If llama.cpp does not go through with it.
        """
        batch = self._batch
        batch.n_tokens = len(rows)
        for i, row in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = row.token, row.position, row.wanted
            batch.n_seq_id[i] = len(row.sequences)
            for j, sequence in enumerate(row.sequences):
                batch.seq_id[i][j] = sequence
        fault = llama_cpp.llama_decode(self._context, batch)
        if fault == _ABORTED:
            raise Interrupted(f"Evaluating {len(rows)} tokens was told to stop.")
        if fault:
            raise RuntimeError(f"llama.cpp gave up on {len(rows)} tokens (code {fault}; {_complaint()}).")
        size = (len(self.pieces),)
        scores = [
            np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self._context, i), shape=size)
            for i, row in enumerate(rows)
            if row.wanted
        ]
        return _log_softmax(np.array(scores, np.float32).reshape(-1, *size))

    def share(self, sequences: Sequence[int]) -> None:
        """Let sequences begin with what sequence 0 holds."""
        for sequence in sequences:
            llama_cpp.llama_memory_seq_cp(self._memory, 0, sequence, -1, -1)

    def drop(self, sequences: Sequence[int], begin: int = -1) -> None:
        """Forget sequences, from a position on."""
        for sequence in sequences:
            llama_cpp.llama_memory_seq_rm(self._memory, sequence, begin, -1)

    def _piece(self, token: int) -> bytes:
        size = 32
        while True:
            buffer = ctypes.create_string_buffer(size)
            n = llama_cpp.llama_token_to_piece(self._vocabulary, token, buffer, size, 0, False)
            if n >= 0:
                return buffer.raw[:n]
            size = -n


def _never() -> bool:
    return False


def _require(path: Path) -> None:
    if llama_cpp is None:
        raise ImportError("Scoring with a GGUF model needs llama-cpp-python: install Assent's extra 'llm'.")
    if not path.is_file():
        raise FileNotFoundError(f"Model {path} does not exist.")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ValueError(f"File {path} must be a GGUF model (it does not begin with 'GGUF').")


def _log_softmax(scores: LogProbabilities) -> LogProbabilities:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float32)


def _listen(level: int, text: bytes, _: Any) -> None:
    if level == _ERROR:
        _said.append(text.decode("utf-8", "replace").strip())


def _complaint() -> str:
    return next((said for said in _said if said), "it does not say why")


# llama.cpp calls it as long as the process lives.
_LISTENER = llama_cpp.llama_log_callback(_listen) if llama_cpp is not None else None
