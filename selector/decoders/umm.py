"""Event-related potentials without calibration: which slot makes its flashes differ most from the others?"""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve
from sklearn.base import BaseEstimator

from acquisition.stream import FloatArray
from selector.decoders.lda import block_toeplitz, features_by_time, ledoit_wolf_covariance


class UMM(BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """Unsupervised mean-difference maximisation.

    Were a slot the attended one, then the flashes that lit it would be the targets. Of all slots the attended one
    divides the flashes into two groups whose mean responses lie farthest apart, in units of the ongoing EEG.
    Nothing needs to be known before the first trial; each trial that is decided may be remembered for the next.

    Parameters
    ----------
    n_background : int
        How many of the latest epochs the covariance of the ongoing EEG is estimated from, whosever they were.

    Attributes
    ----------
    sums_ : array, shape (2, n_times * n_channels)
        Of what is remembered: weighted sums of nontarget and of target epochs; absent before `partial_fit`.
    counts_ : array, shape (2,)
        The sums of their weights.
    background_ : array, shape (n_epochs, n_times * n_channels)
        The latest epochs remembered.

    Notes
    -----
    After Sosulski and Tangermann, "UMM: unsupervised mean-difference maximization", arXiv:2306.11830, 2023: the squared
    distance, the block-Toeplitz background and the memory are theirs. The factor that makes the distance a Gaussian
    log-likelihood (it ranks alike where all slots flash equally often, and else does not favour the slot that flashed
    least) and the weight by confidence are ours, and may differ from the paper's.
    """

    sums_: FloatArray
    counts_: FloatArray
    background_: FloatArray

    def __init__(self, n_background: int = 2400) -> None:
        self.n_background = n_background

    def decision_function(self, X: NDArray, lit: NDArray) -> FloatArray:
        """Log-likelihood of one trial's epochs, were each slot the attended one.

        Parameters
        ----------
        X : array, shape (n_epochs, n_channels, n_times)
            In V, in the order of time.
        lit : array of bool, shape (n_epochs, n_slots)
            Which slots each flash lit.

        Returns
        -------
        array, shape (n_slots,)
            In nats, up to a constant, as if epochs were independent: overlapping ones promise too much.

        Raises
        ------
        ValueError
            If shapes don't match each other or what is remembered, there are less than two epochs, or a sample is
            not finite or never varies.
        """
        features, is_target = self._checked(X, lit)
        background = self._with_past(features)
        covariance = block_toeplitz(
            ledoit_wolf_covariance(background - background.mean(axis=0)), n_channels=np.shape(X)[1]
        )
        targets, n_targets = is_target.T @ features, is_target.sum(axis=0)
        others, n_others = features.sum(axis=0) - targets, len(features) - n_targets
        if hasattr(self, "sums_"):
            others, targets = others + self.sums_[0], targets + self.sums_[1]
            n_others, n_targets = n_others + self.counts_[0], n_targets + self.counts_[1]
        # A slot that all flashes lit, or none, divides nothing: its groups do not differ.
        divides = (n_targets > 0) & (n_others > 0)
        difference = np.zeros_like(targets)
        difference[divides] = (targets[divides].T / n_targets[divides] - others[divides].T / n_others[divides]).T
        distance = np.einsum("sf,fs->s", difference, solve(covariance, difference.T, assume_a="pos"))
        return np.asarray(0.5 * n_targets * n_others / (n_targets + n_others) * distance)

    def partial_fit(self, X: NDArray, lit: NDArray, slot: int, weight: float = 1.0) -> Self:
        """Remember a trial that is decided.

        Parameters
        ----------
        X, lit
            As in `decision_function`.
        slot : int
            What it was decided for, by `decision_function` or by somebody who knows better.
        weight : float
            How far that can be trusted, against the other trials; see `confidence`.
        """
        features, lit_slots = self._checked(X, lit)
        is_target = lit_slots[:, slot] > 0
        divided = (features[~is_target], features[is_target])
        sums = weight * np.array([part.sum(axis=0) for part in divided])
        counts = weight * np.array([len(part) for part in divided], dtype=np.float64)
        if hasattr(self, "sums_"):
            sums, counts = sums + self.sums_, counts + self.counts_
        self.background_ = self._with_past(features)
        self.sums_, self.counts_ = sums, counts
        return self

    def _with_past(self, features: FloatArray) -> FloatArray:
        if hasattr(self, "background_"):
            features = np.concatenate([self.background_, features])
        return features[-self.n_background :]

    def _checked(self, X: NDArray, lit: NDArray) -> tuple[FloatArray, FloatArray]:
        X, lit = np.asarray(X, dtype=np.float64), np.asarray(lit, dtype=np.float64)
        if X.ndim != 3 or lit.ndim != 2 or len(X) != len(lit) or len(X) < 2:
            raise ValueError(
                "Arguments 'X' and 'lit' must have shapes (n_epochs, n_channels, n_times) and (n_epochs, n_slots) "
                f"with at least two epochs (got {X.shape} and {lit.shape})."
            )
        if not np.isfinite(X).all():
            bad = np.flatnonzero(~np.isfinite(X).all(axis=(0, 2))).tolist()
            raise ValueError(f"Argument 'X' must be finite (channels {bad}, counted from 0, are not).")
        flat = np.flatnonzero((np.ptp(X, axis=0) == 0).any(axis=1)).tolist()
        if flat:
            raise ValueError(
                f"Argument 'X' must vary in every channel (channels {flat}, counted from 0, are constant)."
            )
        features = features_by_time(X)
        if hasattr(self, "sums_") and self.sums_.shape[1] != features.shape[1]:
            raise ValueError(
                f"Argument 'X' must have {self.sums_.shape[1]} samples an epoch, as the epochs remembered "
                f"(got {features.shape[1]})."
            )
        return features, lit


def confidence(log_likelihood: FloatArray) -> float:
    """How clearly the best slot leads: its lead over the second, in standard deviations of all others.

    Parameters
    ----------
    log_likelihood : array, shape (n_slots,)
        At least three slots.

    Returns
    -------
    float
        0 where two lead alike.
    """
    *others, second, best = np.sort(log_likelihood)
    spread = float(np.std([*others, second]))
    return float(best - second) / spread if spread > 0 else 0.0
