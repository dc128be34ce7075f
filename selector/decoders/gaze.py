"""Gaze: how well the eyes' path fits a look at each slot."""

import re
from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from acquisition.stimulus import Presentation
from acquisition.stream import FloatArray, Signals
from selector.types import Evidence

LOOK_SHARE = 0.15
"""Standard deviation of where in a slot people look, as a share of its width and height."""

MAX_SCREENS = 10.0
"""Gaze that many screens away is a tracker's word for "lost"."""

MAX_TAU_S = 2.0


class GazeDecoder(BaseEstimator):  # type: ignore[misc] # scikit-learn carries no types
    """Evidence from where the eyes rest.

    Raw gaze is mapped to the screen by an affine transform; around each slot's centre it is spread as a
    two-dimensional Student t, whose tails forgive blinks and glances. Neighbouring samples are not
    independent: samples over T seconds count as 1 + T / tau. Without calibration the transform is the
    identity and the spread is wide.

    Parameters
    ----------
    screen_px : tuple of float
        Width and height of the screen in px; someone who attends to nothing looks anywhere on it.
    nu : float
        Degrees of freedom of the Student t.
    latency_s : float
        Samples up to this long (s) after the trial's start are not used: the eyes have yet to move.
    scale_px : float
        Spread (px) as long as there is no calibration.
    tau_s : float
        Correlation time (s) as long as there is no calibration.

    Attributes
    ----------
    affine_ : array, shape (2, 3)
        Screen px from raw gaze: factors of x, of y, and the offset in px.
    scale_ : array, shape (2,)
        Spread along x and y, in px.
    tau_ : float
        Time (s) after which a sample tells something new.

    Notes
    -----
    Lange, Little and Taylor, "Robust statistical modeling using the t distribution", JASA 84, 881-896, 1989.
    """

    _key: tuple[Signals, int, float] | None
    _total: FloatArray
    _last_time: float
    _n_samples: int
    _n_valid: int

    def __init__(
        self,
        screen_px: tuple[float, float] = (1920.0, 1080.0),
        nu: float = 4.0,
        latency_s: float = 0.2,
        scale_px: float = 60.0,
        tau_s: float = 0.25,
    ) -> None:
        self.screen_px = screen_px
        self.nu = nu
        self.latency_s = latency_s
        self.scale_px = scale_px
        self.tau_s = tau_s
        self._forget()

    @property
    def modality(self) -> str:
        """The stream that it reads."""
        return "gaze"

    def fit(self, X: NDArray, centers: NDArray, times: NDArray) -> Self:
        """Learn transform, spread and correlation time from looks at known places.

        Parameters
        ----------
        X : array, shape (n_samples, 2) or (n_samples, 4)
            Raw gaze in px: x and y, or those of the left and then of the right eye; NaN where lost.
        centers : array, shape (n_samples, 2)
            Centre (px) of the slot that was cued at each sample.
        times : array, shape (n_samples,)
            In s.

        Raises
        ------
        ValueError
            If shapes don't match, fewer than 20 samples are valid or the gaze never moves.
        """
        if len({len(X), len(centers), len(times)}) != 1 or np.shape(centers) != (len(X), 2):
            raise ValueError(
                "Arguments 'X', 'centers' and 'times' must have as many rows, 'centers' two columns "
                f"(got shapes {np.shape(X)}, {np.shape(centers)} and {np.shape(times)})."
            )
        gaze = self.points(X)
        valid = np.isfinite(gaze).all(axis=1)
        if valid.sum() < 20 or not np.all(np.ptp(gaze[valid], axis=0) > 0):
            raise ValueError(
                f"Argument 'X' must hold at least 20 valid samples that are not all the same (got {valid.sum()} valid)."
            )
        gaze, centers, times = gaze[valid], np.asarray(centers, dtype=np.float64)[valid], np.asarray(times)[valid]
        self.affine_, self.scale_ = _robust_affine(gaze, centers, self.nu)
        residuals = (_apply(self.affine_, gaze) - centers) / self.scale_
        self.tau_ = _correlation_time(np.clip(residuals, -3, 3), centers, times)
        self._forget()
        return self

    def points(self, data: NDArray, channels: tuple[str, ...] = ()) -> FloatArray:
        """Raw gaze (n_samples, 2) in px, both eyes averaged where both are valid; NaN where neither is.

        ``channels`` are the labels of the columns; without them x and y take turns.
        """
        data = np.asarray(data, dtype=np.float64)
        x = [i for i, label in enumerate(channels) if re.search(r"(^|[^a-z])x([^a-z]|$)", label.lower())]
        y = [i for i, label in enumerate(channels) if re.search(r"(^|[^a-z])y([^a-z]|$)", label.lower())]
        if not x or len(x) != len(y):
            x = list(range(0, data.shape[1] - 1, 2))
            y = [i + 1 for i in x]
        eyes = np.stack((data[:, x], data[:, y]), axis=2)
        valid = (np.abs(eyes) <= MAX_SCREENS * np.asarray(self.screen_px)).all(axis=2, keepdims=True)
        n_valid = valid.sum(axis=1)
        total = np.where(valid, eyes, 0.0).sum(axis=1)
        return np.where(n_valid > 0, total / np.maximum(n_valid, 1), np.nan)

    def log_likelihood(self, points: FloatArray, regions: FloatArray, sfreq: float) -> FloatArray:
        """Log-likelihood (n_slots + 1,) in nats of gaze ``points`` (n_samples, 2) sampled at ``sfreq`` Hz.

        ``regions``, shape (n_slots, 4), are the slots' places in px; the last value is for a look at nothing.
        """
        rows = self._rows(points[np.isfinite(points).all(axis=1)], regions)
        return np.asarray(self._tempering(len(rows), sfreq) * rows.sum(axis=0))

    def decode(self, presentation: Presentation, signals: Signals) -> Evidence:
        """Log-likelihood of the gaze since the trial's start, were each slot the attended one.

        Parameters
        ----------
        presentation : Presentation
            Where the slots are, and when the trial began.
        signals : Signals
            Holds stream "gaze" in px from the top left.

        Returns
        -------
        Evidence
            log_likelihood, shape (n_slots + 1,), in nats; the last, "attends to nothing", is that of
            looks spread evenly over the screen. The quality is the share of valid samples.
        """
        key = (signals, presentation.trial, presentation.start)
        if self._key != key:
            self._forget()
            self._key = key
            self._total = np.zeros(presentation.n_slots + 1)
            self._last_time = presentation.start + self.latency_s
        info = signals.streams["gaze"]
        times = signals.times("gaze")
        first = int(np.searchsorted(times, self._last_time, side="right"))
        if first < len(times):
            points = self.points(signals.data("gaze")[first:], info.channels)
            valid = np.isfinite(points).all(axis=1)
            # cumsum adds one row after the other, so that chunking never changes a bit of the sum
            rows = np.vstack((self._total, self._rows(points[valid], presentation.regions)))
            self._total = rows.cumsum(axis=0)[-1]
            self._n_samples += len(points)
            self._n_valid += int(valid.sum())
            self._last_time = float(times[-1])
        newest = signals.newest("gaze")
        time = newest if np.isfinite(newest) else presentation.start
        return Evidence(
            modality=self.modality,
            time=time,
            log_likelihood=self._tempering(self._n_valid, info.sfreq) * self._total,
            complete_until=time,
            quality=self._n_valid / self._n_samples if self._n_samples else 1.0,
            n_observations=self._n_valid,
        )

    def to_arrays(self) -> dict[str, NDArray]:
        """Parameters and what was fitted, if anything, as plain arrays for `numpy.savez`."""
        names = (*self.get_params(), *(name for name in _FITTED if hasattr(self, name)))
        return {name: np.asarray(getattr(self, name)) for name in names}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray]) -> Self:
        """Inverse of `to_arrays`; decides bit for bit as the decoder that was saved.

        Raises
        ------
        ValueError
            If a parameter is missing.
        """
        decoder = cls()
        missing = [name for name in decoder.get_params() if name not in arrays]
        if missing:
            raise ValueError(f"Argument 'arrays' must hold a gaze decoder, but lacks {', '.join(missing)}.")
        for name in (*decoder.get_params(), *(name for name in _FITTED if name in arrays)):
            value = np.array(arrays[name])
            setattr(decoder, name, value.item() if value.ndim == 0 else value)
        decoder.screen_px = (float(arrays["screen_px"][0]), float(arrays["screen_px"][1]))
        return decoder

    def _rows(self, points: FloatArray, regions: FloatArray) -> FloatArray:
        """Log-density (n_samples, n_slots + 1) of each valid sample."""
        affine = getattr(self, "affine_", np.eye(2, 3))
        scale = getattr(self, "scale_", np.full(2, self.scale_px))
        on_screen = _apply(affine, points)
        size = regions[:, 2:]
        spread = np.sqrt(scale**2 + (LOOK_SHARE * size) ** 2)
        away = (on_screen[:, None, :] - (regions[:, :2] + size / 2)) / spread
        distance = away[:, :, 0] ** 2 + away[:, :, 1] ** 2
        density = np.empty((len(points), len(regions) + 1))
        density[:, :-1] = -(self.nu + 2) / 2 * np.log1p(distance / self.nu)
        density[:, :-1] -= np.log(2 * np.pi * spread[:, 0] * spread[:, 1])
        density[:, -1] = -np.log(self.screen_px[0] * self.screen_px[1])
        return density

    def _tempering(self, n_samples: int, sfreq: float) -> float:
        """How much of an independent sample each sample is worth; the first one counts in full."""
        if sfreq <= 0:
            raise ValueError("Stream 'gaze' must have a sampling rate (got 0 Hz, irregular).")
        per_sample = min(1.0, 1.0 / (sfreq * getattr(self, "tau_", self.tau_s)))
        return (1 + (n_samples - 1) * per_sample) / n_samples if n_samples else 0.0

    def _forget(self) -> None:
        self._key = None
        self._total = np.zeros(0)
        self._last_time = -np.inf
        self._n_samples = self._n_valid = 0


