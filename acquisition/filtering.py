"""Causal filters that keep their state between chunks, so that online and offline give the same samples."""

import numpy as np
from scipy import signal

from acquisition.stream import FloatArray, SampleArray


class CausalFilter:
    """Butterworth band-pass, with an optional notch, that sees no sample of the future.

    Samples that are not finite are filtered as the last finite value and come out as NaN.
    After a hole of more than ``max_gap_s`` the filter starts anew.

    Parameters
    ----------
    sfreq : float
        Sampling rate in Hz.
    band : tuple of float
        Lower and upper edge in Hz.
    order : int
        Order of the band-pass's prototype.
    notch : float, optional
        Line frequency in Hz.
    max_gap_s : float
        Hole between two samples, in s, after which the state is no longer of use.

    Raises
    ------
    ValueError
        If the band does not lie between 0 and half the sampling rate.
    """

    def __init__(
        self,
        sfreq: float,
        band: tuple[float, float],
        order: int = 2,
        notch: float | None = None,
        max_gap_s: float = 0.1,
    ) -> None:
        low, high = band
        if not 0 < low < high < sfreq / 2:
            raise ValueError(
                f"Argument 'band' must lie between 0 and half the sampling rate, {sfreq / 2:g} Hz "
                f"(got {low:g} to {high:g} Hz)."
            )
        sos = signal.butter(order, band, btype="bandpass", fs=sfreq, output="sos")
        if notch is not None and notch < sfreq / 2:
            sos = np.vstack([sos, signal.tf2sos(*signal.iirnotch(notch, 30.0, fs=sfreq))])
        self._sos = sos
        self._unit_state = signal.sosfilt_zi(sos)
        self._max_gap_s = max_gap_s
        self._state: FloatArray | None = None
        self._last_time = -np.inf
        self._last_row: FloatArray | None = None

    def __call__(self, times: FloatArray, data: SampleArray) -> SampleArray:
        """Filter the samples that follow the last ones; shapes (n_samples,) and (n_samples, n_channels)."""
        filtered = np.empty(data.shape, dtype=np.float32)
        steps = np.diff(times, prepend=self._last_time)
        for part in np.split(np.arange(len(times)), np.flatnonzero(steps > self._max_gap_s)):
            if len(part):
                if steps[part[0]] > self._max_gap_s:
                    self._state = None
                filtered[part] = self._run(data[part])
        if len(times):
            self._last_time = float(times[-1])
        return filtered

    def _run(self, data: SampleArray) -> SampleArray:
        rows = data.astype(np.float64)
        broken = ~np.isfinite(rows)
        if broken.any():
            rows = _hold_last(rows, broken, self._last_row)
        self._last_row = rows[-1]
        if self._state is None:
            self._state = self._unit_state[:, :, None] * rows[0]
        filtered, self._state = signal.sosfilt(self._sos, rows, axis=0, zi=self._state)
        filtered[broken] = np.nan
        return np.asarray(filtered, dtype=np.float32)


def _hold_last(rows: FloatArray, broken: np.ndarray, before: FloatArray | None) -> FloatArray:
    """Replace what is not finite by the channel's last finite value (0 where there was none)."""
    held = rows.copy()
    last = np.zeros(rows.shape[1]) if before is None else before
    for i in range(len(held)):
        held[i, broken[i]] = last[broken[i]]
        last = held[i]
    return held
