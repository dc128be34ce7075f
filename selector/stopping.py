"""When is it enough: the rule that turns a posterior into a selection."""

import numpy as np

from selector.types import Posterior, Reason, Selection


class ThresholdStopping:
    """Select the likeliest slot once it is likely enough and the signals have said their part.

    Parameters
    ----------
    p : float
        Probability that the slot must reach.
    min_evidence_nats : float
        How much the signals alone must have raised its log-odds, whatever the prior: the person decides.
    min_observations : int
        How many flashes and gaze samples must have spoken.
    no_control_p : float
        Probability of "attends to nothing" from which on an exhausted trial ends as "no_control".

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
        for name, probability in (("p", p), ("no_control_p", no_control_p)):
            if not 0 < probability < 1:
                raise ValueError(f"Argument '{name}' (got {probability:g}) must lie between 0 and 1.")
        for name, minimum in (("min_evidence_nats", min_evidence_nats), ("min_observations", min_observations)):
            if not 0 <= minimum < np.inf:
                raise ValueError(f"Argument '{name}' (got {minimum:g}) must be a finite number of at least 0.")
        self.p = p
        self.min_evidence_nats = min_evidence_nats
        self.min_observations = min_observations
        self.no_control_p = no_control_p

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
            posterior.p[slot] >= self.p
            and posterior.n_observations >= self.min_observations
            and posterior.evidence_nats(slot) >= self.min_evidence_nats
        ):
            return Selection(slot=slot, time=time, posterior=posterior, reason="threshold")
        if not exhausted:
            return None
        reason: Reason = "no_control" if posterior.p[-1] >= self.no_control_p else "exhausted"
        return Selection(slot=None, time=time, posterior=posterior, reason=reason)
