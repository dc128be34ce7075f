"""Proposes what the cells around make of their formulas."""

from collections import Counter
from functools import lru_cache

from generation.formula.graph import without_cycles
from generation.formula.recall import Memory, as_candidates, recall, recall_part
from generation.formula.relative import formulas
from generation.formula.types import Cell, SheetScope
from generation.types import Candidate, Context

_N_NEIGHBOURS = 60
_N_MEMORIES = 400
_ACROSS = 0.1  # what a formula counts that shares neither row nor column, against one that does


class NeighbourFormulas:
    """Formulas of the same column and row, then of the rest of the sheet, moved to this cell as filling moves them."""

    name = "neighbours"

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        scope = context.scope
        if not isinstance(scope, SheetScope):
            return []
        found = recall(_neighbours(scope), context.before, scope.cell)
        return as_candidates(without_cycles(found, context.before, scope), n, self.name)


class WorkbookFormulas:
    """What stands anywhere in the workbook after the same tokens, each formula as often as it differs from others."""

    name = "workbook"

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        scope = context.scope
        if not isinstance(scope, SheetScope):
            return []
        memories = _memories(scope)
        found = recall(memories, context.before, scope.cell) or recall_part(memories, context.before, scope.cell)
        return as_candidates(without_cycles(found, context.before, scope), n, self.name)


@lru_cache(maxsize=4)
def _neighbours(scope: SheetScope) -> tuple[Memory, ...]:
    """Formulas of the sheet; the nearest in the row or column counts as one."""
    row, column = scope.cell
    ranked: list[tuple[float, Cell]] = []
    for cell in formulas(scope).get(scope.sheet, {}):
        n_rows, n_columns = abs(cell[0] - row), abs(cell[1] - column)
        weight = 1 / (n_rows + n_columns) * (1.0 if 0 in (n_rows, n_columns) else _ACROSS)
        ranked.append((-weight, cell))
    paths = formulas(scope).get(scope.sheet, {})
    return tuple(Memory(paths[cell], -weight) for weight, cell in sorted(ranked)[:_N_NEIGHBOURS])


@lru_cache(maxsize=4)
def _memories(scope: SheetScope) -> tuple[Memory, ...]:
    """Distinct formulas, in steps: those of the same sheet, then those that come most often elsewhere."""
    known = formulas(scope)
    own = dict.fromkeys(known.get(scope.sheet, {}).values())
    elsewhere = Counter(path for name, paths in known.items() if name != scope.sheet for path in paths.values())
    others = sorted((path for path in elsewhere if path not in own), key=lambda path: -elsewhere[path])
    return tuple(Memory(path, 1.0) for path in [*own, *others][:_N_MEMORIES])
