"""Cuts functions that need nothing but themselves and the standard library out of modules."""

import ast
import builtins
import sys
from collections.abc import Iterator

_BUILTINS = frozenset(dir(builtins))
_OWNERS = frozenset({"self", "cls", "mcs", "mcls"})
_Import = ast.Import | ast.ImportFrom


def standalone_functions(source: str) -> Iterator[str]:
    """Functions of a module as programs of their own: what they import first, without docstrings and annotations.

    Left out are methods, decorated functions, and those that use other names of their module.
    """
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    imports = dict(_imports(module))
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and not node.decorator_list and not _is_method(node):
            program = _program(node, imports)
            if program:
                yield program


def _program(function: ast.FunctionDef, imports: dict[str, _Import]) -> str:
    """The function's source after its imports; empty if it needs more or does nothing."""
    free = _free_names(function)
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    if not free <= imports.keys() or all(isinstance(statement, ast.Pass | ast.Raise) for statement in body):
        return ""
    for argument in ast.walk(function.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    alone = ast.FunctionDef(function.name, function.args, body, [], None, None)
    needed = dict.fromkeys(imports[name] for name in sorted(free))
    return ast.unparse(ast.fix_missing_locations(ast.Module([*needed, alone], []))) + "\n"


def _imports(module: ast.Module) -> Iterator[tuple[str, _Import]]:
    """Names that a module's top level imports from the standard library."""
    for statement in module.body:
        if not isinstance(statement, _Import) or (isinstance(statement, ast.ImportFrom) and statement.level):
            continue
        origin = statement.module if isinstance(statement, ast.ImportFrom) else statement.names[0].name
        if origin and origin.split(".")[0] in sys.stdlib_module_names:
            yield from ((name, statement) for name in _bound_by_import(statement))


def _bound_by_import(statement: _Import) -> Iterator[str]:
    return ((alias.asname or alias.name).split(".")[0] for alias in statement.names)


def _is_method(function: ast.FunctionDef) -> bool:
    return bool(function.args.args) and function.args.args[0].arg in _OWNERS


def _free_names(function: ast.FunctionDef) -> set[str]:
    """Names that a function takes from outside, the builtin ones left out."""
    bound: set[str] = set()
    used: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.Import() | ast.ImportFrom():
                bound.update(_bound_by_import(node))
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                used.update(names)
                used.add("")  # belongs to its surroundings, whatever the names
            case _:
                pass
    return used - bound - _BUILTINS
