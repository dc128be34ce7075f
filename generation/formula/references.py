"""Proposes cells to refer to, by the graph of references and by where cells stand."""

from collections import defaultdict
from functools import lru_cache
from itertools import islice

from generation.formula.grammar import allowed
from generation.formula.graph import reference_graph, without_cycles
from generation.formula.layout import is_number
from generation.formula.lexer import Place, Token, lex, place_at, quoted_sheet, read_place, sheet_name
from generation.formula.recall import as_candidates
from generation.formula.relative import formulas, written
from generation.formula.symbols import Everything, History
from generation.formula.types import Cell, SheetScope
from generation.types import Candidate, Context

# Judged, not fitted: how much each reason for a cell counts.
_LEFT, _ABOVE, _SIBLING, _NEXT, _NEXT_EMPTY = 1.0, 0.5, 1.0, 3.0, 0.5
_SAME_PLACE, _ELSEWHERE = 2.0, 0.5
_UNUSED = 2.0  # factor of cells that no formula refers to yet
_USED_HERE = 0.3  # factor of cells that this formula refers to already
_P_CELL = 0.5  # that a cell comes where a value must
_N_NEAR, _N_SIBLINGS = 8, 24


class SheetReferences:
    """The next cell to refer to, where a value must come; other sheets and defined names too.

    Numbers of the same row and column count by their distance, cells that no formula refers to yet for more; so do what
    the formulas around refer to from their own cells, and the cell that goes on a sequence such as A1, A2. On another
    sheet it is the cell in the same place, and those that no formula refers to yet. Cells that depend on the formula
    being written are left out.
    """

    name = "references"

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        scope = context.scope
        if not isinstance(scope, SheetScope) or scope.sheet not in scope.sheets:
            return []
        tokens = [token for token in lex(context.before) if token.kind != "space"]
        begun = "" if context.before.startswith("=") else "="
        pending = tokens.pop().text if tokens and tokens[-1].kind in ("cell", "name", "unfinished") else ""
        history = History(Everything()).follow(tokens)
        if "cell" not in allowed(history) or history.last == "colon":
            return []
        weights = _there(scope, tokens[-1]) if history.last == "sheet" else _weights(scope, tuple(tokens))
        matching = {text: w for text, w in weights.items() if text.startswith(pending) and text != pending}
        total = sum(matching.values())
        masses = {begun + text[len(pending) :]: _P_CELL * weight / total for text, weight in matching.items()}
        return as_candidates(without_cycles(masses, context.before, scope), n, self.name)


def _weights(scope: SheetScope, tokens: tuple[Token, ...]) -> dict[str, float]:
    """How much speaks for each cell, by its text."""
    weights = dict(_standing(scope))
    used = [place for place in (read_place(token.text) for token in tokens if token.kind == "cell") if place]
    following = _next_of_sequence(used)
    if following:
        known = following.cell in scope.sheets[scope.sheet].cells
        weights[following.text] = weights.get(following.text, 0.0) + (_NEXT if known else _NEXT_EMPTY)
    for place in used:
        if place.text in weights:
            weights[place.text] *= _USED_HERE
    sheets = [quoted_sheet(name) for name in scope.sheets if name != scope.sheet]
    for text in (*sheets, *scope.names):
        weights[text] = weights.get(text, 0.0) + _ELSEWHERE / (len(sheets) + len(scope.names))
    return weights


def _there(scope: SheetScope, sheet: Token) -> dict[str, float]:
    """How much speaks for each cell of a sheet that the formula has just named."""
    name = sheet_name(sheet.text)
    same = place_at(*scope.cell)
    weights = {same.text: _SAME_PLACE} if same else {}
    if name not in scope.sheets:
        return weights
    graph = reference_graph(scope)
    cells = scope.sheets[name].cells
    numbers = (cell for cell, value in cells.items() if is_number(value) and not graph.is_referred_to((name, cell)))
    for rank, cell in enumerate(islice(numbers, _N_NEAR), 1):
        text = Place(*cell).text
        weights[text] = weights.get(text, 0.0) + _UNUSED / rank
    return weights


@lru_cache(maxsize=4)
def _standing(scope: SheetScope) -> tuple[tuple[str, float], ...]:
    """What speaks for each cell whatever the formula holds so far."""
    weights: dict[str, float] = defaultdict(float)
    row, column = scope.cell
    graph = reference_graph(scope)
    known = scope.sheets[scope.sheet].cells
    for share, cells in (
        (_LEFT, [cell for cell in known if cell[0] == row and cell[1] < column]),
        (_ABOVE, [cell for cell in known if cell[1] == column and cell[0] < row]),
    ):
        numbers = sorted((cell for cell in cells if is_number(known[cell])), reverse=True)
        for rank, cell in enumerate(numbers[:_N_NEAR], 1):
            unused = _UNUSED if not graph.is_referred_to((scope.sheet, cell)) else 1.0
            weights[Place(*cell).text] += share * unused / rank
    for text, weight in _siblings(scope):
        weights[text] += _SIBLING * weight
    return tuple(weights.items())


def _siblings(scope: SheetScope) -> list[tuple[str, float]]:
    """What the nearest formulas of the same row or column refer to, seen from this cell."""
    row, column = scope.cell
    paths = formulas(scope).get(scope.sheet, {})
    distances: list[tuple[int, Cell]] = sorted(
        (abs(at[0] - row) + abs(at[1] - column), at) for at in paths if at[0] == row or at[1] == column
    )
    found = []
    for distance, cell in distances[:_N_SIBLINGS]:
        for step in paths[cell]:
            texts = written([step], scope.cell) if step[0] == "cell" else None
            if texts:
                found.append((texts[0], 1 / distance))
    return found


def _next_of_sequence(used: list[Place]) -> Place | None:
    """The cell as far from the last one as that is from the one before."""
    if len(used) < 2:
        return None
    first, last = used[-2:]
    n_rows, n_columns = last.row - first.row, last.column - first.column
    if (n_rows, n_columns) == (0, 0):
        return None
    return place_at(last.row + n_rows, last.column + n_columns, last.fixed_row, last.fixed_column)
