"""Who says what the next token of a Python program may be: two n-grams, and the document itself."""

import builtins
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from generation.ngrams.arpa import BEGIN, END, UNKNOWN, FloatArray
from generation.ngrams.model import ArpaModel
from generation.python.cache import Followers
from generation.python.history import History
from generation.python.lexer import KEYWORDS
from generation.python.scope import BLOCK_SYMBOLS, ROLE_SYMBOLS
from generation.python.symbols import BLANK, CLASSES, CLOSERS, DEDENT, INDENT, LAYOUT, NAME, NEWLINE, class_of

# The share of names without a token that goes to the document's own, where it has many; the rest is new.
_SEEN_SHARE = 0.6
_N_NAMES_FOR_HALF = 3  # names at which a document's own get half their share
# Where a name may come that the document has not named yet; elsewhere such a name is so much less likely.
_NAMES_ANYTHING = frozenset({".", "import", "from", "def", "class", "as", "for", ",", NEWLINE, INDENT, DEDENT, BLANK})
_UNFAMILIAR = 0.25
_UNBOUND = 0.1
ABSTRACT = frozenset(ROLE_SYMBOLS) | {mark for marks in BLOCK_SYMBOLS.values() for mark in marks}


@dataclass(frozen=True, slots=True, eq=False)
class NextToken:
    """Probabilities of the next token; all together sum to one.

    Parameters
    ----------
    p : array, shape (n_tokens,)
        Of each of the vocabulary's tokens.
    layout : dict of str to float
        Of a line's end, indents, dedents and blank lines.
    seen : dict of str to float
        Of names, numbers and strings of the document that are none of the vocabulary's tokens.
    new : dict of str to float
        Of what nobody knows, for each class.
    """

    p: FloatArray
    layout: dict[str, float]
    seen: dict[str, float]
    new: dict[str, float]


class Vocabulary:
    """The tokens that some model knows.

    Parameters
    ----------
    models : sequence of ArpaModel
    """

    def __init__(self, models: Sequence[ArpaModel]) -> None:
        apart = {*LAYOUT, *CLASSES, *ABSTRACT, BEGIN, END, UNKNOWN}
        self.tokens = tuple(sorted({token for model in models for token in model.vocabulary} - apart))
        self.place = {token: place for place, token in enumerate(self.tokens)}
        self.closers = np.array([self.place[closer] for closer in CLOSERS])
        self.is_own_name = np.array(
            [token.isidentifier() and token not in KEYWORDS and not hasattr(builtins, token) for token in self.tokens]
        )

    def familiarity(self, names: Iterable[str], unfamiliar: float) -> FloatArray:
        """How much less likely each token is for being a name that the document has not named, shape (n_tokens,)."""
        factor = np.where(self.is_own_name, unfamiliar, 1.0)
        factor[[self.place[name] for name in names if name in self.place]] = 1.0
        return factor


def allowed_layout(history: History, fresh: bool) -> tuple[str, ...]:
    """The layout that may come: where a line has just ended no other end, and inside brackets none."""
    if fresh:
        return INDENT, DEDENT, BLANK
    return (NEWLINE,) if history.line and not history.brackets else ()


class Ngram:
    """A token n-gram's say.

    Parameters
    ----------
    model : ArpaModel
        Over the symbols of `generation.python.symbols`, rare ones as classes.
    vocabulary : Vocabulary
    unfamiliar : float
        How much less likely a name is that the document has not named.
    """

    def __init__(self, model: ArpaModel, vocabulary: Vocabulary, unfamiliar: float) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._unfamiliar = unfamiliar
        known = [(place, model.index[token]) for place, token in enumerate(vocabulary.tokens) if token in model]
        self._known = np.array([place for place, _ in known])
        self._index = np.array([index for _, index in known])

    def say(
        self, symbols: Sequence[str], history: History, names: Mapping[str, int], fresh: bool
    ) -> tuple[FloatArray, NextToken]:
        """The n-gram's own probabilities, by its vocabulary, and what they say with everything impossible left out.

        Parameters
        ----------
        symbols : sequence of str
            The history as the n-gram knows it.
        names : mapping of str to int
            The names that count as familiar.
        """
        model, vocabulary = self._model, self._vocabulary
        known = [symbol if symbol in model else class_of(symbol) for symbol in symbols]
        p_all = np.exp(model.log_p_all(known))
        p = np.zeros(len(vocabulary.tokens))
        p[self._known] = p_all[self._index]
        p[vocabulary.closers] *= np.array([closer == history.closer for closer in CLOSERS])
        if history.symbols[-1] not in _NAMES_ANYTHING and names:
            p *= vocabulary.familiarity(names, self._unfamiliar)
        marks = {symbol: self.mark(history, symbol) for symbol in allowed_layout(history, fresh)}
        layout = {symbol: float(p_all[model.index[mark]]) if mark in model else 0.0 for symbol, mark in marks.items()}
        new = {symbol: float(p_all[model.index[symbol]]) for symbol in CLASSES}
        return p_all, NextToken(p, layout, {}, new)

    def mark(self, history: History, layout: str) -> str:  # noqa: ARG002 - marks that tell more depend on it
        """What stands for layout in the n-gram."""
        return layout


