"""Proposes whole lines of a Python program."""

import math
from heapq import heappop, heappush

from generation.python.beginnings import Head, beginnings
from generation.python.model import TokenModel, likeliest
from generation.python.symbols import NEWLINE
from generation.types import Candidate, Context

_N_EXPANDED = 160  # beginnings that are tried one token further: what tens of milliseconds a page allow
_N_FURTHER = 20  # tokens that each is tried with
_N_COMPLETED = 12  # ways to complete an unfinished token
_MAX_TOKENS = 40
_MAX_TEXT = 120
_MIN_P = 1e-5  # of a token


class PythonLineGenerator:
    """What the logical line at the cursor goes on with, up to its end and the line break.

    A uniform-cost search over the token model: the likeliest beginning is always the next to be tried further, until
    no other can make a line likelier than those found. Beginnings themselves are left to the generator of tokens.

    Parameters
    ----------
    model : TokenModel
    """

    name = "lines"

    def __init__(self, model: TokenModel) -> None:
        self._model = model

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        if n < 1:
            return []
        heads, completed = beginnings(self._model, self._model.reader.read(context.before), _N_COMPLETED)
        lines: dict[str, float] = {}
        queue: list[tuple[float, int, Head, tuple[str, float] | None]] = []
        for place, head in enumerate((*heads, *completed)):
            heappush(queue, (-head.log_p, place, head, None))
        n_pushed = len(queue)
        for _ in range(_N_EXPANDED):
            if not queue or (len(lines) >= n and -queue[0][0] < sorted(lines.values())[-n]):
                break
            _, _, head, token = heappop(queue)
            if token is not None:
                head = head.then_token(*token)
            if len(head.history.line) >= _MAX_TOKENS or len(head.text) > _MAX_TEXT:
                continue
            for text, p in self._grow(head, lines):
                n_pushed += 1
                heappush(queue, (-head.log_p - math.log(p), n_pushed, head, (text, p)))
        best = sorted(lines.items(), key=lambda line: (-line[1], line[0]))[:n]
        return [Candidate(text, min(log_p, 0.0), self.name) for text, log_p in best]

    def _grow(self, head: Head, lines: dict[str, float]) -> list[tuple[str, float]]:
        """The tokens that a beginning may go on with; where its line may end, that is noted."""
        following = self._model.next(head.history)
        if head.gap:
            following = self._model.after_gap(following, head.history.line)
        ends = following.layout.get(NEWLINE, 0.0)
        if ends > 0 and not head.gap:
            text = head.text + "\n"
            lines[text] = max(lines.get(text, -math.inf), head.log_p + math.log(ends))
        return [(text, p) for text, p in likeliest(self._model, following, _N_FURTHER) if p > _MIN_P]
