"""What formulas already written make likely next: how those go on that agree with this one."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from generation.formula.lexer import Token, lex
from generation.formula.relative import Step, steps, written
from generation.formula.symbols import Everything, History
from generation.formula.types import Cell
from generation.types import Candidate

_LONGEST = 8  # steps before the cursor that are compared
_N_WHOLE = 24  # continuations that are cut into their tokens
_MAY_GO_ON = frozenset(("cell", "number", "name", "lines", "logical", "unfinished"))


@dataclass(frozen=True, slots=True)
class Memory:
    """A formula that stands in the workbook, in steps, and how much it counts."""

    path: tuple[Step, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class _Continuation:
    """Texts of the tokens that would follow, the first without what stands there already."""

    texts: tuple[str, ...]
    weight: float


def recall(memories: Iterable[Memory], before: str, cell: Cell) -> dict[str, float]:
    """Probabilities of how formulas go on that begin as this one does, wherever they point from their own cells."""
    typed = "".join(token.text for token in _tokens(before))
    return _masses(_continuations(memories, cell, 0, typed), before)


def recall_part(memories: Iterable[Memory], before: str, cell: Cell) -> dict[str, float]:
    """Probabilities of what followed, in other formulas, the longest run of tokens that ends at the cursor."""
    tokens = _tokens(before)
    pending = tokens.pop().text if tokens and tokens[-1].kind in _MAY_GO_ON else ""
    context = steps(tokens, cell)
    longest = 1
    ends: list[tuple[Memory, int]] = []
    for memory in memories:
        for end in range(1, len(memory.path)):
            length = _common(context, memory.path, end)
            if length > longest:
                longest, ends = length, []
            if length == longest:
                ends.append((memory, end))
    found = (c for memory, end in ends for c in _continuations([memory], cell, end, pending))
    history = History(Everything()).follow(tokens)
    fitting = (_Continuation(_fitting(c.texts, pending, history), c.weight) for c in found)
    return _masses((c for c in fitting if c.texts), before)


def as_candidates(masses: Mapping[str, float], n: int, name: str) -> list[Candidate]:
    """Texts by their probability, likeliest first."""
    best = sorted(((text, p) for text, p in masses.items() if text and p > 0), key=lambda item: (-item[1], item[0]))
    return [Candidate(text, min(0.0, math.log(p)), name) for text, p in best[: max(n, 0)]]


def _tokens(before: str) -> list[Token]:
    return [token for token in lex(before) if token.kind != "space"]


def _common(context: tuple[Step, ...], path: tuple[Step, ...], end: int) -> int:
    """How many steps before two places are alike."""
    length = 0
    while length < min(end, len(context), _LONGEST) and context[-1 - length] == path[end - 1 - length]:
        length += 1
    return length


def _continuations(memories: Iterable[Memory], cell: Cell, begin: int, typed: str) -> Iterator[_Continuation]:
    """How formulas go on from a step, if what is typed since agrees with them."""
    for memory in memories:
        texts = written(memory.path[begin:], cell)
        if texts is None or not "".join(texts).startswith(typed):
            continue
        left = len(typed)
        rest = []
        for text in texts:
            if len(text) > left:
                rest.append(text[left:])
            left = max(0, left - len(text))
        if rest:
            yield _Continuation(tuple(rest), memory.weight)


def _fitting(texts: tuple[str, ...], pending: str, history: History) -> tuple[str, ...]:
    """Tokens up to the first that closes or parts a bracket that is not open here."""
    for place, text in enumerate(texts):
        token = lex("=" + (pending + text if place == 0 else text))[0]
        opener = history.frames[-1].opener
        closes_other = token.text in (")", "}") and (opener == "=" or (token.text == "}") != (opener == "{"))
        if closes_other or (token.kind == "separator" and opener in ("=", "(")):
            return texts[:place]
        history = history.then(token)
    return texts


def _masses(continuations: Iterable[_Continuation], before: str) -> dict[str, float]:
    """Probability of each continuation, and of its beginnings up to where others part from it, token by token.

    What none of them tells keeps the share of distinct continuations among all (Witten & Bell, 1991, method C).
    """
    weights: dict[tuple[str, ...], float] = defaultdict(float)
    largest: dict[tuple[str, ...], float] = defaultdict(float)
    for continuation in continuations:
        weights[continuation.texts] += continuation.weight
        largest[continuation.texts] = max(largest[continuation.texts], continuation.weight)
    total = sum(weights.values()) + sum(largest.values())
    begun = "" if before.startswith("=") else "="
    masses: dict[str, float] = defaultdict(float)
    wholes = sorted(weights, key=lambda texts: (-weights[texts], texts))[:_N_WHOLE]
    for texts in wholes:
        for beginning in accumulate(texts):
            masses[begun + beginning] += weights[texts] / total
    whole = {begun + "".join(texts) for texts in wholes}
    parting = {begun + "".join(a[: _n_common(a, b)]) for place, a in enumerate(wholes) for b in wholes[:place]}
    return {text: mass for text, mass in masses.items() if text in whole or text in parting}


def _n_common(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """How many texts two continuations begin with alike."""
    return next((n for n, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))
