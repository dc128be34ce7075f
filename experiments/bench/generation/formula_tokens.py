"""How often the next token of a held-out formula is among the first few, by its exact text."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from experiments.bench.generation.formula import MOST_CHARACTERS, excel_tokens, without_blanks
from generation.formula.generators import MODEL
from generation.formula.lexer import Token, lex
from generation.formula.model import TokenModel
from generation.formula.symbols import History
from generation.formula.training import HELD_OUT_FOLD, N_FOLDS, fold_of, train, unique_formulas
from generation.models import load
from generation.ngrams.arpa import BEGIN, END
from generation.ngrams.estimate import estimate
from generation.ngrams.model import ArpaModel

RANKS = (1, 4, 10)
_SEED = 0
_N_CELLS = 12  # that a reference is tried to begin and to end with
_LEAST = 1e-4
_FLOOR_ORDER = 6
_MISSED = 10**6
NOTES = (
    "Next token of unique EUSES formulas whose pattern nothing learnt from, its exact text (references as they are "
    "written, dollar signs included), at every place of a sample of formulas; blanks dropped, no sheet. Excel's "
    "tokens: a range with its sheet is one; 'pieces': a sheet, each cell and the colon are tokens of their own. "
    "'with ends': that the formula ends is a token too. 'text 6-gram': a plain 6-gram of the tokens' texts, trained "
    "and tested on the same formulas. Folds: every fifth of the patterns held out in turn, with a model trained on "
    "the others."
)


def token_figures(corpora: Path, n: int, folds: bool = False) -> dict[str, dict[str, float]]:
    """Share of next tokens among the first 1, 4 and 10, on ``n`` formulas of the held-out patterns.

    Parameters
    ----------
    corpora : Path
    n : int
    folds : bool
        Whether each fifth of the patterns is held out in turn too, for which a model is trained each.
    """
    formulas = [without_blanks(f) for f in unique_formulas(corpora) if len(f) < MOST_CHARACTERS]
    parts = [[f for f in formulas if fold_of(f) == fold] for fold in range(N_FOLDS)]
    learnt = [[f for f in formulas if fold_of(f) != fold] for fold in range(N_FOLDS)]
    test = _some(parts[HELD_OUT_FOLD], n)
    figures = model_figures(TokenModel(load(MODEL)), test) | _floor_figures(learnt[HELD_OUT_FOLD], test)
    for fold in range(N_FOLDS) if folds else ():
        model = TokenModel(ArpaModel(train(learnt[fold])))
        for name, values in model_figures(model, _some(parts[fold], n)).items():
            figures[f"fold {fold + 1} of {N_FOLDS}, {name}"] = values
    return figures


def model_figures(model: TokenModel, formulas: Iterable[str]) -> dict[str, dict[str, float]]:
    """The token model's ranks: of Excel's tokens, with formulas' ends among them, and of pieces."""
    tokens: list[int] = []
    with_ends: list[int] = []
    pieces: list[int] = []
    for formula in formulas:
        history = model.begin()
        for parts in excel_tokens(formula):
            told = next_tokens(model, history)
            text = "".join(part.text for part in parts)
            with_ends.append(_rank(told, text))
            tokens.append(_rank({other: p for other, p in told.items() if other}, text))
            for part in parts:
                pieces.append(_rank({other: p for other, p in model.next(history).items() if other}, part.text))
                history = history.then(part)
        with_ends.append(_rank(next_tokens(model, history), ""))
    return {"tokens": _shares(tokens), "tokens, with ends": _shares(with_ends), "pieces": _shares(pieces)}


def next_tokens(model: TokenModel, history: History) -> dict[str, float]:
    """Probability of each of Excel's tokens, made of the model's; under "" that the formula ends."""
    found: dict[str, float] = {}
    for text, p in model.next(history).items():
        kind = lex("=" + text)[0].kind if text else ""
        if kind == "sheet":
            after = history.then(Token("sheet", text))
            for rest, share in _references(model, after, model.next(after)).items():
                found[text + rest] = found.get(text + rest, 0.0) + p * share
        elif kind != "cell":
            found[text] = p
    return found | _references(model, history, model.next(history))


def _references(model: TokenModel, history: History, following: Mapping[str, float]) -> dict[str, float]:
    """Cells that stand alone, and ranges."""
    found: dict[str, float] = {}
    cells = [text for text in following if text and lex("=" + text)[0].kind == "cell"]
    for text in cells[:_N_CELLS]:
        p = following[text]
        after = history.then(Token("cell", text))
        goes_on = model.next(after).get(":", 0.0)
        found[text] = p * (1 - goes_on)
        if p * goes_on > _LEAST:
            ends = model.next(after.then(Token("colon", ":")))
            for end in list(ends)[:_N_CELLS]:
                found[f"{text}:{end}"] = p * goes_on * ends[end]
    return found


def _floor_figures(learnt: Iterable[str], formulas: Iterable[str]) -> dict[str, dict[str, float]]:
    """Ranks that a plain n-gram of the tokens' texts gives."""
    model = ArpaModel(estimate((_texts(formula) for formula in learnt), _FLOOR_ORDER))
    tokens: list[int] = []
    with_ends: list[int] = []
    for formula in formulas:
        texts = [BEGIN, *_texts(formula), END]
        for place in range(1, len(texts)):
            log_p = model.log_p_all(texts[:place])
            word = model.index.get(texts[place])
            with_ends.append(_MISSED if word is None else int((log_p > log_p[word]).sum()))
            log_p[model.index[END]] = -np.inf
            if texts[place] != END:
                tokens.append(_MISSED if word is None else int((log_p > log_p[word]).sum()))
    return {"text 6-gram": _shares(tokens), "text 6-gram, with ends": _shares(with_ends)}


def _texts(formula: str) -> list[str]:
    """Tokens' texts as an n-gram model takes them, which is without white space."""
    return ["_".join("".join(part.text for part in parts).split()) or "_" for parts in excel_tokens(formula)]


def _rank(told: Mapping[str, float], text: str) -> int:
    """How many are likelier."""
    return sum(p > told[text] for p in told.values()) if text in told else _MISSED


def _shares(ranks: Sequence[int]) -> dict[str, float]:
    return {"n": len(ranks), **{f"top-{k}": float(np.mean(np.array(ranks) < k)) for k in RANKS}}


def _some(formulas: Sequence[str], n: int) -> list[str]:
    return [formulas[i] for i in np.random.default_rng(_SEED).permutation(len(formulas))[:n].tolist()]
