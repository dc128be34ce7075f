"""Fits how generators mix, how they are calibrated and what the filter says, on documents that none learnt from."""

import math
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import numpy as np

from experiments.bench.generation.coverage import Case, coverage
from experiments.bench.table import Progress
from generation import recipes
from generation.calibration import coverage as claimed_coverage
from generation.calibration import fit_calibration
from generation.fitted import TINY_LLAMA, Fitted, read_fitted, write_fitted
from generation.llm.filter import N_WHOLE, FilterWeights, LlmFilter, ScoredPage, fit_filter, score_most_promising
from generation.llm.scorer import LlmScorer
from generation.mixing import Mixture, fit_weights
from generation.models import checked
from generation.tiny_llama.data import package_sources
from generation.types import Candidate, Context, Filter, Generator, Kind

N_CANDIDATES = 96
PACKAGES = ("attrs", "click", "pluggy")  # nothing that ships learnt from them
_MIN_SOURCE = 1000  # characters
_MAX_BEFORE = 4000  # characters; documents are cut after them
_BOOK = recipes.HELD_OUT_BOOK
_BEGUN = 0.3  # of the places lie within a block
_SEED = 0
_RANKS = {"first right": "coverage@1", "mean reciprocal rank": "mrr"}
DOCUMENTS: Mapping[Kind, str] = {
    "text": "Fitted on every second one of the 2,000 held-out sentences of Common Voice, checked on the held-out book",
    "python": f"Fitted on every second module of {', '.join(PACKAGES)}, checked on the others",
}

# Kinds whose filter stays off whatever the check says, and why.
_OFF: Mapping[Kind, str] = {
    "text": "It is off all the same: phrases of everyday talk, which neither source has, it ranks worse "
    "(`assent bench filter`)."
}


def _text() -> Sequence[Generator]:
    from generation.text.generators import text_generators

    return text_generators()[0]


def _python() -> Sequence[Generator]:
    from generation.python.tokens import python_generators

    return python_generators()[0]


_GENERATORS: Mapping[Kind, Callable[[], Sequence[Generator]]] = {"text": _text, "python": _python}


def generators_of(kind: Kind) -> Sequence[Generator]:
    """The generators that ship for a kind of document."""
    return _GENERATORS[kind]()


def known_kind(name: str) -> Kind:
    """A kind of document that there are documents to fit on for.

    Raises
    ------
    ValueError
        If it is none.
    """
    for kind in _GENERATORS:
        if kind == name:
            return kind
    raise ValueError(f"Argument 'kind' (got {name!r}) must be one of {', '.join(_GENERATORS)}.")


@dataclass(frozen=True, slots=True)
class Split:
    """Places in documents that nothing learnt from: to fit on, and to check on; no document has places in both.

    The places to check on are of a source that no model has read: what helps there helps elsewhere, too.
    """

    fit: list[Case]
    check: list[Case]


def split(kind: Kind, corpora: Path, n: int) -> Split:
    """About ``n`` places to fit on and as many to check on.

    Raises
    ------
    ValueError
        If nothing is held out of this kind of document for fitting.
    """
    rng = np.random.default_rng(_SEED)
    if kind == "text":
        sentences = recipes.read_sentences(corpora / "text" / recipes.SENTENCES)[1 : recipes.N_HELD_OUT_SENTENCES : 2]
        halves = [_shuffled(texts, rng) for texts in (sentences, recipes.read_book(corpora / "text" / _BOOK))]
    elif kind == "python":
        sources = [source for name in PACKAGES for source in package_sources(name) if len(source) > _MIN_SOURCE]
        mixed = _shuffled(sources, rng)
        halves = [mixed[::2], mixed[1::2]]
    else:
        raise ValueError(f"Argument 'kind' (got {kind!r}) must be one of {', '.join(DOCUMENTS)}.")
    fit, check = ([*_cases(kind, half, math.ceil(n / len(half)), rng)] for half in halves)
    return Split(fit[:n], check[:n])


