"""Programs with one thing changed: what tests are there to catch."""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

_COMPARED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_CALCULATED: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
}


_N_TRIES = 20  # draws for each program wanted: many sources lend themselves to few changes


def _compares_otherwise(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare) or type(node.ops[0]) not in _COMPARED:
        return False
    node.ops[0] = _COMPARED[type(node.ops[0])]()
    return True


def _calculates_otherwise(node: ast.AST) -> bool:
    if not isinstance(node, ast.BinOp | ast.AugAssign) or type(node.op) not in _CALCULATED:
        return False
    node.op = _CALCULATED[type(node.op)]()
    return True


def _is_off_by_one(node: ast.AST) -> bool:
    if not isinstance(node, ast.Constant) or type(node.value) is not int:
        return False
    node.value += 1
    return True


def _negates(node: ast.AST) -> bool:
    if not isinstance(node, ast.If | ast.While | ast.IfExp):
        return False
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return True


def _swaps_arguments(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or len(node.args) < 2 or ast.dump(node.args[0]) == ast.dump(node.args[1]):
        return False
    node.args[0], node.args[1] = node.args[1], node.args[0]
    return True


def _drops_a_statement(node: ast.AST) -> bool:
    body = getattr(node, "body", None)
    places = [i for i, s in enumerate(body) if isinstance(s, _DROPPED)] if isinstance(body, list) else []
    if not places or body is None:
        return False
    body[places[-1]] = ast.Pass()
    return True


_DROPPED = (ast.Assign, ast.AugAssign, ast.Expr)
CHANGES: Mapping[str, Callable[[ast.AST], bool]] = {
    "comparison": _compares_otherwise,
    "operator": _calculates_otherwise,
    "off by one": _is_off_by_one,
    "negated condition": _negates,
    "swapped arguments": _swaps_arguments,
    "dropped statement": _drops_a_statement,
}
"""Ways to change a program at a node of its tree; each says whether there was anything to change."""


def mutants(sources: Sequence[str], n: int, rng: np.random.Generator) -> Iterator[tuple[int, str, str]]:
    """At most ``n`` programs with one change at one place, none twice; every kind of change is drawn alike.

    Yields
    ------
    place : int
        Of the source.
    change : str
        Its name in `CHANGES`.
    mutant : str
    """
    names, seen = list(CHANGES), set(sources)
    for _ in range(_N_TRIES * n):
        if len(seen) - len(set(sources)) >= n:
            return
        place, change = int(rng.integers(len(sources))), names[int(rng.integers(len(names)))]
        tree = ast.parse(sources[place])
        nodes = list(ast.walk(tree))
        if any(CHANGES[change](nodes[i]) for i in rng.permutation(len(nodes))):
            mutant = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
            if mutant not in seen:
                seen.add(mutant)
                yield place, change, mutant
