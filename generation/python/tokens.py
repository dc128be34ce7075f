"""Proposes the next tokens of a Python program, laid out as black does."""

import math
from collections.abc import Sequence
from pathlib import Path

from generation.models import load
from generation.python.beginnings import Head, beginnings
from generation.python.lines import PythonLineGenerator
from generation.python.model import TokenModel, likeliest
from generation.python.retrieval import OwnFilesGenerator
from generation.python.spelling import PythonSpeller
from generation.python.symbols import BLANK, NEWLINE
from generation.types import Candidate, Context, Generator

_N_EXPANDED = 10  # sequences that are tried one token further
_N_FURTHER = 16  # tokens that are tried after the first
_MAX_TOKENS = 3
_MAX_TEXT = 60


def python_generators(own_files: Sequence[Path] = ()) -> tuple[list[Generator], PythonSpeller]:
    """Generators and speller for Python, from the shipped models and files of one's own, where there are any."""
    model = token_model()
    generators: list[Generator] = [PythonTokenGenerator(model), PythonLineGenerator(model)]
    if own_files:
        generators.append(OwnFilesGenerator(model, own_files))
    return generators, PythonSpeller(model, load("python-characters"))


def token_model() -> TokenModel:
    """What says which token is next, from the shipped models."""
    return TokenModel(load("python-tokens"), load("python-roles"), load("python-functions"))


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

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice.

        A candidate's probability is that of its tokens; texts that other tokens share as a beginning are not added.
        """
        if n < 1:
            return []
        frontier, completed = beginnings(self._model, self._model.reader.read(context.before), n)
        scored = {head.text: head.log_p for head in completed}
        for n_tried in (n, *[min(n, _N_FURTHER)] * (_MAX_TOKENS - 1)):
            frontier.sort(key=lambda head: (-head.log_p, head.text))
            grown: list[Head] = []
            for head in frontier[:_N_EXPANDED]:
                grown += self._grow(head, scored, n_tried)
            frontier = grown
        best = sorted(scored.items(), key=lambda item: (-item[1], item[0]))
        return [Candidate(text, min(log_p, 0.0), self.name) for text, log_p in best if text and log_p > -math.inf][:n]

    def _grow(self, head: Head, scored: dict[str, float], n: int) -> list[Head]:
        following = self._model.next(head.history)
        grown: list[Head] = []
        if head.gap:
            following = self._model.after_gap(following, head.history.line)
        for text, p in likeliest(self._model, following, n):
            further = head.then_token(text, p)
            if len(further.text) <= _MAX_TEXT:
                grown.append(further)
                scored[further.text] = max(scored.get(further.text, -math.inf), further.log_p)
        ends = following.layout.get(NEWLINE, 0.0)
        if ends > 0 and not head.gap:
            grown += self._end_line(head, head.log_p + math.log(ends), scored)
        return grown

    def _end_line(self, head: Head, log_p: float, scored: dict[str, float]) -> list[Head]:
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
                    heads.append(Head(text, log_p + math.log(p_lines * p), after, gap=False))
                    scored[text] = max(scored.get(text, -math.inf), log_p + math.log(p_lines * at_least))
        return heads
