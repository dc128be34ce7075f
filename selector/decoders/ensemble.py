"""Several classifiers of single epochs heard together."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from acquisition.stream import FloatArray
from selector.decoders.lda import BlockToeplitzLDA, xdawn_toeplitz_lda
from selector.decoders.xdawn import xdawn_tangent_space


class MeanLogOdds(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """The mean of several classifiers' log-odds.

    Parameters
    ----------
    members : sequence of estimators
        Each with a decision function in log-odds, classes equally frequent.

    Attributes
    ----------
    members_ : list of estimators
        As fitted.
    classes_ : array, shape (2,)
        0 and 1.
    """

    def __init__(self, members: Sequence[Any] = ()) -> None:
        self.members = members

    def fit(self, X: NDArray, y: NDArray) -> Self:
        """Fit every member to epochs (n_epochs, n_channels, n_times) and labels (n_epochs,), 0 or 1.

        Raises
        ------
        ValueError
            If there is no member, or a member refuses.
        """
        if not self.members:
            raise ValueError("Argument 'members' must hold at least one classifier (got none).")
        self.members_ = [clone(member).fit(X, y) for member in self.members]
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, X: NDArray) -> FloatArray:
        """Log-odds (n_epochs,) of epochs (n_epochs, n_channels, n_times), classes equally frequent."""
        return np.asarray(np.mean([member.decision_function(X) for member in self.members_], axis=0))

    def predict(self, X: NDArray) -> NDArray[np.int64]:
        """Likelier label (n_epochs,), classes equally frequent."""
        return np.asarray(self.decision_function(X) > 0, dtype=np.int64)


def erp_ensemble() -> MeanLogOdds:
    """xDAWN covariances in tangent space, block-Toeplitz LDA after xDAWN, and block-Toeplitz LDA alone."""
    return MeanLogOdds([xdawn_tangent_space(), xdawn_toeplitz_lda(), BlockToeplitzLDA()])
