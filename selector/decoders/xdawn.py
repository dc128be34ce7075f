"""The classifier of single epochs: xDAWN covariances in tangent space."""

import numpy as np
from pyriemann.estimation import XdawnCovariances
from pyriemann.tangentspace import TangentSpace
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from acquisition.stream import FloatArray

SHRINKAGE = 0.05
"""Share of the way from a sample covariance to its own diagonal."""


def shrunk_covariance(X: FloatArray) -> FloatArray:
    """Covariances (..., n, n) of zero-mean rows (..., n, n_times), shrunk a little toward their diagonal.

    The amount is fixed: the estimators that choose it from 40 samples shrink the small prototypes away.
    """
    covariance = X @ np.swapaxes(X, -1, -2) / X.shape[-1]
    diagonal = np.einsum("...ii->...i", covariance).copy()
    covariance *= 1 - SHRINKAGE
    np.einsum("...ii->...i", covariance)[...] = diagonal
    return np.asarray(covariance)


def xdawn_tangent_space(n_filters: int = 8, C: float = 0.03) -> Pipeline:
    """Classifier of single epochs: xDAWN covariances, tangent space, logistic regression.

    Parameters
    ----------
    n_filters : int
        Spatial filters for the target response, at most as many as there are channels.
    C : float
        Inverse strength of the logistic regression's penalty.

    Returns
    -------
    sklearn.pipeline.Pipeline
        For epochs (n_epochs, n_channels, n_times) and labels 0 and 1. Its decision values are log-odds
        as if both classes were equally frequent.

    Notes
    -----
    Barachant and Congedo, "A plug & play P300 BCI using information geometry", arXiv:1409.0107, 2014.
    """
    return make_pipeline(
        XdawnCovariances(
            nfilter=n_filters, classes=[1], estimator=shrunk_covariance, xdawn_estimator=shrunk_covariance
        ),
        TangentSpace(metric="riemann"),
        LogisticRegression(C=C, class_weight="balanced", solver="lbfgs", max_iter=1000),
    )
