"""What the language models are worth, on documents that none learnt from: key presses, bits, ranks and time."""

import importlib.util
import json
import math
import os
import sysconfig
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.bench.table import Progress, Row, as_table
from experiments.config import Config
from generation import recipes
from generation.llm.scorer import LlmScorer
from generation.models import checked, list_models, load
from generation.ngrams.arpa import BEGIN
from generation.python.cache import DocumentIndex
from generation.python.history import History, Reading, role_symbols
from generation.python.layout import double_quote_all, gap_before
from generation.python.lexer import LexState, lex
from generation.python.model import TokenModel
from generation.python.symbols import BLANK, DEDENT, INDENT, LAYOUT, symbols
from generation.python.tokens import python_generators, token_model
from generation.text.generators import text_generators
from generation.tiny_llama.data import held_out_packages
from generation.types import Context, Generator, Kind, Speller

PHRASES = ("aac", "comm", "enronmobile")
_RANKS = (1, 4, 10)
_LLAMA = "tiny-llama"
NOTES = (
    "What ships, on documents that no model learnt from. 'savings@k': share of key presses saved by taking the longest "
    "right one of k candidates, or else typing a character; its ratio is the presses to those of typing alone. "
    "'bits_per_character': ratio to characters that are all equally likely. 'top-k': how often the next token, line "
    "ends included, is among the first k; ratio to the k tokens that are most frequent in these very documents. "
    "'bits_per_byte': of the tiny llama on the same documents, each from its beginning; ratio to the n-grams' bits, "
    "of whole modules and packages to those of the character n-gram alone. "
    "Milliseconds per page: 96 candidates and all letters; ratio to what a selection takes (setting layout.trial_s)."
)
WITHOUT_LLAMA = "The tiny llama was left out: it must be among the models, and the extra 'llm' installed."
LEFT_OUT = "Text and MBPP's solutions were left out: ASSENT_DATA must name the folder that holds corpora/."


def bench_language(quick: bool, progress: Progress) -> dict[str, Any]:
    """Key presses saved, bits per character, ranks of tokens, and time, for text and for Python."""
    corpora = Path(os.environ.get("ASSENT_DATA", "")) / "corpora"
    is_there = all((corpora / part).is_dir() for part in ("text", "code"))
    return measure(corpora if is_there else None, n=100 if quick else 300, progress=progress)


def measure(corpora: Path | None, n: int, progress: Progress) -> dict[str, Any]:
    """Take all figures on about ``n`` documents of each set; without corpora, on the standard library alone."""
    rows: list[Row] = []
    n_kinds = 1 if corpora is None else 2
    if corpora is not None:
        progress("measuring language", 0, n_kinds)
        rows += _rows("text", text_figures(corpora, n))
    progress("measuring language", n_kinds - 1, n_kinds)
    rows += _rows("python", python_figures(corpora, n))
    progress("measuring language", n_kinds, n_kinds)
    notes = [NOTES, *([LEFT_OUT] if corpora is None else []), *([] if _has_llama() else [WITHOUT_LLAMA])]
    return as_table("language", rows, " ".join(notes))


def _rows(kind: Kind, figures: Mapping[str, Mapping[str, float]]) -> list[Row]:
    return [
        {
            "kind": kind,
            "documents": documents,
            "figure": figure,
            "n": int(values["n_tokens" if figure.startswith("top-") else "n"]),
            "value": values[figure],
            "x_peer": ratio,
            "peer": peer,
        }
        for documents, values in figures.items()
        for figure, ratio, peer in _against_peers(kind, values)
    ]


def _against_peers(kind: Kind, values: Mapping[str, float]) -> Iterator[tuple[str, float, str]]:
    """Each figure, its ratio, and to what."""
    for figure, value in values.items():
        if figure.startswith("savings@"):
            yield figure, 1 - value, "typing alone"
        elif figure == "bits_per_character":
            yield figure, value / values["bits_if_all_alike"], "all alike"
        elif figure == "bits_per_byte":
            yield figure, value / values.get("bits_per_character", values.get("ngram_bits", math.nan)), "n-grams"
        elif figure.startswith("top-"):
            yield figure, value / values[figure.replace("top", "most_frequent")], "the most frequent"
        elif figure.endswith("_ms"):
            yield figure, value / (1e3 * Config(kind=kind).layout.trial_s), "a selection"


