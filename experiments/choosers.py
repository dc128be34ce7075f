"""A language model as chooser: it picks what it is sure of, and hands everything else to the person."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from acquisition.stream import FloatArray

SURE = 0.9


class Scorer(Protocol):
    """Who knows how likely texts are; see `generation.llm.scorer.LlmScorer`."""

    def log_p(self, before: str, texts: Sequence[str]) -> FloatArray:
        """Log-probability (nats) that a document goes on with each text; nan where that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Picked:
    """What a model would choose.

    Parameters
    ----------
    place : int or None
        Which text; None where it abstains.
    p : array, shape (n_texts,)
        Probability that the document goes on with each text and with none of the longer ones that begin with it. What
        is missing to one is what none of them says.
    reason : str
        Why, in a sentence.
    """

    place: int | None
    p: FloatArray
    reason: str


class MetaAI:
    """Chooses among texts as the person would, by what a model expects to be written, where it is sure.

    Parameters
    ----------
    scorer : Scorer
    threshold : float
        It abstains below this probability, in (0, 1).
    brief : str
        What is to be written, in words; stands before the document for the model alone.
    name : str
        Who is said to have chosen.

    Raises
    ------
    ValueError
        If the threshold is out of its range.
    """

    def __init__(self, scorer: Scorer, threshold: float = SURE, brief: str = "", name: str = "model") -> None:
        if not 0 < threshold < 1:
            raise ValueError(f"Argument 'threshold' (got {threshold:g}) must be between 0 and 1.")
        self.name = name
        self._scorer = scorer
        self._threshold = threshold
        self._brief = brief

    @classmethod
    def load(cls, llm: str, threshold: float = SURE, brief: str = "") -> "MetaAI | None":
        """A chooser with a GGUF model: a file, "auto" for the one that ships, where it can be used; None for "none".

        Raises
        ------
        ImportError, OSError, ValueError
            If the file that is named cannot be used; in a sentence.
        """
        from generation.fitted import TINY_LLAMA
        from generation.llm.scorer import LlmScorer
        from generation.models import checked

        if llm == "none":
            return None
        try:
            path = checked(TINY_LLAMA).file if llm == "auto" else Path(llm)
            return cls(_OfModel(LlmScorer(path)), threshold, brief, path.stem)
        except (ImportError, OSError, ValueError):
            if llm != "auto":
                raise
            return None

    def pick(self, before: str, texts: Sequence[str]) -> Picked:
        """Choose one of the texts that a document may go on with, or abstain.

        Parameters
        ----------
        before : str
        texts : sequence of str
            No text twice, none empty.
        """
        if not texts:
            return Picked(None, np.zeros(0), f"{self.name} abstains: nothing is offered.")
        begins = np.exp(np.nan_to_num(self._scorer.log_p(self._brief + before, texts), nan=-math.inf))
        p = _apart(texts, begins)
        best = int(np.argmax(p))
        told = f"{texts[best].strip() or texts[best]!r} has {p[best]:.0%}"
        if p[best] < self._threshold:
            return Picked(None, p, f"{self.name} abstains: {told}, and it would need {self._threshold:.0%}.")
        return Picked(best, p, f"{self.name} would choose it: {told}.")


class _OfModel:
    """Scores whole texts with a model."""

    def __init__(self, scorer: object) -> None:
        from generation.llm.scorer import LlmScorer

        assert isinstance(scorer, LlmScorer), "a model is asked through its scorer"
        self._scorer = scorer

    def log_p(self, before: str, texts: Sequence[str]) -> FloatArray:
        return self._scorer.score(before, texts).whole


def _apart(texts: Sequence[str], begins: FloatArray) -> FloatArray:
    """What each text has beyond the longer ones that begin with it."""
    order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    own = np.minimum(begins, 1.0)
    for place in order:
        longer = [other for other in order if other != place and texts[other].startswith(texts[place])]
        inside = math.fsum(float(own[other]) for other in longer)
        own[place] = max(0.0, float(begins[place]) - inside)
    return np.asarray(own / max(1.0, float(own.sum())))
