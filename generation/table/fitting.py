"""Fits the weights that experts have before a table has shown which of them foretell it."""

from collections.abc import Mapping, Sequence

from generation.table.keys import Index
from generation.table.model import TableModel
from generation.table.types import Table, TableScope
from generation.table.weights import PRIOR

_ROWS = 24
_ROUNDS = 5
# An expert with something to say in fewer columns keeps the weight it would have if all had the same.
_COLUMNS = 3
# What an expert keeps that helped nowhere in the tables at hand.
_LEAST = 0.02


def fit_prior(tables: Sequence[tuple[TableScope, Table]], n_rows: int = _ROWS) -> dict[str, float]:
    """Maximise the likelihood of the cells by expectation maximisation, every table counting the same.

    Parameters
    ----------
    tables : sequence of (TableScope, Table)
        What was known of each table, and the table.
    n_rows : int
        Rows of each to look at: the first ones, in which the prior matters.

    Returns
    -------
    dict of str to float
        Weight of each expert by name; they sum to one.
    """
    even = 1 / len(PRIOR)
    prior: Mapping[str, float] = dict.fromkeys(PRIOR, even)
    for _ in range(_ROUNDS):
        had = dict.fromkeys(prior, 0.0)
        kept = dict.fromkeys(prior, 0.0)
        heard: dict[str, set[tuple[int, int]]] = {name: set() for name in prior}
        for number, (scope, table) in enumerate(tables):
            names = [field.name for field in table.schema.fields]
            indexes = {name: Index(other) for name, other in scope.tables.items()}
            model = TableModel(names, scope.schema, indexes, prior=prior)
            rows = table.rows[:n_rows]
            n_cells = len(rows) * len(names)
            for row in rows:
                for column, judged in enumerate(model.judge(row)):
                    total = sum(before for before, _ in judged.values())
                    for name, (before, after) in judged.items():
                        had[name] += before / total / n_cells
                        kept[name] += after / total / n_cells
                        heard[name].add((number, column))
                model.learn(row)
        raised = {name: max(p * kept[name] / max(had[name], 1e-12), _LEAST) for name, p in prior.items()}
        told = {name: p for name, p in raised.items() if len(heard[name]) >= _COLUMNS}
        share = 1 - even * (len(prior) - len(told))
        prior = {name: share * told[name] / sum(told.values()) if name in told else even for name in prior}
    return dict(prior)