def bits_per_character(speller: Speller, documents: Iterable[str], kind: Kind) -> dict[str, float]:
    """Mean surprise (bits) of the characters that the speller can write, and what it were if all were alike."""
    known = {character for layer in speller.layers for character in layer}
    nats, n = 0.0, 0
    for document in documents:
        for place, character in enumerate(document):
            if character in known:
                nats -= speller.log_p(Context(kind, document[:place]), character)
                n += 1
    return {"bits_per_character": nats / n / math.log(2), "bits_if_all_alike": math.log2(len(known))}


def bits_per_byte(documents: Sequence[str]) -> float:
    """Mean surprise (bits) to the tiny llama of each byte of documents, each from its own beginning."""
    with LlmScorer(checked(_LLAMA).file) as scorer:
        nats = -sum(scorer.log_p_of_document(document) for document in documents)
    return nats / math.log(2) / sum(len(document.encode()) for document in documents)


def whole_sources(sources: Sequence[str]) -> dict[str, float]:
    """Bits per byte of whole modules: the tiny llama's, and those of the character n-gram alone."""
    model = load("python-characters")
    nats = 0.0
    for source in sources:
        line = [BEGIN, *(recipes.python_token(c) for c in source if c.isascii())]
        nats -= sum(model.log_p(line[max(0, i - model.order) : i], line[i]) for i in range(1, len(line)))
    n_bytes = sum(len(source.encode()) for source in sources)
    return {"n": len(sources), "bits_per_byte": bits_per_byte(sources), "ngram_bits": nats / math.log(2) / n_bytes}


def savings(generator: Generator, documents: Iterable[str], kind: Kind, n_slots: int) -> float:
    """Share of key presses saved by taking the longest right candidate of a few, and else typing a character."""
    n_presses, n_characters = 0, 0
    for document in documents:
        at = 0
        while at < len(document):
            offered = [c.text for c in generator.propose(Context(kind, document[:at]), n_slots)]
            at += max((len(text) for text in offered if document.startswith(text, at)), default=1)
            n_presses += 1
        n_characters += len(document)
    return 1 - n_presses / n_characters


def token_ranks(model: TokenModel, sources: Iterable[str]) -> dict[str, float]:
    """How often the next token is the likeliest or among the first few, beside always offering the most frequent ones.

    Line ends count as tokens.
    """
    ranks: list[int] = []
    counts: Counter[str] = Counter()
    for source in sources:
        tokens = lex(LexState(), double_quote_all(source))[0]
        known, roles = list(symbols(tokens)), role_symbols(tokens, Reading())[0]
        history = History()
        for place, symbol in enumerate(known):
            if symbol not in (INDENT, DEDENT, BLANK):
                history = replace(history, index=DocumentIndex(known[:place], roles[:place]))
                ranks.append(_rank(model, history, symbol))
                counts[symbol] += 1
            if symbol in LAYOUT:
                history = history.then(symbol)
            else:
                history = history.then_token(symbol, gap_before(history.line, symbol))
    figures: dict[str, float] = {"n_tokens": len(ranks)}
    for k in _RANKS:
        figures[f"top-{k}"] = float(np.mean(np.array(ranks) < k))
        figures[f"most_frequent-{k}"] = sum(count for _, count in counts.most_common(k)) / len(ranks)
    return figures


def milliseconds(generator: Generator, speller: Speller, contexts: Iterable[Context]) -> dict[str, float]:
    """Time of one page's candidates and letters, at places never seen before, in ms."""
    times = []
    for context in contexts:
        begun = time.perf_counter()
        generator.propose(context, 96)
        speller.next_character(context)
        times.append(1e3 * (time.perf_counter() - begun))
    return {"n": len(times), "median_ms": float(np.median(times)), "p99_ms": float(np.quantile(times, 0.99))}


