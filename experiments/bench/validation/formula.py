"""Validation of formulas: real ones that are refused, broken ones that are not, and milliseconds."""

import csv
import time
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from experiments.bench.table import Row
from generation.formula.lexer import N_COLUMNS, N_ROWS, Token, lex
from generation.formula.types import Sheet, SheetScope
from generation.formula.workbook import read_workbook
from generation.types import Candidate, Context
from validation.formula.finished import scope_at
from validation.formula.functions import SIGNATURES
from validation.formula.reading import read_formula
from validation.formula.validator import FormulaValidator

WORKBOOKS = ("vinci_excel.xlsx", "vinci_circular.xlsx", "vinci_test.xlsx")
NOTES = (
    "False rejects: every beginning, token by token, of a sample of the unique EUSES formulas, each in a workbook that "
    "has the sheets and names it names and nothing else, and of formulas of the workbooks under 'formulas' in the "
    "folder of corpora with all that these hold; vinci_circular.xlsx is made of circles, and its refusals are those. "
    "False accepts: EUSES formulas that the parser of the library 'formulas' takes, with one token deleted or two "
    "neighbours swapped, where it then takes them neither as they are nor with any of a few endings (a value, a "
    "reference, a bracket or a quote, and the brackets that are open); and by construction: an argument left out, or "
    "one too many, where the bracket after it is closed, a text where cells are needed, a reference to the formula's "
    "own cell, to a sheet and to a name that the workbook does not have. Those, no ending saves. The processor's time "
    "is what counts where other programs run beside."
)
_SEED = 5
_SHOWN = 3
_OWN = "Its own sheet"
_ENDINGS = ("", "A1", "1", "+A1", "(A1)", '"', ":A1", "!A1")
_FIXED = tuple(name for name, sign in SIGNATURES.items() if sign.least == sign.most == 2)


