"""Reads tokens by a grammar and knows, at each token, whether any text can follow that completes it.

A table of rules becomes one finite automaton per rule; reading keeps every parse alive at once in a graph-structured
stack (Tomita, 1987: An efficient augmented-context-free parsing algorithm). A token is refused exactly when no sentence
of the grammar begins with the tokens so far, so no prefix of a sentence is ever refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_PIECE = re.compile(r"'[^']+'|\w+|[\[\]()|*+]")


@dataclass(slots=True, eq=False)
class _Node:
    """A state and all the stacks below it."""

    state: int
    parents: set["_Node"]


Stacks = tuple[_Node, ...]


@dataclass(slots=True)
class _Fragment:
    """A piece of a rule: where it begins and ends among the rule's raw states."""

    begin: int
    end: int


@dataclass(slots=True)
class _Raw:
    """A rule before it is made deterministic."""

    arcs: list[list[tuple[str | None, int]]] = field(default_factory=list)

    def new(self) -> int:
        self.arcs.append([])
        return len(self.arcs) - 1


class Automaton:
    """Recognises the beginnings of the sentences of a grammar.

    Parameters
    ----------
    rules : str
        One rule a line, ``name: body``, the first being the whole document; a body holds ``'literal'``, TOKEN, rule
        names, ``|``, ``[optional]``, ``(group)``, ``*`` and ``+``. No rule may match nothing but the first, and none
        may begin with itself.
    """

    def __init__(self, rules: str) -> None:
        lines = [line.split(":", 1) for line in rules.splitlines() if line.strip()]
        bodies = {_rule(name): body for name, body in lines}
        self._begin: dict[str, int] = {}
        self._final: list[bool] = []
        arcs: list[dict[str, int]] = []
        for name, body in bodies.items():
            self._begin[name] = self._add_rule(body, arcs)
        first = _first_tokens(self._begin, arcs)
        # For each state and token: (None, next) reads the token, (rule, next) enters a rule that begins with it.
        self._moves: list[dict[str, list[tuple[str | None, int]]]] = []
        for state in arcs:
            moves: dict[str, list[tuple[str | None, int]]] = {}
            for label, following in state.items():
                if label in self._begin:
                    for token in first[label]:
                        moves.setdefault(token, []).append((label, following))
                else:
                    moves.setdefault(label, []).append((None, following))
            self._moves.append(moves)
        self.start: Stacks = (_Node(self._begin[next(iter(bodies))], set()),)

    def step(self, stacks: Stacks, tokens: Iterable[str]) -> Stacks:
        """Read one token that may be any of these; what is alive afterwards, which may be nothing."""
        tops: dict[int, _Node] = {}
        for token in tokens:
            inner: dict[tuple[int, str], _Node] = {}
            waiting = list(stacks)
            seen = set(waiting)
            while waiting:
                node = waiting.pop()
                self._shift(node.state, node.parents, token, tops, inner)
                if self._final[node.state]:
                    above = node.parents - seen
                    seen |= above
                    waiting.extend(above)
        return tuple(tops.values())

    def _shift(
        self, state: int, parents: set[_Node], token: str, tops: dict[int, _Node], inner: dict[tuple[int, str], _Node]
    ) -> None:
        for rule, following in self._moves[state].get(token, ()):
            if rule is None:
                if following in tops:
                    tops[following].parents |= parents
                else:
                    tops[following] = _Node(following, set(parents))
            elif (following, rule) in inner:
                inner[following, rule].parents |= parents
            else:
                node = inner[following, rule] = _Node(following, set(parents))
                self._shift(self._begin[rule], {node}, token, tops, inner)

    def _add_rule(self, body: str, arcs: list[dict[str, int]]) -> int:
        raw = _Raw()
        pieces = _PIECE.findall(body)
        whole, rest = _alternatives(pieces, 0, raw)
        if rest != len(pieces):
            raise ValueError(f"Argument 'rules' must be balanced (got {body!r}).")
        begin = _closure(raw, {whole.begin})
        numbers = {begin: len(arcs)}
        arcs.append({})
        self._final.append(whole.end in begin)
        waiting = [begin]
        while waiting:
            current = waiting.pop()
            targets: dict[str, set[int]] = {}
            for state in current:
                for label, following in raw.arcs[state]:
                    if label is not None:
                        targets.setdefault(label, set()).add(following)
            for label, reached in targets.items():
                closed = _closure(raw, reached)
                if closed not in numbers:
                    numbers[closed] = len(arcs)
                    arcs.append({})
                    self._final.append(whole.end in closed)
                    waiting.append(closed)
                arcs[numbers[current]][label] = numbers[closed]
        return numbers[begin]


def _alternatives(pieces: list[str], at: int, raw: _Raw) -> tuple[_Fragment, int]:
    whole = _Fragment(raw.new(), raw.new())
    while True:
        begin = end = raw.new()
        raw.arcs[whole.begin].append((None, begin))
        while at < len(pieces) and pieces[at] not in ("|", ")", "]"):
            item, at = _item(pieces, at, raw)
            raw.arcs[end].append((None, item.begin))
            end = item.end
        raw.arcs[end].append((None, whole.end))
        if at == len(pieces) or pieces[at] != "|":
            return whole, at
        at += 1


def _item(pieces: list[str], at: int, raw: _Raw) -> tuple[_Fragment, int]:
    piece = pieces[at]
    if piece in ("(", "["):
        item, at = _alternatives(pieces, at + 1, raw)
        if piece == "[":
            raw.arcs[item.begin].append((None, item.end))
    else:
        item = _Fragment(raw.new(), raw.new())
        label = piece[1:-1] if piece[0] == "'" else piece if piece.isupper() else _rule(piece)
        raw.arcs[item.begin].append((label, item.end))
    at += 1
    if at < len(pieces) and pieces[at] in ("*", "+"):
        outer = _Fragment(raw.new(), raw.new())
        raw.arcs[outer.begin].append((None, item.begin))
        raw.arcs[item.end] += [(None, item.begin), (None, outer.end)]
        if pieces[at] == "*":
            raw.arcs[outer.begin].append((None, outer.end))
        return outer, at + 1
    return item, at


def _rule(name: str) -> str:
    """A rule's label, which no token can equal."""
    return f"<{name}>"


def _closure(raw: _Raw, states: set[int]) -> frozenset[int]:
    closed = set(states)
    waiting = list(states)
    while waiting:
        for label, following in raw.arcs[waiting.pop()]:
            if label is None and following not in closed:
                closed.add(following)
                waiting.append(following)
    return frozenset(closed)


def _first_tokens(begin: dict[str, int], arcs: list[dict[str, int]]) -> dict[str, frozenset[str]]:
    first: dict[str, frozenset[str]] = {}

    def find(rule: str) -> frozenset[str]:
        if rule not in first:
            labels = arcs[begin[rule]]
            first[rule] = frozenset().union(*(find(label) if label in begin else {label} for label in labels))
        return first[rule]

    for rule in begin:
        find(rule)
    return first
