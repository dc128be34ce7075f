"""Narrow-band covariances in the tangent space at each person's own centre, so that people can be put together."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyriemann.geometry.geodesic import geodesic_riemann
from pyriemann.geometry.mean import mean_riemann
from pyriemann.geometry.tangentspace import tangent_space
from scipy import signal
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from acquisition.stream import FloatArray


class RecentredTangentSpace(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Logistic regression on covariances, each person's seen from that person's own Riemannian centre [1]_.

    Whoever is known gets a centre from the training data. A stranger begins at the centre of all people, which counts
    as one window, and moves on with every window that is seen, whatever it was: labels are not needed for that.

    Parameters
    ----------
    C : float
        Inverse strength of the logistic regression's penalty, the tangent vectors scaled to unit spread.

    Attributes
    ----------
    centre_ : array, shape (n_blocks, n_channels, n_channels)
        From where the next person is seen.
    n_behind_centre_ : int
        How many windows stand behind it.

    References
    ----------
    .. [1] P. Zanini, M. Congedo, C. Jutten, S. Said, Y. Berthoumieu, "Transfer learning: a Riemannian geometry
       framework with applications to brain-computer interfaces", IEEE Trans. Biomed. Eng. 65, 1107-1116, 2018.
    """

    def __init__(self, C: float = 0.03) -> None:
        self.C = C

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike, own: ArrayLike, sample_weight: ArrayLike) -> Self:
        """Learn from many people's windows.

        Parameters
        ----------
        X : array, shape (n_windows, n_blocks, n_channels, n_channels)
            See `narrow_band_covariances`.
        y : array of int, shape (n_windows,)
            Number of the class.
        groups : array, shape (n_windows,)
            Whose each window is.
        own : array of bool, shape (n_windows,)
            Which are of the person to be decoded. Where there are others, own ones count as much as all of them.
        sample_weight : array, shape (n_windows,)
        """
        covariances, people = np.asarray(X, dtype=np.float64), np.asarray(groups)
        mine, weight = np.asarray(own, dtype=bool), np.array(sample_weight, dtype=np.float64)
        names = np.unique(people)
        centres = np.stack([_means(covariances[people == name]) for name in names])
        n_blocks, n_channels = covariances.shape[1:3]
        vectors = np.empty((len(covariances), n_blocks * n_channels * (n_channels + 1) // 2))
        for name, centre in zip(names, centres, strict=True):
            vectors[people == name] = _tangent(covariances[people == name], centre)
        if mine.any():
            self.centre_, self.n_behind_centre_ = centres[names == people[mine][0]][0], int(mine.sum())
            if not mine.all():
                weight[mine] *= weight[~mine].sum() / weight[mine].sum()
        else:
            self.centre_, self.n_behind_centre_ = _means(centres), 1
        self.spread_ = float(vectors.std())
        self.regression_ = LogisticRegression(C=self.C, max_iter=500).fit(
            vectors / self.spread_, np.asarray(y), sample_weight=weight
        )
        return self

    def predict_log_proba(self, X: ArrayLike) -> FloatArray:
        """Log-probability of each class, shape (n_windows, n_classes), for windows of one person in order of time.

        Nothing that a window says depends on those after it.
        """
        check_is_fitted(self, "regression_")
        covariances = np.asarray(X, dtype=np.float64)
        centre, vectors = self.centre_, []
        for n_seen, covariance in enumerate(covariances, start=self.n_behind_centre_ + 1):
            centre = geodesic_riemann(centre, covariance, 1 / n_seen)
            vectors.append(_tangent(covariance[None], centre)[0])
        return np.asarray(self.regression_.predict_log_proba(np.array(vectors) / self.spread_))


def narrow_bands(
    frequencies: Sequence[float], sfreq: float, n_harmonics: int, half_width_hz: float
) -> list[tuple[float, float]]:
    """Bands (Hz) of ``half_width_hz`` on both sides of each frequency and its multiples, as ``sfreq`` can hold them.

    Raises
    ------
    ValueError
        If a frequency itself cannot be held.
    """
    bands = []
    for frequency in frequencies:
        if not 0 < frequency - half_width_hz < frequency + half_width_hz < 0.45 * sfreq:
            raise ValueError(
                f"Argument 'frequencies' must lie more than {half_width_hz:g} Hz within 0 and {0.45 * sfreq:g} Hz "
                f"(got {frequency:g})."
            )
        centres = frequency * np.arange(1, n_harmonics + 1)
        bands += [(c - half_width_hz, c + half_width_hz) for c in centres if c + half_width_hz < 0.45 * sfreq]
    return bands


def narrow_band_covariances(
    X: FloatArray, bands: Sequence[tuple[float, float]], sfreq: float, n_lead: int, shrinkage: float
) -> FloatArray:
    """Covariance of the channels in each narrow band, as shares of their power together.

    Parameters
    ----------
    X : array, shape (n_windows, n_channels, n_times)
        Unfiltered, in any unit; the filters are causal.
    bands : sequence of tuple of float
        See `narrow_bands`.
    sfreq : float
        In Hz.
    n_lead : int
        That many samples only settle the filters.
    shrinkage : float
        Share of each covariance that is spread over the channels evenly.

    Returns
    -------
    array, shape (n_windows, n_bands, n_channels, n_channels)
    """
    centred, n_channels = X - X[:, :, :1], X.shape[1]
    covariances = np.empty((len(X), len(bands), n_channels, n_channels))
    for number, band in enumerate(bands):
        sos = signal.butter(2, band, btype="bandpass", fs=sfreq, output="sos")
        narrow = signal.sosfilt(sos, centred, axis=-1)[:, :, n_lead:]
        covariances[:, number] = narrow @ narrow.transpose(0, 2, 1)
    power = np.einsum("nbcc->nb", covariances) / n_channels
    covariances = (1 - shrinkage) * covariances + shrinkage * power[..., None, None] * np.eye(n_channels)
    return np.asarray(covariances / power.sum(axis=1)[:, None, None, None])


def _means(covariances: FloatArray) -> FloatArray:
    """Riemannian mean of each block, shape (n_blocks, n_channels, n_channels)."""
    return np.stack([mean_riemann(block, tol=1e-3, maxiter=20) for block in covariances.transpose(1, 0, 2, 3)])


def _tangent(covariances: FloatArray, centre: FloatArray) -> NDArray[np.float64]:
    """Tangent vectors of all blocks behind each other, shape (n_windows, n_blocks * n)."""
    blocks = covariances.transpose(1, 0, 2, 3)
    return np.concatenate(
        [tangent_space(block, where, metric="riemann") for block, where in zip(blocks, centre, strict=True)], axis=1
    )
