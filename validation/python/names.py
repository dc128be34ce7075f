"""Follows the variables of a program: used before they are assigned, or changed where they are declared constant."""

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9]+(_[A-Z0-9]+)*$")  # one capital alone is a matrix as often as a constant
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a variable."""

    rule: str
    line: int
    reason: str


def faults(tree: ast.Module, constants: Collection[str] = ()) -> list[Fault]:
    """Find what surely fails when reached, and constants that change; by line.

    A use counts as early only if no path assigns the name before it, yet the same scope assigns it later. Constant are
    names in capitals at the top level, names annotated with `Final`, and those given; the last two may be bound
    again by no loop, context manager, "del" or "global" either. What a constant refers to may change.

    Parameters
    ----------
    tree : ast.Module
    constants : collection of str
        Names of the top level, besides.
    """
    found: list[Fault] = []
    _Scope(tree.body, found, is_module=True, declared=frozenset(constants)).follow()
    return sorted(found, key=lambda fault: fault.line)


def bound_names(body: Iterable[ast.stmt]) -> set[str]:
    """Names that statements may bind in their scope, on whatever path."""
    return {name for part in _walk(body) for name in _bound(part)} | {
        name for part in _walk(body) if isinstance(part, ast.Global) for name in part.names
    }


@dataclass(slots=True)
class _Scope:
    """One module or function: which names may have been assigned so far."""

    body: list[ast.stmt]
    found: list[Fault]
    is_module: bool = False
    parameters: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()  # the module's names that were declared constant before it begins
    own: set[str] = field(default_factory=set)
    assigned: set[str] = field(default_factory=set)
    constants: set[str] = field(default_factory=set)
    final: set[str] = field(default_factory=set)

    def follow(self) -> None:
        elsewhere = {n for s in _walk(self.body) if isinstance(s, ast.Global | ast.Nonlocal) for n in s.names}
        self.own = {name for part in _walk(self.body) for name in _bound(part)} - elsewhere - self.parameters
        if self.is_module:
            self.own -= set(dir(builtins))
        if any(isinstance(s, ast.ImportFrom) and s.names[0].name == "*" for s in _walk(self.body)):
            self.own.clear()
        if self.is_module:
            self.final |= self.declared
        else:
            self.final |= self.declared & {n for s in _walk(self.body) if isinstance(s, ast.Global) for n in s.names}
            self.constants |= self.final
        self._block(self.body)

    def _block(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
                self._use(part)
            self._function(node)
            self.assigned.add(node.name)
        elif isinstance(node, ast.ClassDef):
            for part in (*node.decorator_list, *node.bases):
                self._use(part)
            for method in node.body:
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                    self._function(method)
            self.assigned.add(node.name)
        elif isinstance(node, ast.If):
            self._use(node.test)
            self._branches([node.body, node.orelse])
        elif isinstance(node, ast.Match):
            self._use(node.subject)
            self.assigned |= {name for case in node.cases for part in _walk([case.pattern]) for name in _bound(part)}
            for case in node.cases:
                self._use(case.guard)
            self._branches([case.body for case in node.cases])
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
            self._use(node.test if isinstance(node, ast.While) else node.iter)
            if not isinstance(node, ast.While):
                self._bind([node.target], node.lineno)
            self.assigned |= {name for part in _walk([node]) for name in _bound(part)}
            self._branches([node.body])
            self._block(node.orelse)
        elif isinstance(node, ast.Try | ast.TryStar):
            self._try(node)
        else:
            self._simple(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = frozenset(a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg))
        declared = frozenset(self.final) if self.is_module else self.declared
        _Scope(node.body, self.found, parameters=arguments, declared=declared).follow()

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        constants = set(self.constants)
        self._block(node.body)
        self._block(node.orelse)
        after = set(self.constants)
        for handler in node.handlers:
            self.constants = set(constants)
            if handler.name:
                self.assigned.add(handler.name)
            self._block(handler.body)
            after |= self.constants
        self.constants = after
        self._block(node.finalbody)

    def _branches(self, branches: list[list[ast.stmt]]) -> None:
        """Follow each branch from the same beginning; after them, whatever one of them assigned may be assigned."""
        assigned, constants = set(self.assigned), set(self.constants)
        after, after_constants = set(assigned), set(constants)
        for body in branches:
            self.assigned, self.constants = set(assigned), set(constants)
            self._block(body)
            after |= self.assigned
            after_constants |= self.constants
        self.assigned, self.constants = after, after_constants

    def _simple(self, node: ast.AST) -> None:
        """Any other statement: what it reads comes before what it assigns."""
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                self._use(item)
                self._bind([item.optional_vars] if item.optional_vars else [], node.lineno)
                self.assigned |= {name for part in _walk([item]) for name in _bound(part)}
            self._block(node.body)
            return
        self._use(node)
        names = {name for part in _walk([node]) for name in _bound(part)}
        if isinstance(node, ast.AnnAssign) and node.value is None:
            names.clear()
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            self._change({n for n in names if n in self.final or (self.is_module and _CONSTANT.match(n))}, node.lineno)
            self.constants |= names
        if isinstance(node, ast.AnnAssign) and "Final" in ast.unparse(node.annotation):
            self.final |= names
        self.assigned |= names
        if isinstance(node, ast.Delete):
            gone = {target.id for target in node.targets if isinstance(target, ast.Name)}
            self._change(gone & self.final, node.lineno)
            self.assigned -= gone

    def _bind(self, targets: Iterable[ast.AST], line: int) -> None:
        """Bind names otherwise than by an assignment of their own."""
        names = {name for part in _walk(targets) for name in _bound(part)} & self.final
        self._change(names, line)
        self.constants |= names

    def _change(self, names: set[str], line: int) -> None:
        """Note constants that are bound again."""
        for name in sorted(names & self.constants):
            reason = f"Line {line}: {name!r} is declared constant and can't be changed."
            self.found.append(Fault("constant-changed", line, reason))

    def _use(self, node: ast.AST | None) -> None:
        heads = [node] if node else []
        inner = {name for part in _walk(heads) for name in _inner(part)}
        for part in _walk(heads):
            augmented = isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name)
            name = part.target if augmented else part  # type: ignore[attr-defined]
            if not isinstance(name, ast.Name) or not (augmented or isinstance(name.ctx, ast.Load)):
                continue
            if name.id in self.own and name.id not in self.assigned | inner:
                reason = f"Line {name.lineno}: {name.id!r} is used before it is assigned."
                self.found.append(Fault("used-before-assigned", name.lineno, reason))
                self.assigned.add(name.id)
        named = [part.target for part in _walk(heads) if isinstance(part, ast.NamedExpr)]
        self.assigned |= {target.id for target in named}
        self._bind(named, named[0].lineno if named else 0)


def _inner(part: ast.AST) -> Iterator[str]:
    """Names that an expression binds on its way."""
    if isinstance(part, ast.comprehension):
        yield from (n.id for n in ast.walk(part.target) if isinstance(n, ast.Name))
    elif isinstance(part, ast.NamedExpr):
        yield part.target.id


def _bound(part: ast.AST) -> Iterator[str]:
    """Names that a node itself assigns in its scope."""
    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
        yield part.id
    elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield part.name
    elif isinstance(part, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in part.names)
    elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
        yield part.name
    elif isinstance(part, ast.MatchMapping) and part.rest:
        yield part.rest


def _walk(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Nodes of one scope; of a lazy or an inner scope, only itself."""
    for node in nodes:
        yield node
        if isinstance(node, (*_SCOPES, ast.GeneratorExp)):
            continue
        yield from _walk(ast.iter_child_nodes(node))
