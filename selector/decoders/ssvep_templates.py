"""Steady-state responses by templates: what a person's own trials look like on average, frequency by frequency.

All need trials that begin at the same phase of the flicker; where they do not, templates average to nothing.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg
from sklearn.utils.validation import check_is_fitted

from acquisition.stream import FloatArray
from selector.decoders.ssvep import FBCCA


class TemplateDecoder(FBCCA):
    """What decoders with templates share: trials of known frequency, filtered band by band.

    Parameters are those of `FBCCA`. Trials must be locked to the phase of the flicker.
    """

    def fit(self, X: ArrayLike | None = None, y: ArrayLike | None = None) -> Self:
        """Learn from trials that are locked to the phase of the flicker.

        Parameters
        ----------
        X : array, shape (n_trials, n_channels, n_times)
            As in `decision_function`; at least as long as what is decoded later.
        y : array, shape (n_trials,)
            Frequency attended to in each trial, in Hz.

        Raises
        ------
        ValueError
            If shapes do not fit, or a frequency has fewer than two trials.
        """
        trials, attended = np.asarray(X, dtype=np.float64), np.asarray(y)
        if trials.ndim != 3 or attended.shape != (len(trials),) or not np.isfinite(trials).all():
            raise ValueError(
                "Arguments 'X' and 'y' must have shapes (n_trials, n_channels, n_times) and (n_trials,), all samples "
                f"finite (got {trials.shape} and {attended.shape})."
            )
        counts = [int(np.sum(attended == frequency)) for frequency in self.classes_]
        if min(counts) < 2:
            raise ValueError(
                "Argument 'y' must name each frequency at least twice (got "
                f"{', '.join(f'{f:g} Hz {n} times' for f, n in zip(self.classes_, counts, strict=True))})."
            )
        n_lead = round(self.lead_s * self.sfreq)
        references = self._references(trials.shape[2] - n_lead)
        self.bands_: list[Any] = []
        for sos in self._filter_bank():
            window = _centred(self._filtered(sos, trials)[:, :, n_lead:])
            by_class = [window[attended == frequency] for frequency in self.classes_]
            self.bands_.append(self._learn(by_class, references))
        self.n_times_ = trials.shape[2]
        return self

    def decision_function(self, X: ArrayLike) -> FloatArray:
        """Weighted sum over sub-bands of each class's score, shape (n_trials, n_classes)."""
        check_is_fitted(self, "bands_")
        if np.ndim(X) == 3 and np.shape(X)[2] > self.n_times_:
            raise ValueError(
                f"Argument 'X' must have no more samples than the training trials, {self.n_times_} "
                f"(got {np.shape(X)[2]})."
            )
        return super().decision_function(X)

    @abstractmethod
    def _learn(self, by_class: Sequence[FloatArray], references: FloatArray) -> Any:
        """Fit one sub-band to each class's trials (n_trials, n_channels, n_times)."""


class ExtendedCCA(TemplateDecoder):
    """Canonical correlations with sines, and with the template through the filters that these give [1]_.

    Parameters are those of `FBCCA`. Trials must be locked to the phase of the flicker.

    References
    ----------
    .. [1] M. Nakanishi, Y. Wang, Y.-T. Wang, T.-P. Jung, "A comparison study of canonical correlation analysis based
       methods for detecting steady-state visual evoked potentials", PLOS ONE 10, e0140703, 2015.
    """

    def _learn(self, by_class: Sequence[FloatArray], references: FloatArray) -> Any:
        templates = [trials.mean(axis=0) for trials in by_class]
        return [(t, _canonical(t, r.T)[0]) for t, r in zip(templates, references, strict=True)]

    def _band_scores(self, band: int, window: FloatArray, references: FloatArray) -> FloatArray:
        window = _centred(window)
        scores = np.empty((len(window), len(references)))
        for column, ((template, of_template), reference) in enumerate(zip(self.bands_[band], references, strict=True)):
            template = _centred(template[:, : window.shape[2]])
            for row, trial in enumerate(window):
                to_sines, with_sines = _canonical(trial, reference.T)
                to_template, _ = _canonical(trial, template)
                through = [_correlation(w @ trial, w @ template) for w in (to_template, to_sines, of_template)]
                correlations = np.array([with_sines, *through])
                scores[row, column] = np.sum(np.sign(correlations) * correlations**2)
        return scores


class EnsembleTRCA(TemplateDecoder):
    """Task-related component analysis: filters that make a class's trials alike, those of all classes together [1]_.

    Parameters are those of `FBCCA`. Trials must be locked to the phase of the flicker.

    References
    ----------
    .. [1] M. Nakanishi, Y. Wang, X. Chen, Y.-T. Wang, X. Gao, T.-P. Jung, "Enhancing detection of SSVEPs for a
       high-speed brain speller using task-related component analysis", IEEE Trans. Biomed. Eng. 65, 104-112, 2018.
    """

    def _learn(self, by_class: Sequence[FloatArray], references: FloatArray) -> Any:  # noqa: ARG002
        filters = []
        for trials in by_class:
            together = trials.sum(axis=0)
            each = np.einsum("nct,ndt->cd", trials, trials)
            filters.append(_leading(together @ together.T - each, each, 1)[:, 0])
        return np.array(filters), np.array([trials.mean(axis=0) for trials in by_class])

    def _band_scores(self, band: int, window: FloatArray, references: FloatArray) -> FloatArray:  # noqa: ARG002
        filters, templates = self.bands_[band]
        return _alike(filters @ _centred(window), filters @ _centred(templates[:, :, : window.shape[2]]))


