"""A choice between classes whose features are weighted alike, so that classes never trained can be told too."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from acquisition.stream import FloatArray


class ChoiceSoftmax(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Conditional logit [1]_: one row of weights for the features of every class, learnt from many people.

    Weights of other people are pulled towards zero; those of one's own towards the weights of the others.

    Parameters
    ----------
    penalty : float
        Half the squared weights, in units of the features' spread, cost so many nats.
    pull : float
        Half the squared distance of own weights from those of other people costs so many nats.

    Attributes
    ----------
    weights_ : array, shape (n_features,)

    References
    ----------
    .. [1] D. McFadden, "Conditional logit analysis of qualitative choice behavior", in Frontiers in Econometrics,
       Academic Press, 1974.
    """

    def __init__(self, penalty: float = 10.0, pull: float = 10.0) -> None:
        self.penalty = penalty
        self.pull = pull

    def fit(self, X: ArrayLike, y: ArrayLike, own: ArrayLike, sample_weight: ArrayLike) -> Self:
        """Learn the weights.

        Parameters
        ----------
        X : array, shape (n_samples, n_classes, n_features)
        y : array of int, shape (n_samples,)
            Number of the class.
        own : array of bool, shape (n_samples,)
            Which samples are the person's own; all or none may be.
        sample_weight : array, shape (n_samples,)
            How much each counts.
        """
        features, classes = np.asarray(X, dtype=np.float64), np.asarray(y)
        mine, weight = np.asarray(own, dtype=bool), np.asarray(sample_weight, dtype=np.float64)
        apart = features - features.mean(axis=1, keepdims=True)
        spread = apart[~mine if not mine.all() else mine].std(axis=(0, 1))
        scale = np.where(spread > 0, 1 / np.where(spread > 0, spread, 1.0), 0.0)
        weights = np.zeros(features.shape[2])
        for part, penalty in ((~mine, self.penalty), (mine, self.pull)):
            if part.any():
                weights = _maximise(features[part] * scale, classes[part], weight[part], weights, penalty)
        self.weights_ = weights * scale
        return self

    def predict_log_proba(self, X: ArrayLike) -> FloatArray:
        """Log-probability of each class, shape (n_samples, n_classes), however many classes there are."""
        check_is_fitted(self, "weights_")
        return np.asarray(log_softmax(np.asarray(X, dtype=np.float64) @ self.weights_, axis=1))


def _maximise(
    features: FloatArray, classes: NDArray[np.integer], weight: FloatArray, start: FloatArray, penalty: float
) -> FloatArray:
    """Weights of the greatest penalised likelihood, the penalty for their distance from ``start``."""
    rows = np.arange(len(classes))

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        log_p = log_softmax(features @ weights, axis=1)
        missed = features[rows, classes] - np.einsum("nc,nck->nk", np.exp(log_p), features)
        away = weights - start
        value = -weight @ log_p[rows, classes] + penalty / 2 * (away @ away)
        return float(value), np.asarray(-weight @ missed + penalty * away)

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)
