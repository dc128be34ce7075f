"""How far off an eye tracker is, place by place: a smooth field for each eye, learnt from looks at known places."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from acquisition.stream import FloatArray

_ROUNDS = 10
_SHARED = 0.5
_N_SHARED = 10.0
_N_SCALE = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Looks at known places, in the order of time.

    Parameters
    ----------
    at : array, shape (n_looks, n_eyes, 2)
        Where the tracker saw each eye rest, in px; NaN where it had lost it.
    targets : array, shape (n_looks, 2)
        Centre of what was looked at, in px.
    aims : array, shape (n_looks, 2)
        Standard deviation of where in it people look, in px.
    elapsed : array, shape (n_looks,)
        Since the first look, in s.
    """

    at: FloatArray
    targets: FloatArray
    aims: FloatArray
    elapsed: FloatArray

    def __len__(self) -> int:
        return len(self.at)

    def take(self, which: FloatArray | slice) -> "Looks":
        """Only some of them."""
        return Looks(self.at[which], self.targets[which], self.aims[which], self.elapsed[which])

    def then(self, at: FloatArray, target: FloatArray, aim: FloatArray, after_s: float) -> "Looks":
        """One more, so many s after the last."""
        elapsed = self.elapsed[-1] + after_s if len(self) else 0.0
        return Looks(
            np.concatenate((self.at, at[None])),
            np.concatenate((self.targets, target[None])),
            np.concatenate((self.aims, aim[None])),
            np.append(self.elapsed, elapsed),
        )


@dataclass(frozen=True, slots=True)
class FieldPrior:
    """What is believed of a tracker before any look.

    Parameters
    ----------
    screen_px : tuple of float
        Width and height of the screen, in px.
    nu : float
        Degrees of freedom of the Student t around what the field expects.
    scale_px : float
        Spread of a single look, in px; counts as four looks.
    field_px : float
        Standard deviation of each of the field's parts, in px: an offset that is the same everywhere, one that
        grows linearly to the screen's edge, and one that is smooth over half a screen.
    drift_px : float
        Standard deviation (px) of how far the offset wanders off in a minute.
    """

    screen_px: tuple[float, float]
    nu: float
    scale_px: float
    field_px: float
    drift_px: float

    def covariance(self, places: FloatArray, others: FloatArray) -> FloatArray:
        """Of the offset at places (n, 2) and others (m, 2), in px squared, shape (n, m)."""
        half = np.array(self.screen_px) / 2
        one, other = places / half - 1, others / half - 1
        apart = ((one[:, None] - other) ** 2).sum(axis=2)
        return np.asarray(self.field_px**2 * (1 + one @ other.T + np.exp(-apart / 2)))

    def variance(self, places: FloatArray) -> FloatArray:
        """Of the offset at places (n, 2), in px squared, shape (n,)."""
        return np.asarray(self.field_px**2 * (2 + ((2 * places / np.array(self.screen_px) - 1) ** 2).sum(axis=1)))


