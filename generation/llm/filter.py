"""Redistributes what candidates were given, by what a GGUF model makes of them after what stands before."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from generation.llm.scorer import LlmScorer, Scores
from generation.ngrams.arpa import FloatArray
from generation.prefixes import PrefixTree
from generation.types import Candidate, Context, Rescored

N_WHOLE = 24
BUDGET_S = 0.5
_RIDGE = 1e-2


@dataclass(frozen=True, slots=True)
class FilterWeights:
    """What a candidate's new score is made of: ``prior log p + llm log q + length n_characters``.

    The defaults, for a model that nothing was fitted to, lie near what fits of the tiny llama gave.

    Parameters
    ----------
    prior, llm : float
        Of the log-probabilities (nats) that the candidate came with and that the model gives it; at least zero.
    length : float
        Of each character; at most zero, so that no text gets likelier than what it begins with.
    """

    prior: float = 0.7
    llm: float = 0.3
    length: float = 0.0


class LlmFilter:
    """A model's say in how likely candidates are.

    The first token of all of them is scored, and the most promising as wholes; a score covers a candidate as text, to
    its last character, and is comparable with what the candidate came with. What the wholes were given together is
    shared out anew among them, log-linearly; all others keep what they have, unless a text that they begin with has
    become less likely than they are. So nothing is created: what the page leaves to everything else stays the same.

    Parameters
    ----------
    scorer : LlmScorer
    weights : FilterWeights
    n_whole : int
        Candidates scored as wholes, at most.
    budget_s : float
        Time for one page, in s; what is not scored by then is left as it is, and the fault says so.
    clock : callable
        Time in s.
    name : str
        What its scores are called in a candidate's stages.
    """

    def __init__(
        self,
        scorer: LlmScorer,
        weights: FilterWeights,
        n_whole: int = N_WHOLE,
        budget_s: float = BUDGET_S,
        clock: Callable[[], float] = time.monotonic,
        name: str = "llm",
    ) -> None:
        self._scorer = scorer
        self._weights = weights
        self._n_whole = n_whole
        self._budget_s = budget_s
        self._clock = clock
        self._name = name

    @property
    def name(self) -> str:
        """What its scores are called in a candidate's stages."""
        return self._name

    def rescore(self, context: Context, candidates: Sequence[Candidate]) -> Rescored:
        """Score as many as its time allows; what goes wrong is told, never raised."""
        if not candidates:
            return Rescored([], 0)
        end = self._clock() + self._budget_s
        log_p = np.array([c.log_p for c in candidates])
        try:
            scores = score_most_promising(
                self._scorer, context, candidates, self._weights, self._n_whole, lambda: self._clock() >= end
            )
        except (RuntimeError, ValueError, MemoryError, OSError) as error:
            return Rescored(
                _sorted(candidates), 0, f"The LLM filter has failed, and all candidates are as they were: {error}"
            )
        scored = np.isfinite(scores.whole)
        new = redistribute([c.text for c in candidates], log_p, scores.whole, self._weights)
        rescored = [
            replace(c, log_p=value, stages=(*c.stages, (self._name, score))) if done else replace(c, log_p=value)
            for c, value, score, done in zip(candidates, new.tolist(), scores.whole.tolist(), scored, strict=True)
        ]
        return Rescored(_sorted(rescored), int(scored.sum()), self._fault(scores, end))

    def close(self) -> None:
        """Give the model's memory back."""
        self._scorer.close()

    def _fault(self, scores: Scores, end: float) -> str:
        n_expected = min(len(scores.whole), self._n_whole)
        n_scored = int(np.isfinite(scores.whole).sum())
        if n_scored >= n_expected or self._clock() < end:
            return ""  # what was refused for its length is no fault
        return f"The LLM filter has scored {n_scored} of {n_expected} candidates within its {self._budget_s:g} s."


def open_filter(path: Path, weights: FilterWeights, n_whole: int = N_WHOLE, budget_s: float = BUDGET_S) -> LlmFilter:
    """A filter by the model of a GGUF file.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        As `LlmScorer` does, in a sentence.
    """
    return LlmFilter(LlmScorer(path), weights, n_whole, budget_s)


