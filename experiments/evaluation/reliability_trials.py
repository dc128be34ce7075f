"""What a decoder of the loop says while a held-out trial grows, and what a stopping rule makes of it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from acquisition.stimulus import Presentation
from acquisition.stream import Chunk, FloatArray, Signals
from selector.fusion import fuse
from selector.types import Decoder, Evidence, Posterior, Selection, StoppingRule

TICK_S = 0.1
"""A growing trial is heard so often."""

Rule = TypeVar("Rule", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)
class HeardTrial:
    """One trial, or one page of rest, and what a decoder that has not seen it says while it grows.

    Parameters
    ----------
    start : float
        When it began, in s.
    heard : tuple of Evidence
        At least one, in order.
    times : array, shape (n_heard,)
        When each was known, in s.
    cued : int or None
        None at rest.
    """

    start: float
    heard: tuple[Evidence, ...]
    times: FloatArray
    cued: int | None

    @property
    def n_slots(self) -> int:
        return len(self.heard[0].log_likelihood) - 1

    def believed(self, look: int, no_control: float) -> Posterior:
        """The posterior after so many looks, under a flat prior."""
        shares = np.append(np.full(self.n_slots, (1 - no_control) / self.n_slots), no_control)
        return fuse(np.log(shares), [self.heard[look]])[0]


def hear(decoder: Decoder, shown: Presentation, signals: Signals, cued: int | None, tail_s: float) -> HeardTrial:
    """Let a decoder hear a trial of which everything is recorded, tick by tick.

    Parameters
    ----------
    decoder : Decoder
    shown : Presentation
        The whole trial.
    signals : Signals
        Hold the whole trial, filtered.
    cued : int or None
    tail_s : float
        How long after the last flip is listened to, in s.
    """
    modality = decoder.modality
    times, data = signals.times(modality), signals.data(modality)
    n_ticks = max(1, round((shown.end + tail_s - shown.start) / TICK_S))
    ticks = shown.start + TICK_S * np.arange(1, n_ticks + 1, dtype=np.float64)
    held = Signals([signals.streams[modality]], keep_s=np.inf)
    first = int(np.searchsorted(times, shown.start - 1.0))
    heard = []
    for tick in ticks:
        stop = int(np.searchsorted(times, tick, side="right"))
        held.append([Chunk(modality, times[first:stop], data[first:stop])])
        first = stop
        heard.append(decoder.decode(_so_far(shown, float(tick)), held))
    return HeardTrial(shown.start, tuple(heard), ticks, cued)


def stop_trial(trial: HeardTrial, no_control: float, rules: Mapping[Rule, StoppingRule]) -> dict[Rule, Selection]:
    """How a trial ends under each rule and a flat prior; a selection's time is in s since its start."""
    ended: dict[Rule, Selection] = {}
    last = len(trial.heard) - 1
    for look in range(len(trial.heard)):
        posterior = trial.believed(look, no_control)
        since = float(trial.times[look] - trial.start)
        for name, rule in rules.items():
            if name not in ended and (found := rule.decide(posterior, since, exhausted=look == last)):
                ended[name] = found
        if len(ended) == len(rules):
            break
    return ended


def _so_far(shown: Presentation, until: float) -> Presentation:
    flips: Sequence[FloatArray] = [times[: np.searchsorted(times, until, side="right")] for times in shown.flips]
    n_begun = max((number + 1 for number, times in enumerate(flips) if len(times)), default=0)
    return replace(shown, blocks=shown.blocks[:n_begun], flips=tuple(flips[:n_begun]))
