"""Scores candidates with a GGUF model: log P(candidate | what stands before), many in one go."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from generation.llm.llama import Interrupted, Llama, LogProbabilities, Row
from generation.ngrams.arpa import FloatArray

_CHARACTERS_PER_TOKEN = 8  # text further back than so many for each token of the context is not even cut


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model makes of candidates.

    Parameters
    ----------
    first : array, shape (n_candidates,)
        Log-probability (nats) of each one's first token; nan where it was refused or out of time.
    whole : array, shape (n_candidates,)
        Log-probability (nats) of all of it; nan where it was refused, out of time or not asked for.
    n_tokens : int array, shape (n_candidates,)
    """

    first: FloatArray
    whole: FloatArray
    n_tokens: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Continuation:
    """How the context goes on: tokens, and the blank that must follow them."""

    tokens: tuple[int, ...]
    blank: bytes = b""

    @property
    def fed(self) -> tuple[int, ...]:
        """Tokens that must be evaluated: what follows the last one matters only if a blank must."""
        return self.tokens if self.blank else self.tokens[:-1]


class LlmScorer:
    """A GGUF model that keeps what it has read, so that each page costs only what is new.

    The context is evaluated once; candidates share its cells and each other's beginnings, and one call evaluates them
    all. What is scored is text, not its tokens: the last token may be any that begins with what is left of the
    candidate, so that one that ends with a blank or a line end says that the block is over, however the blank goes on.
    Where a candidate changes how the context's end is cut into tokens, the context gives this end back, and the
    probability of what was given back is divided out.

    Parameters
    ----------
    path : Path
    n_context : int, optional
        Tokens kept of what stands before; at most, and by default, what the model was trained with, up to 2048.
    n_batch : int
        Tokens evaluated at once, more than ``n_at_once``. A candidate with more is refused.
    n_at_once : int
        Candidates evaluated at once; more are taken in turns.
    n_threads : int
        A tiny model is fastest with one.

    Raises
    ------
    ImportError
        If llama-cpp-python is not installed.
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no whole GGUF file of an architecture that llama.cpp knows, there is too little memory for it, or
        ``n_batch`` is too small.
    """

    def __init__(
        self, path: Path, n_context: int | None = None, n_batch: int = 256, n_at_once: int = 32, n_threads: int = 1
    ) -> None:
        self.llama = Llama(path, n_context, n_batch, n_at_once + 1, n_threads)
        self.n_at_once = n_at_once
        self._read: list[int] = []
        self._next: LogProbabilities = np.empty(0, np.float32)
        pieces = self.llama.pieces
        self._by_piece = np.array(sorted(range(len(pieces)), key=pieces.__getitem__))
        self._sorted_pieces = [pieces[token] for token in self._by_piece]

    def __enter__(self) -> "LlmScorer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the model's memory back."""
        self.llama.close()

    def score(
        self,
        before: str,
        candidates: Sequence[str],
        n_whole: int | None = None,
        prior: FloatArray | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Scores:
        """Log P(candidate | before): of the first token for all, of the whole for the most promising ones.

        Parameters
        ----------
        before : str
            The document up to the cursor.
        candidates : sequence of str
        n_whole : int, optional
            So many are scored as wholes: those with most ``first + prior``. All by default.
        prior : array, shape (n_candidates,), optional
            What others think of the candidates (nats).
        stop : callable, optional
            Asked while the model works; once it says True, what has no score yet gets none. What was read of the
            context is kept for the next time.
        """
        context, given_back, all_ = self._cut(before, candidates)
        n_tokens = np.array([len(each.tokens) for each in all_], np.int64)
        found = Scores(np.full(len(all_), np.nan), np.full(len(all_), np.nan), n_tokens)
        self.llama.stop = stop or _never
        try:
            self._read_on(context)
            given = self._given_back(given_back, all_)
            fits = np.array([len(each.fed) <= self.llama.n_batch for each in all_], bool)
            found.first[fits] = [self._opening(each) - given for each, fit in zip(all_, fits, strict=True) if fit]
            order = np.argsort(-(found.first if prior is None else found.first + prior), kind="stable")
            chosen = [place for place in order.tolist() if fits[place]][:n_whole]
            for group in self._groups(chosen, all_):
                found.whole[group] = self._evaluate([all_[place] for place in group]) - given
        except Interrupted:
            pass  # what is missing says so
        finally:
            self.llama.stop = _never
        return found

    def read(self, before: str) -> tuple[LogProbabilities, bytes, int]:
        """Read a document but for its last token, so that another one may begin where that one did.

        Returns
        -------
        log_p : array, shape (n_vocabulary,)
            Of the token in the last one's place (nats).
        begun : bytes
            What that token must begin with.
        position : int
            Its place.
        """
        tokens = [self.llama.begin, *self.llama.tokens(self._tail(before))]
        last = tokens.pop() if len(tokens) > 1 else None
        self._read_on(tokens)
        return self._next, b"" if last is None else self.llama.pieces[last], len(tokens)

    def n_tokens(self, text: str) -> int:
        """How many tokens a text is cut into."""
        return len(self.llama.tokens(text))

    def log_p_of_document(self, text: str) -> float:
        """Log-probability (nats) of a document from its beginning; where it is long, half a context is kept."""
        self.forget()
        size, n_batch = self.llama.n_context, self.llama.n_batch
        tokens = [self.llama.begin, *self.llama.tokens(text)]
        total, done = 0.0, 1
        while done < len(tokens):
            begin = 0 if done == 1 else done - size // 2
            window = tokens[begin : begin + size]
            self.llama.drop([0])
            for at in range(0, len(window), n_batch):
                part = window[at : at + n_batch]
                rows = [Row(t, at + i, (0,), begin + at + i + 1 >= done) for i, t in enumerate(part)]
                following = tokens[max(begin + at + 1, done) : begin + at + len(part) + 1]
                log_p = self.llama.evaluate(rows)[: len(following)]
                total += float(log_p[np.arange(len(following)), following].sum())
            done = begin + len(window) + 1
        self.forget()
        return total

    def forget(self) -> None:
        """Drop what was read."""
        self.llama.drop([0])
        self._read = []

    def _cut(self, before: str, candidates: Sequence[str]) -> tuple[list[int], _Continuation, list[_Continuation]]:
        """The context's tokens that no candidate changes, what it gave back, and the candidates from there on."""
        tail = self._tail(before)
        alone = self.llama.tokens(tail)
        bodies = [candidate.rstrip() for candidate in candidates]
        both = [self.llama.tokens(tail + body) for body in bodies]
        n_kept = min((_n_common(alone, tokens) for tokens in both), default=len(alone))
        continuations = [
            _Continuation(tuple(tokens[n_kept:]), candidate[len(body) :][:1].encode())
            for tokens, candidate, body in zip(both, candidates, bodies, strict=True)
        ]
        return [self.llama.begin, *alone[:n_kept]], _Continuation(tuple(alone[n_kept:])), continuations

    def _tail(self, before: str) -> str:
        """What of a document fits the context, cut where it stays cut while the document grows."""
        step = self.llama.n_context
        begin = max(0, -(-(len(before) - _CHARACTERS_PER_TOKEN * step) // step)) * step
        while len(self.llama.tokens(before[begin:])) + 1 >= self.llama.n_context:
            begin += step
        return before[begin:]

    def _read_on(self, context: list[int]) -> None:
        """Evaluate what is new of the context, its last token at least where anything changed."""
        if context == self._read and len(self._next):
            return
        kept = min(_n_common(context, self._read), len(context) - 1)
        self.llama.drop([0], kept)
        for at in range(kept, len(context), self.llama.n_batch):
            part = context[at : at + self.llama.n_batch]
            self._read, self._next = context[:at], np.empty(0, np.float32)
            try:
                log_p = self._evaluate_rows([Row(t, at + i, (0,), i == len(part) - 1) for i, t in enumerate(part)])
            except Interrupted:
                self.llama.drop([0], at)
                raise
            self._read, self._next = context[: at + len(part)], log_p[0]

    def _opening(self, one: _Continuation) -> float:
        """Log-probability of a continuation's first token, or of a token that begins with all of it."""
        text = self._text(one)
        covering = self._log_mass(self._next, text) if text else 0.0
        if not one.tokens or self.llama.pieces[one.tokens[0]] == text:
            return covering
        return float(np.logaddexp(self._next[one.tokens[0]], covering))

    def _groups(self, chosen: list[int], all_: Sequence[_Continuation]) -> Iterator[list[int]]:
        """Candidates that fit one call."""
        group: list[int] = []
        n_rows = 0
        for place in chosen:
            n = len(all_[place].fed)
            if group and (len(group) == self.n_at_once or n_rows + n > self.llama.n_batch):
                yield group
                group, n_rows = [], 0
            group.append(place)
            n_rows += n
        if group:
            yield group

    def _given_back(self, given_back: _Continuation, all_: Sequence[_Continuation]) -> float:
        """Log-probability of the text that the context gave back, cut as the context and as any candidate cuts it."""
        text = self._text(given_back)
        paths = list(dict.fromkeys(self._within(one.tokens, len(text)) for one in (given_back, *all_)))
        after = self._after(paths[: self.n_at_once])
        total = -np.inf
        for path, row in after.items():
            reached = sum(float(after[path[:n]][token]) for n, token in enumerate(path))
            rest = text[sum(len(self.llama.pieces[token]) for token in path) :]
            total = np.logaddexp(total, reached + self._log_mass(row, rest))
        return float(total) if text else 0.0

    def _within(self, tokens: tuple[int, ...], n_bytes: int) -> tuple[int, ...]:
        """The first tokens, as far as they end before so many bytes do."""
        ends = accumulate(len(self.llama.pieces[token]) for token in tokens)
        return tuple(token for token, end in zip(tokens, ends, strict=True) if end < n_bytes)

    def _evaluate(self, group: Sequence[_Continuation]) -> FloatArray:
        """Log-probabilities of continuations' texts."""
        after = self._after([one.fed for one in group])
        return np.array([self._log_p(one, after) for one in group])

    def _after(self, paths: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], LogProbabilities]:
        """What follows each path of tokens and each of its beginnings; those that paths share are evaluated once."""
        prefixes: dict[tuple[int, ...], list[int]] = {}
        for sequence, path in enumerate(paths, 1):
            for length in range(1, len(path) + 1):
                prefixes.setdefault(path[:length], []).append(sequence)
        after: dict[tuple[int, ...], LogProbabilities] = {(): self._next}
        if prefixes:
            sequences = range(1, len(paths) + 1)
            self.llama.share(sequences)
            begin = len(self._read) - 1
            ordered = sorted(prefixes, key=len)
            try:
                rows = self._evaluate_rows([Row(p[-1], begin + len(p), prefixes[p]) for p in ordered])
            finally:
                self.llama.drop(sequences)
            after |= zip(ordered, rows, strict=True)
        return after

    def _evaluate_rows(self, rows: Sequence[Row]) -> LogProbabilities:
        if self.llama.stop():
            raise Interrupted(f"Evaluating {len(rows)} tokens was told to stop.")
        return self.llama.evaluate(rows)

    def _log_p(self, one: _Continuation, after: Mapping[tuple[int, ...], LogProbabilities]) -> float:
        """Over all places where a token may begin that covers the rest of the text, and maybe more."""
        rest, reached, terms = self._text(one), 0.0, []
        if not rest:
            return 0.0
        for n_before in range(len(one.tokens) + bool(one.blank)):
            row = after[one.tokens[:n_before]]
            terms.append(reached + self._log_mass(row, rest))
            if n_before < len(one.tokens):
                reached += float(row[one.tokens[n_before]])
                rest = rest[len(self.llama.pieces[one.tokens[n_before]]) :]
        return float(np.logaddexp.reduce(terms))

    def _text(self, one: _Continuation) -> bytes:
        return b"".join(self.llama.pieces[token] for token in one.tokens) + one.blank

    def _log_mass(self, log_p: LogProbabilities, beginning: bytes) -> float:
        """Log-probability that the next token begins so; -inf if none does."""
        first = bisect_left(self._sorted_pieces, beginning)
        last = bisect_right(self._sorted_pieces, beginning, first, key=lambda piece: piece[: len(beginning)])
        return float(np.logaddexp.reduce(log_p[self._by_piece[first:last]].astype(float)))


def _never() -> bool:
    return False


def _n_common(one: Sequence[int], other: Sequence[int]) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
