"""How well each slot's expected response agrees with a growing trial."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from acquisition.stimulus import Presentation
from acquisition.stream import FloatArray, Signals
from selector.decoders.cvep_likelihood import LinearResponse
from selector.decoders.cvep_timeline import N_EVENTS, CodeTimeline

LENGTHS_S = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Calibration trials are decided after each of these times (s)."""

GAIN_SDS = (0.1, 0.25, 0.5, 1.0)
"""Spreads tried of a response's size, as a share of its mean."""


class CodeSums:
    """Running sums that the likelihood of each slot's code is made of.

    Parameters
    ----------
    timeline : CodeTimeline
        Of a trial, from its beginning.
    model : LinearResponse
        Its features are lags, oldest first, of the timeline's events.
    n_slots : int

    Attributes
    ----------
    agreement, energy : array, shape (n_slots,)
        Inner product of a slot's own response with what is recorded, and with itself, in white noise of variance 1;
        its own is what is expected beyond the mean over the slots.
    n_used, n_due : int
        How many ticks have spoken, and how many could have.
    """

    def __init__(self, timeline: CodeTimeline, model: LinearResponse, n_slots: int) -> None:
        self.timeline = timeline
        self.agreement, self.energy = np.zeros(n_slots), np.zeros(n_slots)
        self.n_used = self.n_due = 0
        n_past = len(model.ar) - 1
        responses = model.responses.reshape(len(model.responses), -1, N_EVENTS)
        # The noise's filter works on what is expected as on what is recorded: once and for all, on the responses.
        spread = [np.pad(responses, ((0, 0), (n_past - lag, lag), (0, 0))) * ar for lag, ar in enumerate(model.ar)]
        self._responses = np.sum(spread, axis=0).reshape(len(responses), -1).T
        self._filters, self._ar = model.filters, model.ar[::-1]
        self._past = np.full((n_past, len(model.filters)), np.nan)

    def update(self, presentation: Presentation, signals: Signals, until: float = np.inf) -> None:
        """Take in what was shown and recorded since the last time, and no later than a session time (s)."""
        first = self.timeline.n_ticks
        rows = np.concatenate((self._past, self.timeline.update(presentation, signals, until)))
        n_past = len(self._past)
        # One by one: what is summed must not depend, to the last bit, on which ticks come together.
        for number in range(len(rows) - n_past):
            window = rows[number : number + n_past + 1]
            if first + number < n_past:
                continue
            self.n_due += 1
            if np.isfinite(window).all():
                self.n_used += 1
                events = self.timeline.events(first + number).transpose(1, 0, 2)
                expected = events.reshape(len(events), -1) @ self._responses
                source = (self._ar @ window) @ self._filters
                # What all slots have in common is answered by who attends to none of them, too.
                common = expected.mean(axis=0) if len(expected) > 1 else np.zeros(expected.shape[1])
                own = expected - common
                self.agreement += own @ (source - common)
                self.energy += np.einsum("ij,ij->i", own, own)
        self._past = rows[len(rows) - n_past :]


def log_likelihood_ratio(agreement: FloatArray, energy: FloatArray, gain_sd: float) -> FloatArray:
    """Log-likelihood of a response of unknown size against none, in nats, from `CodeSums`' sums of any shape.

    How large a response is differs from trial to trial: its gain is normal with mean 1, and integrated out.
    """
    precision = gain_sd**-2
    fitted = (agreement**2 + precision * (2 * agreement - energy)) / (energy + precision)
    return np.asarray((fitted - np.log1p(energy / precision)) / 2)


class CuedTimeline:
    """A cued trial on its grid of time, whole.

    Attributes
    ----------
    samples : array, shape (n_ticks, n_channels)
        In V; NaN where one is missing.
    """

    def __init__(self, timeline: CodeTimeline, presentation: Presentation, cued: int, signals: Signals) -> None:
        self.samples = timeline.update(presentation, signals)
        self._timeline, self._cued = timeline, cued

    def lagged(self, begin: int, n_times: int, n_lags: int) -> FloatArray:
        """The cued slot's events, oldest first, shape (n_lags * n_events, n_times)."""
        ticks = range(begin, begin + n_times)
        return np.stack([self._timeline.events(tick)[-n_lags:, self._cued].ravel() for tick in ticks], axis=1)


def sums_after_times(presentation: Presentation, signals: Signals, sums: CodeSums) -> FloatArray:
    """Agreement and energy after each of some times, shape (2, n_lengths, n_slots)."""
    begin = next(float(flips[0]) for flips in presentation.flips if len(flips))
    told = []
    for length in LENGTHS_S:
        sums.update(presentation, signals, begin + length)
        told.append((sums.agreement.copy(), sums.energy.copy()))
    return np.array(told).transpose(1, 0, 2)


def calibrate(told: Sequence[tuple[FloatArray, int]]) -> tuple[float, float]:
    """Spread of the gain, and factor in 0..1, that make held-out trials most likely to name the cued slot.

    The factor is the least of those that the lengths ask for one by one: a trial may stop at any of them, and must be
    believed no more than held-out ones of that length deserve. It is 0 where the likelihood gained is, over the trials,
    within two standard errors of none, and never exceeds 1: a few trials that all came right would ask for any
    confidence.
    """

    def gains(gain_sd: float, factor: float) -> FloatArray:
        """In nats, shape (n_trials, n_lengths)."""
        gained = []
        for (agreement, energy), cued in told:
            nats = np.pad(factor * log_likelihood_ratio(agreement, energy, gain_sd), ((0, 0), (0, 1)))
            gained.append(log_softmax(nats, axis=1)[:, cued] + np.log(nats.shape[1]))
        return np.array(gained)

    def fit(gain_sd: float, lengths: slice) -> tuple[float, float]:
        found = minimize_scalar(lambda t: -gains(gain_sd, t)[:, lengths].mean(), bounds=(0.0, 1.0), method="bounded")
        return float(found.fun), float(found.x)

    _, gain_sd = min((fit(gain_sd, slice(None))[0], gain_sd) for gain_sd in GAIN_SDS)
    factor = min(fit(gain_sd, slice(length, length + 1))[1] for length in range(len(LENGTHS_S)))
    gained = gains(gain_sd, factor).mean(axis=1)
    error = gained.std(ddof=1) / np.sqrt(len(gained))
    return gain_sd, factor if gained.mean() > 2 * error else 0.0
