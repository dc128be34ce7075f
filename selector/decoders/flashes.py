"""What every decoder of answers to flashes shares: who flashed when, whose epoch is over, and what it adds up to."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from acquisition.stimulus import Presentation
from acquisition.stream import FloatArray, Signals
from selector.calibration import flash_log_likelihood
from selector.decoders.kept import REAL, TEXT, check_shapes, unpack
from selector.types import Evidence


class FlashDecoder(BaseEstimator, ABC):  # type: ignore[misc] # scikit-learn carries no types
    """Evidence from the brain's answers to flashes; a subclass knows what an answer looks like.

    A subclass takes ``sfreq`` (Hz) and ``tmin`` and ``tmax`` (s after each onset) as parameters, gives the
    log-likelihood ratios of epochs in `_score`, and sets the attributes below when fitted. One that does not judge
    epochs one by one gives in `_score` what it needs of each, and overrides `_add_up`.

    Attributes
    ----------
    channels_ : array of str, shape (n_channels,)
        Labels of the channels it was fitted on; empty where nobody told them.
    n_channels_ : int
    temperature_ : float
        Factor for sums of ratios, since neighbouring epochs overlap.
    separation_ : float
        How far ratios of targets and nontargets lie apart, in nats; not where `_add_up` is overridden.

    Notes
    -----
    The scores of epochs seen before are kept while the trial grows, so that a tick costs what is new.
    """

    sfreq: float
    tmin: float
    tmax: float
    channels_: NDArray[np.str_]
    n_channels_: int
    temperature_: float
    separation_: float

    version: ClassVar[int]
    """Of what `to_arrays` gives; another one is refused."""

    tables: ClassVar[tuple[str, ...]]
    numbers: ClassVar[tuple[str, ...]]
    """Names of all fitted attributes that `to_arrays` keeps, arrays and single ones, without those above."""

    _key: tuple[Signals, int, float] | None = None
    _scores: dict[float, FloatArray | None]
    _columns: NDArray[np.intp]

    @property
    def modality(self) -> str:
        """The stream that it reads."""
        return "eeg"

    @abstractmethod
    def _score(self, epochs: FloatArray) -> FloatArray:
        """Log-likelihood ratio (n_epochs,), target against nontarget, of epochs (n_epochs, n_channels, n_times).

        That of one epoch must not depend, to the last bit, on which others come along: what is decoded together is a
        matter of chunks.
        """

    def _add_up(self, scores: Sequence[FloatArray], lit: NDArray[np.bool_]) -> FloatArray:
        """Log-likelihood (n_slots + 1,) of a trial's epochs, before the temperature; see `decode`.

        Of their scores in the order of time, of which there may be none, and of which slots each flash lit,
        (n_epochs, n_slots).
        """
        return flash_log_likelihood(np.array(scores), lit, self.separation_)

    def decode(self, presentation: Presentation, signals: Signals) -> Evidence:
        """Log-likelihood of the epochs since the trial's start, were each slot the attended one.

        Parameters
        ----------
        presentation : Presentation
            The flashes shown so far.
        signals : Signals
            Holds stream "eeg" in V, band-passed as in calibration. Channels are found by their labels, in any order
            and among others, where the decoder knows its own.

        Returns
        -------
        Evidence
            log_likelihood, shape (n_slots + 1,), in nats; for the last, "attends to nothing", see
            `selector.calibration.flash_log_likelihood`. A flash whose epoch has a hole or a NaN counts as lost: it
            says nothing and lowers the quality, which is the usable share of the epochs that are over.

        Raises
        ------
        ValueError
            If the decoder is not fitted, or the stream has another sampling rate or other channels than the model.
        """
        scores = self._scores_of(presentation, signals)
        waiting = [flash.time for flash in presentation.flashes if flash.time not in scores]
        n_due = len(presentation.flashes) - len(waiting)
        usable = [flash for flash in presentation.flashes if scores.get(flash.time) is not None]
        lit = np.array([flash.slots for flash in usable]).reshape(len(usable), presentation.n_slots)
        log_likelihood = self._add_up([score for flash in usable if (score := scores[flash.time]) is not None], lit)
        newest = signals.newest(self.modality)
        return Evidence(
            modality=self.modality,
            time=newest if np.isfinite(newest) else presentation.start,
            log_likelihood=self.temperature_ * log_likelihood,
            complete_until=float(np.nextafter(waiting[0], -np.inf)) if waiting else presentation.end,
            quality=len(usable) / n_due if n_due else 1.0,
            n_observations=len(usable),
        )

    def to_arrays(self) -> dict[str, NDArray]:
        """Parameters and what was fitted, as plain arrays for `numpy.savez`."""
        return {
            "version": np.asarray(self.version),
            **{name: np.asarray(getattr(self, name)) for name in self._kept()},
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray]) -> Self:
        """Inverse of `to_arrays`; decides bit for bit as the decoder that was saved.

        Raises
        ------
        ValueError
            If an array is missing, damaged or of another version.
        """
        decoder = cls()
        numbers = (*decoder.get_params(), "n_channels_", "temperature_", *cls.numbers)
        tables = {"channels_": TEXT} | dict.fromkeys(cls.tables, REAL)
        found = unpack(cls.__name__, cls.version, arrays, numbers, tables)
        for name, value in found.items():
            setattr(decoder, name, value)
        n_labels = len(decoder.channels_) and decoder.n_channels_
        check_shapes(found, {"channels_": (n_labels,), **decoder._shapes()})
        return decoder

    @abstractmethod
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """What the shapes of ``tables`` must be to fit each other."""

    def _kept(self) -> tuple[str, ...]:
        return (*self.get_params(), "channels_", "n_channels_", "temperature_", *self.tables, *self.numbers)

    def _scores_of(self, presentation: Presentation, signals: Signals) -> dict[float, FloatArray | None]:
        """Score of every flash whose epoch is over, by onset; None where it was lost."""
        key = (signals, presentation.trial, presentation.start)
        if self._key != key:
            self._columns = self._columns_of(signals)
            self._scores = {}
            self._key = key
        newest = signals.newest(self.modality)
        new = np.array([flash.time for flash in presentation.flashes if flash.time not in self._scores])
        # Up to two more samples may still complete a window in which one is missing.
        over = new + self.tmax + 2 / self.sfreq < newest
        due = new[new + self.tmax - 2 / self.sfreq <= newest]
        epochs, usable = signals.epochs(self.modality, due, self.tmin, self.tmax)
        if usable.any():
            scores = self._score(np.asarray(epochs[usable][:, self._columns], dtype=np.float64))
            self._scores.update(zip(due[usable].tolist(), scores, strict=True))
        for onset in new[over].tolist():
            self._scores.setdefault(onset, None)
        return self._scores

    def _forget(self) -> None:
        """Keep no score of what was fitted before."""
        self._key = None

    def _columns_of(self, signals: Signals) -> NDArray[np.intp]:
        """Where the stream has the decoder's channels."""
        if not hasattr(self, "temperature_"):
            raise NotFittedError(f"This {type(self).__name__} must be fitted before it decodes: call 'fit' first.")
        info = signals.streams[self.modality]
        if abs(info.sfreq - self.sfreq) > 0.005 * self.sfreq:
            raise ValueError(
                f"Stream {info.name!r} runs at {info.sfreq:g} Hz, but the decoder was fitted at {self.sfreq:g} Hz: "
                "fit it on a recording of this device."
            )
        if not len(self.channels_):
            if len(info.channels) != self.n_channels_:
                raise ValueError(
                    f"Stream {info.name!r} has {len(info.channels)} channels, but the decoder was fitted on "
                    f"{self.n_channels_}: fit it on a recording of this montage."
                )
            return np.arange(self.n_channels_)
        unclear = [channel for channel in self.channels_.tolist() if info.channels.count(channel) != 1]
        if unclear:
            raise ValueError(
                f"Stream {info.name!r} must have each of the decoder's channels once, but {', '.join(unclear)} "
                f"{'is' if len(unclear) == 1 else 'are'} not among {', '.join(info.channels)} or there twice: "
                "fit it on a recording of this montage."
            )
        return np.array([info.channels.index(channel) for channel in self.channels_.tolist()])
