"""Code-modulated responses by their likelihood: a linear response in coloured noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, signal
from sklearn.covariance import ledoit_wolf

from acquisition.stream import FloatArray
from selector.decoders.cvep_codes import CodeDecoder, Events, expected_responses, in_rows, inverse_root

RIDGES = np.logspace(-4, 1, 11)
"""Ridges tried, as a share of the mean power of the lagged events."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearResponse:
    """What a brain answers to events, and the noise that it is in.

    Parameters
    ----------
    filters : array, shape (n_channels, rank)
        To sources whose noise is white and of variance 1 once it went through ``ar``.
    responses : array, shape (rank, n_features)
        Of each source to each event at each lag.
    ar : array, shape (ar_order + 1,)
        Filter over time that whitens the noise.
    ridge : float
        As chosen.
    """

    filters: FloatArray
    responses: FloatArray
    ar: FloatArray
    ridge: float


class ResponseLikelihood(CodeDecoder):
    """Log-likelihood of a window under each code, from a regularised linear response in coloured noise.

    The lagged events of the attended code predict all channels by ridge and reduced-rank regression [1]_; what is
    left over is noise, white once channels are decorrelated and an autoregressive filter has run over time. Ridge
    and rank are those that predict a training trial best when learnt from the others.

    Parameters
    ----------
    sfreq, response_s, events, onset_event
        As in `ReconvolutionCCA`.
    ar_order : int
        Order of the noise's autoregressive filter; that many samples at a window's start only feed it.
    max_rank : int
        Most sources tried.

    Attributes
    ----------
    filters_ : array, shape (n_channels, rank)
    responses_ : array, shape (rank, n_events, n_lags)
    ar_ : array, shape (ar_order + 1,)
    ridge_ : float

    References
    ----------
    .. [1] A. J. Izenman, "Reduced-rank regression for the multivariate linear model", J. Multivar. Anal. 5,
       248-264, 1975.
    """

    def __init__(
        self,
        sfreq: float,
        response_s: float = 0.4,
        events: Events = "durations",
        onset_event: bool = True,
        ar_order: int = 10,
        max_rank: int = 8,
    ) -> None:
        self.sfreq = sfreq
        self.response_s = response_s
        self.events = events
        self.onset_event = onset_event
        self.ar_order = ar_order
        self.max_rank = max_rank

    def _learn(self, X: FloatArray, M: FloatArray) -> None:
        if len(X) < 2:
            raise ValueError(f"Argument 'X' must hold at least two trials to choose the ridge by (got {len(X)}).")
        X, M = X - X.mean(axis=2, keepdims=True), M - M.mean(axis=2, keepdims=True)
        found = fit_response(X, M, np.arange(len(X)), self.ar_order, self.max_rank)
        self.filters_, self.ar_, self.ridge_ = found.filters, found.ar, found.ridge
        self.responses_ = found.responses.reshape(len(found.responses), -1, self._n_lags())

    def _templates(self, events: FloatArray) -> FloatArray:
        return expected_responses(events, self.responses_)

    def _scores(self, X: FloatArray, templates: FloatArray, start: int, stop: int) -> FloatArray:
        if X.shape[2] <= self.ar_order + 1:
            raise ValueError(
                f"Argument 'X' must have more than {self.ar_order + 1} samples, which feed the filter of the noise "
                f"(got {X.shape[2]})."
            )
        expected = templates[:, :, start:stop]
        expected = whitened(expected - expected.mean(axis=2, keepdims=True), self.ar_)
        sources = self.filters_.T @ X
        sources = whitened(sources - sources.mean(axis=2, keepdims=True), self.ar_)
        expected = expected.reshape(len(expected), -1)
        return np.asarray(sources.reshape(len(X), -1) @ expected.T - (expected**2).sum(axis=1) / 2)


