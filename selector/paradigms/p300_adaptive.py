"""Adaptive flashes for the P300 speller: each group is the one whose answer says most, given what is known."""

import numpy as np
from numpy.typing import NDArray

from acquisition.stimulus import SlotMask, StimulusBlock
from acquisition.stream import FloatArray
from selector.paradigms.p300 import REFRACTORY, check_timing, flash_codes
from selector.types import Posterior

# Masses for which the information of a flash is worked out; between two it is interpolated.
_MASSES = np.linspace(0.0, 1.0, 201)
_N_NODES = 41


class P300Adaptive:
    """Groups drawn up flash by flash, so that the brain's next answer is expected to say most.

    The answer to a flash tells whether the slot attended to is in the group. What it is expected to say, the mutual
    information of answer and slot, depends on the group only through its mass, the posterior probability that it holds
    that slot [1]_; so groups are filled greedily, as in [2]_, under constraints:

    - At least ``refractory`` flashes pass between two of a slot: the brain's answer to the second is weak otherwise.
    - Only rare targets are waited for: a group's mass is at most ``max_mass``, one slot that is likelier than that by
      itself not counted, and it holds ``max_share`` of the slots at most.
    - The slots that have waited longest flash first, whatever their probability, so many that each has its turn once
      in about ``max_wait`` flashes: who attends to an unlikely slot is heard.

    Answers that are still to come are not in the posterior. A sample of what they may be, drawn from the posterior and
    from normal densities ``d_prime`` apart, stands for them: the information is the mean over what would be known then.

    Parameters
    ----------
    frame_rate : float
        Frames per second, in Hz.
    soa_s, flash_s : float
        From one onset to the next, and how long a group is lit, in s; rounded to whole frames.
    n_flashes : int
        Flashes in a block; they are chosen when it begins.
    d_prime : float
        How far apart answers to targets and nontargets lie, in their standard deviations. Little depends on it.
    max_mass, max_share : float
        In 0..1.
    max_wait, refractory : int
        In flashes.
    n_futures : int
        Size of the sample of answers to come.

    Attributes
    ----------
    arranged : None
        Nobody else can fix anything in these blocks.

    Raises
    ------
    ValueError
        If a flash would not end before the next one, or another number is out of its range.

    Notes
    -----
    A group is empty, and keeps its place in time, where every slot has just flashed.

    References
    ----------
    .. [1] B. O. Mainsah, D. Kalika, L. M. Collins, S. Liu, C. S. Throckmorton, "Information-based adaptive stimulus
       selection to optimize communication efficiency in brain-computer interfaces", NeurIPS 31, 4820-4830, 2018.
    .. [2] D. Kalika, L. M. Collins, C. S. Throckmorton, B. O. Mainsah, "Adaptive stimulus selection in ERP-based
       brain-computer interfaces by maximizing expected discrimination gain", arXiv:1707.00375, 2017.
    """

    arranged = None

    def __init__(
        self,
        frame_rate: float = 60.0,
        soa_s: float = 1 / 6,
        flash_s: float = 0.1,
        n_flashes: int = 4,
        d_prime: float = 1.5,
        max_mass: float = 0.25,
        max_share: float = 0.2,
        max_wait: int = 16,
        refractory: int = REFRACTORY,
        n_futures: int = 24,
    ) -> None:
        check_timing(frame_rate, soa_s, flash_s)
        for name, share in (("max_mass", max_mass), ("max_share", max_share)):
            if not 0 < share <= 1:
                raise ValueError(f"Argument {name!r} (got {share:g}) must be above 0 and at most 1.")
        for name, number in (("n_flashes", n_flashes), ("d_prime", d_prime), ("n_futures", n_futures)):
            if not 0 < number < np.inf:
                raise ValueError(f"Argument {name!r} (got {number:g}) must be above 0.")
        if not 0 <= refractory < max_wait:
            raise ValueError(
                f"Argument 'refractory' (got {refractory}) must be at least 0 and below 'max_wait' (got {max_wait})."
            )
        self.frame_rate = frame_rate
        self.soa_s = soa_s
        self.flash_s = flash_s
        self.n_flashes = n_flashes
        self.d_prime = d_prime
        self.max_mass = max_mass
        self.max_share = max_share
        self.max_wait = max_wait
        self.refractory = refractory
        self.n_futures = n_futures
        self._nats = information(_MASSES, d_prime)
        self._unanswered: list[SlotMask] = []
        self._passed: NDArray[np.intp] = np.empty(0, dtype=np.intp)

    def next_block(
        self, regions: FloatArray, posterior: Posterior, pending: int, rng: np.random.Generator
    ) -> StimulusBlock:
        """Choose the next flashes.

        Parameters
        ----------
        regions : array, shape (n_slots, 4)
            The slots' places on the screen, in px.
        posterior : Posterior
            What is known so far.
        pending : int
            How many of the latest flashes it does not count yet.
        rng : numpy.random.Generator
            Draws the answers to come, and who comes first of those that have waited equally long.
        """
        n_slots = len(regions)
        if len(self._passed) != n_slots:
            self._unanswered = []
            self._passed = np.full(n_slots, self.max_wait)
        self._unanswered = self._unanswered[max(0, len(self._unanswered) - pending) :]
        groups = np.zeros((self.n_flashes, n_slots), dtype=bool)
        for group in groups:
            group[:] = self._choose(self._futures(posterior.p, rng), rng)
            self._passed = np.where(group, 0, self._passed + 1)
            self._unanswered.append(group)
        codes = flash_codes(groups, self.frame_rate, self.soa_s, self.flash_s)
        return StimulusBlock(codes=codes, frame_rate=self.frame_rate, regions=regions)

    def _futures(self, p: FloatArray, rng: np.random.Generator) -> FloatArray:
        """What may be known of the slots once every answer is there, shape (n_futures, n_slots)."""
        if not self._unanswered:
            return p[None, :-1]
        lit = np.zeros((len(self._unanswered), len(p)))
        lit[:, :-1] = self._unanswered
        quantiles = (np.arange(self.n_futures) + rng.random()) / self.n_futures * p.sum()
        attended = np.minimum(np.searchsorted(np.cumsum(p), quantiles), len(p) - 1)
        answers = self.d_prime * lit[:, attended].T + rng.standard_normal((self.n_futures, len(lit)))
        nats = self.d_prime * (answers - self.d_prime / 2) @ lit
        weights = p * np.exp(nats - nats.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))[:, :-1]

    def _choose(self, futures: FloatArray, rng: np.random.Generator) -> SlotMask:
        """The next group: first who has waited longest, then whoever adds most information."""
        n_slots = futures.shape[1]
        p = futures.mean(axis=0)
        free = self._passed >= self.refractory
        by_waiting = rng.permutation(n_slots)
        by_waiting = by_waiting[np.argsort(-self._passed[by_waiting], kind="stable")]
        n_waiting = -(-n_slots // self.max_wait)
        group = np.zeros(n_slots, dtype=bool)
        for slot in by_waiting[:n_waiting]:
            group[slot] = free[slot] and self._has_room(p, group)[slot]
        masses = futures[:, group].sum(axis=1)
        while group.sum() < max(n_waiting, int(self.max_share * n_slots)):
            slots = np.flatnonzero(free & ~group & self._has_room(p, group))
            if not len(slots):
                break
            nats = np.interp(masses[:, None] + futures[:, slots], _MASSES, self._nats).mean(axis=0)
            best = int(np.argmax(nats))
            if nats[best] <= np.interp(masses, _MASSES, self._nats).mean():
                break
            group[slots[best]] = True
            masses = masses + futures[:, slots[best]]
        return group

    def _has_room(self, p: FloatArray, group: SlotMask) -> SlotMask:
        """Which slots may join a group."""
        likely = p > self.max_mass
        mass = p[group & ~likely].sum()
        return np.asarray(np.where(likely, not likely[group].any(), mass + p <= self.max_mass))


def information(masses: FloatArray, d_prime: float) -> FloatArray:
    """Mutual information of slot and answer, in nats, for groups of these masses.

    Parameters
    ----------
    masses : array
        Probability that a group holds the slot attended to.
    d_prime : float
        Distance of the two normal densities of answers, in their standard deviation.

    Returns
    -------
    array, of the same shape
        Expected ratio of an answer's density, given whether it is a target's, to its density before that is known.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(_N_NODES)
    weights = weights / weights.sum()
    mass = np.clip(np.asarray(masses, dtype=np.float64), 1e-12, 1 - 1e-12)[..., None]
    ratio = d_prime * (nodes + d_prime / 2)
    of_target = -np.logaddexp(np.log(mass), np.log1p(-mass) - ratio) @ weights
    of_other = -np.logaddexp(np.log(mass) + ratio - d_prime**2, np.log1p(-mass)) @ weights
    return np.asarray(mass[..., 0] * of_target + (1 - mass[..., 0]) * of_other)
