"""Proposes the next tokens of a formula, up to its end, by the token model."""

import heapq
import math
from collections.abc import Mapping

from generation.formula.cursor import complete, locate
from generation.formula.graph import without_cycles
from generation.formula.lexer import lex
from generation.formula.model import TokenModel
from generation.formula.symbols import History
from generation.formula.types import SheetScope
from generation.types import Candidate, Context

_N_EXPANDED = 12  # beginnings that are tried one token further
_N_FURTHER = 24  # tokens that are tried after the first
_MAX_TEXT = 60
_LEAST = 1e-6


class FormulaNgram:
    """The next token, and further ones as long as they are likely; a partial token is completed.

    Parameters
    ----------
    model : TokenModel
    """

    name = "ngram"

    def __init__(self, model: TokenModel) -> None:
        self._model = model

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice.

        Beginnings are tried further in the order of their probability (uniform-cost search), so that no sequence that
        is left out is likelier than those proposed. A candidate has the probability of all tokens that begin with it.
        """
        if n < 1:
            return []
        scored: dict[str, float] = {}
        heads: list[tuple[float, str, History]] = []
        before = context.before
        begun = "" if before.startswith("=") else "="
        cursor = locate(self._model, before)
        if cursor.pending is None:
            heads.append((0.0, begun, cursor.history))
        else:
            completions = complete(self._model, cursor)
            for text, p in _prefix_mass(completions.rest, n).items():
                scored[begun + text] = math.log(p)
            for text, p in list(completions.rest.items())[:_N_EXPANDED]:
                if p > _LEAST:
                    whole = lex("=" + cursor.pending.text + text)
                    heads.append((-math.log(p), begun + text, cursor.history.follow(whole)))
            if completions.ends > 0:
                heads.append((-math.log(completions.ends), begun, cursor.history.then(cursor.pending)))
        heapq.heapify(heads)
        for step in range(_N_EXPANDED):
            if not heads:
                break
            cost, text, history = heapq.heappop(heads)
            self._grow(cost, text, history, n if step == 0 else min(n, _N_FURTHER), scored, heads)
        if isinstance(context.scope, SheetScope):
            scored = without_cycles(scored, before, context.scope)
        best = sorted(scored.items(), key=lambda item: (-item[1], item[0]))[:n]
        return [Candidate(text, min(log_p, 0.0), self.name) for text, log_p in best]

    def _grow(
        self,
        cost: float,
        text: str,
        history: History,
        n: int,
        scored: dict[str, float],
        heads: list[tuple[float, str, History]],
    ) -> None:
        """Try a beginning one token further."""
        following = {token: p for token, p in self._model.next(history).items() if token and p > _LEAST}
        for token, p in _prefix_mass(following, n).items():
            whole = text + token
            if len(whole) > _MAX_TEXT:
                continue
            scored[whole] = max(scored.get(whole, -math.inf), math.log(p) - cost)
            exact = following[token]
            heapq.heappush(heads, (cost - math.log(exact), whole, history.then(lex("=" + token)[0])))


def _prefix_mass(tokens: Mapping[str, float], n: int) -> dict[str, float]:
    """Probability that what comes begins with each of the ``n`` likeliest tokens."""
    chosen = sorted(tokens, key=lambda text: (-tokens[text], text))[:n]
    mass = dict.fromkeys(chosen, 0.0)
    for text, p in tokens.items():
        for end in range(1, len(text) + 1):
            if text[:end] in mass:
                mass[text[:end]] += p
    return mass
