"""Queries n-gram language models: KenLM for single scores where it is installed, arrays for what may follow."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from generation.ngrams.arpa import BEGIN, UNKNOWN, FloatArray, IntArray, NgramTable, read_arpa

try:
    import kenlm
except ImportError:  # no compiler where Assent was installed; the arrays answer everything
    kenlm = None

_KENLM_MAX_ORDER = 6  # as the package on PyPI is compiled
_LN10 = float(np.log(10.0))


class LanguageModel(Protocol):
    """What generators ask of an n-gram model."""

    @property
    def order(self) -> int:
        """Length of the longest n-gram."""
        ...

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """All tokens, ``<s>``, ``</s>`` and ``<unk>`` among them."""
        ...

    def log_p(self, context: Sequence[str], token: str) -> float:
        """Log-probability (nats) of a token after these; a context that begins a sentence begins with ``<s>``."""
        ...

    def log_p_all(self, context: Sequence[str]) -> FloatArray:
        """Log-probability (nats) of every token of the vocabulary, shape (n_vocabulary,); that of ``<s>`` is -inf."""
        ...


class ArpaModel:
    """An n-gram model in arrays.

    Parameters
    ----------
    table : NgramTable
    """

    def __init__(self, table: NgramTable) -> None:
        self._table = table
        self._index = {word: place for place, word in enumerate(table.vocabulary)}
        self._unknown = self._index[UNKNOWN]
        # Children of n-gram i of order k: a stretch of order k + 1 that begins at starts[k - 1][i].
        self._starts: list[IntArray] = [
            np.searchsorted(above.parent, np.arange(len(below.word) + 1))
            for below, above in zip(table.orders, table.orders[1:], strict=False)
        ]
        unigrams = table.orders[0]
        self._log_p_unigram = np.empty(len(table.vocabulary))
        self._log_p_unigram[unigrams.word] = unigrams.log_p
        self._log_p_unigram[self._index[BEGIN]] = -np.inf

    @property
    def order(self) -> int:
        """Length of the longest n-gram."""
        return len(self._table.orders)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """All tokens, ``<s>``, ``</s>`` and ``<unk>`` among them."""
        return self._table.vocabulary

    def __contains__(self, token: str) -> bool:
        return token in self._index

    @cached_property
    def index(self) -> dict[str, int]:
        """Place of each token in the vocabulary."""
        return self._index

    def log_p(self, context: Sequence[str], token: str) -> float:
        """Log-probability (nats) of a token after these."""
        word = self._index.get(token, self._unknown)
        backoff = 0.0
        for depth, node in reversed(self._contexts(context)):
            if depth == 0:
                return backoff + float(self._table.orders[0].log_p[word])
            child = self._child(depth, node, word)
            if child is not None:
                return backoff + float(self._table.orders[depth].log_p[child])
            backoff += float(self._table.orders[depth - 1].backoff[node])
        raise AssertionError("the empty context is always there")

    def log_p_all(self, context: Sequence[str]) -> FloatArray:
        """Log-probability (nats) of every token of the vocabulary, shape (n_vocabulary,); that of ``<s>`` is -inf."""
        log_p = self._log_p_unigram.copy()
        for depth, node in self._contexts(context)[1:]:
            log_p += self._table.orders[depth - 1].backoff[node]
            grams = self._table.orders[depth]
            stretch = slice(self._starts[depth - 1][node], self._starts[depth - 1][node + 1])
            log_p[grams.word[stretch]] = grams.log_p[stretch]
        return log_p

    def following(self, context: Sequence[str]) -> tuple[float, list[tuple[IntArray, FloatArray]]]:
        """What may follow, by parts: cheaper than ``log_p_all`` for whoever keeps the unigrams.

        Returns
        -------
        backoff : float
            What (nats) is added to the unigrams.
        stretches : list of (array, array)
            Places in the vocabulary and log-probabilities (nats), shortest context first; later ones hold.
        """
        found: list[tuple[IntArray, FloatArray]] = []
        backoff = 0.0
        for depth, node in reversed(self._contexts(context)[1:]):
            grams = self._table.orders[depth]
            stretch = slice(self._starts[depth - 1][node], self._starts[depth - 1][node + 1])
            found.append((grams.word[stretch], grams.log_p[stretch] + backoff))
            backoff += float(self._table.orders[depth - 1].backoff[node])
        return backoff, found[::-1]

    def log_p_of(self, context: Sequence[str], tokens: Sequence[str]) -> FloatArray:
        """Log-probability (nats) of each of a few tokens after these, shape (n_tokens,)."""
        words = [self._index.get(token, self._unknown) for token in tokens]
        log_p = self._log_p_unigram[words]
        for depth, node in self._contexts(context)[1:]:
            log_p += self._table.orders[depth - 1].backoff[node]
            for place, word in enumerate(words):
                child = self._child(depth, node, word)
                if child is not None:
                    log_p[place] = self._table.orders[depth].log_p[child]
        return log_p

    def is_followed(self, token: str) -> bool:
        """Whether any n-gram begins with this token."""
        place = self._index.get(token)
        return place is not None and bool(self._starts[0][place] < self._starts[0][place + 1])

    def _contexts(self, context: Sequence[str]) -> list[tuple[int, int]]:
        """Depth and node of each end of the context that the model knows, the empty one first."""
        words = [self._index.get(token, self._unknown) for token in context[-(self.order - 1) :]]
        known = [(0, 0)]
        for depth in range(1, len(words) + 1):
            node: int | None = words[-depth]
            for place in range(1, depth):
                node = self._child(place, node, words[place - depth])  # type: ignore[arg-type]
                if node is None:
                    break
            if node is None:
                break
            known.append((depth, node))
        return known

    def _child(self, depth: int, node: int, word: int) -> int | None:
        """Place among order ``depth + 1`` of an n-gram of order ``depth`` with one more word."""
        low, high = int(self._starts[depth - 1][node]), int(self._starts[depth - 1][node + 1])
        words = self._table.orders[depth].word
        place = bisect_left(words, word, low, high)
        return place if place < high and words[place] == word else None


class KenlmModel(ArpaModel):
    """The same model with single scores answered by KenLM.

    Parameters
    ----------
    table : NgramTable
    scorer : kenlm.Model
        Loaded from the same file.
    """

    def __init__(self, table: NgramTable, scorer: Any) -> None:  # kenlm has no types
        super().__init__(table)
        self._scorer = scorer

    def log_p(self, context: Sequence[str], token: str) -> float:
        """Log-probability (nats) of a token after these."""
        state, following = kenlm.State(), kenlm.State()
        context = context[-(self.order - 1) :]
        if context and context[0] == BEGIN:
            self._scorer.BeginSentenceWrite(state)
            context = context[1:]
        else:
            self._scorer.NullContextWrite(state)
        for word in context:
            self._scorer.BaseScore(state, word, following)
            state, following = following, state
        return float(self._scorer.BaseScore(state, token, following)) * _LN10


def load_model(path: Path, table: NgramTable | None = None) -> ArpaModel:
    """Load an ARPA file, plain or gzipped: a ``KenlmModel`` where kenlm can serve it, else an ``ArpaModel``.

    Parameters
    ----------
    table : NgramTable, optional
        What the file holds, where that is known already.

    Raises
    ------
    ValueError
        If the file is no whole ARPA file.
    FileNotFoundError
        If there is none.
    """
    if not path.is_file():
        raise FileNotFoundError(f"Argument 'path' (got {path}) must be an ARPA file.")
    if table is None:
        table = read_arpa(path)
    if kenlm is None or len(table.orders) > _KENLM_MAX_ORDER:
        return ArpaModel(table)
    config = kenlm.Config()
    config.show_progress = False
    config.arpa_complain = kenlm.ARPALoadComplain.NONE
    try:
        return KenlmModel(table, kenlm.Model(str(path), config))
    except OSError as error:
        raise ValueError(f"File {path} must be an ARPA language model that KenLM can read ({error}).") from error
