"""Proposes lines of the user's own files, with the names that are in scope here."""

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from generation.python.beginnings import Head, beginnings
from generation.python.history import History, Reading, role_symbols
from generation.python.layout import double_quote_all
from generation.python.lexer import LexState, lex
from generation.python.model import TokenModel
from generation.python.predictors import ABSTRACT, harmonic
from generation.python.symbols import LAYOUT, NEWLINE
from generation.types import Candidate, Context

_log = logging.getLogger(__name__)

_MAX_FILES, _MAX_BYTES = 500, 200_000
_MAX_TOKENS = 40  # of a line that is kept
_N_FILLED = 4  # times as many lines are filled as are wanted, since some lack a name here
_N_COMPLETED = 12
_DOCUMENT = "<s>"

Line = tuple[str, ...]


class OwnFilesGenerator:
    """Lines that followed the same line, or the same kind of block's beginning or end, in files of one's own.

    Lines are kept with bound names as their roles, and filled with the names that have these roles here. Their shares
    are interpolated by Witten and Bell's method [1]_, from what followed the same line to what stands anywhere; what
    it leaves to lines never seen is given to none.

    Parameters
    ----------
    model : TokenModel
        Says how an indentation or an unfinished token goes on.
    paths : sequence of Path
        Python files; those that are too large, no text, or missing are left out, and so are all beyond a few hundred.

    References
    ----------
    .. [1] Witten & Bell (1991). The zero-frequency problem. IEEE Trans. Information Theory 37(4).
    """

    name = "own files"

    def __init__(self, model: TokenModel, paths: Sequence[Path]) -> None:
        self._model = model
        self._following: dict[Line, Counter[Line]] = defaultdict(Counter)
        for source in _read(paths):
            roles, _ = role_symbols(lex(LexState(), source)[0], Reading())
            for before, mark, line in _lines(roles):
                for context in _contexts(before, mark):
                    self._following[context][line] += 1

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        if n < 1 or not self._following:
            return []
        reading = self._model.reader.read(context.before)
        if len(reading.line) >= _MAX_TOKENS:
            return []
        heads, completed = beginnings(self._model, reading, _N_COMPLETED)
        before, mark = _around(reading.roles, len(reading.line))
        found: dict[str, float] = {}
        for head in (*heads, *completed):
            n_new = len(head.history.line) - len(reading.line)
            begun = (*_last(reading.roles, len(reading.line)), *_last(head.history.roles, n_new))
            here = head.history.roles[-1] if not begun else mark
            for text, log_p in self._filled(head, begun, _contexts(before, here), n):
                found[text] = max(found.get(text, -math.inf), log_p)
        best = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:n]
        return [Candidate(text, min(log_p, 0.0), self.name) for text, log_p in best]

    def _filled(self, head: Head, begun: Line, contexts: Sequence[Line], n: int) -> Iterator[tuple[str, float]]:
        """Lines that begin like this one, with names from the scope, and their log-probabilities."""
        shares: dict[Line, float] = defaultdict(float)
        left = 1.0  # that the line never followed any of the contexts so far
        for context in contexts:
            lines = self._following.get(context, Counter())
            total, escape = sum(lines.values()), len(lines)
            for line, count in lines.items():
                if len(line) > len(begun) and line[: len(begun)] == begun:
                    shares[line] += left * count / (total + escape)
            left *= escape / (total + escape) if total else 1.0
        known = sum(shares.values())
        scale = 1.0 / (known + left) if begun else 1.0
        likeliest = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[: _N_FILLED * n]
        for line, share in likeliest:
            whole = _fill(head, line[len(begun) :])
            if whole is not None:
                yield whole.text.rstrip(" ") + "\n", whole.log_p + math.log(share * scale)


def _read(paths: Iterable[Path]) -> Iterator[str]:
    for path in list(paths)[:_MAX_FILES]:
        try:
            raw = path.read_bytes()[: _MAX_BYTES + 1]
            if len(raw) > _MAX_BYTES or b"\0" in raw:
                raise ValueError(f"it is larger than {_MAX_BYTES} bytes, or no text")
            yield double_quote_all(raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"))
        except (OSError, ValueError) as error:
            _log.warning("Nothing is proposed from %s: %s.", path, error)


def _lines(roles: Sequence[str]) -> Iterator[tuple[Line, str, Line]]:
    """Every line of a document after the line before it and the mark between them."""
    before: Line = ()
    line: list[str] = []
    mark = _DOCUMENT
    for symbol in roles:
        if symbol == NEWLINE:
            if 0 < len(line) <= _MAX_TOKENS:
                yield before, mark, tuple(line)
            before, mark, line = tuple(line), NEWLINE, []
        elif symbol in LAYOUT or (symbol in ABSTRACT and "dent:" in symbol):
            mark = symbol
        else:
            line.append(symbol)


def _around(roles: Sequence[str], n_begun: int) -> tuple[Line, str]:
    """The line before the one at the cursor, of which so many tokens stand, and the mark between them."""
    settled = list(roles[: len(roles) - n_begun])
    mark = settled[-1] if settled else _DOCUMENT
    end = len(settled) - 1 - settled[::-1].index(NEWLINE) if NEWLINE in settled else 0
    begin = end
    while begin > 0 and settled[begin - 1] not in LAYOUT and "dent:" not in settled[begin - 1]:
        begin -= 1
    return tuple(settled[begin:end]), mark


def _contexts(before: Line, mark: str) -> tuple[Line, ...]:
    return (mark, *before), (mark,), ()


def _fill(head: Head, rest: Line) -> Head | None:
    """A beginning with the rest of a line; None where a name that it needs is not bound here, or would be another's."""
    for symbol in rest:
        history = head.history
        if symbol in ABSTRACT:
            names = history.scope.names(history.line).get(symbol)
            if not names:
                return None
            head = head.then_token(names[0], float(harmonic(len(names))[0]))
        elif not _may_stand(history, symbol):
            return None
        else:
            head = head.then_token(symbol, 1.0)
    return head


def _may_stand(history: History, text: str) -> bool:
    """Whether a token means the same here, and may begin a statement where it does."""
    scope = history.scope
    return scope.symbol(history.line, text) == text and (bool(history.line) or scope.may_begin(text))


def _last(symbols: Sequence[str], n: int) -> Line:
    return tuple(symbols[len(symbols) - n :])
