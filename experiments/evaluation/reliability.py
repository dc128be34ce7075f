"""What a stopping rule makes of held-out flashes that are laid onto pages at random."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray
from selector.calibration import GRID, flash_log_likelihood
from selector.fusion import fuse
from selector.types import Evidence, Posterior, Selection, StoppingRule

N_SLOTS = GRID * GRID
N_FLASHES = 2 * GRID
"""In a block: every row and every column once."""

Rule = TypeVar("Rule", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Flashes of one character, or one stretch of rest, and what a decoder that has not seen them says.

    Parameters
    ----------
    log_ratio : array, shape (n_flashes,)
        Target against nontarget, in nats, ready to be summed; whole blocks of 16 flashes.
    is_target : array of bool, shape (n_flashes,)
        Two in each block; none at rest.
    apart : float
        See `selector.calibration.separation`, times the decoder's temperature.
    """

    log_ratio: FloatArray
    is_target: NDArray[np.bool_]
    apart: float

    @property
    def n_blocks(self) -> int:
        return len(self.log_ratio) // N_FLASHES

    def blocks(self, first: int, stop: int) -> "HeldOut":
        """A stretch of it."""
        part = slice(first * N_FLASHES, stop * N_FLASHES)
        return HeldOut(self.log_ratio[part], self.is_target[part], self.apart)

    def at_rest(self, rng: np.random.Generator) -> "HeldOut":
        """The same stretch with other nontargets of it in the place of targets."""
        others = rng.choice(self.log_ratio[~self.is_target], len(self.log_ratio))
        return HeldOut(np.where(self.is_target, others, self.log_ratio), np.zeros_like(self.is_target), self.apart)

    def untied(self) -> "HeldOut":
        """The same stretch, whose targets are to fall on any slots, block by block."""
        return HeldOut(self.log_ratio, np.zeros_like(self.is_target), self.apart)


def lay_out(is_target: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray[np.bool_], int | None]:
    """Deal flashes to the rows and columns of an 8x8 grid, block by block.

    Parameters
    ----------
    is_target : array of bool, shape (n_flashes,)
        Two in each block of 16, which become row and column of the cued slot; or none at all.
    rng : numpy.random.Generator

    Returns
    -------
    lit : array of bool, shape (n_flashes, 64)
    cued : int or None
        None where there is no target.

    Raises
    ------
    ValueError
        If a block is not whole, or holds another number of targets.
    """
    n_targets = 2 if is_target.any() else 0
    if len(is_target) % N_FLASHES or np.any(is_target.reshape(-1, N_FLASHES).sum(axis=1) != n_targets):
        raise ValueError(f"Argument 'is_target' must hold whole blocks of {N_FLASHES} flashes, two targets in each.")
    blocks = is_target.reshape(-1, N_FLASHES)
    cued = int(rng.integers(N_SLOTS)) if n_targets else None
    places = np.arange(N_SLOTS).reshape(GRID, GRID)
    lit = np.zeros((*blocks.shape, N_SLOTS), dtype=bool)
    for flashes, targets in zip(lit, blocks, strict=True):
        rows, columns = np.split(
            rng.permutation(np.flatnonzero(np.logical_not(targets))), [GRID - 1 if cued is not None else GRID]
        )
        if cued is not None:
            crossing = rng.permutation(np.flatnonzero(targets))
            row, column = divmod(cued, GRID)
            rows, columns = np.insert(rows, row, crossing[0]), np.insert(columns, column, crossing[1])
        for i in range(GRID):
            flashes[rows[i], places[i]] = flashes[columns[i], places[:, i]] = True
    return lit.reshape(-1, N_SLOTS), cued


def flat_prior(no_control: float) -> FloatArray:
    """Log prior of a page of which nothing is known, shape (65,)."""
    return np.asarray(np.log(np.append(np.full(N_SLOTS, (1 - no_control) / N_SLOTS), no_control)))


def skewed_prior(cued: int, no_control: float, floor: float, rng: np.random.Generator) -> FloatArray:
    """Log prior as of a language model, shape (65,): Zipf's law with a floor, true of the cued slot.

    Which rank the cued slot has is drawn from the very prior, so that it is what it says.
    """
    shares = 1 / np.arange(1, N_SLOTS + 1) ** 1.5
    shares = (1 - floor) * shares / shares.sum() + floor / N_SLOTS
    ranks = rng.permutation(N_SLOTS)
    rank = rng.choice(N_SLOTS, p=shares)
    other = int(np.flatnonzero(ranks == rank)[0])
    ranks[[cued, other]] = ranks[[other, cued]]
    return np.asarray(np.log(np.append((1 - no_control) * shares[ranks], no_control)))


def believed(flashes: HeldOut, lit: NDArray[np.bool_], log_prior: FloatArray, n: int) -> Posterior:
    """The posterior after the first ``n`` flashes."""
    log_likelihood = flash_log_likelihood(flashes.log_ratio[:n], lit[:n], flashes.apart)
    return fuse(log_prior, [Evidence("eeg", float(n), log_likelihood, float(n), 1.0, n)])[0]


def stop(
    flashes: HeldOut, lit: NDArray[np.bool_], log_prior: FloatArray, rules: Mapping[Rule, StoppingRule]
) -> dict[Rule, Selection]:
    """How a page ends under each rule, which looks after every flash from the first half of a block on.

    A selection's time counts flashes.
    """
    ended: dict[Rule, Selection] = {}
    for n in range(GRID, len(lit) + 1):
        posterior = believed(flashes, lit, log_prior, n)
        for name, rule in rules.items():
            if name not in ended and (found := rule.decide(posterior, float(n), exhausted=n == len(lit))):
                ended[name] = found
        if len(ended) == len(rules):
            break
    return ended
