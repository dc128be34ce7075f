"""A small world for the loop: a language without models, and sessions on the virtual clock."""

import math
from collections.abc import Mapping

import pytest

from experiments.config import Config
from experiments.pages import LayoutPolicy, PageMaker
from experiments.rig import screen
from generation.types import Candidate, Context
from validation.types import Verdict


class EvenSpeller:
    """Every letter is as likely as any other, wherever it stands."""

    layers = (tuple("abcdefghijklmnopqrstuvwxyz ."), tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))

    def next_character(self, context: Context) -> Mapping[str, float]:
        letters = [c for layer in self.layers for c in layer]
        return dict.fromkeys(letters, 1 / len(letters))

    def log_p(self, context: Context, text: str) -> float:
        return -len(text) * math.log(sum(len(layer) for layer in self.layers))


class WordList:
    """Proposes the words it was given, each with the same probability."""

    name = "words"

    def __init__(self, words: Mapping[str, float]) -> None:
        self._words = words

    def propose(self, context: Context, n: int) -> list[Candidate]:
        typed = context.before.rpartition(" ")[2]
        fitting = [(w[len(typed) :] + " ", p) for w, p in self._words.items() if w.startswith(typed) and w != typed]
        return sorted((Candidate(w, math.log(p), self.name) for w, p in fitting), key=lambda c: -c.log_p)[:n]


class NoX:
    """Refuses every candidate with an x in it."""

    stage = "no-x"

    def check(self, context: Context, candidate: Candidate) -> Verdict:
        if "x" in candidate.text:
            return Verdict(False, self.stage, "letter-x", "There is an x in it.")
        return Verdict(True, self.stage)


WORDS = {"hello": 0.3, "help": 0.2, "the": 0.2, "then": 0.1, "axe": 0.1}


@pytest.fixture
def page_maker() -> PageMaker:
    return PageMaker([WordList(WORDS)], EvenSpeller(), [NoX()], LayoutPolicy(), screen(Config()))
