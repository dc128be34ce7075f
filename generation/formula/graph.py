"""Who refers to whom: the graph of references between the cells of a workbook."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import networkx as nx
import numpy as np
from openpyxl.utils import column_index_from_string

from generation.formula.lexer import N_COLUMNS, N_ROWS, Token, lex, read_place, sheet_name
from generation.formula.types import Cell, Sheet, SheetScope
from generation.ngrams.arpa import IntArray

Node = tuple[str, Cell]
_N_OF_RANGE = 4  # tokens of the longest reference: sheet, cell, colon, cell
_DEEPEST_NAME = 5  # names that refer to names that refer to ...


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells of one sheet, ends included."""

    sheet: str
    top: int
    left: int
    bottom: int
    right: int

    def __contains__(self, node: Node) -> bool:
        sheet, (row, column) = node
        return sheet == self.sheet and self.top <= row <= self.bottom and self.left <= column <= self.right


class ReferenceGraph:
    """References between the cells of a workbook, from what its formulas say.

    Ranges are not taken apart, so that sums of whole columns cost nothing.

    Parameters
    ----------
    scope : SheetScope
    """

    def __init__(self, scope: SheetScope) -> None:
        self.target: Node = (scope.sheet, scope.cell)
        self._owners: dict[str, list[Node]] = {}
        bounds: dict[str, list[tuple[int, int, int, int]]] = {}
        defined = tuple(sorted(scope.names.items()))
        for sheet in scope.sheets.values():
            for cell, area in _references(sheet, defined):
                if (sheet.name, cell) != self.target:
                    self._owners.setdefault(area.sheet, []).append((sheet.name, cell))
                    bounds.setdefault(area.sheet, []).append((area.top, area.left, area.bottom, area.right))
        self._bounds: dict[str, IntArray] = {sheet: np.array(found).T for sheet, found in bounds.items()}
        # A formula may be put where others refer to already: all that hangs on it may not be referred to.
        most = sum(map(len, self._owners.values())) + 1
        within = nx.generic_bfs_edges(nx.DiGraph(), self.target, self.dependents, depth_limit=most)
        self.closing: frozenset[Node] = frozenset({self.target, *(node for _, node in within)})

    def dependents(self, node: Node) -> Iterator[Node]:
        """The cells whose formulas refer to a cell, each once."""
        sheet, (row, column) = node
        if sheet not in self._bounds:
            return iter(())
        top, left, bottom, right = self._bounds[sheet]
        inside = np.flatnonzero((top <= row) & (row <= bottom) & (left <= column) & (column <= right))
        return iter(dict.fromkeys(self._owners[sheet][place] for place in inside.tolist()))

    def is_referred_to(self, node: Node) -> bool:
        """Whether any formula refers to a cell."""
        return next(self.dependents(node), None) is not None

    def closes_cycle(self, area: Area) -> bool:
        """Whether the formula that is being written would depend on itself, if it referred to these cells."""
        return any(node in area for node in self.closing)


@lru_cache(maxsize=4)
def reference_graph(scope: SheetScope) -> ReferenceGraph:
    """The graph of a scope, made once."""
    return ReferenceGraph(scope)


def without_cycles(scored: Mapping[str, float], before: str, scope: SheetScope) -> dict[str, float]:
    """Leave out continuations that would make the formula depend on itself where it does not yet."""
    graph = reference_graph(scope)
    last = "=" + "".join(token.text for token in lex(before)[-_N_OF_RANGE:])
    already = set(areas_of(last, scope.sheet, scope.names))
    return {
        text: score
        for text, score in scored.items()
        if not any(
            area not in already and graph.closes_cycle(area) for area in areas_of(last + text, scope.sheet, scope.names)
        )
    }


@lru_cache(maxsize=256)
def _references(sheet: Sheet, defined: tuple[tuple[str, str], ...]) -> tuple[tuple[Cell, Area], ...]:
    """Each formula's cell with each area that it refers to; sheets that stay the same are read once."""
    return tuple(
        (cell, area)
        for cell, value in sheet.cells.items()
        if isinstance(value, str) and value.startswith("=")
        for area in _areas(value, sheet.name, defined)
    )


@lru_cache(maxsize=65536)
def _areas(formula: str, sheet: str, defined: tuple[tuple[str, str], ...]) -> tuple[Area, ...]:
    """The same, for formulas that stay when others of their sheet change."""
    return tuple(areas_of(formula, sheet, dict(defined)))


def areas_of(formula: str, sheet: str, names: Mapping[str, str], depth: int = 0) -> Iterator[Area]:
    """The areas that a formula refers to in this workbook; unknown names, texts and parts of tables are not seen.

    Parameters
    ----------
    sheet : str
        The one that the formula stands in.
    names : mapping of str to str
        Defined names, and what each refers to.
    """
    tokens = [token for token in lex(formula) if token.kind != "space"]
    place = 0
    while place < len(tokens):
        token, prefix = tokens[place], tokens[place - 1] if place else None
        where = sheet_name(prefix.text) if prefix and prefix.kind == "sheet" else sheet
        if token.kind == "cell":
            is_range = [t.kind for t in tokens[place + 1 : place + 3]] == ["colon", "cell"]
            ends = [token, tokens[place + 2]] if is_range else [token]
            place += 2 * is_range
            area = _between(where, ends)
            if area:
                yield area
        elif token.kind == "lines":
            yield _lines(where, token.text)
        elif token.kind == "name" and depth < _DEEPEST_NAME:
            defined = names.get(token.text)
            if defined:
                yield from areas_of(defined, sheet, names, depth + 1)
        place += 1


def _between(sheet: str, ends: list[Token]) -> Area | None:
    places = [read_place(end.text) for end in ends]
    rows = [place.row for place in places if place]
    columns = [place.column for place in places if place]
    return Area(sheet, min(rows), min(columns), max(rows), max(columns)) if rows else None


def _lines(sheet: str, text: str) -> Area:
    """Whole columns or rows."""
    ends = text.replace("$", "").upper().split(":")
    if ends[0].isdigit():
        first, last = sorted(int(end) for end in ends)
        return Area(sheet, first, 1, last, N_COLUMNS)
    first, last = sorted(column_index_from_string(end) for end in ends)
    return Area(sheet, 1, first, N_ROWS, last)
