"""A mutant is the program with one thing changed."""

import ast

import numpy as np
import pytest

from experiments.bench.validation.mutants import CHANGES, mutants

SOURCE = """def larger(a, b):
    n = 0
    if a > b + 1:
        return max(a, b)
    return n - b
"""


def test_every_kind_of_change_is_made_and_every_mutant_can_be_read():
    found = list(mutants([SOURCE], 40, np.random.default_rng(1)))
    assert {change for _, change, _ in found} == CHANGES.keys()
    for _, _, mutant in found:
        ast.parse(mutant)
        assert mutant != SOURCE


def test_no_mutant_comes_twice_and_a_seed_gives_the_same_ones():
    one, other = (list(mutants([SOURCE, "x = 1 + 2\n"], 12, np.random.default_rng(7))) for _ in range(2))
    assert one == other
    assert len({mutant for *_, mutant in one}) == len(one)


@pytest.mark.parametrize(
    ("change", "source", "changed"),
    [
        ("comparison", "a < b", "a <= b"),
        ("operator", "a + b", "a - b"),
        ("off by one", "x = 3", "x = 4"),
        ("negated condition", "x = a if b else c", "x = a if not b else c"),
        ("swapped arguments", "f(a, b, c)", "f(b, a, c)"),
        ("dropped statement", "x = 1", "pass"),
    ],
)
def test_a_change_does_what_its_name_says(change, source, changed):
    tree = ast.parse(source)
    assert any(CHANGES[change](node) for node in ast.walk(tree))
    assert ast.unparse(ast.fix_missing_locations(tree)) == changed
