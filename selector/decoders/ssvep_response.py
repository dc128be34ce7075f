"""What a brain answers to flicker of any frequency and phase, and the noise around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.covariance import LedoitWolf

from acquisition.stream import FloatArray
from selector.decoders.ssvep_projections import ComplexArray, Projections

_LATENCIES_S = np.arange(0.0, 0.4, 0.001)

# Noise is taken from frequencies at least so far (Hz) from those of the response.
_APART_HZ = 1.0
_SMOOTH_HZ = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class CuedTrial:
    """A calibration trial: the response's amplitudes (n_harmonics, n_channels), and the noise's around it."""

    frequency: float
    n_samples: int
    response: ComplexArray
    noise: tuple[ComplexArray, ...]
    noise_frequencies: tuple[FloatArray, ...]

    @classmethod
    def of(cls, seen: Projections, cued: int, frequencies: FloatArray) -> "CuedTrial":
        """From a trial's projections; ValueError where they hold nothing."""
        if not seen.n_samples:
            raise ValueError("Argument 'signals' must hold samples of every trial.")
        frequency = float(frequencies[seen.which[0][cued]])
        answers = frequency * np.arange(1, 6)
        noise, where = [], []
        for h in range(seen.n_harmonics):
            at = (h + 1) * frequencies
            free = np.abs(at[:, None] - answers).min(axis=1) >= _APART_HZ
            blocks = [2 / np.sqrt(n) * sums[free, h] for sums, n in zip(seen.raw, seen.counts, strict=True) if n]
            noise.append(np.concatenate(blocks))
            where.append(np.tile(frequencies[free], len(blocks)))
        return cls(frequency, seen.n_samples, 2 / seen.n_samples * seen.sums()[cued], tuple(noise), tuple(where))


class PhaseLockedResponse:
    """A sum of sines at the multiples of a flicker's frequency, in Gaussian noise.

    Each multiple has one pattern over the channels, whatever the frequency, and a phase that grows with the frequency
    as an apparent latency makes it. The noise around a multiple has a covariance over the channels, and a power that
    depends on the frequency.

    Parameters
    ----------
    frequencies : array, shape (n_frequencies,)
        What may flicker, in Hz.
    patterns : array of complex, shape (n_harmonics, n_channels)
        Response to the flicker's sine, without the latency, in V.
    latencies : array, shape (n_harmonics,)
        In s.
    covariances : array, shape (n_harmonics, n_channels, n_channels)
        Of the noise's amplitude, times the number of samples, in V^2.
    powers : array, shape (n_frequencies, n_harmonics)
        Power of the noise around each frequency, relative to the covariance.
    """

    def __init__(
        self,
        frequencies: FloatArray,
        patterns: ComplexArray,
        latencies: FloatArray,
        covariances: FloatArray,
        powers: FloatArray,
    ) -> None:
        self.patterns, self.latencies, self.covariances, self.powers = patterns, latencies, covariances, powers
        lags = np.exp(-2j * np.pi * np.arange(1, len(latencies) + 1) * latencies * frequencies[:, None])
        expected = lags[:, :, None] * patterns
        self._filters = np.einsum("fhc,hcd->fhd", expected.conj(), np.linalg.inv(covariances)) / powers[:, :, None]
        self._energies = np.einsum("fhd,fhd->f", self._filters, expected).real

    @classmethod
    def of(cls, trials: Sequence[CuedTrial], frequencies: FloatArray) -> Self:
        """Fit response and noise to trials whose slot is known.

        Raises
        ------
        ValueError
            If a channel is constant.
        """
        n_harmonics, n_channels = trials[0].response.shape
        noise = [np.concatenate([trial.noise[h] for trial in trials]) for h in range(n_harmonics)]
        if any(len(rows) < 2 * n_channels or not (np.abs(rows) > 0).any(axis=0).all() for rows in noise):
            raise ValueError("Argument 'signals' must vary in every channel during the trials.")
        # The real and the imaginary part each hold half of the power.
        covariances = np.stack([2 * _shrunk(rows) for rows in noise])
        inverse = np.asarray(np.linalg.inv(covariances), dtype=np.float64)
        counts = np.array([trial.n_samples for trial in trials], dtype=np.float64)
        cued: FloatArray = np.array([trial.frequency for trial in trials])
        responses = np.stack([trial.response for trial in trials])
        patterns, latencies = np.empty((n_harmonics, n_channels), dtype=np.complex128), np.empty(n_harmonics)
        powers = np.empty((len(frequencies), n_harmonics))
        for h in range(n_harmonics):
            turns = np.exp(2j * np.pi * (h + 1) * np.outer(_LATENCIES_S, cued))
            means = (turns * counts) @ responses[:, h] / counts.sum()
            energies = np.einsum("tc,cd,td->t", means.conj(), inverse[h], means).real
            best = int(energies.argmax())
            # Noise alone gives a mean some energy: what is expected of it is taken off, as James and Stein do it.
            share = max(0.0, 1 - n_channels / counts.sum() / energies[best]) if energies[best] > 0 else 0.0
            latencies[h], patterns[h] = _LATENCIES_S[best], share * means[best]
            power = np.einsum("nc,cd,nd->n", noise[h].conj(), inverse[h], noise[h]).real / n_channels
            at = np.concatenate([trial.noise_frequencies[h] for trial in trials])
            near = np.exp(-0.5 * ((frequencies[:, None] - at) / _SMOOTH_HZ) ** 2) + 1e-9
            powers[:, h] = near @ power / near.sum(axis=1)
        return cls(frequencies, patterns, latencies, covariances, powers)

    def log_likelihood(self, seen: Projections) -> FloatArray:
        """Of each slot's response in the noise, against noise alone, shape (n_slots,), in nats."""
        which = seen.which[-1]
        matched = np.einsum("shc,shc->s", self._filters[which], seen.sums()).real
        return np.asarray(4 * matched - seen.n_samples * self._energies[which])


def _shrunk(rows: ComplexArray) -> FloatArray:
    """Covariance of the real and imaginary parts together, shrunk; shape (n_channels, n_channels)."""
    parts = np.concatenate([rows.real, rows.imag])
    scale = np.sqrt(np.mean(parts**2))
    return np.asarray(LedoitWolf(assume_centered=True).fit(parts / scale).covariance_ * scale**2)
