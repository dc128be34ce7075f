"""Does the person want to select at all: what one page says about it is kept for the next."""

import numpy as np

from acquisition.stream import FloatArray


class ControlState:
    """Probability that the person attends to nothing, followed from page to page.

    True likelihoods alone do not keep a resting person from selecting: with a prior of 0.01 for "attends to nothing",
    Bayes' rule rightly takes 99 persons who select into account for each who rests. Whoever rests on this page most
    likely rests on the next one too, and that is what must be remembered.

    Parameters
    ----------
    leaves : float
        Probability that somebody in control is not any more one page later; also what is believed at first.
    returns : float
        Probability that somebody at rest wants to select one page later.

    Raises
    ------
    ValueError
        If one of them does not lie between 0 and 1, or both sum to more than 1.

    Notes
    -----
    The forward pass of a hidden Markov model with two states: Rabiner, "A tutorial on hidden Markov models", Proc. IEEE
    77, 1989. The prior never exceeds ``1 - returns``, so a person who comes back needs a bounded amount of evidence,
    ``ln((1 - returns) / returns)`` nats beside what the page needs anyway.
    """

    def __init__(self, leaves: float = 0.01, returns: float = 0.1) -> None:
        for name, probability in (("leaves", leaves), ("returns", returns)):
            if not 0 < probability < 1:
                raise ValueError(f"Argument '{name}' (got {probability:g}) must lie between 0 and 1.")
        if leaves + returns > 1:
            raise ValueError(
                f"Arguments 'leaves' and 'returns' must not sum to more than 1 (got {leaves + returns:g})."
            )
        self.leaves = leaves
        self.returns = returns
        self.no_control = leaves

    def update(self, p_nothing: float) -> None:
        """Take in the probability of "attends to nothing" with which a page ended.

        Raises
        ------
        ValueError
            If it is no probability.
        """
        if not 0 <= p_nothing <= 1:
            raise ValueError(f"Argument 'p_nothing' (got {p_nothing:g}) must be a probability.")
        self.no_control = (1 - p_nothing) * self.leaves + p_nothing * (1 - self.returns)

    def prior(self, mass: FloatArray) -> FloatArray:
        """A page's prior, shape (n_slots + 1,), whose last entry is what is believed of control; sums to one."""
        shares = mass[:-1] / mass[:-1].sum()
        return np.append((1 - self.no_control) * shares, self.no_control)
