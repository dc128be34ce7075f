"""What decoders of flicker sequences share: events of a code, and the response laid over them."""

from abc import ABC, abstractmethod
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, signal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from acquisition.stream import FloatArray

Events = Literal["durations", "edges"]


class CodeDecoder(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """What decoders of codes share: a response to each event, and codes that are rows of light and dark.

    Codes are sampled like the signals, from the first frame of the sequence on; ``first`` says at which of their
    samples a window begins. What was shown before a window is thus known, and still answered within it.
    """

    sfreq: float
    response_s: float
    events: Events
    onset_event: bool
    _known: tuple[NDArray, Any] | None = None

    def fit(self, X: ArrayLike, y: ArrayLike, codes: ArrayLike, first: ArrayLike = 0) -> Self:
        """Learn the response from windows of which the attended code is known.

        Parameters
        ----------
        X : array, shape (n_trials, n_channels, n_times)
            In any unit, but always the same.
        y : array of int, shape (n_trials,)
            Row of the attended code.
        codes : array of 0 and 1, shape (n_codes, n_samples) or (n_trials, n_codes, n_samples)
            For all trials, or for each its own.
        first : int or array of int, shape (n_trials,)
            Sample of the codes at which each window begins.

        Raises
        ------
        ValueError
            If shapes do not fit, samples are not finite, or the codes do not cover the windows.
        """
        X, first = self._checked(X, codes, first)
        y, codes = np.asarray(y), np.asarray(codes)
        if y.shape != (len(X),) or not np.issubdtype(y.dtype, np.integer) or y.min() < 0 or y.max() >= codes.shape[-2]:
            raise ValueError(
                f"Argument 'y' must hold a row of 'codes', 0 to {codes.shape[-2] - 1}, for each of {len(X)} trials "
                f"(got shape {y.shape}, from {y.min(initial=0)} to {y.max(initial=0)})."
            )
        attended = codes[y] if codes.ndim == 2 else codes[np.arange(len(X)), y]
        self.durations_ = np.unique(_flashes(attended)[1])
        events = self._events(attended, _first_light(codes))
        lagged = _lagged(events, self._n_lags())
        M = np.stack([lag[:, start : start + X.shape[2]] for lag, start in zip(lagged, first, strict=True)])
        self.n_channels_ = X.shape[1]
        self._learn(X, M)
        self._known = None
        return self

    def decision_function(self, X: ArrayLike, codes: ArrayLike, first: ArrayLike = 0) -> FloatArray:
        """Score of each code, shape (n_trials, n_codes); arguments as in `fit`, of any number of samples."""
        check_is_fitted(self)
        X, first = self._checked(X, codes, first)
        if X.shape[1] != self.n_channels_:
            raise ValueError(f"Argument 'X' must have {self.n_channels_} channels as in training (got {X.shape[1]}).")
        codes = np.asarray(codes)
        scores = np.empty((len(X), codes.shape[-2]))
        for start in np.unique(first):
            of_it = np.flatnonzero(first == start)
            stop = start + X.shape[2]
            if codes.ndim == 2:
                scores[of_it] = self._scores(X[of_it], self._known_templates(codes), start, stop)
            else:
                for trial in of_it:
                    scores[trial] = self._scores(X[[trial]], self._known_templates(codes[trial]), start, stop)[0]
        return scores

    def predict(self, X: ArrayLike, codes: ArrayLike, first: ArrayLike = 0) -> NDArray[np.intp]:
        """Row of the likeliest code, shape (n_trials,)."""
        return np.asarray(self.decision_function(X, codes, first).argmax(axis=1))

    @abstractmethod
    def _learn(self, X: FloatArray, M: FloatArray) -> None:
        """Fit windows (n_trials, n_channels, n_times) to lagged events (n_trials, n_features, n_times)."""

    @abstractmethod
    def _templates(self, events: FloatArray) -> Any:
        """What is expected of events (n_codes, n_events, n_samples); made once for codes that come again."""

    @abstractmethod
    def _scores(self, X: FloatArray, templates: Any, start: int, stop: int) -> FloatArray:
        """Score windows that lie at samples start..stop of the templates."""

    def _known_templates(self, codes: NDArray) -> Any:
        if self._known is None or not np.array_equal(self._known[0], codes):
            self._known = codes.copy(), self._templates(self._events(codes, _first_light(codes)))
        return self._known[1]

    def _n_lags(self) -> int:
        return max(1, round(self.response_s * self.sfreq))

    def _events(self, codes: NDArray, onset: NDArray[np.intp]) -> FloatArray:
        """Impulses, shape (n_codes, n_events, n_samples), where flashes begin, sorted by length, or begin and end."""
        (rows, begins), lengths = _flashes(codes)
        if self.events == "edges":
            impulses = np.zeros((len(codes), 2, codes.shape[1] + 1))
            impulses[rows, 0, begins] = 1
            impulses[rows, 1, begins + lengths] = 1
        elif self.events == "durations":
            kinds = np.abs(lengths[:, None] - self.durations_).argmin(axis=1)
            impulses = np.zeros((len(codes), len(self.durations_), codes.shape[1] + 1))
            impulses[rows, kinds, begins] = 1
        else:
            raise ValueError(f"Argument 'events' must be 'durations' or 'edges' (got {self.events!r}).")
        impulses = impulses[:, :, :-1]
        if self.onset_event:
            start = np.zeros((len(codes), 1, codes.shape[1]))
            start[np.arange(len(codes)), 0, onset] = 1
            impulses = np.concatenate([impulses, start], axis=1)
        return impulses

    def _checked(self, X: ArrayLike, codes: ArrayLike, first: ArrayLike) -> tuple[FloatArray, NDArray[np.intp]]:
        trials, shape = np.asarray(X, dtype=np.float64), np.shape(codes)
        if trials.ndim != 3 or not len(trials) or trials.shape[2] < 2:
            raise ValueError(
                f"Argument 'X' must have shape (n_trials, n_channels, n_times), with at least two samples "
                f"(got {trials.shape})."
            )
        if not np.isfinite(trials).all():
            raise ValueError("Argument 'X' must hold finite samples only (got NaN or infinity).")
        if len(shape) not in (2, 3) or (len(shape) == 3 and shape[0] != len(trials)):
            raise ValueError(
                "Argument 'codes' must have shape (n_codes, n_samples), or (n_trials, n_codes, n_samples) for "
                f"{len(trials)} trials (got {shape})."
            )
        if not np.isin(codes, (0, 1)).all():
            raise ValueError("Argument 'codes' must hold 0 for dark and 1 for light only.")
        starts = np.broadcast_to(np.asarray(first, dtype=np.intp), len(trials))
        if starts.min() < 0 or starts.max() + trials.shape[2] > shape[-1]:
            raise ValueError(
                f"Argument 'codes' must cover every window: samples {starts.min()} to {starts.max() + trials.shape[2]} "
                f"(got {shape[-1]} samples)."
            )
        return trials, starts


def expected_responses(events: FloatArray, responses: FloatArray) -> FloatArray:
    """Responses laid over each other, shape (n_codes, n_components, n_samples)."""
    spread = signal.oaconvolve(events[:, None], responses[None], mode="full", axes=-1)
    return np.asarray(spread[..., : events.shape[2]].sum(axis=2))


def in_rows(signals: FloatArray) -> FloatArray:
    """From (n_trials, n_features, n_times) to (n_trials * n_times, n_features)."""
    return signals.transpose(0, 2, 1).reshape(-1, signals.shape[1])


def inverse_root(covariance: FloatArray) -> FloatArray:
    """Matrix W with W C W' the identity, except along directions in which C holds nothing."""
    power, axes = linalg.eigh(covariance)
    present = power > 1e-10 * power[-1]
    scale = np.where(present, 1 / np.sqrt(np.where(present, power, 1.0)), 0.0)
    return np.asarray((axes * scale) @ axes.T)


def _flashes(codes: NDArray) -> tuple[tuple[NDArray, NDArray], NDArray]:
    """Row and first sample of each flash of codes (n_codes, n_samples), and its length in samples."""
    edges = np.diff(codes.astype(np.int8), axis=1, prepend=0, append=0)
    rows, begins = np.nonzero(edges > 0)
    return (rows, begins), np.nonzero(edges < 0)[1] - begins


def _first_light(codes: NDArray) -> NDArray[np.intp]:
    """Sample at which stimulation starts, shape () or (n_trials,): when the first of all codes turns to light."""
    return np.asarray(codes.any(axis=-2).argmax(axis=-1))


def _lagged(events: FloatArray, n_lags: int) -> FloatArray:
    """Each event delayed by 0..n_lags - 1 samples, shape (n_codes, n_events * n_lags, n_samples)."""
    padded = np.pad(events, ((0, 0), (0, 0), (n_lags - 1, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, events.shape[2], axis=2)[:, :, ::-1]
    return windows.reshape(len(events), -1, events.shape[2])
