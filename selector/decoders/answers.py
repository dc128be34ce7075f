"""Event-related potentials from the first flash on: what is known of the answers grows trial by trial."""

from dataclasses import dataclass
from functools import reduce
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from acquisition.stream import FloatArray
from selector.decoders.artefacts import MAD_TO_SD, limit_peaks
from selector.decoders.background import Background, Whitener

FIRST = 16
"""So many epochs of the first trial tell a person's amplitudes, as long as nothing is remembered: one repetition."""

ENOUGH = 400
"""So many epochs remembered tell the ongoing EEG without those of the trial at hand: a minute of flashes."""

AVERAGED_SFREQ = 25.0
"""Samples are averaged to the lowest rate (Hz) not below this one: twice the band's upper edge and a little more."""

# With other people's answers: by the model each of their samples errs for itself, in truth they err together.
_BORROWED_TEMPERATURE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Sums over a trial's epochs so far.

    Parameters
    ----------
    n : int
        How many epochs.
    total : array, shape (n_channels, n_times)
        Their sum.
    lit : array, shape (n_slots, n_channels, n_times)
        For each slot the sum of the epochs after flashes that lit it.
    n_lit : array, shape (n_slots,)
        How many they are.
    whitener : Whitener, optional
        What epochs are made white with before they are summed. None leaves them as they are, in V.
    background : Background, optional
        Of epochs that are left as they are.
    """

    n: int
    total: FloatArray
    lit: FloatArray
    n_lit: FloatArray
    whitener: Whitener | None = None
    background: Background | None = None

    @classmethod
    def nothing(cls, n_slots: int, shape: tuple[int, int], whitener: Whitener | None = None) -> Self:
        """No flash yet; ``shape`` is (n_channels, n_times)."""
        background = Background.nothing(*shape) if whitener is None else None
        return cls(0, np.zeros(shape), np.zeros((n_slots, *shape)), np.zeros(n_slots), whitener, background)

    def plus(self, epoch: FloatArray, slots: NDArray) -> "Trial":
        """With one more epoch (n_channels, n_times) in V, after a flash that lit slots (n_slots,)."""
        summand = epoch if self.whitener is None else self.whitener(epoch)
        lit = self.lit.copy()
        lit[np.asarray(slots, dtype=bool)] += summand
        background = None if self.background is None else self.background.plus(epoch)
        return Trial(self.n + 1, self.total + summand, lit, self.n_lit + slots, self.whitener, background)


class AnswerModel(BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """Likelihood of each slot when the answer to a flash is known a little, much or not at all.

    A target's epoch is a nontarget's plus an answer, and noise as the ongoing EEG. Nobody knows the answer exactly:
    it is normally distributed around a mean, with a precision counted in epochs, and integrated out. Where nothing is
    known, the slot wins whose flashes differ most from the others (`UMM`); where much is known, the one whose flashes
    look most like the answer (linear discriminant); each trial that is remembered leads from one to the other.

    Parameters
    ----------
    sfreq : float
        Sampling rate of the epochs in Hz. They are averaged down to `AVERAGED_SFREQ`: samples that the band-pass made
        depend on their neighbours are nothing but noise to whiten.
    strength : float
        Squared length of an answer of which nothing is known, in standard deviations of the ongoing EEG: 3 is an area
        under the ROC curve of .89.
    shrinkage : float
        See `Background.whitener`.
    limit : float
        Largest peak left alone, in standard deviations; see `PeakLimiter`.

    Attributes
    ----------
    template_ : array, shape (n_channels, n_times)
        Mean answer of other people, white and recentred; zeros where there were none.
    precision_ : float
        How many pairs of epochs, one target and many others, the template counts for.
    temperature_ : float
        Factor for log-likelihoods.
    sums_ : array, shape (2, n_channels, n_times)
        Weighted sums of the nontarget and the target epochs remembered, in V.
    counts_ : array, shape (2,)
        The sums of their weights.
    spread_ : array, shape (n_channels,)
        Sum over the epochs remembered of their trial's standard deviation, in V.
    n_, total_, lagged_
        The ongoing EEG in the epochs remembered; see `Background`.

    Notes
    -----
    The squared distance and the memory are those of Sosulski and Tangermann, "UMM: unsupervised mean-difference
    maximization", arXiv:2306.11830, 2023. The template's precision is the random-effects variance between people of
    DerSimonian and Laird, "Meta-analysis in clinical trials", Control. Clin. Trials 7, 1986. With an answer
    ``N(m, 1 / k)`` in white coordinates and the mean difference ``d`` of a slot's flashes against the others,
    ``d ~ N(m, 1 / a + 1 / k)`` with ``1 / a = 1 / n_lit + 1 / n_others``, and ``N(0, 1 / a)`` were there no answer.
    """

    template_: FloatArray
    precision_: float
    temperature_: float
    sums_: FloatArray
    counts_: FloatArray
    spread_: FloatArray
    n_: int
    total_: FloatArray
    lagged_: FloatArray

    _whitener: Whitener | None = None

    def __init__(self, sfreq: float = 50.0, strength: float = 3.0, shrinkage: float = 0.02, limit: float = 4.0) -> None:
        self.sfreq = sfreq
        self.strength = strength
        self.shrinkage = shrinkage
        self.limit = limit

    def fit(self, X: NDArray, y: NDArray, people: NDArray) -> Self:
        """Learn what other people's answers have in common; nothing is remembered of anybody.

        Parameters
        ----------
        X : array, shape (n_epochs, n_channels, n_times)
            In V, of the same channels as the person's.
        y : array, shape (n_epochs,)
            1 for targets, 0 for others.
        people : array, shape (n_epochs,)
            Whose epoch it is. Of one person alone nobody can tell how people differ: then they are taken to differ
            as much as an answer is strong.

        Raises
        ------
        ValueError
            If shapes don't match, somebody has no targets or nothing but targets, or a sample is not finite or a
            channel never varies.
        """
        X, y, people = np.asarray(X), np.asarray(y).astype(bool), np.asarray(people)
        if len(y) != len(X) or len(people) != len(X):
            raise ValueError(
                f"Arguments 'X', 'y' and 'people' must be equally long (got {len(X)}, {len(y)} and {len(people)})."
            )
        _check_samples(X)
        answers, pairs = [], []
        for person in np.unique(people):
            of_them = people == person
            n_targets, n_others = int((y & of_them).sum()), int((~y & of_them).sum())
            if not n_targets or not n_others:
                raise ValueError(
                    f"Argument 'y' must hold targets and others of everybody (got {n_targets} and {n_others} of "
                    f"{person!s})."
                )
            epochs = self.prepared(X[of_them])
            limited = limit_peaks(epochs, self.limit * self._spread_of(epochs))
            background = reduce(Background.plus, limited, Background.nothing(*limited.shape[1:]))
            difference = limited[y[of_them]].mean(axis=0) - limited[~y[of_them]].mean(axis=0)
            answers.append(background.whitener(self.shrinkage)(difference))
            pairs.append(1 / (1 / n_targets + 1 / n_others))
        self.start(*np.shape(answers)[1:])
        self.template_ = np.mean(answers, axis=0)
        self.temperature_ = _BORROWED_TEMPERATURE
        if len(answers) > 1:
            between = float(np.var(answers, axis=0, ddof=1).mean() - np.mean(1 / np.array(pairs)))
            # People who are alike by chance do not make everybody alike.
            self.precision_ = 1 / max(between * (1 + 1 / len(answers)), 1 / max(pairs))
        return self

    def start(self, n_channels: int, n_times: int) -> Self:
        """Know nothing of anybody, and remember nothing; ``n_times`` after averaging."""
        nothing = Background.nothing(n_channels, n_times)
        self.template_ = np.zeros((n_channels, n_times))
        self.precision_ = n_channels * n_times / self.strength
        self.temperature_ = 1.0
        self.sums_, self.counts_ = np.zeros((2, n_channels, n_times)), np.zeros(2)
        self.spread_ = np.zeros(n_channels)
        self.n_, self.total_, self.lagged_ = nothing.n, nothing.total, nothing.lagged
        self._whitener = None
        return self

    def decision_function(self, X: NDArray, lit: NDArray) -> FloatArray:
        """Log-likelihood of one trial's epochs, were each slot the attended one, against nothing being so.

        Parameters
        ----------
        X : array, shape (n_epochs, n_channels, n_times)
            In V, in the order of time.
        lit : array of bool, shape (n_epochs, n_slots)
            Which slots each flash lit.

        Returns
        -------
        array, shape (n_slots,)
            In nats.

        Raises
        ------
        ValueError
            If shapes don't match each other or what is remembered, or a sample is not finite.
        """
        epochs, lit = self._checked(X, lit)
        return self.temperature_ * self.log_likelihood(self._summed(epochs, lit, self.whitener()))

    def partial_fit(self, X: NDArray, lit: NDArray, p: NDArray) -> Self:
        """Remember a trial.

        Parameters
        ----------
        X, lit
            As in `decision_function`.
        p : array, shape (n_slots,)
            How probably each slot was attended to; may sum to less than one.
        """
        epochs, lit = self._checked(X, lit)
        p = np.asarray(p, dtype=np.float64)
        trial = self._summed(epochs, lit)
        target, known, n_target = np.tensordot(p, trial.lit, axes=1), float(p.sum()), float(p @ trial.n_lit)
        self.sums_ = self.sums_ + np.stack((known * trial.total - target, target))
        self.counts_ = self.counts_ + np.array([known * trial.n - n_target, n_target])
        self.spread_ = self.spread_ + trial.n * self._spread_of(epochs)
        past = self._with_past(trial)
        self.n_, self.total_, self.lagged_ = past.n, past.total, past.lagged
        # Here, since it takes longer than there is between two frames.
        self._whitener = past.refined(self.shrinkage) if past.n >= ENOUGH else None
        return self

    def prepared(self, X: NDArray) -> FloatArray:
        """Epochs (n_epochs, n_channels, n_times) averaged in time."""
        size = max(1, int(self.sfreq / AVERAGED_SFREQ))
        n_times = X.shape[-1] // size
        parts = np.asarray(X[..., : n_times * size], dtype=np.float64)
        return np.asarray(parts.reshape(*X.shape[:-1], n_times, size).mean(axis=-1))

    def limits(self, epochs: FloatArray) -> FloatArray:
        """Peaks (n_channels,) left alone in a trial that begins with prepared ``epochs``, in V."""
        known = self.spread_ / self.n_ if self.n_ else self._spread_of(epochs[:FIRST])
        # A channel that never moves is left as it is.
        return np.maximum(self.limit * known, np.finfo(np.float64).tiny)

    def whitener(self) -> Whitener | None:
        """What the epochs remembered make white, where they are enough; else a trial's own have to help."""
        if self.n_ < ENOUGH:
            return None
        if self._whitener is None:
            self._whitener = Background(self.n_, self.total_, self.lagged_).refined(self.shrinkage)
        return self._whitener

    def log_likelihood(self, trial: Trial) -> FloatArray:
        """Log-likelihood (n_slots,) of a trial as in `decision_function`, without the temperature."""
        # A slot that all flashes lit, or none, divides nothing.
        divides = (trial.n_lit > 0) & (trial.n_lit < trial.n)
        found = np.zeros(len(trial.n_lit))
        if not divides.any():
            return found
        n_lit, n_others = trial.n_lit[divides], trial.n - trial.n_lit[divides]
        a = n_lit * n_others / trial.n
        scale = (trial.n / n_lit)[:, None, None]
        difference = (scale * trial.lit[divides] - trial.total) / n_others[:, None, None]
        whitener = trial.whitener
        if whitener is None:
            whitener = self._with_past(trial).whitener(self.shrinkage)
            difference = whitener(difference)
        difference = difference.reshape(len(a), -1)
        mean, k = self._answer(whitener)
        squared = np.einsum("sf,sf->s", difference, difference)
        from_mean = squared - 2 * difference @ mean + mean @ mean
        found[divides] = 0.5 * (a * squared - a * k / (a + k) * from_mean - len(mean) * np.log1p(a / k))
        return found

    def _answer(self, whitener: Whitener) -> tuple[FloatArray, float]:
        """The answer's mean (n_features,) in white coordinates, and its precision."""
        template = whitener.remaining(self.template_).ravel()
        if self.counts_.min() <= 0:
            return template, self.precision_
        nontarget, target = self.sums_ / self.counts_[:, None, None]
        own = 1 / float((1 / self.counts_).sum())
        precision = self.precision_ + own
        return (self.precision_ * template + own * whitener(target - nontarget).ravel()) / precision, precision

    def _with_past(self, trial: Trial) -> Background:
        assert trial.background is not None
        return Background(self.n_, self.total_, self.lagged_).joined(trial.background)

    def _summed(self, epochs: FloatArray, lit: NDArray, whitener: Whitener | None = None) -> Trial:
        trial = Trial.nothing(lit.shape[1], self.template_.shape, whitener)
        for epoch, slots in zip(limit_peaks(epochs, self.limits(epochs)), lit, strict=True):
            trial = trial.plus(epoch, slots)
        return trial

    def _spread_of(self, epochs: FloatArray) -> FloatArray:
        return np.asarray(MAD_TO_SD * np.median(np.abs(epochs), axis=(0, 2)))

    def _checked(self, X: NDArray, lit: NDArray) -> tuple[FloatArray, NDArray]:
        X, lit = np.asarray(X), np.asarray(lit)
        if X.ndim != 3 or lit.ndim != 2 or len(X) != len(lit) or not len(X):
            raise ValueError(
                "Arguments 'X' and 'lit' must have shapes (n_epochs, n_channels, n_times) and (n_epochs, n_slots) "
                f"with at least one epoch (got {X.shape} and {lit.shape})."
            )
        _check_samples(X)
        epochs = self.prepared(X)
        if not hasattr(self, "template_"):
            self.start(*epochs.shape[1:])
        if epochs.shape[1:] != self.template_.shape:
            raise ValueError(
                f"Argument 'X' must have {self.template_.shape[0]} channels and {self.template_.shape[1]} averaged "
                f"samples, as what is known (got {epochs.shape[1]} and {epochs.shape[2]})."
            )
        return epochs, lit


def _check_samples(X: NDArray) -> None:
    if not np.isfinite(X).all():
        bad = np.flatnonzero(~np.isfinite(X).all(axis=(0, 2))).tolist()
        raise ValueError(f"Argument 'X' must be finite (channels {bad}, counted from 0, are not).")
    flat = np.flatnonzero(np.ptp(X, axis=(0, 2)) == 0).tolist()
    if flat:
        raise ValueError(f"Argument 'X' must vary in every channel (channels {flat}, counted from 0, are constant).")