class TokenNgram(Ngram):
    """A token n-gram's say, and of its names a share to those of the document.

    Parameters
    ----------
    model : ArpaModel
    vocabulary : Vocabulary
    """

    def __init__(self, model: ArpaModel, vocabulary: Vocabulary) -> None:
        super().__init__(model, vocabulary, _UNFAMILIAR)

    def next(self, history: History, names: Mapping[str, int], fresh: bool) -> NextToken:
        """What the next token may be, in a document of these names."""
        _, said = self.say(history.symbols, history, names, fresh)
        said = normalised(said)
        total = sum(names.values())
        if not total:
            return said
        share = _SEEN_SHARE * total / (total + _N_NAMES_FOR_HALF)
        vocabulary, p, new = self._vocabulary, said.p, dict(said.new)
        if history.symbols[-1] in _NAMES_ANYTHING:
            return _with_names(said, {name: n for name, n in names.items() if name not in vocabulary.place}, share)
        own = vocabulary.is_own_name
        mass = share * (new[NAME] + float(p[own].sum()))
        p[own] *= 1 - share
        new[NAME] *= 1 - share
        seen = {}
        for name, count in names.items():
            if name in vocabulary.place:
                p[vocabulary.place[name]] += mass * count / total
            else:
                seen[name] = mass * count / total
        return NextToken(p, said.layout, seen, new)


class RoleNgram(Ngram):
    """An n-gram's say over tokens with bound names as their roles, and which names those are here.

    Parameters
    ----------
    model : ArpaModel
        Over the symbols of `generation.python.symbols` and `generation.python.scope`, rare ones as classes.
    vocabulary : Vocabulary
    """

    def __init__(self, model: ArpaModel, vocabulary: Vocabulary) -> None:
        super().__init__(model, vocabulary, _UNBOUND)
        self._roles = {symbol: model.index[symbol] for symbol in ROLE_SYMBOLS if symbol in model}

    def mark(self, history: History, layout: str) -> str:
        """What stands for layout in the n-gram: an indent and a dedent tell what the block begins with."""
        return history.scope.layout_symbol(layout)

    def next(
        self, history: History, names: Mapping[str, int], bound: Mapping[str, Sequence[str]], fresh: bool
    ) -> NextToken:
        """What the next token may be, in a document of these names, those bound by role."""
        p_all, said = self.say(history.roles, history, names, fresh)
        place, p, seen = self._vocabulary.place, said.p, said.seen
        for symbol, of_role in bound.items():
            mass = float(p_all[self._roles[symbol]]) if symbol in self._roles else 0.0
            for name, share in zip(of_role, harmonic(len(of_role)), strict=True):
                if name in place:
                    p[place[name]] += mass * share
                else:
                    seen[name] = seen.get(name, 0.0) + mass * share
        said = normalised(said)
        total = sum(names.values())
        share = _SEEN_SHARE * total / (total + _N_NAMES_FOR_HALF)
        return _with_names(said, {name: n for name, n in names.items() if name not in place}, share)


def followed(
    followers: Followers,
    last: Sequence[str],
    layout: Sequence[str],
    closer: str,
    bound: Mapping[str, Sequence[str]],
) -> list[dict[str, float]]:
    """What followed the last symbol, the last two, and so on, earlier in the document, as far as it may come here.

    Returns
    -------
    list of dict of str to float
        Shares of tokens and layout, that of the longest stretch last; those of names in a role are of names bound here.
    """
    barred = {other for other in CLOSERS if other != closer} | (LAYOUT - set(layout)) | ABSTRACT
    all_shares = []
    for shares in followers.after(last):
        found: dict[str, float] = {}
        for code in np.flatnonzero(shares):
            symbol, share = followers.symbols[code], float(shares[code])
            if symbol in bound:
                of_role = bound[symbol]
                for name, part in zip(of_role, harmonic(len(of_role)), strict=True):
                    found[name] = found.get(name, 0.0) + share * part
            elif symbol not in barred:
                found[symbol] = found.get(symbol, 0.0) + share
        total = sum(found.values())
        all_shares.append(scaled(found, 1 / total) if total else {})
    return all_shares


def harmonic(n: int) -> FloatArray:
    """Shares that fall as one over the place, shape (n,)."""
    shares = 1 / np.arange(1.0, n + 1)
    return np.asarray(shares / shares.sum())


def normalised(said: NextToken) -> NextToken:
    """The same, summing to one."""
    parts = said.layout, said.seen, said.new
    factor = 1 / (float(said.p.sum()) + sum(sum(part.values()) for part in parts))
    layout, seen, new = (scaled(part, factor) for part in parts)
    return NextToken(said.p * factor, layout, seen, new)


def scaled(shares: Mapping[str, float], factor: float) -> dict[str, float]:
    """Shares, each times the factor."""
    return {symbol: factor * share for symbol, share in shares.items()}


def _with_names(said: NextToken, names: Mapping[str, int], share: float) -> NextToken:
    """Give a share of new names' probability to names of the document that are no tokens."""
    total = sum(names.values())
    if not total:
        return said
    mass = share * said.new[NAME]
    seen = dict(said.seen)
    for name, count in names.items():
        seen[name] = seen.get(name, 0.0) + mass * count / total
    return NextToken(said.p, said.layout, seen, said.new | {NAME: said.new[NAME] - mass})
