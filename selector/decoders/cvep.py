"""Code-modulated responses: which flicker sequence is attended to, also among sequences never trained."""

import numpy as np
from scipy import linalg

from acquisition.stream import FloatArray
from selector.decoders.cvep_codes import CodeDecoder, Events, expected_responses, in_rows, inverse_root
from selector.decoders.cvep_likelihood import ResponseLikelihood


class ReconvolutionCCA(CodeDecoder):
    """Reconvolution canonical correlation analysis, rCCA [1]_ [2]_.

    One canonical correlation analysis finds the spatial filters and the responses to single events; laid over each
    other, these predict the response to any code.

    Parameters
    ----------
    sfreq : float
        Sampling rate in Hz.
    response_s : float
        How long an event is answered, in s.
    events : {"durations", "edges"}
        What is answered: a flash of each length, for codes with few lengths [1]_; or light's coming and its going.
    onset_event : bool
        Is the start of stimulation an event of its own [2]_?
    n_components : int
        Pairs of filters and responses; their correlations are added, weighted by those found in training.

    Attributes
    ----------
    filters_ : array, shape (n_channels, n_components)
    responses_ : array, shape (n_components, n_events, n_lags)
    correlations_ : array, shape (n_components,)

    References
    ----------
    .. [1] J. Thielen, P. van den Broek, J. Farquhar, P. Desain, "Broad-band visually evoked potentials:
       re(con)volution in brain-computer interfacing", PLOS ONE 10, e0133797, 2015.
    .. [2] J. Thielen, P. Marsman, J. Farquhar, P. Desain, "From full calibration to zero training for a code-modulated
       visual evoked potentials for brain-computer interface", J. Neural Eng. 18, 056007, 2021.
    """

    def __init__(
        self,
        sfreq: float,
        response_s: float = 0.3,
        events: Events = "durations",
        onset_event: bool = True,
        n_components: int = 1,
    ) -> None:
        self.sfreq = sfreq
        self.response_s = response_s
        self.events = events
        self.onset_event = onset_event
        self.n_components = n_components

    def _learn(self, X: FloatArray, M: FloatArray) -> None:
        # A window's mean is taken off before it is scored, so it must not teach anything either.
        signals = in_rows(X - X.mean(axis=2, keepdims=True))
        lagged = in_rows(M - M.mean(axis=2, keepdims=True))
        whiten_signals, whiten_lagged = inverse_root(signals.T @ signals), inverse_root(lagged.T @ lagged)
        left, correlations, right = linalg.svd(
            whiten_signals @ signals.T @ lagged @ whiten_lagged.T, full_matrices=False
        )
        n = min(self.n_components, len(correlations))
        self.correlations_ = correlations[:n]
        self.filters_ = whiten_signals.T @ left[:, :n]
        self.responses_ = (right[:n] @ whiten_lagged).reshape(n, -1, self._n_lags())

    def _templates(self, events: FloatArray) -> FloatArray:
        return expected_responses(events, self.responses_)

    def _scores(self, X: FloatArray, templates: FloatArray, start: int, stop: int) -> FloatArray:
        expected = _normed(templates[:, :, start:stop]) * self.correlations_[:, None]
        sources = _normed(self.filters_.T @ X)
        return np.asarray(sources.reshape(len(X), -1) @ expected.reshape(len(expected), -1).T)


class CodeEnsemble(CodeDecoder):
    """Sum of the z-scores, over codes, of `ReconvolutionCCA` and `ResponseLikelihood`.

    Parameters
    ----------
    sfreq, response_s, events, onset_event, n_components
        As in `ReconvolutionCCA`; both members get them.
    """

    def __init__(
        self,
        sfreq: float,
        response_s: float = 0.4,
        events: Events = "durations",
        onset_event: bool = True,
        n_components: int = 3,
    ) -> None:
        self.sfreq = sfreq
        self.response_s = response_s
        self.events = events
        self.onset_event = onset_event
        self.n_components = n_components

    def _learn(self, X: FloatArray, M: FloatArray) -> None:
        shared = {"response_s": self.response_s, "events": self.events, "onset_event": self.onset_event}
        members: list[CodeDecoder] = [
            ReconvolutionCCA(self.sfreq, n_components=self.n_components, **shared),  # type: ignore[arg-type]
            ResponseLikelihood(self.sfreq, **shared),  # type: ignore[arg-type]
        ]
        for member in members:
            member._learn(X, M)
        self.members_ = members

    def _templates(self, events: FloatArray) -> list[FloatArray]:
        return [member._templates(events) for member in self.members_]

    def _scores(self, X: FloatArray, templates: list[FloatArray], start: int, stop: int) -> FloatArray:
        total = np.zeros((len(X), len(templates[0])))
        for member, its in zip(self.members_, templates, strict=True):
            scores = member._scores(X, its, start, stop)
            spread = scores.std(axis=1, keepdims=True)
            total += (scores - scores.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
        return total


def _normed(signals: FloatArray) -> FloatArray:
    """Mean 0 and length 1 over the last axis; what is flat becomes 0."""
    centred = signals - signals.mean(axis=-1, keepdims=True)
    length = linalg.norm(centred, axis=-1, keepdims=True)
    return np.asarray(centred / np.where(length > 1e-12 * (1 + np.abs(signals).max()), length, np.inf))
