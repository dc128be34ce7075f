"""Where candidates begin: at the cursor, at a line's indentation, or within a token that is unfinished."""

import math
from dataclasses import dataclass

from generation.python.history import History, Reading
from generation.python.layout import gap_after, gap_before
from generation.python.model import TokenModel
from generation.python.symbols import is_open_string

# How much less likely a line goes deeper where it is indented like a block already: whatever ended the line before
# brought the indentation with it.
_DEEPER = 0.1


@dataclass(frozen=True, slots=True)
class Head:
    """A beginning of a candidate, from which further tokens are tried.

    Parameters
    ----------
    text : str
    log_p : float
        In nats.
    history : History
        Up to the text's end.
    gap : bool
        Whether a blank stands before the next token already.
    """

    text: str
    log_p: float
    history: History
    gap: bool

    def then_token(self, text: str, p: float) -> "Head":
        """The beginning with one more token, and the blank after it where there is one whatever comes next."""
        gap = gap_before(self.history.line, text)
        after = self.history.then_token(text, gap)
        blank = gap_after(after.line)
        whole = self.text + (" " if gap and not self.gap else "") + text + (" " if blank else "")
        return Head(whole, self.log_p + math.log(p), after, blank)


def beginnings(model: TokenModel, reading: Reading, n: int) -> tuple[list[Head], list[Head]]:
    """Where the next token begins, and the likeliest ways to complete an unfinished one.

    There are none inside strings and comments, and where no text makes this a program.
    """
    lexed = reading.lexed
    history = History.of(reading)
    pending = lexed.pending.lstrip(" \t\f")
    if lexed.fault or (pending[:1] in ("#", "\\") and pending):
        return [], []
    if lexed.fresh:
        return _levels(model, history, len(lexed.pending.expandtabs(8))), []
    if not pending:
        return [Head("", 0.0, history, lexed.gap)], []
    if is_open_string(pending):
        return [], []
    return _completed(model, history, pending, lexed.gap, n)


def _levels(model: TokenModel, history: History, typed: int) -> list[Head]:
    levels = [(p, after) for p, after in model.levels(history) if after.indents[-1] >= typed and p > 0]
    if typed and any(after.indents[-1] == typed for _, after in levels):
        levels = [(p if after.indents[-1] == typed else _DEEPER * p, after) for p, after in levels]
    total = sum(p for p, _ in levels)
    return [Head(" " * (after.indents[-1] - typed), math.log(p / total), after, gap=False) for p, after in levels]


def _completed(model: TokenModel, history: History, pending: str, gap: bool, n: int) -> tuple[list[Head], list[Head]]:
    begun = model.completions(history, pending)
    last = begun.first + len(begun.p)
    pairs = [*zip(model.tokens[begun.first : last], begun.p.tolist(), strict=True), *begun.seen.items()]
    completed = []
    for text, p in sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[: n + 1]:
        if text != pending and p > 0:
            after = history.then_token(text, gap)
            blank = gap_after(after.line)
            completed.append(Head(text[len(pending) :] + (" " if blank else ""), math.log(p), after, blank))
    if not begun.ends:
        return [], completed
    return [Head("", math.log(begun.ends), history.then_token(pending, gap), gap=False)], completed
