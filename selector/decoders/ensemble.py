"""Several classifiers of single epochs heard together."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from acquisition.stream import FloatArray
from selector.calibration import platt
from selector.decoders.artefacts import PeakLimiter
from selector.decoders.lda import BlockToeplitzLDA, check_epochs, xdawn_toeplitz_lda
from selector.decoders.xdawn import xdawn_tangent_space


class MeanLogOdds(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """The mean of several classifiers' log-odds.

    Parameters
    ----------
    members : sequence of estimators
        Each with a decision function in log-odds, classes equally frequent.
    n_folds : int, optional
        Put each member's log-odds on a true scale first, fitted on what it says of this many parts of the training
        epochs that it has not seen. None takes them as they are: some promise more than they keep, and weigh more.

    Attributes
    ----------
    members_ : list of estimators
        As fitted.
    slopes_, offsets_ : array, shape (n_members,)
        What turns each member's decision values into log-odds.
    held_out_ : array, shape (n_epochs,)
        The mean for each training epoch by members and scales that have not seen its part; absent where ``n_folds`` is
        None.
    classes_ : array, shape (2,)
        0 and 1.
    """

    def __init__(self, members: Sequence[Any] = (), n_folds: int | None = None) -> None:
        self.members = members
        self.n_folds = n_folds

    def fit(self, X: NDArray, y: NDArray, groups: NDArray | None = None) -> Self:
        """Fit every member to epochs (n_epochs, n_channels, n_times) and labels (n_epochs,), 0 or 1.

        Parts that are held out are whole groups (n_epochs,), such as characters, where there are at least two, and
        else stretches of time: neighbours overlap, and would tell of each other.

        Raises
        ------
        ValueError
            If there is no member, or a member refuses.
        """
        if not self.members:
            raise ValueError("Argument 'members' must hold at least one classifier (got none).")
        X, y = np.asarray(X, dtype=np.float64), np.asarray(y).astype(int)
        check_epochs(X, y)
        self.members_ = [clone(member).fit(X, y) for member in self.members]
        self.slopes_, self.offsets_ = np.ones(len(self.members)), np.zeros(len(self.members))
        if self.n_folds is not None:
            parts = _parts(X, self.n_folds, groups)
            said = np.array(
                [cross_val_predict(clone(m), X, y, cv=parts, method="decision_function") for m in self.members]
            )
            self._scale(said, y)
            # Scales fitted to the very part would favour whichever member happens to be right in it.
            self.held_out_ = np.empty(len(y))
            for seen, part in parts:
                unseen = clone(self)._scale(said[:, seen], y[seen])
                self.held_out_[part] = unseen._mean(said[:, part])
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, X: NDArray) -> FloatArray:
        """Log-odds (n_epochs,) of epochs (n_epochs, n_channels, n_times), classes equally frequent."""
        check_is_fitted(self)
        return self._mean(np.array([member.decision_function(X) for member in self.members_]))

    def predict(self, X: NDArray) -> NDArray[np.int64]:
        """Likelier label (n_epochs,), classes equally frequent."""
        return np.asarray(self.decision_function(X) > 0, dtype=np.int64)

    def _scale(self, said: FloatArray, y: NDArray) -> Self:
        """Learn true scales from what the members say (n_members, n_epochs) of epochs that they have not seen."""
        self.slopes_, self.offsets_ = np.transpose([platt(of_member, y) for of_member in said])
        return self

    def _mean(self, said: FloatArray) -> FloatArray:
        """What the members say (n_members, n_epochs), on their true scales."""
        return np.asarray((self.slopes_[:, None] * said + self.offsets_[:, None]).mean(axis=0))


def _parts(X: NDArray, n_folds: int, groups: NDArray | None) -> list[tuple[NDArray, NDArray]]:
    """Indices of what is seen and of what is held out, for each part."""
    n_groups = 0 if groups is None else len(np.unique(groups))
    if n_groups < 2:
        return list(KFold(n_folds).split(X))
    return list(GroupKFold(min(n_folds, n_groups)).split(X, groups=groups))


def erp_ensemble() -> MeanLogOdds:
    """xDAWN covariances in tangent space, block-Toeplitz LDA after xDAWN, and block-Toeplitz LDA alone."""
    return MeanLogOdds([xdawn_tangent_space(), xdawn_toeplitz_lda(), BlockToeplitzLDA()])


def calibrated_erp_ensemble(n_filters: int = 8, C: float = 0.03, limit: float = 4.0, n_folds: int = 5) -> MeanLogOdds:
    """`erp_ensemble` of epochs whose peaks are limited, with every member's log-odds put on a true scale.

    Parameters
    ----------
    n_filters, C
        See `xdawn_tangent_space`.
    limit : float
        See `PeakLimiter`.
    n_folds : int
        See `MeanLogOdds`.
    """
    members = (xdawn_tangent_space(n_filters, C), xdawn_toeplitz_lda(), BlockToeplitzLDA())
    return MeanLogOdds([make_pipeline(PeakLimiter(limit), member) for member in members], n_folds)