def fit_response(
    X: FloatArray, M: FloatArray, groups: NDArray[np.integer], ar_order: int, max_rank: int
) -> LinearResponse:
    """Learn a linear response in coloured noise from pieces of signals.

    Parameters
    ----------
    X : array, shape (n_pieces, n_channels, n_times)
    M : array, shape (n_pieces, n_features, n_times)
        What it is a response to: lagged events.
    groups : array of int, shape (n_pieces,)
        The trial that each piece is of; ridge and rank are those that predict a trial best when learnt from the others.
    ar_order : int
        Order of the noise's autoregressive filter; so many samples at a piece's start only feed it.
    max_rank : int
        Most sources tried.
    """
    ar, whiten = np.eye(1, ar_order + 1)[0], np.eye(X.shape[1])
    # Response and noise depend on each other; the second round hardly moves them any more.
    for _ in range(2):
        response, _ = _reduced_rank(whiten @ whitened(X, ar), whitened(M, ar), groups, max_rank)
        noise = X - linalg.solve(whiten, response) @ M
        whiten = inverse_root(ledoit_wolf(in_rows(whitened(noise, ar)))[0])
        ar = _autoregression(whiten @ noise, ar_order)
    whiten = inverse_root(ledoit_wolf(in_rows(whitened(noise, ar)))[0])
    response, ridge = _reduced_rank(whiten @ whitened(X, ar), whitened(M, ar), groups, max_rank)
    left, strength, right = linalg.svd(response, full_matrices=False)
    rank = max(1, int((strength > 1e-9 * strength[0]).sum()))
    return LinearResponse(whiten.T @ left[:, :rank], strength[:rank, None] * right[:rank], ar, ridge)


def whitened(signals: FloatArray, ar: FloatArray) -> FloatArray:
    """Run the noise's filter over the last axis; the first samples, which lack a past, are dropped."""
    return np.asarray(signal.lfilter(ar, 1.0, signals, axis=-1)[..., len(ar) - 1 :])


def _autoregression(noise: FloatArray, order: int) -> FloatArray:
    """Coefficients of the filter that whitens noise over time, by Yule and Walker, pooled over trials and channels."""
    n_times = noise.shape[2]
    together = [float((noise[:, :, lag:] * noise[:, :, : n_times - lag]).sum()) for lag in range(order + 1)]
    autocovariance = np.array(together)
    autocovariance[0] *= 1 + 1e-6
    if order == 0:
        return np.ones(1)
    return np.concatenate([[1.0], -linalg.solve_toeplitz(autocovariance[:-1], autocovariance[1:])])


def _reduced_rank(X: FloatArray, M: FloatArray, groups: NDArray[np.integer], max_rank: int) -> tuple[FloatArray, float]:
    """Response (n_channels, n_features) with the ridge and rank that predict trials left out best, and that ridge."""
    grams, products = M @ M.transpose(0, 2, 1), X @ M.transpose(0, 2, 1)
    grams, products = (
        np.stack([of_piece[groups == group].sum(axis=0) for group in np.unique(groups)])
        for of_piece in (grams, products)
    )
    gram, product = grams.sum(axis=0), products.sum(axis=0)
    ridges = RIDGES * np.trace(gram) / len(gram)
    errors = np.zeros((len(ridges), min(max_rank, *product.shape)))
    for gram_out, product_out in zip(grams, products, strict=True):
        for row, ridge in enumerate(ridges):
            axes, directions = _ranked(gram - gram_out, product - product_out, ridge, errors.shape[1])
            # What a direction takes off the error, up to half the trial's power, does not depend on the others.
            each = np.sum(directions * (directions @ gram_out / 2 - axes.T @ product_out), axis=1)
            errors[row] += np.cumsum(each)
    best = np.unravel_index(errors.argmin(), errors.shape)
    ridge = float(ridges[best[0]])
    axes, directions = _ranked(gram, product, ridge, int(best[1]) + 1)
    return axes @ directions, ridge


def _ranked(gram: FloatArray, product: FloatArray, ridge: float, rank: int) -> tuple[FloatArray, FloatArray]:
    """Ridge regression cut to a rank: the best predicted directions of the channels, and the response along each."""
    full = linalg.solve(gram + ridge * np.eye(len(gram)), product.T, assume_a="pos").T
    axes = linalg.eigh(full @ product.T + product @ full.T)[1][:, ::-1][:, :rank]
    return axes, axes.T @ full
