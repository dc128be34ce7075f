"""Who refers to whom, and what would close a cycle."""

import pytest

from generation.formula.graph import Area, ReferenceGraph, areas_of
from generation.formula.types import Sheet, SheetScope


def scope_of(cells, cell, sheet="S", names=None, **others):
    sheets = {name: Sheet(name, known) for name, known in ({sheet: cells} | others).items()}
    return SheetScope(sheets, sheet, cell, names or {})


def areas(formula, names=None):
    return [(a.sheet, a.top, a.left, a.bottom, a.right) for a in areas_of(formula, "S", names or {})]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=A1+$B$2", [("S", 1, 1, 1, 1), ("S", 2, 2, 2, 2)]),
        ("=SUM(B3:A1)", [("S", 1, 1, 3, 2)]),
        ("='It''s'!C1:C2*2", [("It's", 1, 3, 2, 3)]),
        ("=SUM(B:C,2:2)", [("S", 1, 2, 1_048_576, 3), ("S", 2, 1, 2, 16_384)]),
        ("=rate*A1", [("T", 4, 1, 4, 1), ("S", 1, 1, 1, 1)]),
        ('="A1"&LOG10(1)', []),
        ("=XFE1+loop", []),
        ("=SUM(rate[Price])+rate[[#Totals],[Price]]", []),
    ],
)
def test_the_areas_that_a_formula_refers_to(formula, expected):
    assert areas(formula, {"rate": "T!$A$4", "loop": "loop"}) == expected


def test_what_depends_on_the_formula_closes_a_cycle():
    graph = ReferenceGraph(scope_of({(1, 2): "=A1", (1, 3): "=SUM(B1:B9)", (1, 4): 5.0, (2, 2): "=T!A1"}, (1, 1), T={}))
    assert graph.closing == {("S", (1, 1)), ("S", (1, 2)), ("S", (1, 3))}
    assert graph.closes_cycle(Area("S", 1, 1, 5, 1))
    assert graph.closes_cycle(Area("S", 1, 3, 1, 4))
    assert not graph.closes_cycle(Area("S", 1, 4, 9, 9))
    assert not graph.closes_cycle(Area("T", 1, 1, 9, 9))
    assert graph.is_referred_to(("T", (1, 1)))
    assert not graph.is_referred_to(("S", (1, 4)))


def test_circular_sheets_and_names_end():
    graph = ReferenceGraph(
        scope_of({(1, 1): "=B1", (1, 2): "=A1", (1, 3): "=C1+a"}, (2, 2), names={"a": "b", "b": "a"})
    )
    assert graph.closing == {("S", (2, 2))}
    assert set(graph.dependents(("S", (1, 1)))) == {("S", (1, 2))}


def test_what_stood_in_the_formulas_own_cell_does_not_count():
    graph = ReferenceGraph(scope_of({(1, 1): "=B1", (1, 2): 1.0}, (1, 1)))
    assert not graph.is_referred_to(("S", (1, 2)))
