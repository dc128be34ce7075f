"""What formulas can refer to in their workbook, and which cells hang on which."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from openpyxl.utils import get_column_letter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from generation.formula.types import Cell, SheetScope
from validation.formula.frames import Finding, Use
from validation.formula.functions import LOOK_AT_PLACE
from validation.formula.reading import read_formula
from validation.formula.references import NUMBER, Area, Reference

Node = tuple[str, Cell]
_DEEPEST_NAME = 5  # names that refer to names that refer to ...
_OWN_NAMES = ("_xlpm.", "_xleta.")  # parameters of LAMBDA, and functions as values, as files write them
_MOST_IN_CYCLE = 6  # cells of a cycle that are named
_LEFT_OUT: Node = ("…", (0, 0))


@dataclass(frozen=True, slots=True)
class _Hanging:
    """Cells that hang on another: by which one each does, and their places by sheet, shape (2, n)."""

    by: Mapping[Node, Node]
    nodes: Mapping[str, list[Node]]
    places: Mapping[str, NDArray[np.int64]]


class Workbook:
    """A scope, with its sheets and names found as Excel finds them, and its graph of references.

    Parameters
    ----------
    scope : SheetScope
    """

    def __init__(self, scope: SheetScope) -> None:
        self.scope = scope
        self.own: Node = (scope.sheet, scope.cell)
        self._hanging_on: dict[Node, _Hanging] = {}
        self._sheets = {name.casefold(): name for name in scope.sheets}
        self._names = {name.casefold(): target for name, target in scope.names.items()}

    def prepare(self) -> None:
        """Work out what hangs on the scope's own cell, so that no candidate waits for it."""
        self._hanging(self.own)

    def sheet_fault(self, use: Use) -> Finding | None:
        """Which sheet the workbook lacks."""
        for sheet in use.reference.sheets:
            if sheet.casefold() not in self._sheets:
                return "unknown-sheet", f"The workbook has no sheet {sheet!r}."
        return None

    def name_fault(self, use: Use) -> Finding | None:
        """Which name the workbook does not define."""
        for name in use.reference.names:
            if name.casefold() not in self._names and not name.startswith(_OWN_NAMES):
                return "unknown-name", f"The workbook defines no name {name!r}."
        return None

    def cycle_fault(self, use: Use, node: Node) -> Finding | None:
        """Why a formula in a cell would depend on itself, if it used a reference."""
        if use.function in LOOK_AT_PLACE:
            return None
        for area in self.areas(use.reference, node[0]):
            closing = self._closing_node(area, node)
            if closing is not None:
                way = " → ".join(_written(cell, node[0]) for cell in self._cycle(closing, node))
                return "cycle", f"The formula would depend on itself: {way}."
        return None

    def pending_fault(self, text: str) -> Finding | None:
        """Why no operand of this workbook begins with these characters."""
        if text.startswith('"') or "[" in text or ":" in text:
            return None
        if text.startswith("'"):
            written = text[1:].partition("'!")[0].removesuffix("'").replace("''", "'").casefold()
            begins = "'!" not in text and any(sheet.startswith(written) for sheet in self._sheets)
            known = begins or written in self._sheets
        elif "!" not in text:
            # Digits that are no number begin a sheet's name, or nothing.
            known = not text[:1].isdigit() or bool(NUMBER.fullmatch(text, partial=True))
            known = known or any(sheet.startswith(text.casefold()) for sheet in self._sheets)
        else:
            sheet = text.partition("!")[0]
            known = text.startswith("#") or sheet.lstrip("@").casefold() in self._sheets
        return (
            None if known else ("unknown-sheet", f"The workbook has no sheet of the name {text.partition('!')[0]!r}.")
        )

    def areas(self, reference: Reference, sheet: str, depth: int = 0) -> Iterator[Area]:
        """The cells that a reference means, with their sheets' own names; none where it takes part of a table.

        Parameters
        ----------
        reference : Reference
        sheet : str
            The one that it stands in.
        """
        for area in reference.areas:
            names = self._between(reference.sheets) if reference.sheets else [sheet]
            yield from (Area(name, area.top, area.left, area.bottom, area.right) for name in names)
        if reference.is_structured or depth >= _DEEPEST_NAME:
            return
        for name in reference.names:
            for use in _uses(self._names.get(name.casefold(), "")):
                yield from self.areas(use.reference, sheet, depth + 1)

    def is_empty(self, area: Area) -> bool:
        """Whether no cell of an area holds anything."""
        assert area.sheet is not None
        places = self._places[area.sheet]
        return not bool(np.any(_inside(area, places)))

    @cached_property
    def circular(self) -> frozenset[Node]:
        """The cells whose formulas depend on themselves."""
        if not self._owners:
            return frozenset()
        ends = [self._dependents(node) for node in self._owners]
        begin, end = np.repeat(np.arange(len(ends)), [len(found) for found in ends]), np.concatenate(ends)
        graph = coo_array((np.ones(len(end), dtype=bool), (begin, end)), shape=(len(ends), len(ends)))
        _, labels = connected_components(graph, connection="strong")
        circular = np.bincount(labels)[labels] > 1
        circular[begin[begin == end]] = True
        return frozenset(self._owners[n] for n in np.flatnonzero(circular).tolist())

    @cached_property
    def _owners(self) -> list[Node]:
        """The cells that hold formulas; they are counted by their places in this list."""
        return [
            (name, cell)
            for name, sheet in self.scope.sheets.items()
            for cell, value in sheet.cells.items()
            if isinstance(value, str) and value.startswith("=")
        ]

    @cached_property
    def _references(self) -> Mapping[str, NDArray[np.int64]]:
        """For each sheet that is referred to, bounds and who refers there, shape (5, n)."""
        found: dict[str, list[tuple[int, int, int, int, int]]] = {}
        for n, (name, cell) in enumerate(self._owners):
            for use in _uses(str(self.scope.sheets[name].cells[cell])):
                for area in self.areas(use.reference, name) if use.function not in LOOK_AT_PLACE else ():
                    bounds = (area.top, area.left, area.bottom, area.right, n)
                    found.setdefault(str(area.sheet), []).append(bounds)
        return {sheet: np.array(bounds).T for sheet, bounds in found.items()}

    def _dependents(self, node: Node) -> NDArray[np.int64]:
        """Numbers of the cells whose formulas refer to a cell."""
        sheet, (row, column) = node
        if sheet not in self._references:
            return np.empty(0, dtype=np.int64)
        top, left, bottom, right, owners = self._references[sheet]
        found: NDArray[np.int64] = owners[(top <= row) & (row <= bottom) & (left <= column) & (column <= right)]
        return found

    def _hanging(self, node: Node) -> _Hanging:
        """Everything that hangs on a cell, breadth first; of the last cell alone this is kept."""
        if node not in self._hanging_on:
            by, waiting = {node: node}, deque([node])
            seen = np.zeros(len(self._owners), dtype=bool)
            while waiting:
                via = waiting.popleft()
                found = self._dependents(via)
                new = [self._owners[n] for n in np.unique(found[~seen[found]]).tolist()]
                seen[found] = True
                for other in new:
                    by.setdefault(other, via)
                waiting += new
            nodes: dict[str, list[Node]] = {}
            for other in by:
                nodes.setdefault(other[0], []).append(other)
            places = {sheet: np.array([cell for _, cell in hanging]).T for sheet, hanging in nodes.items()}
            self._hanging_on = {node: _Hanging(by, nodes, places)}
        return self._hanging_on[node]

    @cached_property
    def _places(self) -> Mapping[str, NDArray[np.int64]]:
        """Rows and columns of the cells of each sheet that hold anything, shape (2, n)."""
        return {
            name: np.array(list(sheet.cells), dtype=np.int64).reshape(-1, 2).T
            for name, sheet in self.scope.sheets.items()
        }

    def _closing_node(self, area: Area, node: Node) -> Node | None:
        """A cell of an area that hangs on a cell."""
        hanging = self._hanging(node)
        if area.sheet not in hanging.places:
            return None
        found = np.flatnonzero(_inside(area, hanging.places[str(area.sheet)]))
        return hanging.nodes[str(area.sheet)][found[0]] if len(found) else None

    def _cycle(self, closing: Node, node: Node) -> list[Node]:
        """From a cell by the one that it refers to back to itself."""
        by = self._hanging(node).by
        way = [node, closing]
        while way[-1] != node:
            way.append(by[way[-1]])
        return way if len(way) <= _MOST_IN_CYCLE else [*way[: _MOST_IN_CYCLE - 1], _LEFT_OUT, node]

    def _between(self, sheets: Sequence[str]) -> list[str]:
        """Own names of sheets, and of those that stand between two; none where one is unknown."""
        found = [self._sheets.get(sheet.casefold()) for sheet in sheets]
        if any(sheet is None for sheet in found):
            return []
        order = list(self.scope.sheets)
        first, last = sorted(order.index(str(sheet)) for sheet in (found[0], found[-1]))
        return order[first : last + 1]


@lru_cache(maxsize=4)
def workbook_of(scope: SheetScope) -> Workbook:
    """The workbook of a scope, made once."""
    return Workbook(scope)


@lru_cache(maxsize=65536)
def _uses(formula: str) -> tuple[Use, ...]:
    """The references of a formula, or of what a name stands for."""
    if not formula:
        return ()
    return tuple(read_formula(formula, finished=True).uses)


def _written(node: Node, sheet: str) -> str:
    """A cell as a formula in a sheet writes it."""
    if node == _LEFT_OUT:
        return node[0]
    cell = f"{get_column_letter(node[1][1])}{node[1][0]}"
    return cell if node[0] == sheet else f"{node[0]}!{cell}"


def _inside(area: Area, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    rows, columns = places
    inside: NDArray[np.bool_] = (
        (area.top <= rows) & (rows <= area.bottom) & (area.left <= columns) & (columns <= area.right)
    )
    return inside
