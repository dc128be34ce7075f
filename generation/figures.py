"""Measures generators and spellers on documents that no model learnt from."""

import argparse
import json
import math
import sysconfig
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from generation import recipes
from generation.arpa import BEGIN
from generation.models import load
from generation.python_layout import double_quote_all, gap_before
from generation.python_lexer import LexState, lex
from generation.python_model import TokenModel
from generation.python_symbols import BLANK, DEDENT, INDENT, LAYOUT, DocumentIndex, History, symbols
from generation.python_tokens import python_generators
from generation.text import text_generators
from generation.types import Context, Generator, Kind, Speller

PHRASES = ("aac", "comm", "enronmobile")


def bits_per_character(speller: Speller, documents: Iterable[str], kind: Kind) -> float:
    """Mean surprise (bits) of the characters that the speller can write."""
    known = {character for layer in speller.layers for character in layer}
    nats, n = 0.0, 0
    for document in documents:
        for place, character in enumerate(document):
            if character in known:
                nats -= speller.log_p(Context(kind, document[:place]), character)
                n += 1
    return nats / n / math.log(2)


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
    """How often the next token is the likeliest one, and among the first four and ten; line ends count as tokens."""
    ranks: list[int] = []
    for source in sources:
        known = list(symbols(lex(LexState(), double_quote_all(source))[0]))
        history = History((BEGIN,), (), (), (0,), DocumentIndex(()))
        for place, symbol in enumerate(known):
            if symbol not in (INDENT, DEDENT, BLANK):
                history = _with_index(history, known[:place])
                ranks.append(_rank(model, history, symbol))
            if symbol in LAYOUT:
                history = history.then(symbol)
            else:
                history = history.then_token(symbol, gap_before(history.line, symbol))
    return {"n": len(ranks), **{f"top-{k}": float(np.mean(np.array(ranks) < k)) for k in (1, 4, 10)}}


def milliseconds(generator: Generator, speller: Speller, documents: Sequence[str], kind: Kind) -> dict[str, float]:
    """Time of one page's candidates and letters at places never seen before, in ms."""
    times = []
    for document in documents:
        for place in range(1, min(len(document), 400), 7):
            context = Context(kind, document[:place])
            begun = time.perf_counter()
            generator.propose(context, 96)
            speller.next_character(context)
            times.append(1e3 * (time.perf_counter() - begun))
    return {"median": float(np.median(times)), "p99": float(np.quantile(times, 0.99)), "n": len(times)}


def milliseconds_at_end(generator: Generator, speller: Speller, document: str, kind: Kind) -> dict[str, float]:
    """Time of a page while the last 200 characters of a long document are written, in ms."""
    times = []
    for place in range(len(document) - 200, len(document), 3):
        context = Context(kind, document[:place])
        begun = time.perf_counter()
        generator.propose(context, 96)
        speller.next_character(context)
        times.append(1e3 * (time.perf_counter() - begun))
    return {"median": float(np.median(times)), "p99": float(np.quantile(times, 0.99)), "n": len(times)}


def text_figures(corpora: Path, n: int) -> dict[str, dict[str, float]]:
    """Savings with five slots and bits per character, on held-out text and on the phrase sets."""
    (words,), speller = text_generators()
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
            "bits_per_character": bits_per_character(speller, [text + "\n" for text in some], "text"),
        }
    figures["ms per page"] = milliseconds(words, speller, sets["held-out book"][100:120], "text")
    return figures


def python_figures(corpora: Path, n: int) -> dict[str, dict[str, float]]:
    """Ranks of the next token and bits per character, on held-out modules and on MBPP's solutions."""
    (tokens,), speller = python_generators()
    model = TokenModel(load("python-tokens"))
    library = Path(sysconfig.get_paths()["stdlib"])
    modules = [double_quote_all((library / name).read_text("utf-8")) for name in recipes.HELD_OUT_MODULES]
    tasks = json.loads((corpora / "code" / "sanitized-mbpp.json").read_text("utf-8"))
    solutions = [task["code"].replace("\r", "").strip() + "\n" for task in tasks][:: max(1, len(tasks) // n)]
    figures = {}
    for name, sources in (("held-out modules", modules), ("mbpp", solutions)):
        # From the first function or class on: a module begins with prose.
        code = ["\n" + source for source in sources]
        parts = [text[max(0, text.find("\ndef ")) + 1 :][:1500] for text in code[: max(5, n // 10)]]
        figures[name] = {
            **token_ranks(model, [source[: min(20_000, 100 * n)] for source in sources]),
            "savings@24": savings(tokens, [text[:600] for text in parts], "python", 24),
            "bits_per_character": bits_per_character(speller, parts, "python"),
        }
    figures["ms per page"] = milliseconds(tokens, speller, [source[1000:3000] for source in modules], "python")
    figures["ms per page, 10,000 characters"] = milliseconds_at_end(
        tokens, speller, modules[recipes.HELD_OUT_MODULES.index("shlex.py")][:10_000], "python"
    )
    return figures


def _with_index(history: History, known: list[str]) -> History:
    return History(history.symbols, history.line, history.brackets, history.indents, DocumentIndex(known))


def _rank(model: TokenModel, history: History, symbol: str) -> int:
    following = model.next(history)
    own = following.p[model.place[symbol]] if symbol in model.place else None
    p = own if own is not None else {**following.layout, **following.seen}.get(symbol)
    if p is None:
        return len(following.p)
    others = [*following.seen.values(), *following.layout.values()]
    return int((following.p > p).sum()) + sum(other > p for other in others)


def main() -> None:
    """Print every figure as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path, help="folder that holds text/ and code/")
    parser.add_argument("--n", type=int, default=300, help="documents of each set")
    arguments = parser.parse_args()
    figures = {
        "text": text_figures(arguments.corpora, arguments.n),
        "python": python_figures(arguments.corpora, arguments.n),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
