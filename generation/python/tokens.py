"""Proposes the next tokens of a Python program, laid out as black does."""

import math
from dataclasses import dataclass

import numpy as np

from generation.models import load
from generation.python.history import History, Reader, Reading
from generation.python.layout import gap_after, gap_before
from generation.python.model import TokenModel
from generation.python.predictors import NextToken
from generation.python.spelling import PythonSpeller
from generation.python.symbols import BLANK, NEWLINE, is_open_string
from generation.types import Candidate, Context

_N_EXPANDED = 10  # sequences that are tried one token further
_N_FURTHER = 16  # tokens that are tried after the first
_MAX_TOKENS = 3
_MAX_TEXT = 60


def python_generators() -> tuple[list["PythonTokenGenerator"], PythonSpeller]:
    """Generators and speller for Python, from the shipped models."""
    tokens = token_model()
    return [PythonTokenGenerator(tokens)], PythonSpeller(tokens, load("python-characters"))


def token_model() -> TokenModel:
    """What says which token is next, from the shipped models."""
    return TokenModel(load("python-tokens"), load("python-roles"), load("python-functions"))


@dataclass(frozen=True, slots=True)
class _Head:
    """A beginning of a candidate, from which further tokens are tried."""

    text: str
    log_p: float
    history: History
    gap: bool  # whether a blank stands before the next token already


class PythonTokenGenerator:
    """The next one to three tokens; a partial word is completed, and a line's end brings the next line's indentation.

    Strings and comments are left to the speller.

    Parameters
    ----------
    model : TokenModel
    """

    name = "tokens"

    def __init__(self, model: TokenModel) -> None:
        self._model = model
        self._reader = Reader()

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice.

        A candidate's probability is that of its tokens; texts that other tokens share as a beginning are not added.
        """
        if n < 1:
            return []
        scored: dict[str, float] = {}
        frontier = self._begin(self._reader.read(context.before), scored, n)
        for n_tried in (n, *[min(n, _N_FURTHER)] * (_MAX_TOKENS - 1)):
            frontier.sort(key=lambda head: (-head.log_p, head.text))
            grown: list[_Head] = []
            for head in frontier[:_N_EXPANDED]:
                grown += self._grow(head, scored, n_tried)
            frontier = grown
        best = sorted(scored.items(), key=lambda item: (-item[1], item[0]))
        return [Candidate(text, min(log_p, 0.0), self.name) for text, log_p in best if text and log_p > -math.inf][:n]

    def _begin(self, reading: Reading, scored: dict[str, float], n: int) -> list[_Head]:
        """Where the first token begins; what completes an unfinished token is scored at once."""
        lexed = reading.lexed
        history = History.of(reading)
        pending = lexed.pending.lstrip(" \t\f")
        if lexed.fault or (pending[:1] in ("#", "\\") and pending):
            return []
        if lexed.fresh:
            return self._begin_line(history, len(lexed.pending.expandtabs(8)))
        if not pending:
            return [_Head("", 0.0, history, lexed.gap)]
        if is_open_string(pending):
            return []
        return self._complete(pending, history, lexed.gap, scored, n)

    def _complete(self, pending: str, history: History, gap: bool, scored: dict[str, float], n: int) -> list[_Head]:
        begun = self._model.completions(history, pending)
        last = begun.first + len(begun.p)
        pairs = [*zip(self._model.tokens[begun.first : last], begun.p.tolist(), strict=True), *begun.seen.items()]
        for text, p in sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[: n + 1]:
            if text != pending and p > 0:
                after = history.then_token(text, gap)
                scored[text[len(pending) :] + (" " if gap_after(after.line) else "")] = math.log(p)
        if not begun.ends:
            return []
        return [_Head("", math.log(begun.ends), history.then_token(pending, gap), gap=False)]

    def _begin_line(self, history: History, typed: int) -> list[_Head]:
        levels = [(p, after) for p, after in self._model.levels(history) if after.indents[-1] >= typed and p > 0]
        total = sum(p for p, _ in levels)
        return [_Head(" " * (after.indents[-1] - typed), math.log(p / total), after, gap=False) for p, after in levels]

    def _grow(self, head: _Head, scored: dict[str, float], n: int) -> list[_Head]:
        history = head.history
        following = self._model.next(history)
        grown: list[_Head] = []
        if head.gap:
            following = self._model.after_gap(following, history.line)
        for text, p in _likeliest(self._model, following, n):
            gap = gap_before(history.line, text)
            after = history.then_token(text, gap)
            blank = gap_after(after.line)
            whole = head.text + (" " if gap and not head.gap else "") + text + (" " if blank else "")
            if len(whole) <= _MAX_TEXT:
                grown.append(_Head(whole, head.log_p + math.log(p), after, blank))
                scored[whole] = max(scored.get(whole, -math.inf), grown[-1].log_p)
        ends = following.layout.get(NEWLINE, 0.0)
        if ends > 0 and not head.gap:
            grown += self._end_line(head, head.log_p + math.log(ends), scored)
        return grown

    def _end_line(self, head: _Head, log_p: float, scored: dict[str, float]) -> list[_Head]:
        """The line's end, blank lines and the next line's indentation."""
        heads = []
        depth = len(head.history.indents)
        ended = head.history.then(NEWLINE)
        p_blank = self._model.next(ended, fresh=True).layout[BLANK]
        for p_lines, blank, history in ((1 - p_blank, False, ended), (p_blank, True, ended.then(BLANK))):
            at_least = 0.0  # that the line is indented so far or further, since then it begins with the same text
            for p, after in self._model.levels(history):
                at_least += p
                between = "\n" if blank else ""
                if blank and len(after.indents) == 1 and depth > 1:
                    between = "\n\n"  # black parts what follows a function or class by two lines
                text = head.text + "\n" + between + " " * after.indents[-1]
                if p_lines * p > 0:
                    heads.append(_Head(text, log_p + math.log(p_lines * p), after, gap=False))
                    scored[text] = max(scored.get(text, -math.inf), log_p + math.log(p_lines * at_least))
        return heads


def _likeliest(model: TokenModel, following: NextToken, n: int) -> list[tuple[str, float]]:
    top = np.argpartition(-following.p, n)[:n] if n < len(following.p) else np.arange(len(following.p))
    pairs = [(model.tokens[place], float(following.p[place])) for place in top.tolist()]
    pairs += following.seen.items()
    return sorted((pair for pair in pairs if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))[:n]
