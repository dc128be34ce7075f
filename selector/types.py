"""What flows through the signal half: evidence, posterior, selection, and who makes them."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from acquisition.stimulus import Presentation, StimulusBlock
from acquisition.stream import FloatArray, Signals

Reason = Literal["threshold", "exhausted", "no_control", "paused"]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What one modality says about which slot is attended to.

    Parameters
    ----------
    modality : str
        "eeg" or "gaze".
    time : float
        Session time (s) of the newest sample used.
    log_likelihood : array, shape (n_slots + 1,)
        In nats, up to a constant; the last is "attends to nothing".
    complete_until : float
        Stimuli later than this (s) still wait for their samples.
    quality : float
        Share in 0..1 of what could have been used that was usable.
    n_observations : int
        How many flashes or gaze samples have spoken.
    """

    modality: str
    time: float
    log_likelihood: FloatArray
    complete_until: float
    quality: float
    n_observations: int


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Probability of each slot, and where it came from.

    Parameters
    ----------
    log_prior : array, shape (n_slots + 1,)
        What was believed before any signal, in nats; exponentials sum to one.
    log_likelihood : array, shape (n_slots + 1,)
        Weighted sum of the evidence, in nats, up to a constant.
    p : array, shape (n_slots + 1,)
        Sums to one; the last is "attends to nothing".
    n_observations : int
        How many flashes and gaze samples have spoken so far, all modalities together.
    """

    log_prior: FloatArray
    log_likelihood: FloatArray
    p: FloatArray
    n_observations: int = 0

    @property
    def best(self) -> int:
        """The likeliest slot; "attends to nothing" is ``n_slots``."""
        return int(np.argmax(self.p))

    def evidence_nats(self, slot: int) -> float:
        """How much the signals alone raised the log-odds of a slot (nats)."""
        return _log_odds(self.log_prior + self.log_likelihood, slot) - _log_odds(self.log_prior, slot)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """How a trial ended: with a slot, or with None and the reason; and who has chosen."""

    slot: int | None
    time: float
    posterior: Posterior
    reason: Reason
    chooser: str = "person"


class Paradigm(Protocol):
    """What flashes when."""

    @property
    def arranged(self) -> Any:
        """What somebody else fixed in the latest block, as plain values for the log; None where all was free."""
        ...

    def next_block(
        self, regions: FloatArray, posterior: Posterior, pending: int, rng: np.random.Generator
    ) -> StimulusBlock:
        """Schedule the next stretch of frames.

        Parameters
        ----------
        regions : array, shape (n_slots, 4)
            The slots' places on the screen, in px.
        posterior : Posterior
            What is known so far; fixed paradigms ignore it.
        pending : int
            How many flashes still wait for their samples.
        rng : numpy.random.Generator
            The session's own.
        """
        ...


class Decoder(Protocol):
    """Signals to log-likelihoods, for one modality."""

    @property
    def modality(self) -> str:
        """The stream that it reads: "eeg" or "gaze"."""
        ...

    def decode(self, presentation: Presentation, signals: Signals) -> Evidence:
        """Log-likelihood of the signals since ``presentation.start``, were each slot the attended one.

        Called again and again while a trial grows; the answer depends on nothing but the arguments.
        """
        ...


@runtime_checkable
class Learner(Protocol):
    """A decoder that learns while the person works."""

    def learn(self, presentation: Presentation, slot: int, signals: Signals) -> None:
        """Take a trial whose selection the person let stand as one more example.

        Parameters
        ----------
        presentation : Presentation
            The trial, as shown.
        slot : int
            What was selected; it was attended to, most likely.
        signals : Signals
            May hold no more than the end of the trial, if it is long ago.
        """
        ...


class StoppingRule(Protocol):
    """When is it enough?"""

    def decide(self, posterior: Posterior, time: float, exhausted: bool) -> Selection | None:
        """Return a selection, or None to go on; with ``exhausted`` there is no going on."""
        ...


def _log_odds(log_p: FloatArray, slot: int) -> float:
    others = np.delete(log_p, slot)
    top = others.max()
    return float(log_p[slot] - (top + np.log(np.exp(others - top).sum())))