_FITTED = ("affine_", "scale_", "tau_")


def _apply(affine: FloatArray, points: FloatArray) -> FloatArray:
    """Map points (n, 2); written out, since a matrix product may round differently for other n."""
    return points[:, :1] * affine[:, 0] + points[:, 1:] * affine[:, 1] + affine[:, 2]


def _robust_affine(gaze: FloatArray, centers: FloatArray, nu: float) -> tuple[FloatArray, FloatArray]:
    """Fit by expectation-maximisation; a shift only where the places looked at lie on one line."""
    places = np.unique(centers, axis=0)
    spans_plane = len(places) >= 4 and np.linalg.matrix_rank(places - places.mean(axis=0), tol=1.0) == 2
    affine = np.eye(2, 3)
    affine[:, 2] = np.median(centers - gaze, axis=0)
    scale = np.maximum(1.4826 * np.median(np.abs(_apply(affine, gaze) - centers), axis=0), 1.0)
    design = np.column_stack((gaze, np.ones(len(gaze))))
    for _ in range(100):
        residuals = _apply(affine, gaze) - centers
        weights = (nu + 2) / (nu + ((residuals / scale) ** 2).sum(axis=1))
        updated = affine.copy()
        if spans_plane:
            root = np.sqrt(weights)[:, None]
            updated = np.linalg.lstsq(design * root, centers * root, rcond=None)[0].T
        else:
            updated[:, 2] -= np.average(residuals, axis=0, weights=weights)
        residuals = _apply(updated, gaze) - centers
        scale = np.maximum(np.sqrt(np.mean(weights[:, None] * residuals**2, axis=0)), 1.0)
        if np.allclose(updated, affine, rtol=1e-9, atol=1e-6):
            break
        affine = updated
    return updated, scale


def _correlation_time(residuals: FloatArray, centers: FloatArray, times: FloatArray) -> float:
    """Integral of the residuals' autocorrelation (s), up to its first zero, within looks at one place.

    A steady bias at a place counts as correlation: more samples do not average it out.
    """
    period = float(np.median(np.diff(times)))
    moved = (np.diff(centers, axis=0) != 0).any(axis=1) | (np.diff(times) > 0.5)
    looks = np.split(residuals, np.flatnonzero(moved) + 1)
    variance = float(np.mean(residuals**2))
    total = 1.0
    for lag in range(1, int(MAX_TAU_S / period)):
        products = [np.mean(look[lag:] * look[:-lag], axis=1) for look in looks if len(look) > lag]
        n_pairs = sum(len(p) for p in products)
        if n_pairs < len(residuals) / 4:
            break
        correlation = sum(float(p.sum()) for p in products) / n_pairs / variance
        if correlation <= 0:
            break
        total += 2 * correlation
    return float(np.clip(total * period, period, MAX_TAU_S))