class TDCA(TemplateDecoder):
    """Task-discriminant component analysis: filters over channels and delays that tell the classes apart [1]_.

    Parameters
    ----------
    n_delays : int
        How many delayed copies of a trial, one sample apart, are stacked on it.
    n_components : int
        How many filters.
    frequencies, sfreq, n_harmonics, n_bands, band_step_hz, upper_hz, order, lead_s, zero_phase
        As in `FBCCA`. Trials must be locked to the phase of the flicker.

    References
    ----------
    .. [1] B. Liu, X. Chen, N. Shi, Y. Wang, S. Gao, X. Gao, "Improving the performance of individually calibrated
       SSVEP-BCI by task-discriminant component analysis", IEEE Trans. Neural Syst. Rehabil. Eng. 29, 1998-2007, 2021.
    """

    def __init__(
        self,
        frequencies: Sequence[float],
        sfreq: float,
        n_harmonics: int = 3,
        n_bands: int = 5,
        band_step_hz: float = 8.0,
        upper_hz: float = 88.0,
        order: int = 4,
        lead_s: float = 0.0,
        zero_phase: bool = False,
        n_delays: int = 5,
        n_components: int = 8,
    ) -> None:
        super().__init__(frequencies, sfreq, n_harmonics, n_bands, band_step_hz, upper_hz, order, lead_s, zero_phase)
        self.n_delays = n_delays
        self.n_components = n_components

    def _learn(self, by_class: Sequence[FloatArray], references: FloatArray) -> Any:
        augmented = [self._augmented(trials, r) for trials, r in zip(by_class, references, strict=True)]
        means = np.array([trials.mean(axis=0) for trials in augmented])
        apart = means - means.mean(axis=0)
        around = np.concatenate([trials - mean for trials, mean in zip(augmented, means, strict=True)])
        between = np.einsum("nct,ndt->cd", apart, apart) / len(apart)
        within = np.einsum("nct,ndt->cd", around, around) / len(around)
        filters = _leading(between, within, self.n_components).T
        return filters, np.array([trials.mean(axis=0) for trials in by_class])

    def _band_scores(self, band: int, window: FloatArray, references: FloatArray) -> FloatArray:
        filters, templates = self.bands_[band]
        window, templates = _centred(window), _centred(templates[:, :, : window.shape[2]])
        scores = [
            _alike(filters @ self._augmented(window, r), filters @ self._augmented(template[None], r))
            for template, r in zip(templates, references, strict=True)
        ]
        return np.concatenate(scores, axis=1)

    def _augmented(self, trials: FloatArray, reference: FloatArray) -> FloatArray:
        """Trials with delayed copies, and behind them in time what of these lies in the span of the sines."""
        n_times = trials.shape[2]
        padded = np.pad(trials, ((0, 0), (0, 0), (0, self.n_delays)))
        stacked = np.concatenate([padded[:, :, d : d + n_times] for d in range(self.n_delays + 1)], axis=1)
        return np.concatenate([stacked, stacked @ reference @ reference.T], axis=2)


def _centred(signals: FloatArray) -> FloatArray:
    return np.asarray(signals - signals.mean(axis=-1, keepdims=True))


def _canonical(signals: FloatArray, others: FloatArray) -> tuple[FloatArray, float]:
    """First canonical filter of signals (n_channels, n_times) towards others, and the correlation it reaches."""
    left, scale, right = _principal(signals)
    to_others, correlations, _ = linalg.svd(right @ _principal(others)[2].T, full_matrices=False)
    return (left / scale) @ to_others[:, 0], float(correlations[0])


def _principal(signals: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Singular vectors and values, without directions in which there is nothing."""
    left, scale, right = linalg.svd(signals, full_matrices=False)
    n = max(1, int(np.sum(scale > 1e-5 * scale[0])))
    return left[:, :n], np.maximum(scale[:n], np.finfo(float).tiny), right[:n]


def _correlation(one: FloatArray, other: FloatArray) -> float:
    length = float(linalg.norm(one) * linalg.norm(other))
    return float(one @ other) / length if length > 0 else 0.0


def _alike(trials: FloatArray, templates: FloatArray) -> FloatArray:
    """Signed squares of the correlations of trials with templates over components and time together."""
    flat, flat_templates = trials.reshape(len(trials), -1), templates.reshape(len(templates), -1)
    lengths = linalg.norm(flat, axis=1)[:, None] * linalg.norm(flat_templates, axis=1)
    correlations = flat @ flat_templates.T / np.where(lengths > 0, lengths, np.inf)
    return np.asarray(np.sign(correlations) * correlations**2)


def _leading(wanted: FloatArray, power: FloatArray, n: int) -> FloatArray:
    """Filters, shape (n_channels, up to n), with most of what is wanted for their power."""
    # A little of the identity, or a channel that is the sum of others would leave no solution.
    ridge = 1e-6 * np.trace(power) / len(power) * np.eye(len(power))
    return np.asarray(linalg.eigh(wanted, power + ridge)[1][:, ::-1][:, :n])
