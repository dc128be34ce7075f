"""Blocks of held-out formulas, with and without a sheet around them: is the next one on the page?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from experiments.bench.generation.coverage import Case
from generation.fitted import mixture_of
from generation.formula.generators import MODEL
from generation.formula.lexer import Token, lex
from generation.formula.model import WEIGHTS, TokenModel
from generation.formula.neighbours import NeighbourFormulas, WorkbookFormulas
from generation.formula.ngram import FormulaNgram
from generation.formula.ranges import SheetRanges
from generation.formula.references import SheetReferences
from generation.formula.training import HELD_OUT_FOLD, fold_of, unique_formulas
from generation.formula.types import SheetScope
from generation.formula.workbook import read_workbook
from generation.models import load
from generation.types import Context, Generator

WORKBOOKS = ("vinci_excel.xlsx", "vinci_circular.xlsx", "vinci_test.xlsx")
MOST_CHARACTERS = 8192
_Thing = TypeVar("_Thing")
_SEED = 0
NOTES = (
    "EUSES: unique formulas of the held-out fifth of patterns, blanks dropped, without any sheet. A token is what "
    "Excel's own grammar has as one: an operand with its sheet and both ends of a range, a function with its bracket, "
    "an operator, a separator; a candidate must hold the exact text. An argument goes on to the comma or bracket that "
    "ends it. Workbooks: formulas of three small workbooks made to test a spreadsheet engine, most of them one "
    "function after the other filled to the right, so that they are no sample of what people write; their other cells "
    "are known ('left out'), or only those of the rows before and to the left ('in order'). No weight was fitted on "
    "them."
)


def blocks(corpora: Path | None, n: int) -> Mapping[str, Sequence[Case]]:
    """Held-out blocks by kind, at most ``n`` of each; none without corpora."""
    if corpora is None:
        return {}
    rng = np.random.default_rng(_SEED)
    formulas = held_out_formulas(corpora)
    places = [(formula, place) for formula in formulas for place in range(len(_texts(formula)))]
    calls = [formula for formula in formulas if any(token.kind == "function" for token in lex(formula))]
    found = {
        "EUSES, token": [_token_at(Context("formula", "="), *each) for each in _some(places, n, rng)],
        "EUSES, argument": [_next_argument(formula, rng) for formula in _some(calls, n, rng)],
        "EUSES, formula": [Case(Context("formula", "="), f[1:], f[1:]) for f in _some(formulas, n, rng)],
    }
    cells = _some(list(_formula_cells(corpora)), n, rng)
    for name, in_order in (("left out", False), ("in order", True)):
        contexts = [(Context("formula", "=", scope=_known(scope, in_order)), formula) for scope, formula in cells]
        found[f"workbooks, formula, {name}"] = [Case(context, f[1:], f[1:]) for context, f in contexts]
        at = [int(rng.integers(len(_texts(formula)))) for _, formula in contexts]
        tokens = [_token_at(context, f, place) for (context, f), place in zip(contexts, at, strict=True)]
        found[f"workbooks, token, {name}"] = tokens
    return found


def stages() -> Mapping[str, Generator]:
    """Generators by what takes part, each with all that those before it have."""
    model = load(MODEL)
    alone = WEIGHTS.copy()
    alone[:, 2:] = 0.0
    parts: list[Generator] = [FormulaNgram(TokenModel(model))]
    found: dict[str, Generator] = {"n-gram": FormulaNgram(TokenModel(model, alone)), "+ own earlier tokens": parts[0]}
    further: Mapping[str, Sequence[Generator]] = {
        "+ neighbours": [NeighbourFormulas()],
        "+ headings, ranges and references": [SheetRanges(), SheetReferences()],
        "+ workbook": [WorkbookFormulas()],
    }
    for name, more in further.items():
        parts = [*parts, *more]
        found[name] = mixture_of(parts, "formula")
    return found


def held_out_formulas(corpora: Path) -> list[str]:
    """Formulas that no model learnt from, with their equals sign and without blanks, in the order of their text."""
    return [
        without_blanks(formula)
        for formula in unique_formulas(corpora)
        if fold_of(formula) == HELD_OUT_FOLD and len(formula) < MOST_CHARACTERS
    ]


def without_blanks(formula: str) -> str:
    """A formula with its equals sign, and without the blanks between its tokens."""
    return "=" + "".join(token.text for token in lex(formula) if token.kind != "space")


def excel_tokens(formula: str) -> list[tuple[Token, ...]]:
    """Tokens as Excel's grammar has them: a sheet, both ends of a range and its colon are one operand."""
    found: list[tuple[Token, ...]] = []
    open_: tuple[Token, ...] = ()
    tokens = [token for token in lex(formula) if token.kind != "space"]
    for place, token in enumerate(tokens):
        following = tokens[place + 1].kind if place + 1 < len(tokens) else ""
        open_ = (*open_, token)
        if token.kind not in ("sheet", "colon") and (token.kind != "cell" or following != "colon"):
            found.append(open_)
            open_ = ()
    return [*found, open_] if open_ else found


def _texts(formula: str) -> list[str]:
    return ["".join(token.text for token in tokens) for tokens in excel_tokens(formula)]


def _some(things: Sequence[_Thing], n: int, rng: np.random.Generator) -> list[_Thing]:
    return [things[i] for i in sorted(rng.permutation(len(things))[:n].tolist())]


def _token_at(beginning: Context, formula: str, place: int) -> Case:
    """A formula up to one of its tokens."""
    texts = _texts(formula)
    before = "=" + "".join(texts[:place])
    return Case(replace(beginning, before=before), formula[len(before) :], texts[place])


def _next_argument(formula: str, rng: np.random.Generator) -> Case:
    """A formula up to the beginning of one of its arguments; the block is up to the comma or bracket that ends it."""
    texts = _texts(formula)
    begins = [place + 1 for place, text in enumerate(texts[:-1]) if text == "," or (text[-1] == "(" and len(text) > 1)]
    begin = end = begins[int(rng.integers(len(begins)))]
    depth = 0
    while end < len(texts):
        text = texts[end]
        end += 1
        if depth == 0 and text in (",", ")"):
            break
        depth += text.endswith("(") - (text == ")")
    before = "=" + "".join(texts[:begin])
    return Case(Context("formula", before), formula[len(before) :], "".join(texts[begin:end]))


def _formula_cells(corpora: Path) -> Iterator[tuple[SheetScope, str]]:
    """Every cell with a formula of the workbooks."""
    for name in WORKBOOKS:
        sheets, names = read_workbook(corpora / "formulas" / name)
        for sheet in sheets.values():
            for cell, value in sheet.cells.items():
                if isinstance(value, str) and value.startswith("=") and len(value) > 1:
                    yield SheetScope(sheets, sheet.name, cell, names), without_blanks(value)


def _known(scope: SheetScope, in_order: bool) -> SheetScope:
    """A scope without what stands in the cell; in order, without what follows it in the sheet either."""
    sheet = scope.sheets[scope.sheet]
    cells = {cell: v for cell, v in sheet.cells.items() if (cell < scope.cell if in_order else cell != scope.cell)}
    return replace(scope, sheets={**scope.sheets, scope.sheet: replace(sheet, cells=cells)})
