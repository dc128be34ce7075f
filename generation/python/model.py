"""What a token n-gram, and the document itself, say about the next token of a Python program."""

import builtins
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.ngrams.arpa import FloatArray
from generation.ngrams.model import ArpaModel
from generation.python.layout import gap_before
from generation.python.lexer import KEYWORDS, OPERATORS, Token
from generation.python.symbols import (
    BLANK,
    CLASSES,
    CLOSERS,
    DEDENT,
    INDENT,
    LAYOUT,
    NAME,
    NEWLINE,
    DocumentIndex,
    History,
    class_of,
)

# The share of names without a token that goes to the document's own, where it has many; the rest is new.
_SEEN_SHARE = 0.6
# The share of what followed the same one, two or three symbols earlier in the document.
_CACHE_SHARE = 0.3
_CACHE_WEIGHTS = {1: 0.2, 2: 0.3, 3: 0.5}
# Where a name may come that the document has not named yet; elsewhere such a name is so much less likely.
_NAMES_ANYTHING = frozenset({".", "import", "from", "def", "class", "as", "for", ",", NEWLINE, INDENT, DEDENT, BLANK})
_UNFAMILIAR = 0.25
_N_NAMES_FOR_HALF = 3  # names at which a document's own get half their share
# A new name's letters are taken to come once in so many each, and so many such names end at any letter.
_LETTERS_OF_NEW_NAMES = 20.0
_NEW_NAME_ENDS = 0.25
_GAP_CLASSES = (*OPERATORS, "import", "x")  # "x" stands for every other word, number and string


@dataclass(frozen=True, slots=True, eq=False)
class NextToken:
    """Probabilities of the next token; all together sum to one.

    Parameters
    ----------
    p : array, shape (n_tokens,)
        Of each of the model's tokens.
    layout : dict of str to float
        Of a line's end, indents, dedents and blank lines.
    seen : dict of str to float
        Of names, numbers and strings of the document that are none of the model's tokens.
    new : dict of str to float
        Of what neither knows, for each class.
    """

    p: FloatArray
    layout: dict[str, float]
    seen: dict[str, float]
    new: dict[str, float]


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
    """The next token by a token n-gram mixed, with fixed shares, with what stands in the document.

    Parameters
    ----------
    model : ArpaModel
        Over the symbols of `generation.python.symbols`, rare ones as classes.
    """

    def __init__(self, model: ArpaModel) -> None:
        self._model = model
        apart = {*LAYOUT, *CLASSES, "<s>", "</s>", "<unk>"}
        self.tokens = tuple(sorted(token for token in model.vocabulary if token not in apart))
        self.place = {token: place for place, token in enumerate(self.tokens)}
        self._places = np.array([model.index[token] for token in self.tokens], dtype=np.int64)
        width = max(map(len, self.tokens)) + 1
        padded = "".join(token.ljust(width, "\0") for token in self.tokens).encode("utf-32-le")
        self.letters = np.frombuffer(padded, dtype=np.uint32).reshape(len(self.tokens), width)
        self._closers = np.array([self.place[closer] for closer in CLOSERS])
        self._own_name = np.array(
            [token.isidentifier() and token not in KEYWORDS and not hasattr(builtins, token) for token in self.tokens]
        )
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
        known = [symbol if symbol in self._model else class_of(symbol) for symbol in history.symbols]
        p_all = np.exp(self._model.log_p_all(known))
        index = self._model.index
        allowed = (INDENT, DEDENT, BLANK) if fresh else (NEWLINE,) if history.line and not history.brackets else ()
        layout = {symbol: float(p_all[index[symbol]]) for symbol in allowed}
        classes = {symbol: float(p_all[index[symbol]]) for symbol in CLASSES}
        p = p_all[self._places]
        p[self._closers] *= np.array([closer == history.closer for closer in CLOSERS])
        if history.symbols[-1] not in _NAMES_ANYTHING:
            p *= self._familiarity(history.index)
        total = p.sum() + sum(layout.values()) + sum(classes.values())
        p /= total
        layout = _scaled(layout, 1 / total)
        seen, new = self._share_names(p, _scaled(classes, 1 / total), history)
        self._mix_cache(p, layout, seen, new, history)
        return NextToken(p, layout, seen, new)

    def completions(self, history: History, pending: str) -> "Completions":
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
        return NextToken(p / total, {}, _scaled(seen, 1 / total), _scaled(new, 1 / total))

    def gaps(self, line: Sequence[Token]) -> NDArray[np.bool_]:
        """Whether a blank comes before each of ``tokens``, shape (n_tokens,)."""
        gaps = np.array([gap_before(line, text) for text in _GAP_CLASSES], dtype=np.bool_)
        return np.asarray(gaps[self._gap_class])

    def _familiarity(self, index: DocumentIndex) -> FloatArray:
        """How much less likely each token is for being a name that the document has not named."""
        factor = np.where(self._own_name, _UNFAMILIAR, 1.0)
        factor[[self.place[name] for name in index.names if name in self.place]] = 1.0
        return factor

    def _share_names(
        self, p: FloatArray, classes: dict[str, float], history: History
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Give the document's own names their share of every name's probability; changes ``p`` in place."""
        new = dict(classes)
        names = history.index.names
        total = sum(names.values())
        if not total:
            return {}, new
        share = _SEEN_SHARE * total / (total + _N_NAMES_FOR_HALF)
        if history.symbols[-1] in _NAMES_ANYTHING:
            others = {name: count for name, count in names.items() if name not in self.place}
            return _scaled(others, share * classes[NAME] / max(sum(others.values()), 1)), new | {
                NAME: classes[NAME] * (1 - share if others else 1.0)
            }
        own = self._own_name
        mass = share * (classes[NAME] + float(p[own].sum()))
        p[own] *= 1 - share
        new[NAME] *= 1 - share
        seen = {}
        for name, count in names.items():
            if name in self.place:
                p[self.place[name]] += mass * count / total
            else:
                seen[name] = mass * count / total
        return seen, new

    def _mix_cache(
        self, p: FloatArray, layout: dict[str, float], seen: dict[str, float], new: dict[str, float], history: History
    ) -> None:
        """Mix in what followed the same symbols earlier in the document, in place."""
        followers = self._followers(history, layout)
        total = sum(followers.values())
        if not total:
            return
        p *= 1 - _CACHE_SHARE
        for shares in (layout, seen, new):
            shares.update(_scaled(shares, 1 - _CACHE_SHARE))
        for symbol, weight in followers.items():
            mass = _CACHE_SHARE * weight / total
            if symbol in self.place:
                p[self.place[symbol]] += mass
            elif symbol in LAYOUT:
                layout[symbol] += mass
            else:
                seen[symbol] = seen.get(symbol, 0.0) + mass

    @staticmethod
    def _followers(history: History, layout: dict[str, float]) -> dict[str, float]:
        document, last = history.index.symbols, history.symbols
        barred = {closer for closer in CLOSERS if closer != history.closer}
        followers: dict[str, float] = defaultdict(float)
        for place in history.index.places.get(last[-1], ()):
            if place + 1 == len(document):
                continue
            following = document[place + 1]
            if following in barred or (following in LAYOUT and following not in layout):
                continue
            depth = 1
            while depth < 3 and depth < len(last) and place >= depth and document[place - depth] == last[-depth - 1]:
                depth += 1
            followers[following] += _CACHE_WEIGHTS[depth]
        return followers


def _scaled(shares: Mapping[str, float], factor: float) -> dict[str, float]:
    return {symbol: factor * share for symbol, share in shares.items()}
