"""When is it enough: the rules that turn a posterior into a selection."""

from abc import ABC, abstractmethod

import numpy as np
from scipy.special import expit, logit

from acquisition.stream import FloatArray
from selector.types import Posterior, Reason, Selection


class MinimumEvidence(ABC):
    """What all rules share: the signals must have said their part, and an exhausted trial ends.

    A subclass says in `_is_enough` when the likeliest slot is to be selected.

    Parameters
    ----------
    min_evidence_nats : float
        How much the signals alone must have raised the slot's log-odds, whatever the prior: the person decides.
    min_observations : int
        How many flashes and gaze samples must have spoken.
    no_control_p : float
        Probability of "attends to nothing" from which on an exhausted trial ends as "no_control".

    Raises
    ------
    ValueError
        If a probability does not lie between 0 and 1, or a minimum is negative.
    """

    def __init__(self, min_evidence_nats: float = 2.0, min_observations: int = 16, no_control_p: float = 0.95) -> None:
        _check_probability("no_control_p", no_control_p)
        for name, minimum in (("min_evidence_nats", min_evidence_nats), ("min_observations", min_observations)):
            if not 0 <= minimum < np.inf:
                raise ValueError(f"Argument '{name}' (got {minimum:g}) must be a finite number of at least 0.")
        self.min_evidence_nats = min_evidence_nats
        self.min_observations = min_observations
        self.no_control_p = no_control_p

    @abstractmethod
    def _is_enough(self, posterior: Posterior, slot: int) -> bool:
        """Is the likeliest slot likely enough?"""

    def decide(self, posterior: Posterior, time: float, exhausted: bool) -> Selection | None:
        """Select, or give up with a reason where there is no going on, or return None to go on.

        Parameters
        ----------
        posterior : Posterior
            Over the slots and "attends to nothing".
        time : float
            Session time, in s.
        exhausted : bool
            Whether the trial may take no longer.
        """
        slot = int(np.argmax(posterior.p[:-1]))
        if (
            posterior.n_observations >= self.min_observations
            and self._is_enough(posterior, slot)
            and posterior.evidence_nats(slot) >= self.min_evidence_nats
        ):
            return Selection(slot=slot, time=time, posterior=posterior, reason="threshold")
        if not exhausted:
            return None
        reason: Reason = "no_control" if posterior.p[-1] >= self.no_control_p else "exhausted"
        return Selection(slot=None, time=time, posterior=posterior, reason=reason)


class ThresholdStopping(MinimumEvidence):
    """Select the likeliest slot once it is likely enough and the signals have said their part.

    Parameters
    ----------
    p : float
        Probability that the slot must reach.
    min_evidence_nats, min_observations, no_control_p
        See `MinimumEvidence`.

    Raises
    ------
    ValueError
        If a probability does not lie between 0 and 1, or a minimum is negative.

    Notes
    -----
    With a calibrated posterior an expected share ``1 - p`` of the selections at most is wrong; compare
    Schreuder et al., "Optimizing event-related potential based brain-computer interfaces: a systematic
    evaluation of dynamic stopping methods", J. Neural Eng. 10, 036025, 2013.
    """

    def __init__(
        self,
        p: float = 0.95,
        min_evidence_nats: float = 2.0,
        min_observations: int = 16,
        no_control_p: float = 0.95,
    ) -> None:
        _check_probability("p", p)
        super().__init__(min_evidence_nats, min_observations, no_control_p)
        self.p = p

    def _is_enough(self, posterior: Posterior, slot: int) -> bool:
        return bool(posterior.p[slot] >= self.p)


class BayesStopping(MinimumEvidence):
    """Select once the expected cost of an error is below that of asking for one more block.

    Parameters
    ----------
    block_s : float
        What one more block takes, in s.
    error_s : float
        What a wrong selection costs until it is noticed and the same page is there again, in s.
    undo_s : float
        What taking it back costs besides, in s.
    min_evidence_nats, min_observations, no_control_p
        See `MinimumEvidence`.

    Raises
    ------
    ValueError
        If a time is not positive, errors cost less than a block, or another argument is out of its range.

    Notes
    -----
    Wald, "Sequential analysis", 1947, with constant cost of sampling: one more block can spare at most the whole
    expected cost of an error, so beyond that it never pays. On the safe side where it would spare only a part of it;
    compare `UtilityStopping`, which asks how much.
    """

    def __init__(
        self,
        block_s: float = 16 / 6,
        error_s: float = 15.0,
        undo_s: float = 15.0,
        min_evidence_nats: float = 2.0,
        min_observations: int = 16,
        no_control_p: float = 0.95,
    ) -> None:
        super().__init__(min_evidence_nats, min_observations, no_control_p)
        _check_seconds(block_s=block_s, error_s=error_s, undo_s=undo_s)
        if error_s + undo_s <= block_s:
            raise ValueError(
                f"Arguments 'error_s' and 'undo_s' must cost more than a block of {block_s:g} s "
                f"(got {error_s + undo_s:g} together)."
            )
        self.block_s = block_s
        self.error_s = error_s
        self.undo_s = undo_s

    def _is_enough(self, posterior: Posterior, slot: int) -> bool:
        return bool((1 - posterior.p[slot]) * (self.error_s + self.undo_s) <= self.block_s)


