"""What followed the same symbols earlier in a document."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from generation.ngrams.arpa import FloatArray, IntArray
from generation.python.lexer import KEYWORDS

DEPTH = 6  # how far back two places are compared
_N_INDEXED = 4000
_N_PLACES = 256  # those of the last symbol that are looked at, the latest ones


class DocumentIndex:
    """The symbols of a document and where each occurs.

    Parameters
    ----------
    document : sequence of str
        Symbols; only the last few thousand are looked at.
    roles : sequence of str, optional
        The same symbols with bound names as their roles.
    """

    def __init__(self, document: Sequence[str], roles: Sequence[str] | None = None) -> None:
        self.symbols = tuple(document[-_N_INDEXED:])
        self._roles = self.symbols if roles is None else tuple(roles[-_N_INDEXED:])

    @cached_property
    def names(self) -> Counter[str]:
        """How often each name occurs."""
        return Counter(symbol for symbol in self.symbols if symbol.isidentifier() and symbol not in KEYWORDS)

    @cached_property
    def exact(self) -> "Followers":
        """What follows symbols."""
        return Followers(self.symbols)

    @cached_property
    def by_role(self) -> "Followers":
        """What follows symbols, names that are bound being alike if their roles are."""
        return Followers(self._roles)


class Followers:
    """What follows each stretch of symbols.

    Parameters
    ----------
    symbols : tuple of str
    """

    def __init__(self, symbols: tuple[str, ...]) -> None:
        code: dict[str, int] = {}
        self._stream: IntArray = np.array([code.setdefault(symbol, len(code)) for symbol in symbols], dtype=np.int64)
        self._code = code
        self.symbols = tuple(code)
        order = np.argsort(self._stream[:-1], kind="stable")
        starts = np.searchsorted(self._stream[:-1][order], np.arange(len(code) + 1))
        self._places = [order[starts[i] : starts[i + 1]] for i in range(len(code))]

    def after(self, last: Sequence[str]) -> Iterator[FloatArray]:
        """Shares of what follows the last symbol, the last two, and so on as far as those occur.

        Yields
        ------
        array, shape (n_symbols,)
            One share for each of ``symbols``.
        """
        place = self._code.get(last[-1], -1)
        if place < 0:
            return
        places = self._places[place][-_N_PLACES:]
        for depth in range(1, DEPTH + 1):
            if depth > 1:
                wanted = self._code.get(last[-depth], -1) if depth <= len(last) else -1
                places = places[places >= depth - 1]
                places = places[self._stream[places - depth + 1] == wanted]
            if not len(places):
                return
            yield np.bincount(self._stream[places + 1], minlength=len(self.symbols)) / len(places)
