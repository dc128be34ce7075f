"""How the models of Python with names as roles are made."""

from collections.abc import Iterator
from pathlib import Path

from generation import recipes
from generation.ngrams.arpa import NgramTable
from generation.python.history import Reading, role_symbols
from generation.python.lexer import LexState, Token, lex
from generation.tiny_llama import data

# Packages that no model learns from, and on which the shares of what a model mixes are fitted.
FITTED_ON = ("attrs", "click", "pluggy")
_MIN_COUNT = 20
_PRUNE = (0, 0, 1, 2, 3, 3)


def train_python_roles(corpora: Path) -> NgramTable:  # noqa: ARG001 - programs are wherever Python and its packages are
    """Token 6-grams with bound names as their roles; rare names, numbers and strings are classes."""
    modules = [role_symbols(tokens, Reading())[0] for tokens in programs()]
    return recipes.token_ngrams(modules, len(_PRUNE), _PRUNE, _MIN_COUNT)


def programs() -> Iterator[list[Token]]:
    """Tokens of each module that is learnt from."""
    held_out = [*data.held_out_modules(), *(source for name in FITTED_ON for source in data.package_sources(name))]
    for sources in data.programs(held_out).values():
        for source in sources:
            yield lex(LexState(), source)[0]
