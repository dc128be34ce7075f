"""Event-related potentials in a session that begins without calibration, and learns while the person works."""

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from acquisition.stimulus import Presentation
from acquisition.stream import FloatArray, Signals
from selector.decoders.answers import FIRST, AnswerModel, Trial
from selector.decoders.artefacts import limit_peaks
from selector.decoders.flashes import FlashDecoder


class AdaptiveErpDecoder(FlashDecoder, AnswerModel):
    """Evidence from the brain's answers to flashes, by an `AnswerModel` that remembers confirmed selections.

    It decodes once it has been told the channels by `start_with`, or been fitted to other people.

    Parameters
    ----------
    sfreq : float
        Sampling rate of the stream, in Hz.
    tmin, tmax : float
        Window after each onset, in s.
    strength, shrinkage, limit
        See `AnswerModel`.

    Notes
    -----
    Sums run along while a trial grows: an epoch is added to the sums of the slots that were lit, and a tick whitens
    one difference of means per slot, however many flashes there were.
    """

    version: ClassVar[int] = 1
    tables: ClassVar[tuple[str, ...]] = ("template_", "sums_", "counts_", "spread_", "total_", "lagged_")
    numbers: ClassVar[tuple[str, ...]] = ("precision_", "n_")

    _trial: Trial | None = None
    _trial_key: object = None
    _limits: FloatArray
    _said: FloatArray

    def __init__(
        self,
        sfreq: float = 250.0,
        tmin: float = 0.0,
        tmax: float = 0.8,
        strength: float = 3.0,
        shrinkage: float = 0.02,
        limit: float = 4.0,
    ) -> None:
        self.sfreq = sfreq
        self.tmin = tmin
        self.tmax = tmax
        self.strength = strength
        self.shrinkage = shrinkage
        self.limit = limit

    def start_with(self, channels: Sequence[str]) -> Self:
        """Know the channels' labels, and nothing else."""
        n_times = round((self.tmax - self.tmin) * self.sfreq)
        self.start(*self.prepared(np.zeros((len(channels), n_times))).shape)
        self._name(channels, len(channels))
        return self

    def fit(self, X: NDArray, y: NDArray, people: NDArray, channels: Sequence[str] = ()) -> Self:
        """Learn what other people's answers have in common.

        Parameters
        ----------
        X, y, people
            See `AnswerModel.fit`.
        channels : sequence of str
            The channels' labels, by which a stream's are found; without them its channels must be as many, and count
            as being in this order.
        """
        super().fit(X, y, people)
        self._name(channels, np.shape(X)[1])
        return self

    def learn(self, presentation: Presentation, slot: int, signals: Signals) -> None:
        """Remember a trial whose selection the person let stand.

        Parameters
        ----------
        presentation : Presentation
            The trial, as shown.
        slot : int
            What was selected.
        signals : Signals
            Epochs that it no longer holds are not learnt from, and none are from a channel that has gone flat.
        """
        columns = self._columns_of(signals)
        onsets = np.array([flash.time for flash in presentation.flashes])
        epochs, usable = signals.epochs(self.modality, onsets, self.tmin, self.tmax)
        X = epochs[usable][:, columns]
        if not len(X) or (np.ptp(X, axis=(0, 2)) == 0).any():
            return
        lit = np.array([flash.slots for flash in presentation.flashes])[usable]
        self.partial_fit(X, lit, np.arange(presentation.n_slots) == slot)
        self._forget()

    def _score(self, epochs: FloatArray) -> FloatArray:
        return self.prepared(epochs)

    def _add_up(self, scores: Sequence[FloatArray], lit: NDArray[np.bool_]) -> FloatArray:
        if not len(scores):
            return np.zeros(lit.shape[1] + 1)
        trial = self._trial if self._trial_key is self._key else None
        done = 0 if trial is None else trial.n
        if trial is not None and done == len(scores):
            return self._said
        if trial is None or (not self.n_ and done < FIRST):
            done, trial = 0, Trial.nothing(lit.shape[1], self.template_.shape, self.whitener())
            self._limits = self.limits(np.array(scores[:FIRST]))
        for score, slots in zip(scores[done:], lit[done:], strict=True):
            trial = trial.plus(limit_peaks(score, self._limits), slots)
        self._trial, self._trial_key = trial, self._key
        self._said = np.append(self.log_likelihood(trial), 0.0)
        return self._said

    def _name(self, channels: Sequence[str], n_channels: int) -> None:
        self.channels_ = np.array(channels, dtype=np.str_)
        self.n_channels_ = n_channels
        self._forget()

    def _forget(self) -> None:
        super()._forget()
        self._trial = self._trial_key = None

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        n_channels = self.n_channels_
        n_times = self.prepared(np.empty((0, round((self.tmax - self.tmin) * self.sfreq)))).shape[-1]
        return {
            "template_": (n_channels, n_times),
            "sums_": (2, n_channels, n_times),
            "counts_": (2,),
            "spread_": (n_channels,),
            "total_": (n_channels, n_times),
            "lagged_": (n_times, n_channels, n_channels),
        }
