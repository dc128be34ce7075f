"""Several classifiers of single epochs heard together."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import KFold, cross_val_predict

from acquisition.stream import FloatArray
from selector.calibration import platt
from selector.decoders.lda import BlockToeplitzLDA, xdawn_toeplitz_lda
from selector.decoders.xdawn import xdawn_tangent_space


class MeanLogOdds(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """The mean of several classifiers' log-odds.

    Parameters
    ----------
    members : sequence of estimators
        Each with a decision function in log-odds, classes equally frequent.
    n_folds : int, optional
        Put each member's log-odds on a true scale first, fitted on what it says of this many stretches of the training
        epochs that it has not seen. None takes them as they are: some promise more than they keep, and weigh more.

    Attributes
    ----------
    members_ : list of estimators
        As fitted.
    slopes_, offsets_ : array, shape (n_members,)
        What turns each member's decision values into log-odds.
    classes_ : array, shape (2,)
        0 and 1.
    """

    def __init__(self, members: Sequence[Any] = (), n_folds: int | None = None) -> None:
        self.members = members
        self.n_folds = n_folds

    def fit(self, X: NDArray, y: NDArray) -> Self:
        """Fit every member to epochs (n_epochs, n_channels, n_times) and labels (n_epochs,), 0 or 1.

        Raises
        ------
        ValueError
            If there is no member, or a member refuses.
        """
        if not self.members:
            raise ValueError("Argument 'members' must hold at least one classifier (got none).")
        y = np.asarray(y).astype(int)
        self.members_ = [clone(member).fit(X, y) for member in self.members]
        scales = [(1.0, 0.0) if self.n_folds is None else self._scale(member, X, y) for member in self.members]
        self.slopes_, self.offsets_ = (np.array(part) for part in zip(*scales, strict=True))
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, X: NDArray) -> FloatArray:
        """Log-odds (n_epochs,) of epochs (n_epochs, n_channels, n_times), classes equally frequent."""
        said = np.array([member.decision_function(X) for member in self.members_])
        return np.asarray((self.slopes_[:, None] * said + self.offsets_[:, None]).mean(axis=0))

    def predict(self, X: NDArray) -> NDArray[np.int64]:
        """Likelier label (n_epochs,), classes equally frequent."""
        return np.asarray(self.decision_function(X) > 0, dtype=np.int64)

    def _scale(self, member: Any, X: NDArray, y: NDArray) -> tuple[float, float]:
        # Stretches and no shuffled epochs: neighbours overlap, and would tell of each other.
        held_out = cross_val_predict(clone(member), X, y, cv=KFold(self.n_folds), method="decision_function")
        return platt(held_out, y)


def erp_ensemble(n_folds: int | None = None) -> MeanLogOdds:
    """xDAWN covariances in tangent space, block-Toeplitz LDA after xDAWN, and block-Toeplitz LDA alone.

    Parameters
    ----------
    n_folds : int, optional
        See `MeanLogOdds`.
    """
    return MeanLogOdds([xdawn_tangent_space(), xdawn_toeplitz_lda(), BlockToeplitzLDA()], n_folds)


def calibrated_erp_ensemble() -> MeanLogOdds:
    """`erp_ensemble` with every member's log-odds put on a true scale within the training epochs."""
    return erp_ensemble(n_folds=5)