def false_rejects(corpora: Path | None, n: int) -> list[Row]:
    """How many beginnings of ``n`` formulas are refused, and which; and the same in workbooks."""
    rng = np.random.default_rng(_SEED)
    rows: list[Row] = []
    sets = [("EUSES", [_alone(formula) for formula in _some(rng, _formulas(corpora), n)])] if corpora else []
    sets += [(name, _cells(corpora / "formulas" / name, n // 4, rng)) for name in WORKBOOKS if corpora]
    for name, formulas in sets:
        validator, n_prefixes, n_finished = FormulaValidator(), 0, 0
        refused: list[str] = []
        for formula, scope in formulas:
            for text in _beginnings(formula):
                n_prefixes += 1
                verdict = validator.check(Context("formula", "=", "", scope), Candidate(text, 0.0, "bench"))
                if not verdict.ok:
                    refused.append(f"={text}: {verdict.reason}")
                    break
            n_finished += not validator.check_finished(formula, scope)[0].ok
        rows.append(
            {
                "formulas": name,
                "n": len(formulas),
                "n_prefixes": n_prefixes,
                "refused": len(refused),
                "refused_finished": n_finished,
                "exceptions": " | ".join(refused),
            }
        )
    return rows


def false_accepts(corpora: Path | None, n: int) -> list[Row]:
    """Share of broken formulas that are caught while they may still go on, and as finished ones."""
    rng = np.random.default_rng(_SEED)
    short = [formula for formula in _formulas(corpora) if 2 < len(lex(formula)) < 40]
    formulas = [formula for formula in _some(rng, short, n) if _is_taken(formula)]
    mistakes: dict[str, list[tuple[str, SheetScope]]] = {
        "token deleted": [(text, _alone(f)[1]) for f in formulas if _is_lost(text := _deleted(f, rng))],
        "tokens swapped": [(text, _alone(f)[1]) for f in formulas if _is_lost(text := _swapped(f, rng))],
    }
    scope = SheetScope({"Sheet1": Sheet("Sheet1", {(1, 1): 1.0})}, "Sheet1", (3, 2))
    for mistake, make in _CONSTRUCTED.items():
        mistakes[mistake] = [(make(rng), scope) for _ in formulas]
    rows: list[Row] = []
    for mistake, made in mistakes.items():
        validator = FormulaValidator()
        caught = [
            not validator.check(Context("formula", "=", "", where), Candidate(text, 0.0, "bench")).ok
            for text, where in made
        ]
        told = [not validator.check_finished("=" + text, where)[0].ok for text, where in made]
        rows.append(
            {
                "mistake": mistake,
                "n": len(made),
                "caught_unfinished": float(np.mean(caught)) if made else None,
                "caught_finished": float(np.mean(told)) if made else None,
                "missed": " | ".join([f"={made[k][0]}" for k in range(len(made)) if not caught[k]][:_SHOWN]),
            }
        )
    return rows if formulas else []


def milliseconds(corpora: Path | None, n: int) -> list[Row]:
    """Median and 99th percentile of a candidate, in ``n`` formulas alone and in a large sheet.

    The first candidate of each place, for which the beginning and its workbook are read, counts apart.
    """
    rng = np.random.default_rng(_SEED)
    rows: list[Row] = []
    large = [(f"=SUM(A1:A{row})+A{row}", _large_sheet()) for row in range(2, 50)]
    for name, formulas in (("EUSES", list(map(_alone, _formulas(corpora)))), ("sheet of 4,000 formulas", large)):
        seconds: list[tuple[float, float]] = []
        first: list[tuple[float, float]] = []
        for formula, scope in _some(rng, formulas, n):
            validator, texts = FormulaValidator(), ["", *_beginnings(formula)]
            whole = texts[-1]
            for before, longer in pairwise(texts):
                context = Context("formula", "=" + before, "", scope)
                added = (longer[len(before) :], whole[len(before) :], "A2+", "SUM(B2:B9)", ")")
                taken = [_timed(validator, context, text) for text in added]
                first.append(taken[0])
                seconds += taken[1:]
        if seconds:
            rows.append(_times(name, seconds, first))
    return rows


def _timed(validator: FormulaValidator, context: Context, text: str) -> tuple[float, float]:
    """Seconds of the clock, and of the processor."""
    begun = time.thread_time()
    verdict = validator.check(context, Candidate(text, 0.0, "bench"))
    return verdict.seconds, time.thread_time() - begun


def _times(name: str, seconds: Sequence[tuple[float, float]], first: Sequence[tuple[float, float]]) -> Row:
    milliseconds_each = 1e3 * np.array(seconds)
    return {
        "document": name,
        "n": len(seconds),
        "median_ms": float(np.median(milliseconds_each[:, 0])),
        "p99_ms": float(np.quantile(milliseconds_each[:, 0], 0.99)),
        "p99_cpu_ms": float(np.quantile(milliseconds_each[:, 1], 0.99)),
        "slowest_first_cpu_ms": 1e3 * max(cpu for _, cpu in first),
    }


@lru_cache(maxsize=1)
def _formulas(corpora: Path | None) -> list[str]:
    if corpora is None:
        return []
    path = corpora / "formulas" / "xlparser_euses_formulas.txt"
    with path.open(encoding="utf-8", newline="") as file:
        return sorted({row[0] for row in csv.reader(file) if row})


def _cells(path: Path, n: int, rng: np.random.Generator) -> list[tuple[str, SheetScope]]:
    """Some formulas of a workbook, each in its place."""
    sheets, names = read_workbook(path)
    places = [
        (name, cell, value)
        for name, sheet in sheets.items()
        for cell, value in sheet.cells.items()
        if isinstance(value, str) and value.startswith("=")
    ]
    return [(value, scope_at(sheets, names, name, cell)) for name, cell, value in _some(rng, places, n)]


def _alone(formula: str) -> tuple[str, SheetScope]:
    """A formula in a workbook that has the sheets and names that it names, and nothing else."""
    references = [use.reference for use in read_formula(formula, finished=True).uses]
    sheets = {sheet: Sheet(sheet, {}) for reference in references for sheet in reference.sheets}
    names = {name: "" for reference in references for name in reference.names}
    return formula, SheetScope({_OWN: Sheet(_OWN, {}), **sheets}, _OWN, (N_ROWS, N_COLUMNS), names)


def _beginnings(formula: str) -> list[str]:
    texts = [""]
    for token in lex(formula):
        texts.append(texts[-1] + token.text)
    return texts[1:]


def _deleted(formula: str, rng: np.random.Generator) -> str:
    tokens = [token.text for token in lex(formula)]
    del tokens[int(rng.integers(len(tokens)))]
    return "".join(tokens)


def _swapped(formula: str, rng: np.random.Generator) -> str:
    tokens = [token.text for token in lex(formula)]
    place = int(rng.integers(len(tokens) - 1))
    tokens[place : place + 2] = reversed(tokens[place : place + 2])
    return "".join(tokens)


def _is_lost(text: str) -> bool:
    """Whether another parser takes a formula with no ending that is tried."""
    n_open = _open_brackets(lex(text))
    if n_open < 0:
        return True
    endings = (ending + ")" * n for ending in _ENDINGS for n in range(n_open + 2))
    return not any(_is_taken(text + ending) for ending in endings)


def _is_taken(formula: str) -> bool:
    """Whether the parser of the library takes a formula."""
    from formulas.errors import FormulaError
    from formulas.parser import Parser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            Parser().ast("=" + formula)
        except (FormulaError, ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError):
            return False
        except SyntaxError:  # it reads numbers such as 01, and then takes them for Python
            return True
    return True


def _open_brackets(tokens: Sequence[Token]) -> int:
    """How many are open at the end; less than none where one closes that was not opened."""
    depth = 0
    for token in tokens:
        depth += (token.kind in ("open", "function")) - (token.kind == "close")
        if depth < 0:
            break
    return depth


_CONSTRUCTED: dict[str, Callable[[np.random.Generator], str]] = {
    "argument left out": lambda rng: f"{rng.choice(_FIXED)}(A1)+1",
    "argument too many": lambda rng: f"{rng.choice(_FIXED)}(A1,A2,A1)+1",
    "text for cells": lambda rng: f'{rng.choice(["COUNTIF", "SUMIF", "COUNTBLANK", "ROW"])}("x",A1)+1',
    "own cell": lambda rng: f"{rng.choice(['B3+1', 'SUM(B1:B9)', 'SUM(B:B)', 'A1*$B$3+1', 'SUM(A3:C3)'])}",
    "unknown sheet": lambda rng: f"Nowhere{rng.integers(99)}!A1+1",
    "unknown name": lambda rng: f"nothing_{rng.integers(99)}+A1",
}


@lru_cache(maxsize=1)
def _large_sheet() -> SheetScope:
    n = 2002
    cells: dict[tuple[int, int], object] = {(row, 1): float(row) for row in range(1, n)}
    cells |= {(row, 2): f"=B{row - 1}+A{row}" for row in range(2, n)}
    cells |= {(row, 3): f"=SUM(A$1:A{row})/$A$1" for row in range(2, n)}
    return SheetScope({"S": Sheet("S", cells)}, "S", (1, 2))


def _some(rng: np.random.Generator, items: Sequence, n: int) -> list:
    chosen = rng.choice(len(items), size=min(n, len(items)), replace=False) if len(items) else ()
    return [items[int(place)] for place in sorted(chosen)]