def fit_into(
    path: Path, kinds: Sequence[str], corpora: Path, n: int, llm: Path | None, progress: Progress
) -> dict[str, Fitted]:
    """Fit kinds of document anew, and put them into a file beside those that it has.

    Parameters
    ----------
    path : Path
    kinds : sequence of str
    corpora : Path
        Folder that holds ``text/``.
    n : int
        Places to fit on, and as many to check on.
    llm : Path, optional
        The model that is to filter; the tiny llama by default.
    progress : callable

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        If a kind is not known, or a text or a model cannot be read.
    """
    parts = read_fitted(path) if path.is_file() else {}
    made: dict[str, Fitted] = {}
    with LlmScorer(llm or checked(TINY_LLAMA).file) as scorer:
        for kind in kinds:
            known = known_kind(kind)
            made[kind] = fit(known, generators_of(known), split(known, corpora, n), scorer, progress)
    write_fitted(parts | made, path)
    return made


def fit(
    kind: Kind, generators: Sequence[Generator], places: Split, scorer: LlmScorer | None, progress: Progress
) -> Fitted:
    """Weights, calibration and the filter's say from the one half of places; notes and its switch from the other.

    Parameters
    ----------
    scorer : LlmScorer, optional
        Of the model that is to filter.
    progress : callable
    """
    steps = ("weights of generators", "calibration", "the filter", "the check")

    def step(i: int) -> None:
        progress(f"fitting {kind}: {steps[min(i, len(steps) - 1)]}", i, len(steps))

    step(0)
    generators = [_Remembering(generator) for generator in generators]
    weights = fit_weights(generators, [(case.context, case.rest) for case in places.fit], N_CANDIDATES)
    step(1)
    mixture = Mixture(generators, weights)
    calibration = fit_calibration((mixture.propose(c.context, N_CANDIDATES), c.rest) for c in places.fit)
    calibrated = Mixture(generators, weights, calibration=calibration)
    before, after = (reliability(each, places.check) for each in (mixture, calibrated))
    notes: tuple[str, ...] = (f"{DOCUMENTS[kind]}.", _reliability_note(before, after, len(places.check)))
    fitted = Fitted(weights, notes=notes)
    if _is_better(before, after):
        mixture, fitted = calibrated, replace(fitted, calibration=calibration)
    step(2)
    if scorer is not None:
        llm = _fit_llm(scorer, mixture, places.fit)
        step(3)
        on, note = _judge_llm(LlmFilter(scorer, llm, budget_s=math.inf), mixture, places.check)
        notes = (*notes, note, *([_OFF[kind]] if on and kind in _OFF else []))
        fitted = replace(fitted, llm=llm, llm_on=on and kind not in _OFF, notes=notes)
    step(4)
    return fitted


def ranking(generator: Generator, cases: Sequence[Case], filter_: Filter | None = None) -> dict[str, float]:
    """Coverage, mean reciprocal rank, and how often the first candidate is right."""

    def propose(context: Context, n: int) -> list[Candidate]:
        candidates = generator.propose(context, N_CANDIDATES)
        return (filter_.rescore(context, candidates).candidates if filter_ else candidates)[:n]

    return coverage(propose, cases, (1, 8, 16, 32))


class _Remembering:
    """A generator that is asked the same more than once."""

    def __init__(self, generator: Generator) -> None:
        self.name = generator.name
        self._generator = generator
        self._said: dict[tuple[Context, int], list[Candidate]] = {}

    def propose(self, context: Context, n: int) -> list[Candidate]:
        if (context, n) not in self._said:
            self._said[context, n] = self._generator.propose(context, n)
        return self._said[context, n]


