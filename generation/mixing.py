"""Several generators as one: who proposes what, and how much each is believed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from generation.calibration import Calibration
from generation.ngrams.arpa import FloatArray
from generation.prefixes import PrefixTree
from generation.types import Candidate, Context, Generator

_N_PROPOSED = 96
_N_STEPS = 200
_CONVERGED = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class _Offer:
    """What all generators say about one place.

    Parameters
    ----------
    tree : PrefixTree
    log_p : list of dict of str to float
        What each generator itself says of its candidates (nats).
    mass : array, shape (n_generators, n_texts)
        What each gives to a text and all that begins with it.
    below : array, shape (n_generators, n_texts + 1)
        What each gives to texts that go on from a text; the last is the root.
    """

    tree: PrefixTree
    log_p: list[dict[str, float]]
    mass: FloatArray
    below: FloatArray


class Mixture:
    """The union of what generators propose, each text with a weighted mean of what they give it.

    A generator's silence is no judgement: wherever the candidates part, be it after nothing or after the beginning that
    some of them share, each generator's say is its weight times the probability that it gives to going on from there.
    So one that knows nothing of a place, or that ends its candidates where others go on, takes nothing from the others.
    Together they claim as much as the one that claims most.

    Parameters
    ----------
    generators : sequence of Generator
        With distinct names.
    weights : mapping of str to float
        Of each generator, by name; any positive scale.
    name : str
    calibration : Calibration, optional
        What makes of the mixture's probabilities those that held-out documents bear out.

    Raises
    ------
    ValueError
        If a generator has no weight, or names or weights are not as they must be.
    """

    def __init__(
        self,
        generators: Sequence[Generator],
        weights: Mapping[str, float],
        name: str = "mixture",
        calibration: Calibration | None = None,
    ) -> None:
        names = [generator.name for generator in generators]
        if len(set(names)) < len(names) or not names:
            raise ValueError(f"Argument 'generators' must hold at least one, with distinct names (got {names}).")
        missing = [known for known in names if not weights.get(known, 0.0) > 0.0]
        if missing:
            raise ValueError(f"Argument 'weights' must give {missing[0]!r} more than zero (got {dict(weights)}).")
        self._generators = list(generators)
        self._weights = np.array([weights[known] for known in names]) / sum(weights[known] for known in names)
        self._name = name
        self._calibration = calibration

    @property
    def name(self) -> str:
        """What its stage is called."""
        return self._name

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice, each under whose share is largest."""
        if n < 1:
            return []
        offer = _ask(self._generators, context, n)
        p = self._mix(offer)
        source = np.argmax(self._weights[:, None] * offer.mass, axis=0)
        order = sorted((place for place in range(offer.tree.root) if p[place] > 0), key=lambda i: -p[i])[:n]
        mixed = [
            Candidate(
                text=offer.tree.texts[place],
                log_p=math.log(p[place]),
                source=self._generators[source[place]].name,
                stages=self._stages(offer, offer.tree.texts[place]),
            )
            for place in order
        ]
        if self._calibration is not None:
            mixed = self._calibration.apply(mixed)
        return [Candidate(c.text, c.log_p, c.source, stages=(*c.stages, (self._name, c.log_p))) for c in mixed]

    def _mix(self, offer: _Offer) -> FloatArray:
        """Probability of each text, shape (n_texts,)."""
        tree = offer.tree
        say = self._weights @ offer.mass
        claimed = offer.below.max(axis=0)
        listened = self._weights @ offer.below
        p = np.zeros(tree.root + 1)
        p[tree.root] = 1.0
        for place, parent in enumerate(tree.parents):
            if listened[parent] > 0:
                p[place] = min(claimed[parent], p[parent]) * say[place] / listened[parent]
        return np.asarray(np.minimum(p[: tree.root], 1.0))

    def _stages(self, offer: _Offer, text: str) -> tuple[tuple[str, float], ...]:
        return tuple(
            (generator.name, log_p[text])
            for generator, log_p in zip(self._generators, offer.log_p, strict=True)
            if text in log_p
        )


def fit_weights(
    generators: Sequence[Generator], cases: Iterable[tuple[Context, str]], n: int = _N_PROPOSED
) -> dict[str, float]:
    """Weights under which held-out documents are likeliest, up to the mixture's cap.

    Every right candidate is an observation, those of one case counting as one together. The weights of a mixture whose
    members' shares sum to one only where they all speak are found by minorisation and maximisation, as those of
    a Plackett-Luce model are (Hunter, 2004, Annals of Statistics 32: 384-406); with members that always speak it is EM.

    Parameters
    ----------
    generators : sequence of Generator
    cases : iterable of (Context, str)
        A place in a document that no generator learnt from, and what the document goes on with, to its end.
    n : int
        Candidates asked of each generator.

    Returns
    -------
    dict of str to float
        Weight by name; they sum to one, and none is zero.

    Raises
    ------
    ValueError
        If no candidate of any case is right.
    """
    said, listened, shares = [], [], []
    for context, rest in cases:
        offer = _ask(generators, context, n)
        chain = offer.tree.chain(rest)
        for place in chain:
            said.append(offer.mass[:, place])
            listened.append(offer.below[:, offer.tree.parents[place]])
            shares.append(1 / len(chain))
    if not said:
        raise ValueError("Argument 'cases' must hold one that a generator has a right candidate for (got none).")
    weights = _maximise(np.array(said), np.array(listened), np.array(shares))
    return dict(zip([generator.name for generator in generators], weights.tolist(), strict=True))


def _maximise(said: FloatArray, listened: FloatArray, shares: FloatArray) -> FloatArray:
    n_generators = said.shape[1]
    weights = new = np.full(n_generators, 1 / n_generators)
    least = 1e-3 / n_generators
    for _ in range(_N_STEPS):
        responsible = said * weights
        responsible *= (shares / responsible.sum(axis=1))[:, None]
        speaks = ((shares / (listened @ weights))[:, None] * listened).sum(axis=0)
        new = np.divide(responsible.sum(axis=0), speaks, out=np.zeros(n_generators), where=speaks > 0)
        new = np.maximum(new / new.sum(), least)
        new = np.asarray(new / new.sum())
        if np.abs(new - weights).max() < _CONVERGED:
            break
        weights = new
    return new


def _ask(generators: Sequence[Generator], context: Context, n: int) -> _Offer:
    log_p = [{c.text: c.log_p for c in generator.propose(context, n) if c.text} for generator in generators]
    tree = PrefixTree(text for known in log_p for text in known)
    own = np.array([[math.exp(known[text]) if text in known else 0.0 for text in tree.texts] for known in log_p])
    mass, below = tree.gather(own.reshape(len(log_p), tree.root))
    # One whose candidates exclude each other and still sum to more than one claims no more than all.
    excess = np.maximum(1.0, below[:, tree.root :])
    return _Offer(tree, log_p, mass / excess, below / excess)