def text_figures(corpora: Path, n: int) -> dict[str, dict[str, float]]:
    """Savings with five slots and bits per character, on held-out text and on the phrase sets."""
    (words, *_), speller = text_generators()
    folder = corpora / "text"
    sets = {
        "held-out sentences": recipes.read_sentences(folder / recipes.SENTENCES)[: recipes.N_HELD_OUT_SENTENCES],
        "held-out book": recipes.read_book(folder / recipes.HELD_OUT_BOOK),
    }
    for name in PHRASES:
        lines = (folder / f"bcipy_{name}_lower.tokenized").read_text("utf-8").splitlines()
        sets[f"bcipy_{name}"] = ["".join(line.split()).replace("<sp>", " ") for line in lines if line.strip()]
    figures = {}
    for name, whole in sets.items():
        some = whole[:: max(1, len(whole) // n)]
        figures[name] = {
            "n": len(some),
            "savings@5": savings(words, [text + " " for text in some], "text", 5),
            **bits_per_character(speller, [text + "\n" for text in some], "text"),
        }
        if _has_llama():
            figures[name]["bits_per_byte"] = bits_per_byte([text + "\n" for text in some])
    pages = _places(sets["held-out book"][100:120], "text")
    figures["pages of the held-out book"] = milliseconds(words, speller, pages)
    return figures


def python_figures(corpora: Path | None, n: int) -> dict[str, dict[str, float]]:
    """Ranks of the next token, savings and bits per character, on held-out modules and on MBPP's solutions."""
    (tokens, *_), speller = python_generators()
    model = token_model()
    library = Path(sysconfig.get_paths()["stdlib"])
    modules = [double_quote_all((library / name).read_text("utf-8")) for name in recipes.HELD_OUT_MODULES]
    sets = {"held-out modules": modules}
    if corpora is not None:
        tasks = json.loads((corpora / "code" / "sanitized-mbpp.json").read_text("utf-8"))
        sets["mbpp"] = [task["code"].replace("\r", "").strip() + "\n" for task in tasks][:: max(1, len(tasks) // n)]
    figures = {}
    for name, sources in sets.items():
        # From the first function or class on: a module begins with prose.
        code = ["\n" + source for source in sources]
        parts = [text[max(0, text.find("\ndef ")) + 1 :][:1500] for text in code[: max(5, n // 10)]]
        figures[name] = {
            "n": len(parts),
            **token_ranks(model, [source[: min(20_000, 100 * n)] for source in sources]),
            "savings@24": savings(tokens, [text[:600] for text in parts], "python", 24),
            **bits_per_character(speller, parts, "python"),
        }
        if _has_llama():
            figures[name]["bits_per_byte"] = bits_per_byte(parts)
    if _has_llama():
        figures["whole held-out modules"] = whole_sources(modules[: max(1, n // 10)])
        figures["whole modules of held-out packages"] = whole_sources(held_out_packages()[:: max(5, 500 // n)])
    pages = _places([source[1000:3000] for source in modules], "python")
    figures["pages of held-out modules"] = milliseconds(tokens, speller, pages[: 5 * n])
    long = modules[recipes.HELD_OUT_MODULES.index("shlex.py")][:10_000]
    pages = [Context("python", long[:place]) for place in range(len(long) - 200, len(long), 3)][: 5 * n]
    figures["pages at 10,000 characters"] = milliseconds(tokens, speller, pages)
    return figures


def _has_llama() -> bool:
    can_read = importlib.util.find_spec("llama_cpp") is not None
    return can_read and any(info.name == _LLAMA for info in list_models())


def _places(documents: Iterable[str], kind: Kind) -> list[Context]:
    """Every seventh place in the first 400 characters of each."""
    return [Context(kind, document[:place]) for document in documents for place in range(1, min(len(document), 400), 7)]


def _rank(model: TokenModel, history: History, symbol: str) -> int:
    following = model.next(history)
    own = following.p[model.place[symbol]] if symbol in model.place else None
    p = own if own is not None else {**following.layout, **following.seen}.get(symbol)
    if p is None:
        return len(following.p)
    others = [*following.seen.values(), *following.layout.values()]
    return int((following.p > p).sum()) + sum(other > p for other in others)