def _shuffled(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    return [texts[i] for i in rng.permutation(len(texts))]


def _cases(kind: Kind, documents: Sequence[str], per_document: int, rng: np.random.Generator) -> Iterator[Case]:
    """Places in documents, in order; at some of them the block has begun already."""
    for text in documents:
        document = text if text.endswith("\n") else text + "\n"
        blocks = _words(document) if kind == "text" else _tokens_and_lines(document, rng)
        chosen = rng.choice(len(blocks), min(per_document, len(blocks)), replace=False)
        for begin, end in sorted(blocks[i] for i in chosen.tolist()):
            at = begin + int(rng.integers(1, end - begin - 1)) if rng.random() < _BEGUN and end - begin > 2 else begin
            yield Case(Context(kind, document[max(0, at - _MAX_BEFORE) : at]), document[at:], document[at:end])


def _words(sentence: str) -> list[tuple[int, int]]:
    """Begin and end of each word, with the blank or line end after it."""
    ends = [place + 1 for place, character in enumerate(sentence) if character in " \n"]
    return [(begin, end) for begin, end in zip([0, *ends], ends, strict=False) if end - begin > 1]


def _tokens_and_lines(source: str, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Begin and end of lines, and of as many tokens; a token's blanks belong to none."""
    starts = [0, *(place + 1 for place, character in enumerate(source) if character == "\n")]
    tokens, lines = [], set()
    for token in tokenize.generate_tokens(StringIO(source).readline):
        begin, end = (starts[line - 1] + column for line, column in (token.start, token.end))
        if token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.NEWLINE):
            tokens.append((begin, end))
            line = token.start[0]
            lines.add((starts[line - 1], starts[line] if line < len(starts) else len(source)))
    some = rng.choice(len(tokens), min(len(tokens), len(lines)), replace=False)
    return [*sorted(lines), *(tokens[i] for i in some.tolist())]


def _fit_llm(scorer: LlmScorer, mixture: Mixture, cases: Sequence[Case]) -> FilterWeights:
    pages = []
    for case in cases:
        candidates = mixture.propose(case.context, N_CANDIDATES)
        scores = score_most_promising(scorer, case.context, candidates, FilterWeights(), N_WHOLE)
        known = np.flatnonzero(np.isfinite(scores.whole)).tolist()
        log_p = np.array([candidates[i].log_p for i in known])
        pages.append(ScoredPage([candidates[i].text for i in known], log_p, scores.whole[known], case.rest))
    return fit_filter(pages)


def _judge_llm(filter_: Filter, mixture: Mixture, cases: Sequence[Case]) -> tuple[bool, str]:
    """Whether the filter improves both the first rank and the mean reciprocal rank, and by how much."""
    off, on = ranking(mixture, cases), ranking(mixture, cases, filter_)
    helps = on["coverage@1"] > off["coverage@1"] and on["mrr"] > off["mrr"]
    told = ", ".join(f"{name} {100 * off[key]:.1f} -> {100 * on[key]:.1f} %" for name, key in _RANKS.items())
    return helps, f"The tiny llama's filter, off -> on, at {int(off['n'])} places not fitted on: {told}."


def _is_better(before: Mapping[str, float], after: Mapping[str, float]) -> bool:
    """Whether calibration lowers what candidates and pages lose together (nats)."""
    lost = [sum(value for name, value in figures.items() if name.startswith("log loss")) for figures in (before, after)]
    return lost[1] < lost[0]


def _reliability_note(before: Mapping[str, float], after: Mapping[str, float], n: int) -> str:
    """How far probabilities are from what came true, without and with calibration."""
    told = ", ".join(f"{name} {before[name]:.3f} -> {after[name]:.3f}" for name in before)
    kept = "used" if _is_better(before, after) else "not used, as it loses more"
    return f"Calibration ({kept}), without -> with, at {n} places not fitted on: {told}."


def reliability(generator: Generator, cases: Sequence[Case]) -> dict[str, float]:
    """Log losses (nats) and expected calibration errors, of candidates and of the coverage of their page.

    The calibration error is the mean distance between what was claimed and what came true, over ten bins of as many
    claims (Naeini, Cooper and Hauskrecht, 2015, AAAI); candidates are the first eight of each page.
    """
    claims: list[tuple[float, bool]] = []
    pages: list[tuple[float, bool]] = []
    for case in cases:
        candidates = generator.propose(case.context, N_CANDIDATES)
        claims += [(math.exp(c.log_p), case.rest.startswith(c.text)) for c in candidates[:8]]
        pages.append((claimed_coverage(candidates), any(case.rest.startswith(c.text) for c in candidates)))
    figures = {}
    for name, told in {"candidates": claims, "coverage": pages}.items():
        p, right = np.array(told, float).T
        bounded = np.clip(p, 1e-6, 1 - 1e-6)
        figures[f"log loss of {name}"] = float(-np.where(right, np.log(bounded), np.log1p(-bounded)).mean())
        bins = np.array_split(np.argsort(p, kind="stable"), 10)
        gaps = [abs(p[places].mean() - right[places].mean()) * len(places) for places in bins if len(places)]
        figures[f"calibration error of {name}"] = float(sum(gaps) / len(p))
    return figures
