"""What n-grams, and the document itself, say about the next token of a Python program."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.ngrams.arpa import FloatArray
from generation.ngrams.model import ArpaModel
from generation.python.history import History, Reader
from generation.python.layout import gap_before
from generation.python.lexer import OPERATORS, Token
from generation.python.predictors import (
    NextToken,
    RoleNgram,
    TokenNgram,
    Vocabulary,
    allowed_layout,
    followed,
    normalised,
    scaled,
)
from generation.python.scope import BOUND_TO_BLOCKS, Scope
from generation.python.shares import BY_ROLE, IN_MODULES, IN_SCRIPTS, PARTS
from generation.python.symbols import DEDENT, INDENT, LAYOUT, NAME

# A new name's letters are taken to come once in so many each, and so many such names end at any letter.
_LETTERS_OF_NEW_NAMES = 20.0
_NEW_NAME_ENDS = 0.25
_GAP_CLASSES = (*OPERATORS, "import", "x")  # "x" stands for every other word, number and string


@dataclass(frozen=True, slots=True, eq=False)
class Completions:
    """What an unfinished token may become; ``ends`` counts its whole forms again.

    Parameters
    ----------
    first : int
        Where the model's tokens that begin with it begin.
    p : array, shape (n_completions,)
        Of each of those.
    seen : dict of str to float
        Of the document's own.
    ends : float
        That the token ends here.
    other : float
        That it goes on as something new.
    """

    first: int
    p: FloatArray
    seen: dict[str, float]
    ends: float
    other: float


class TokenModel:
    """The next token: two n-grams mixed with what stands in the document.

    Parameters
    ----------
    model : ArpaModel
        Over the symbols of `generation.python.symbols`, rare ones as classes.
    roles, functions : ArpaModel, optional
        The same with bound names as their roles of `generation.python.scope`, of modules and of lone functions.
    cached : bool
        Whether the document's own names, and what followed the same symbols in it, have their say.
    """

    def __init__(
        self,
        model: ArpaModel,
        roles: ArpaModel | None = None,
        functions: ArpaModel | None = None,
        cached: bool = True,
    ) -> None:
        by_role = {part: ngram for part, ngram in (("roles", roles), ("functions", functions)) if ngram is not None}
        self.vocabulary = Vocabulary([model, *by_role.values()])
        self.tokens, self.place = self.vocabulary.tokens, self.vocabulary.place
        self._by_tokens = TokenNgram(model, self.vocabulary)
        self._by_role = {part: RoleNgram(ngram, self.vocabulary) for part, ngram in by_role.items()}
        self._cached = cached
        self.reader = Reader()  # one for all who ask, so that a document is read once
        width = max(map(len, self.tokens)) + 1
        padded = "".join(token.ljust(width, "\0") for token in self.tokens).encode("utf-32-le")
        self.letters = np.frombuffer(padded, dtype=np.uint32).reshape(len(self.tokens), width)
        gap_place = {text: place for place, text in enumerate(_GAP_CLASSES)}
        self._gap_class = np.array([gap_place.get(token, len(_GAP_CLASSES) - 1) for token in self.tokens])

    def next(self, history: History, fresh: bool = False) -> NextToken:
        """What the next token may be.

        Parameters
        ----------
        history : History
        fresh : bool
            Whether a line has just ended, so that layout may come but no line's end.
        """
        ngrams, cached, depth = self.parts(history, fresh)
        shares_by_depth = IN_SCRIPTS if history.scope.is_script else IN_MODULES
        weight = dict(zip(PARTS, shares_by_depth[depth], strict=True))
        weight["tokens"] += sum(weight[part] for part in BY_ROLE if part not in ngrams)
        total = sum(weight[part] for part in (*ngrams, *cached))
        p = np.zeros(len(self.tokens))
        layout, seen, new = dict.fromkeys(allowed_layout(history, fresh), 0.0), dict[str, float](), dict[str, float]()
        for part, said in ngrams.items():
            share = weight[part] / total
            p += share * said.p
            for sums, shares in ((layout, said.layout), (seen, said.seen), (new, said.new)):
                for symbol, mass in shares.items():
                    sums[symbol] = sums.get(symbol, 0.0) + share * mass
        for part, shares in cached.items():
            for symbol, mass in shares.items():
                mass *= weight[part] / total
                if symbol in self.place:
                    p[self.place[symbol]] += mass
                else:
                    sums = layout if symbol in LAYOUT else seen
                    sums[symbol] = sums.get(symbol, 0.0) + mass
        if self._by_role and not history.line and not fresh:
            p[self._barred(history.scope)] = 0.0
        return normalised(NextToken(p, layout, seen, new))

    def parts(self, history: History, fresh: bool) -> tuple[dict[str, NextToken], dict[str, dict[str, float]], int]:
        """What each of ``PARTS`` says that has a say here: n-grams, the document, and how far back that is alike."""
        index = history.index
        names = index.names if self._cached else {}
        bound = history.scope.names(history.line) if self._by_role else {}
        ngrams = {"tokens": self._by_tokens.next(history, names, fresh)}
        ngrams |= {part: ngram.next(history, names, bound, fresh) for part, ngram in self._by_role.items()}
        if not self._cached:
            return ngrams, {}, 0
        layout, closer = allowed_layout(history, fresh), history.closer
        exact = followed(index.exact, history.symbols, layout, closer, {})
        cached = {f"exact-{depth}": shares for depth, shares in enumerate(exact[:3], 1) if shares}
        if not self._by_role:
            return ngrams, cached, len(exact)
        marks = {history.scope.layout_symbol(symbol): [symbol] for symbol in layout}
        by_role = followed(index.by_role, history.roles, layout, closer, {**bound, **marks})
        longest = zip(("role-longest", "role-last"), reversed(by_role), strict=False)
        return ngrams, cached | {part: shares for part, shares in longest if shares}, len(by_role)

    def _barred(self, scope: Scope) -> list[int]:
        """Places of the keywords that no statement may begin with here."""
        return [self.place[keyword] for keyword in BOUND_TO_BLOCKS if not scope.may_begin(keyword)]

    def completions(self, history: History, pending: str) -> Completions:
        """What an unfinished token may become."""
        following = self.next(history)
        first, last = bisect_left(self.tokens, pending), bisect_left(self.tokens, pending + "\U0010ffff")
        seen = {text: p for text, p in following.seen.items() if text.startswith(pending)}
        new = following.new[NAME] * _LETTERS_OF_NEW_NAMES ** -len(pending) if pending.isidentifier() else 0.0
        p = following.p[first:last]
        total = float(p.sum()) + sum(seen.values()) + new
        if not total:
            return Completions(first, p, {}, 1.0, 0.0)  # a number or string of its own
        whole = float(p[0]) if len(p) and self.tokens[first] == pending else 0.0
        ends = (whole + seen.get(pending, 0.0) + _NEW_NAME_ENDS * new) / total
        shares = {text: mass / total for text, mass in seen.items()}
        return Completions(first, p / total, shares, ends, (1 - _NEW_NAME_ENDS) * new / total)

    def levels(self, history: History) -> list[tuple[float, History]]:
        """Every indentation that a fresh line may have, deepest first: its probability, and the history with it."""
        if history.opens_block:
            return [(1.0, history.then(INDENT))]
        levels = []
        left = 1.0
        while len(history.indents) > 1:
            dedents = self.next(history, fresh=True).layout[DEDENT]
            levels.append((left * (1 - dedents), history))
            left *= dedents
            history = history.then(DEDENT)
        return [*levels, (left, history)]

    def after_gap(self, following: NextToken, line: Sequence[Token]) -> NextToken:
        """What the next token may be if a blank stands before it already."""
        p = following.p * self.gaps(line)
        names = gap_before(line, "x")
        seen, new = (following.seen, following.new) if names else ({}, {})
        total = float(p.sum()) + sum(seen.values()) + sum(new.values())
        if not total:
            return NextToken(p, {}, {}, {})
        return NextToken(p / total, {}, scaled(seen, 1 / total), scaled(new, 1 / total))

    def gaps(self, line: Sequence[Token]) -> NDArray[np.bool_]:
        """Whether a blank comes before each of ``tokens``, shape (n_tokens,)."""
        gaps = np.array([gap_before(line, text) for text in _GAP_CLASSES], dtype=np.bool_)
        return np.asarray(gaps[self._gap_class])


def likeliest(model: TokenModel, following: NextToken, n: int) -> list[tuple[str, float]]:
    """The likeliest tokens and names, with their probabilities."""
    top = np.argpartition(-following.p, n)[:n] if n < len(following.p) else np.arange(len(following.p))
    pairs = [(model.tokens[place], float(following.p[place])) for place in top.tolist()]
    pairs += following.seen.items()
    return sorted((pair for pair in pairs if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))[:n]