class OffsetField:
    """Offset of what the tracker sees from what is looked at, as a Gaussian process over the screen and time.

    Each eye has its own. Looks spread around it as a Student t, so that one at another place than it was taken for
    counts little. The offset wanders off as a random walk.

    Parameters
    ----------
    prior : FieldPrior
    looks : Looks
        May be none.

    Attributes
    ----------
    shared : float
        Correlation of the two eyes' errors, 0..1: eyes that err alike are worth less than two.

    Notes
    -----
    Rasmussen and Williams, "Gaussian processes for machine learning", 2006, chapter 2; weights and spread by
    expectation-maximisation: Lange, Little and Taylor, "Robust statistical modeling using the t distribution",
    JASA 84, 881-896, 1989.
    """

    def __init__(self, prior: FieldPrior, looks: Looks) -> None:
        self._prior, self._looks = prior, looks
        n_eyes = looks.at.shape[1]
        self._eyes = [_Eye(prior, looks, eye) for eye in range(n_eyes)]
        self.shared = _SHARED
        if n_eyes > 1:
            errors = np.stack([eye.standard for eye in self._eyes])
            # What is far off in one eye is no sign of what both have in common.
            errors = np.clip(errors[:, np.isfinite(errors).all(axis=(0, 2))], -3, 3)
            common = (errors[0] * errors[1]).sum() + 2 * _N_SHARED * _SHARED
            power = np.sqrt((errors[0] ** 2).sum() * (errors[1] ** 2).sum()) + 2 * _N_SHARED
            self.shared = float(np.clip(common / power, 0, 1))

    def predict(self, places: FloatArray, aims: FloatArray, after_s: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """What the tracker would see of looks at places.

        Parameters
        ----------
        places, aims : array, shape (n_places, 2)
            Centres, and standard deviation of where around them people look, in px.
        after_s : float
            Time (s) since the last look.

        Returns
        -------
        mean, variance : array, shape (n_places, n_eyes, 2)
            Of each eye's place along x and y, in px and px squared.
        """
        predicted = [eye.predict(places, after_s) for eye in self._eyes]
        mean = places[:, None] + np.stack([mean for mean, _ in predicted], axis=1)
        return mean, np.stack([variance for _, variance in predicted], axis=1) + aims[:, None] ** 2


class _Eye:
    """The field of one eye; ``standard``, shape (n_looks, 2), is each look's error in standard deviations."""

    def __init__(self, prior: FieldPrior, looks: Looks, eye: int) -> None:
        self._prior = prior
        seen = np.isfinite(looks.at[:, eye]).all(axis=1)
        self._places, self._elapsed = looks.targets[seen], looks.elapsed[seen]
        self._last = float(looks.elapsed[-1]) if len(looks) else 0.0
        self._spread = np.full(2, prior.scale_px**2)
        self.standard = np.full((len(looks), 2), np.nan)
        self._solved: list[tuple[tuple[FloatArray, bool], FloatArray]] = []
        if seen.any():
            self._learn(looks.at[seen, eye] - self._places, looks.aims[seen] ** 2)
            self.standard[seen] = self._standard

    def predict(self, places: FloatArray, after_s: float) -> tuple[FloatArray, FloatArray]:
        """Mean offset and variance (n_places, 2) of a single look."""
        walked = self._prior.drift_px**2 / 60
        mean = np.zeros((len(places), 2))
        variance = np.repeat(self._prior.variance(places)[:, None], 2, axis=1)
        variance += walked * (self._last + after_s)
        if self._solved:
            across = self._prior.covariance(places, self._places) + walked * self._elapsed
            for axis, (factor, weights) in enumerate(self._solved):
                mean[:, axis] = across @ weights
                variance[:, axis] -= (across * cho_solve(factor, across.T).T).sum(axis=1)
        return mean, np.maximum(variance, 0.0) + self._spread

    def _learn(self, offsets: FloatArray, aimed: FloatArray) -> None:
        prior, n_looks = self._prior, len(offsets)
        covariance = prior.covariance(self._places, self._places)
        covariance = covariance + prior.drift_px**2 / 60 * np.minimum.outer(self._elapsed, self._elapsed)
        weights = np.ones(n_looks)
        for _ in range(_ROUNDS):
            noise = (self._spread + aimed) / weights[:, None]
            self._solved = []
            squared = np.empty((n_looks, 2))
            error = np.empty((n_looks, 2))
            for axis in range(2):
                factor = cho_factor(covariance + np.diag(noise[:, axis]), lower=True)
                solved = cho_solve(factor, offsets[:, axis])
                self._solved.append((factor, solved))
                error[:, axis] = noise[:, axis] * solved
                left = noise[:, axis] - noise[:, axis] ** 2 * np.diag(cho_solve(factor, np.eye(n_looks)))
                squared[:, axis] = error[:, axis] ** 2 + left
            weights = (prior.nu + 2) / (prior.nu + (squared / (self._spread + aimed)).sum(axis=1))
            self._standard = error / np.sqrt(self._spread + aimed)
            pooled = (_N_SCALE * prior.scale_px**2 + (weights[:, None] * squared).sum(axis=0)) / (_N_SCALE + n_looks)
            # People's aim is part of what was measured; a tenth of the prior is as sure as a tracker can be.
            self._spread = np.maximum(pooled - aimed.mean(axis=0), (prior.scale_px / 10) ** 2)