def score_most_promising(
    scorer: LlmScorer,
    context: Context,
    candidates: Sequence[Candidate],
    weights: FilterWeights,
    n_whole: int,
    stop: Callable[[], bool] | None = None,
) -> Scores:
    """First token of all, and wholes of those that the weighted sum of both scores promises most."""
    log_p = np.array([c.log_p for c in candidates])
    prior = log_p * (weights.prior / weights.llm) if weights.llm > 0 else log_p
    return scorer.score(context.before, [c.text for c in candidates], n_whole, prior, stop)


def redistribute(texts: Sequence[str], log_p: FloatArray, log_q: FloatArray, weights: FilterWeights) -> FloatArray:
    """New log-probabilities (nats) of candidates.

    Parameters
    ----------
    texts : sequence of str
    log_p : array, shape (n_candidates,)
        What they came with (nats).
    log_q : array, shape (n_candidates,)
        What the model gives them (nats); nan where it has not scored them.
    weights : FilterWeights
    """
    new = np.array(log_p, float)
    scored = np.flatnonzero(np.isfinite(log_q)).tolist()
    if scored:
        lengths = np.array([len(texts[i]) for i in scored])
        score = weights.prior * new[scored] + weights.llm * log_q[scored] + weights.length * lengths
        tops = _places_of(PrefixTree(texts[i] for i in scored), [texts[i] for i in scored])[0]
        new[scored] = score + float(logsumexp(new[scored][tops]) - logsumexp(score[tops]))
    tree = PrefixTree(texts)
    place = {text: i for i, text in enumerate(texts)}
    for text, parent in zip(tree.texts, tree.parents, strict=True):
        if parent != tree.root:
            new[place[text]] = min(new[place[text]], new[place[tree.texts[parent]]])
    return np.asarray(np.minimum(new, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class ScoredPage:
    """Candidates scored as wholes at one place, and what the document went on with.

    Parameters
    ----------
    texts : list of str
    log_p, log_q : array, shape (n_candidates,)
        What they came with, and what the model gives them (nats).
    rest : str
    """

    texts: list[str]
    log_p: FloatArray
    log_q: FloatArray
    rest: str


def fit_filter(pages: Iterable[ScoredPage]) -> FilterWeights:
    """Weights under which held-out documents are likeliest: a conditional logit over texts that exclude each other.

    Each page counts twice: among the texts that begin with no other, and among those that no other begins with.

    Raises
    ------
    ValueError
        If no page has a right candidate among others.
    """
    sets: list[tuple[FloatArray, int]] = []
    for page in pages:
        features = np.column_stack([page.log_p, page.log_q, [-len(text) for text in page.texts]])
        for places in _places_of(PrefixTree(page.texts), page.texts):
            right = [i for i, place in enumerate(places) if page.rest.startswith(page.texts[place])]
            if right and len(places) > 1:
                sets.append((features[places], right[0]))
    if not sets:
        raise ValueError("Argument 'pages' must hold a right candidate among others (got none).")
    start = np.array([1.0, 0.0, 0.0])

    def loss(x: FloatArray) -> tuple[float, FloatArray]:
        total, slope = 0.0, np.zeros(3)
        for features, right in sets:
            score = features @ x
            log_all = float(logsumexp(score))
            total += log_all - score[right]
            slope += np.exp(score - log_all) @ features - features[right]
        return total / len(sets) + _RIDGE * (x - start) @ (x - start), slope / len(sets) + 2 * _RIDGE * (x - start)

    found = minimize(loss, start, jac=True, bounds=[(0.0, None)] * 3, method="L-BFGS-B").x
    prior, llm, length = map(float, found)
    return FilterWeights(prior, llm, -length)


def _places_of(tree: PrefixTree, texts: Sequence[str]) -> tuple[list[int], list[int]]:
    """Places among the texts of those that begin with no other, and of those that no other begins with."""
    place = {text: i for i, text in enumerate(texts)}
    return [place[tree.texts[i]] for i in tree.tops], [place[tree.texts[i]] for i in tree.leaves]


def _sorted(candidates: Sequence[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda c: -c.log_p)
