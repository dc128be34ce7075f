"""Fits the shares of the token model's parts on held-out programs: `python -m generation.python.fitting`."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from generation.ngrams.arpa import FloatArray
from generation.python.cache import DEPTH, DocumentIndex
from generation.python.history import History, Reading, role_symbols
from generation.python.layout import double_quote_all, gap_before
from generation.python.lexer import LexState, lex
from generation.python.model import TokenModel
from generation.python.recipe import held_out_functions, held_out_packages
from generation.python.shares import PARTS
from generation.python.symbols import DEDENT, INDENT, LAYOUT, symbols
from generation.python.tokens import token_model

_MAX_CHARACTERS = 8000  # of each program
_N_STEPS = 100
_N_LENT = 100  # places of all rows together that each row leans on


def fit_shares(model: TokenModel, sources: Iterable[str]) -> FloatArray:
    """Shares under which every next token of programs is likeliest, shape (DEPTH + 1, n_parts); each row sums to one.

    Those that have no say at a place leave theirs to the others; that makes the steps those of minorisation and
    maximisation (Hunter, 2004, Annals of Statistics 32: 384-406), which are expectation-maximisation where all speak.
    """
    said = [place for source in sources for place in _places(model, source)]
    p = np.array([row for _, row in said])
    depths = np.array([depth for depth, _ in said])
    overall = _fit(p)
    rows = []
    for depth in range(DEPTH + 1):
        here = p[depths == depth]
        own = _fit(here) if len(here) else overall
        rows.append((len(here) * own + _N_LENT * overall) / (len(here) + _N_LENT))
    return np.array(rows)


def _places(model: TokenModel, source: str) -> Iterator[tuple[int, list[float]]]:
    """At each token, how far back the document repeats itself and what each part gives it; NaN where it is silent."""
    tokens = lex(LexState(), double_quote_all(source))[0]
    known, roles = list(symbols(tokens)), role_symbols(tokens, Reading())[0]
    history = History()
    for place, symbol in enumerate(known):
        if symbol not in (INDENT, DEDENT):
            history = replace(history, index=DocumentIndex(known[:place], roles[:place]))
            ngrams, cached, depth = model.parts(history, fresh=False)
            given = {part: shares.get(symbol, 0.0) for part, shares in cached.items()}
            for part, said in ngrams.items():
                p = float(said.p[model.place[symbol]]) if symbol in model.place else 0.0
                given[part] = p + said.layout.get(symbol, 0.0) + said.seen.get(symbol, 0.0)
            if any(given.values()):
                yield depth, [given.get(part, np.nan) for part in PARTS]
        in_layout = symbol in LAYOUT
        history = history.then(symbol) if in_layout else history.then_token(symbol, gap_before(history.line, symbol))


def _fit(p: FloatArray) -> FloatArray:
    speaks = ~np.isnan(p)
    given = np.where(speaks, p, 0.0)
    shares = np.full(p.shape[1], 1 / p.shape[1])
    for _ in range(_N_STEPS):
        mixed = given * shares
        responsible = (mixed / mixed.sum(axis=1, keepdims=True)).sum(axis=0)
        heard = (speaks / (speaks * shares).sum(axis=1, keepdims=True)).sum(axis=0)
        shares = responsible / np.maximum(heard, 1e-12)
        shares /= shares.sum()
    return shares


if __name__ == "__main__":
    for name, programs in (("modules", held_out_packages()), ("scripts", held_out_functions())):
        print(f"in {name}:")
        for row in fit_shares(token_model(), (program[:_MAX_CHARACTERS] for program in programs)):
            print("    (" + ", ".join(f"{share:.2f}" for share in row) + "),")
