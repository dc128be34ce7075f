"""Hostile documents: noise, broken programs, rows and formulas, soups of tokens, deep nesting and endless lines."""

import json
import string
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from experiments.bench.validation.fuzz_words import NESTS, PIECES, SEEDS, TOKENS
from generation.formula.types import Sheet, SheetScope
from generation.table.types import Field, ForeignKey, Schema, Table, TableScope
from generation.types import Kind

_MOST = 100_000  # repetitions
_LONGEST = 1_000_000  # characters, as many as a document may have


def samples(corpora: Path | None) -> Mapping[Kind, Sequence[str]]:
    """Documents that stand, by kind: a few that use much of the language, and what the corpora hold."""
    if corpora is None:
        return SEEDS
    tasks = json.loads((corpora / "code" / "sanitized-mbpp.json").read_text(encoding="utf-8"))
    formulas = (corpora / "formulas" / "xlparser_euses_formulas.txt").read_text(encoding="utf-8").splitlines()[:2000]
    tables = [path.read_text(encoding="utf-8")[:2000] for path in sorted((corpora / "tables").glob("*/*.csv"))]
    return {
        "text": SEEDS["text"],
        "python": (*SEEDS["python"], *(task["code"] for task in tasks)),
        "table": (*SEEDS["table"], *tables),
        "formula": (*SEEDS["formula"], *("=" + line.strip('"') for line in formulas)),
    }


def hostile_scopes(kind: Kind) -> Sequence[TableScope | SheetScope | None]:
    """Schemas with bounds and patterns that make no sense, and a workbook that is made of circles."""
    if kind == "table":
        other = Table("other", Schema((Field("id", "integer"),)), (("1",), ()))
        return (
            None,
            TableScope("guessed", Schema((Field("id", "integer"), Field("day", "date")), given=False)),
            TableScope("odd", _odd_schema(), {"other": other}),
            TableScope("bounded", _bounded_schema(), delimiter=";"),
        )
    if kind == "formula":
        cells: dict[tuple[int, int], object] = {
            (1, 1): "=A2", (2, 1): "=A1", (3, 1): float("nan"), (4, 1): "=" + "(" * 500, (5, 1): "=SUM(A:A)",
            (6, 1): "=INDIRECT(\"A\"&1)", (7, 1): "=", (1_048_576, 16_384): True, (8, 1): "\ud800",
        }  # fmt: skip
        names = {"Prices": "S!$A$1:$A$9", "Loop": "=Loop", "Garbage": "((", "Nothing": ""}
        return (None, SheetScope({"S": Sheet("S", cells, {(3, 1): '0.0"'})}, "S", (9, 2), names))
    return (None,)


def _odd_schema() -> Schema:
    fields = (
        Field("id", "integer", minimum="NaN", maximum="x"),
        Field("day", "date", format="%Q%", minimum="2024-02-31"),
        Field("name", "string", pattern="(a+)+$", min_length=9, max_length=3, enum=("", "a", "aa")),
        Field("value", "number", minimum="NaN", maximum="-inf", decimal="", thousands="."),
        Field("mail", "string", format="email", pattern="("),
    )
    keys = (ForeignKey(("id",), "other", ("id",)), ForeignKey(("value",), "gone", ("id",)))
    return Schema(fields, ("id", "day"), keys, ("", "NaN", '"'))


def _bounded_schema() -> Schema:
    fields = (
        Field("id", "integer", required=True, unique=True, minimum="9" * 400),
        Field("day", "datetime", format="%d/%m/%y %I:%M %p", maximum="31/12/99 11:59 PM"),
        Field("name", "string", pattern=r"(\w+\s?)*(?:ab|a)*b$", max_length=10**9),
        Field("value", "number", minimum="1e-999", maximum="1e999", decimal=",", thousands="."),
        Field("mail", "string", format="uri", enum=tuple(string.ascii_lowercase)),
    )
    return Schema(fields, ("id",), (ForeignKey(("id",), "", ("id",)),))


def noise(kind: Kind, samples: Sequence[str], rng: np.random.Generator) -> str:  # noqa: ARG001
    """Bytes at random, read as Latin-1, or as UTF-8 with the rest escaped."""
    content = rng.bytes(int(rng.integers(1, 400)))
    return content.decode("latin-1") if rng.random() < 0.5 else content.decode("utf-8", "surrogateescape")


def mutated(kind: Kind, samples: Sequence[str], rng: np.random.Generator) -> str:
    """A document that stands, with a few pieces cut, doubled, moved or put in."""
    text, tokens = samples[int(rng.integers(len(samples)))][:3000], TOKENS[kind].split(" ")
    for _ in range(int(rng.integers(1, 9))):
        a, b, c = sorted(int(at) for at in rng.integers(0, len(text) + 1, 3))
        token = str(rng.choice(tokens))
        text = (
            text[:a] + text[b:],
            text[:b] + text[a:],
            text[:a] + text[b:c] + text[a:b] + text[c:],
            text[:a] + token + text[a:],
            text[:a] + token * int(rng.integers(2, 40)) + text[b:],
        )[int(rng.integers(5))]
    return text


def soup(kind: Kind, samples: Sequence[str], rng: np.random.Generator) -> str:  # noqa: ARG001
    """Tokens of the kind in any order."""
    tokens = TOKENS[kind].split(" ")
    return str(rng.choice(["", " "])).join(tokens[i] for i in rng.integers(0, len(tokens), int(rng.integers(1, 120))))


def nested(kind: Kind, samples: Sequence[str], rng: np.random.Generator) -> str:  # noqa: ARG001
    """Something in something of its own kind, many times, and perhaps closed again."""
    opener, inside, closer = NESTS[kind][int(rng.integers(len(NESTS[kind])))]
    depth = int(10 ** rng.uniform(1, 3.5))
    return opener * depth + (inside + closer * depth) * bool(rng.integers(2))


def endless(kind: Kind, samples: Sequence[str], rng: np.random.Generator) -> str:  # noqa: ARG001
    """One piece, again and again, and perhaps another one before."""
    before, piece = (PIECES[kind][int(at)] for at in rng.integers(0, len(PIECES[kind]), 2))
    return (before * bool(rng.integers(2)) + piece * int(10 ** rng.uniform(3, np.log10(_MOST))))[:_LONGEST]


Make = Callable[[Kind, Sequence[str], np.random.Generator], str]
WAYS: Mapping[str, tuple[Make, float]] = {
    "noise": (noise, 0.25), "mutated": (mutated, 0.35), "soup": (soup, 0.25),
    "nested": (nested, 0.1), "endless": (endless, 0.05),
}  # fmt: skip
"""Ways of making a document, and the share of each."""
