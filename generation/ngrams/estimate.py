"""Estimates n-gram models from text by interpolated modified Kneser-Ney smoothing."""

import gzip
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generation.ngrams.arpa import BEGIN, END, UNKNOWN, FloatArray, Grams, IntArray, NgramTable

FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)


def read_text(path: Path) -> str:
    """Read a training text.

    Raises
    ------
    ValueError
        If the file is empty, binary or not UTF-8.
    FileNotFoundError
        If there is none.
    """
    if not path.is_file():
        raise FileNotFoundError(f"Training text {path} does not exist.")
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"Training text {path} must be a whole archive (it is damaged: {error}).") from error
    if b"\0" in raw:
        raise ValueError(f"Training text {path} must be text (it holds null bytes).")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"Training text {path} must be UTF-8 (byte {error.start} is not).") from error
    if not text.strip():
        raise ValueError(f"Training text {path} must hold words (it is empty).")
    return text


def estimate(sentences: Iterable[Sequence[str]], order: int, prune: Sequence[int] = ()) -> NgramTable:
    """Estimate a model by interpolated modified Kneser-Ney smoothing [1]_, counting as ``lmplz`` does [2]_.

    Below the highest order an n-gram counts the words seen before it, except one that begins a sentence.
    Each order has its own discounts for counts of one, two, and three or more; where the counts of counts
    do not define them in range, they fall back to 0.5, 1 and 1.5.

    Parameters
    ----------
    sentences : iterable of sequences of str
        Tokens without sentence marks; no token may be empty or hold white space.
    order : int
        Longest n-gram, at least 2.
    prune : sequence of int
        N-grams of order ``k`` that occur at most ``prune[k - 1]`` times are left out; the last value holds for
        all higher orders. Words are never pruned: map rare ones to a class instead.

    Raises
    ------
    ValueError
        If there are no tokens, or an argument is out of range.

    References
    ----------
    .. [1] Chen & Goodman (1998). An empirical study of smoothing techniques for language modeling. TR-10-98.
    .. [2] Heafield, Pouzyrevsky, Clark & Koehn (2013). Scalable modified Kneser-Ney language model estimation. ACL.
    """
    if order < 2:
        raise ValueError(f"Argument 'order' (got {order}) must be at least 2.")
    thresholds = [*prune, *[prune[-1] if prune else 0] * order][:order]
    if thresholds[0] or sorted(thresholds) != thresholds:
        raise ValueError(f"Argument 'prune' (got {tuple(prune)}) must begin with 0 and never fall.")
    vocabulary, stream = _encode(sentences)
    counts = _count(stream, order, len(vocabulary))

    orders: list[Grams] = []
    lower = np.full(1, 1.0 / (len(vocabulary) - 1))  # every word but <s>, evenly
    kept_below = np.zeros(1, dtype=np.int64)
    for k, grams in enumerate(counts):
        adjusted = _adjust(grams, counts[k + 1] if k + 1 < order else None)
        if k == 0:
            adjusted[0] = 0  # <s> follows nothing
        threshold = thresholds[k] if k else -1  # words all stay, <unk> with its count of zero too
        p, gamma = _smooth(grams, adjusted, lower, len(lower), threshold)
        if k == 0:
            p[0] = 1.0  # <s> is never predicted; lmplz writes it so
        else:
            backoff = np.log(np.maximum(gamma[kept_below], np.finfo(float).tiny))
            orders[-1] = replace(orders[-1], backoff=backoff)
        kept = np.flatnonzero(grams.count > threshold)
        parent = np.searchsorted(kept_below, grams.parent[kept])
        orders.append(Grams(parent, grams.word[kept], np.log(p[kept]), np.zeros(len(kept))))
        lower, kept_below = p, kept
    return NgramTable(vocabulary, tuple(orders))


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """Every n-gram of one order: its parent (all but the last word), last word, suffix (all but the first), count."""

    parent: IntArray
    word: IntArray
    suffix: IntArray
    count: IntArray
    begins: NDArray[np.bool_]  # whether its first word is <s>


def _encode(sentences: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], IntArray]:
    index: dict[str, int] = {BEGIN: 0, END: 1, UNKNOWN: 2}
    stream: list[int] = []
    for sentence in sentences:
        stream.append(0)
        stream.extend([index.setdefault(token, len(index)) for token in sentence])
        stream.append(1)
    bad = next((token for token in index if token.split() != [token]), None)
    if bad is not None:
        raise ValueError(f"Argument 'sentences' must hold tokens without white space (got {bad!r}).")
    if len(index) == 3:
        raise ValueError("Argument 'sentences' must hold at least one token (got none).")
    return tuple(index), np.array(stream, dtype=np.int64)


def _count(stream: IntArray, order: int, n_words: int) -> list[_Counts]:
    none = np.zeros(n_words, dtype=np.int64)
    words = np.arange(n_words)
    counts = [_Counts(none, words, none, np.bincount(stream, minlength=n_words), words == 0)]
    gram = stream.copy()  # which n-gram ends at each place; -1 where it would begin in the sentence before
    for _ in range(1, order):
        whole = (gram[:-1] >= 0) & (gram[1:] >= 0) & (stream[1:] != 0)
        suffix = gram[1:][whole]
        keys, first, which, count = np.unique(
            gram[:-1][whole] * n_words + stream[1:][whole], return_index=True, return_inverse=True, return_counts=True
        )
        parent, word = np.divmod(keys, n_words)
        counts.append(_Counts(parent, word, suffix[first], count, counts[-1].begins[parent]))
        gram = np.full(len(stream), -1)
        gram[1:][whole] = which
    return counts


def _adjust(grams: _Counts, above: _Counts | None) -> IntArray:
    """How many different words stand before each n-gram; at the highest order and after <s>, its plain count."""
    if above is None:
        return grams.count
    return np.where(grams.begins, grams.count, np.bincount(above.suffix, minlength=len(grams.count)))


def _smooth(
    grams: _Counts, adjusted: IntArray, lower: FloatArray, n_parents: int, threshold: int
) -> tuple[FloatArray, FloatArray]:
    """Probability of each n-gram, and the weight with which each parent turns to the lower order."""
    discount = _discounts(adjusted)[np.minimum(adjusted, 3)]
    total = np.bincount(grams.parent, weights=adjusted, minlength=n_parents)
    total[total == 0] = 1.0
    pruned = grams.count <= threshold
    freed = np.bincount(grams.parent, weights=np.where(pruned, adjusted, discount), minlength=n_parents)
    has_children = np.bincount(grams.parent, minlength=n_parents) > 0
    gamma = np.where(has_children, freed / total, 1.0)
    p = (adjusted - discount) / total[grams.parent] + gamma[grams.parent] * lower[grams.suffix]
    return p, gamma


def _discounts(adjusted: IntArray) -> FloatArray:
    """Discounts for counts of 0, 1, 2, and 3 or more: equation 26 of Chen & Goodman (1998)."""
    n = np.bincount(np.minimum(adjusted, 5), minlength=6).astype(float)
    if (n[1:4] > 0).all():
        y = n[1] / (n[1] + 2 * n[2])
        count = np.arange(1, 4)
        discounts = count - (count + 1) * y * n[2:5] / n[1:4]
        if (discounts >= 0).all() and (discounts <= count).all():
            return np.array([0.0, *discounts])
    return np.array([0.0, *FALLBACK_DISCOUNTS])