class UtilityStopping(MinimumEvidence):
    """Select once one more block is not worth its time.

    A right selection is worth 1 and a wrong one ``wrong``; seconds cost what they would bring at the person's own
    pace. What another block is expected to add to the posterior follows from how much a block tells of this person.

    Parameters
    ----------
    nats_per_block : float
        How much a block raises the log-odds of what is attended to, on average. For P300 about twice the decoder's
        ``temperature_ * separation_``: it and its rival light up twice a block each, and each flash brings half of it.
    block_s : float
        What one more block takes, in s.
    selection_s : float
        What a right selection takes on average, in s: pauses, errors and all.
    wrong : float
        Worth of a wrong selection, negative: -1 where it takes one more to undo it.
    min_evidence_nats, min_observations, no_control_p
        See `MinimumEvidence`.

    Raises
    ------
    ValueError
        If ``nats_per_block`` or a time is not positive, ``wrong`` is positive, or another argument is out of its range.

    Notes
    -----
    The utility metric of Dal Seno, Matteucci & Mainardi, "The utility metric: a novel method to assess the overall
    performance of discrete brain-computer interfaces", IEEE Trans. Neural Syst. Rehabil. Eng. 18, 2010; stopping where
    the marginal gain falls to the average rate is Charnov's marginal value theorem, 1976. One step of looking ahead.
    The likeliest slot is weighed against the rest, whose heaviest slot keeps its share of it; log-odds in nats move as
    normal densities would have it, by ``nats_per_block`` with twice that as variance.
    """

    def __init__(
        self,
        nats_per_block: float = 4.0,
        block_s: float = 16 / 6,
        selection_s: float = 8.0,
        wrong: float = -1.0,
        min_evidence_nats: float = 2.0,
        min_observations: int = 16,
        no_control_p: float = 0.95,
    ) -> None:
        super().__init__(min_evidence_nats, min_observations, no_control_p)
        _check_seconds(block_s=block_s, selection_s=selection_s)
        if not 0 < nats_per_block < np.inf:
            raise ValueError(f"Argument 'nats_per_block' (got {nats_per_block:g}) must be a positive number.")
        if not -np.inf < wrong <= 0:
            raise ValueError(f"Argument 'wrong' (got {wrong:g}) must be a number of at most 0.")
        self.nats_per_block = nats_per_block
        self.block_s = block_s
        self.selection_s = selection_s
        self.wrong = wrong
        nodes, weights = np.polynomial.hermite_e.hermegauss(21)
        self._moves = np.concatenate((nodes, nodes)) * np.sqrt(2 * nats_per_block)
        self._moves += np.repeat((nats_per_block, -nats_per_block), len(nodes))
        self._weights = weights / weights.sum()

    def _is_enough(self, posterior: Posterior, slot: int) -> bool:
        worth = self._worth(posterior.p[slot])
        gain = self._after_a_block(posterior, slot) - worth
        return bool(worth > 0 and gain <= self.block_s / self.selection_s)

    def _worth(self, p: FloatArray) -> FloatArray:
        """Of selecting what is right with this probability."""
        return np.asarray(p + self.wrong * (1 - p))

    def _after_a_block(self, posterior: Posterior, slot: int) -> float:
        """Expected worth of the best that can then be done, which may be to select nothing."""
        p = float(np.clip(posterior.p[slot], 1e-12, 1 - 1e-12))
        rival = min(1.0, float(np.delete(posterior.p[:-1], slot).max(initial=0.0)) / (1 - p))
        then = expit(logit(p) + self._moves)
        worth = np.maximum(0.0, self._worth(np.maximum(then, rival * (1 - then))))
        if_right, if_wrong = np.split(worth, 2)
        return float(p * (self._weights @ if_right) + (1 - p) * (self._weights @ if_wrong))


def _check_probability(name: str, probability: float) -> None:
    if not 0 < probability < 1:
        raise ValueError(f"Argument '{name}' (got {probability:g}) must lie between 0 and 1.")


def _check_seconds(**seconds: float) -> None:
    for name, value in seconds.items():
        if not 0 < value < np.inf:
            raise ValueError(f"Argument '{name}' (got {value:g}) must be a positive number of seconds.")
