"""Several word n-grams with fixed weights, as one."""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from generation.ngrams.arpa import BEGIN, FloatArray
from generation.ngrams.model import ArpaModel
from generation.text.words import NUMBER, RARE

_N_STEPS = 60


class MixedModel:
    """Linear interpolation of n-gram models, each over the words that it has met [1]_.

    Parameters
    ----------
    models : sequence of ArpaModel
    weights : sequence of float
        Of each model; they sum to one.
    marks : sequence of str
        Tokens that are no words.

    References
    ----------
    .. [1] Iyer & Ostendorf (1999). Modeling long distance dependence in language: topic mixtures versus dynamic cache
       models. IEEE Transactions on Speech and Audio Processing 7(1).
    """

    def __init__(self, models: Sequence[ArpaModel], weights: Sequence[float], marks: Sequence[str]) -> None:
        self._models, self._weights = tuple(models), tuple(weights)
        self.order = max(model.order for model in models)
        apart = {RARE, NUMBER, *marks}
        every = {word for model in models for word in model.vocabulary}
        self.words = tuple(sorted(word for word in every if word not in apart and not word.startswith("<")))
        # The last two places are for the classes and for what is no word.
        n = len(self.words)
        place = {word: i for i, word in enumerate(self.words)} | {RARE: n, NUMBER: n}
        self._places = [np.array([place.get(w, n + 1) for w in model.vocabulary], dtype=np.int64) for model in models]
        self._unigrams = [np.zeros(n) for _ in models]
        self._rare = []
        for model, places, p in zip(models, self._places, self._unigrams, strict=True):
            each = np.exp(model.log_p_all(()))
            np.add.at(p, places[places < n], each[places < n])
            self._rare.append(
                [(model.index[word], each[model.index[word]]) for word in (RARE, NUMBER) if word in model]
            )
        self.p_of_words = lru_cache(maxsize=128)(self._compute)

    def __contains__(self, word: str) -> bool:
        return any(word in model for model in self._models)

    def _compute(self, context: tuple[str, ...]) -> tuple[FloatArray, float]:
        """Probability of each of ``words`` after these tokens, and that of a word or number that is none of them.

        That the next token is a word or a number at all is given: marks have no part in it.
        """
        n = len(self.words)
        p, rare = np.zeros(n), 0.0
        parts = zip(self._models, self._weights, self._places, self._unigrams, self._rare, strict=True)
        for model, weight, places, unigrams, classes in parts:
            backoff, stretches = model.following(self.known(model, context))
            each = unigrams * (weight * math.exp(backoff))
            of_classes = {place: weight * math.exp(backoff) * share for place, share in classes}
            for tokens, log_p in stretches:
                where, values = places[tokens], weight * np.exp(log_p)
                is_word = where < n
                each[where[is_word]] = values[is_word]
                is_class = where == n
                of_classes.update(zip(tokens[is_class].tolist(), values[is_class].tolist(), strict=True))
            p += each
            rare += sum(of_classes.values())
        total = p.sum() + rare
        return p / total, rare / total

    def p_of(self, context: Sequence[str], tokens: Sequence[str]) -> FloatArray:
        """Probability of each of a few tokens after these, shape (n_tokens,); zero in a model that has none such."""
        p = np.zeros(len(tokens))
        for model, weight in zip(self._models, self._weights, strict=True):
            known = np.array([token in model for token in tokens])
            p += weight * known * np.exp(model.log_p_of(self.known(model, context), tokens))
        return p

    @staticmethod
    def known(model: ArpaModel, context: Sequence[str]) -> list[str]:
        """The context's end; what the model has seen nothing after is a rare word to it."""
        near = context[-(model.order - 1) :]
        return [token if token == BEGIN or model.is_followed(token) else RARE for token in near]


def fit_weights(models: Sequence[ArpaModel], sentences: Iterable[Sequence[str]], marks: Sequence[str]) -> FloatArray:
    """Weights under which the words of held-out sentences are likeliest, by expectation maximisation.

    Parameters
    ----------
    models : sequence of ArpaModel
    sentences : iterable of sequences of str
        Tokens of each sentence.
    marks : sequence of str
        Tokens that are no words: nothing is fitted on them.

    Returns
    -------
    array, shape (n_models,)
        They sum to one.
    """
    rows = []
    for sentence in sentences:
        whole = [BEGIN, *sentence]
        for place, token in enumerate(sentence, start=1):
            if token not in marks:
                rows.append([_p(model, whole[:place], token) for model in models])
    p = np.array(rows)
    weights = np.full(len(models), 1 / len(models))
    for _ in range(_N_STEPS):
        shares = weights * p
        weights = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
    return weights


def _p(model: ArpaModel, before: Sequence[str], token: str) -> float:
    context = MixedModel.known(model, before)
    return math.exp(model.log_p(context, token if token in model else RARE))
