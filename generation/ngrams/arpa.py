"""N-gram models as arrays, and the ARPA files that hold them."""

import gzip
import io
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"
_LN10 = float(np.log(10.0))


@dataclass(frozen=True, slots=True, eq=False)
class Grams:
    """All n-grams of one order, sorted by (parent, word).

    Parameters
    ----------
    parent : array, shape (n_grams,)
        Where the n-gram without its last word stands in the order below; zeros for order 1.
    word : array, shape (n_grams,)
        The last word, as its index into the vocabulary.
    log_p, backoff : array, shape (n_grams,)
        In nats; the backoff of an n-gram that nothing follows is zero.
    """

    parent: IntArray
    word: IntArray
    log_p: FloatArray
    backoff: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class NgramTable:
    """A backoff n-gram model.

    Parameters
    ----------
    vocabulary : tuple of str
        The first order's words, ``<s>``, ``</s>`` and ``<unk>`` among them.
    orders : tuple of Grams
        Order 1 first.
    """

    vocabulary: tuple[str, ...]
    orders: tuple[Grams, ...]


def write_arpa(table: NgramTable, path: Path, digits: int = 7) -> None:
    """Write an ARPA file, whole or not at all; gzipped where the name ends in ``.gz``.

    Parameters
    ----------
    digits : int
        Digits after the point of the (decimal) logarithms.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as raw:
            if path.suffix == ".gz":
                # No name and no time inside, so that the same model is the same file.
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                    _write(table, packed, digits)
            else:
                _write(table, raw, digits)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_arpa(path: Path) -> NgramTable:
    """Read an ARPA file, plain or gzipped.

    Raises
    ------
    ValueError
        If the file is no whole ARPA file.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as raw:
            return _read(io.TextIOWrapper(raw, encoding="utf-8", newline="\n"))
    except (EOFError, gzip.BadGzipFile, UnicodeDecodeError, ValueError, IndexError, KeyError) as error:
        raise ValueError(f"File {path} must be a whole ARPA language model ({error}).") from error


def save_table(table: NgramTable, path: Path) -> None:
    """Write the arrays for a quick start next time, whole or not at all."""
    arrays: dict[str, NDArray] = {"vocabulary": np.frombuffer("\n".join(table.vocabulary).encode(), dtype=np.uint8)}
    for order, grams in enumerate(table.orders, start=1):
        arrays[f"parent{order}"] = grams.parent.astype(np.int32)
        arrays[f"word{order}"] = grams.word.astype(np.int32)
        arrays[f"log_p{order}"] = grams.log_p.astype(np.float32)
        arrays[f"backoff{order}"] = grams.backoff.astype(np.float32)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as raw:
            np.savez(raw, **arrays)  # type: ignore[arg-type]
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load_table(path: Path) -> NgramTable:
    """Read what ``save_table`` wrote."""
    with np.load(path) as arrays:
        n_orders = sum(name.startswith("parent") for name in arrays.files)
        orders = tuple(
            Grams(
                arrays[f"parent{order}"].astype(np.int64),
                arrays[f"word{order}"].astype(np.int64),
                arrays[f"log_p{order}"].astype(np.float64),
                arrays[f"backoff{order}"].astype(np.float64),
            )
            for order in range(1, n_orders + 1)
        )
        return NgramTable(tuple(arrays["vocabulary"].tobytes().decode().split("\n")), orders)


class _Writable(Protocol):
    def write(self, data: bytes, /) -> int: ...


def _write(table: NgramTable, raw: _Writable, digits: int) -> None:
    head = "\\data\\\n" + "".join(f"ngram {k}={len(g.word)}\n" for k, g in enumerate(table.orders, start=1))
    raw.write(head.encode())
    names: list[str] = [""]
    for order, grams in enumerate(table.orders, start=1):
        raw.write(f"\n\\{order}-grams:\n".encode())
        space = " " if order > 1 else ""
        words = table.vocabulary
        names = [
            names[parent] + space + words[word]
            for parent, word in zip(grams.parent.tolist(), grams.word.tolist(), strict=True)
        ]
        log_p = np.round(grams.log_p / _LN10, digits).tolist()
        backoff = np.round(grams.backoff / _LN10, digits).tolist()
        last = order == len(table.orders)
        for p, name, b in zip(log_p, names, backoff, strict=True):
            raw.write((f"{p!r}\t{name}\n" if last else f"{p!r}\t{name}\t{b!r}\n").encode())
    raw.write(b"\n\\end\\\n")


def _read(lines: Iterator[str]) -> NgramTable:
    sizes = _read_sizes(lines)
    vocabulary: list[str] = []
    index: dict[str, int] = {}
    orders: list[Grams] = []
    for order, size in enumerate(sizes, start=1):
        rows = _read_section(lines, order, size)
        log_p = np.array([float(row[0]) for row in rows]) * _LN10
        backoff = np.array([float(row[2]) if len(row) > 2 else 0.0 for row in rows]) * _LN10
        if order == 1:
            vocabulary = [row[1] for row in rows]
            index = {word: place for place, word in enumerate(vocabulary)}
            if len(index) != size or not {BEGIN, END, UNKNOWN} <= index.keys():
                raise ValueError("its words must be distinct and hold <s>, </s> and <unk>")
            orders.append(Grams(np.zeros(size, dtype=np.int64), np.arange(size), log_p, backoff))
            continue
        words = np.array([[index[word] for word in row[1].split(" ")] for row in rows], dtype=np.int64)
        words = words.reshape(size, order)
        node = words[:, 0]
        for depth in range(1, order - 1):
            node = _find(orders[depth], len(vocabulary), node, words[:, depth])
        place = np.lexsort((words[:, -1], node))
        orders.append(Grams(node[place], words[place, -1], log_p[place], backoff[place]))
    if next((line for line in lines if line.strip()), "").strip() != "\\end\\":
        raise ValueError("it must end with \\end\\")
    return NgramTable(tuple(vocabulary), tuple(orders))


def _read_sizes(lines: Iterator[str]) -> list[int]:
    sizes: list[int] = []
    for line in lines:
        text = line.strip()
        if text.startswith("ngram "):
            sizes.append(int(text.split("=")[1]))
        elif text == "\\1-grams:":
            break
        elif text and text != "\\data\\":
            raise ValueError(f"line {text[:40]!r} is none of its head")
    if not sizes:
        raise ValueError("it names no n-grams")
    return sizes


def _read_section(lines: Iterator[str], order: int, size: int) -> list[list[str]]:
    title = f"\\{order}-grams:"
    if order > 1 and next((line for line in lines if line.strip()), "").strip() != title:
        raise ValueError(f"section {title} must follow")
    rows = [line.rstrip("\n").split("\t") for line, _ in zip(lines, range(size), strict=False)]
    if len(rows) != size or any(len(row) < 2 for row in rows):
        raise ValueError(f"section {title} must hold {size} n-grams")
    return rows


def _find(grams: Grams, n_words: int, parent: IntArray, word: IntArray) -> IntArray:
    keys = grams.parent * n_words + grams.word
    wanted = parent * n_words + word
    place = np.searchsorted(keys, wanted)
    if not np.array_equal(keys[np.minimum(place, len(keys) - 1)], wanted):
        raise ValueError("every n-gram's beginning must be an n-gram too")
    return place
