"""How the models of Python with names as roles are made."""

from collections.abc import Iterator
from pathlib import Path

from generation import recipes
from generation.ngrams.arpa import NgramTable
from generation.python.history import Reading, role_symbols
from generation.python.layout import double_quote_all
from generation.python.lexer import LexState, lex
from generation.python.standalone import standalone_functions
from generation.tiny_llama import data

# Packages that no model learns from, and on which the shares of what a model mixes are fitted.
FITTED_ON = ("attrs", "click", "pluggy")
# Permissively licensed packages of which only functions that stand alone are learnt.
FURTHER_PACKAGES = (
    *("beaupy", "black", "chardet", "dill", "distlib", "dpkt", "flake8", "frictionless", "humanize", "isort"),
    *("jsonschema", "markdown-it-py", "marko", "mdit-py-plugins", "networkx", "numpy-financial", "openpyxl", "petl"),
    *("pycodestyle", "pycparser", "pyflakes", "Pygments", "python-dateutil", "python-slugify", "PyYAML", "simpleeval"),
    *("tabulate", "textual", "tomlkit", "validators"),
)
_ROLES_PRUNE, _MIN_COUNT = (0, 0, 1, 2, 3, 4), 20
_FUNCTIONS_PRUNE, _MIN_FUNCTIONS_COUNT = (0, 0, 0, 1, 1), 8


def train_python_roles(corpora: Path) -> NgramTable:
    """Token 6-grams with bound names as their roles; rare names, numbers and strings are classes."""
    modules = [source for sources in data.programs(held_out()).values() for source in sources]
    programs = [*map(roles_of, modules), *map(roles_of, functions(corpora))]
    return recipes.token_ngrams(programs, len(_ROLES_PRUNE), _ROLES_PRUNE, _MIN_COUNT)


def train_python_functions(corpora: Path) -> NgramTable:
    """The same, 5-grams, of functions that stand alone."""
    programs = [*map(roles_of, functions(corpora))]
    return recipes.token_ngrams(programs, len(_FUNCTIONS_PRUNE), _FUNCTIONS_PRUNE, _MIN_FUNCTIONS_COUNT)


def roles_of(source: str) -> list[str]:
    """Symbols of a program with bound names as their roles."""
    return role_symbols(lex(LexState(), double_quote_all(source))[0], Reading())[0]


def functions(corpora: Path) -> list[str]:  # noqa: ARG001 - programs are wherever Python and its packages are
    """Functions that stand alone, each once, of the library and of all modules of the packages."""
    names = (*data.PACKAGES, *FURTHER_PACKAGES)
    sources = [*recipes.standard_library().values(), *(s for name in names for s in data.package_sources(name))]
    known = data.long_lines(held_out())
    return list(
        dict.fromkeys(
            function
            for source in sources
            if not data.repeats(source, known)
            for function in standalone_functions(source)
        )
    )


def held_out() -> list[str]:
    """Modules that nothing is learnt from."""
    return [*data.held_out_modules(), *held_out_packages()]


def held_out_packages() -> list[str]:
    """All modules of the packages that nothing is learnt from."""
    return [source for name in FITTED_ON for source in data.package_sources(name)]


def held_out_functions() -> Iterator[str]:
    """Functions that stand alone, of what nothing is learnt from."""
    return (function for source in held_out() for function in standalone_functions(source))
