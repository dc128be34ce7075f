"""What signals hold at each slot's flicker frequency and its multiples, added up while a trial grows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.stimulus import Presentation, StimulusBlock
from acquisition.stream import FloatArray, Signals

BIN_S = 0.05
"""Signals are added up in bins of this length (s), whatever the chunks they come in."""

LEAD_S = 0.14
"""Latency of the visual system (s): signals before that do not answer to a block yet; see Chen et al. (2015)."""

# The fundamental of a square wave is 2/pi of its height; what the frames leave of it must not be much less.
_MIN_FUNDAMENTAL = 0.7 * 2 / np.pi

ComplexArray = NDArray[np.complex128]


def flickers_of(block: StimulusBlock, frequencies: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    """Which of the frequencies each slot of a block flickers at, and with which phase.

    Parameters
    ----------
    block : StimulusBlock
    frequencies : array, shape (n_frequencies,)
        In Hz at the block's frame rate.

    Returns
    -------
    which : array of int, shape (n_slots,)
    phases : array, shape (n_slots,)
        Of a sine at the first frame.

    Raises
    ------
    ValueError
        If a slot's code is none of these flickers.
    """
    lit = block.codes.astype(np.float64) / max(1, int(block.codes.max()))
    turns = np.outer(np.arange(block.n_frames), frequencies / block.frame_rate)
    fundamentals = (lit - 0.5) @ np.exp(-2j * np.pi * turns) * (4 / block.n_frames)
    which = np.abs(fundamentals).argmax(axis=1)
    found = fundamentals[np.arange(len(lit)), which]
    weak = np.flatnonzero(np.abs(found) < 2 * _MIN_FUNDAMENTAL)
    if len(weak):
        raise ValueError(
            f"Argument 'presentation' must hold flickers between {frequencies.min():g} and {frequencies.max():g} Hz "
            f"that the decoder knows (slot {weak[0]} shows none of them)."
        )
    return which, np.angle(found) + np.pi / 2


class Projections:
    """Sums over a trial of signals times the complex exponential of each slot's flicker, and of its multiples.

    The phase of the flicker at a sample's time comes from the measured flips, so that a display that is slower than
    it should be, or drops a frame, does no harm.

    Parameters
    ----------
    frequencies : array, shape (n_frequencies,)
        What slots may flicker at, in Hz.
    n_harmonics : int
        How many multiples, the first among them.
    columns : array of int or slice
        Which channels of stream "eeg".
    sfreq : float
        In Hz.

    Attributes
    ----------
    which : list of array of int, shape (n_slots,)
        Which of the frequencies each slot flickers at, block by block.
    raw : list of array, shape (n_frequencies, n_harmonics, n_channels)
        Sums of each block at all frequencies, from phase 0 at its first frame.
    counts : list of int
        How many samples are in each of these.
    n_used, n_due : int
        Bins in the sums, and bins that are over.
    complete_until : float
        End of the last bin that is over, in s.
    """

    def __init__(self, frequencies: FloatArray, n_harmonics: int, columns: Any, sfreq: float) -> None:
        self.frequencies = frequencies
        self.n_harmonics = n_harmonics
        self.n_used = self.n_due = 0
        self.complete_until = -np.inf
        self._columns, self._sfreq = columns, sfreq
        self.which: list[NDArray[np.intp]] = []
        self.raw: list[ComplexArray] = []
        self.counts: list[int] = []
        self._turned: list[ComplexArray] = []
        self._next_bin: list[int] = []
        self._over: ComplexArray | float = 0.0
        self._n_over = 0

    def update(self, presentation: Presentation, signals: Signals) -> None:
        """Add the bins that have become complete."""
        for block in presentation.blocks[len(self.which) :]:
            self._begin(block)
        for number in range(self._n_over, len(presentation.blocks)):
            self._follow(number, presentation.blocks[number], presentation.flips[number], signals)

    @property
    def n_samples(self) -> int:
        """How many samples are in the sums."""
        return sum(self.counts)

    def sums(self) -> ComplexArray:
        """Sums over all bins so far, shape (n_slots, n_harmonics, n_channels)."""
        total = self._over
        for number in range(self._n_over, len(self.which)):
            total = total + self._slots(number)
        return np.asarray(total)

    def _slots(self, number: int) -> ComplexArray:
        return np.asarray(self.raw[number][self.which[number]] * self._turned[number][:, :, None])

    def _begin(self, block: StimulusBlock) -> None:
        which, phases = flickers_of(block, self.frequencies)
        n_channels = len(np.atleast_1d(self._columns))
        self.which.append(which)
        self._turned.append(np.exp(-1j * np.arange(1, self.n_harmonics + 1) * phases[:, None]))
        self.counts.append(0)
        self.raw.append(np.zeros((len(self.frequencies), self.n_harmonics, n_channels), dtype=np.complex128))
        self._next_bin.append(0)

    def _follow(self, number: int, block: StimulusBlock, flips: FloatArray, signals: Signals) -> None:
        if len(flips) < 2:
            return
        begin, end, newest = flips[0] + LEAD_S, float(flips[-1]), signals.newest("eeg")
        # Samples are in order, but one more may still complete a bin from whose end one is missing.
        n_shown, n_bins = (int(max(0.0, t - begin) / BIN_S) for t in (end, min(end, newest - 1.5 / self._sfreq)))
        times = signals.times("eeg")
        for index in range(self._next_bin[number], n_bins):
            first, stop = np.searchsorted(times, (begin + BIN_S * index, begin + BIN_S * (index + 1)))
            self._add(number, block, flips, times[first:stop], signals.data("eeg")[first:stop, self._columns])
            self.complete_until = float(begin + BIN_S * (index + 1))
        self._next_bin[number] = n_bins
        if len(flips) == block.n_frames and n_bins == n_shown and number == self._n_over:
            self._over = self._over + self._slots(number)
            self._n_over += 1

    def _add(self, number: int, block: StimulusBlock, flips: FloatArray, times: FloatArray, data: Any) -> None:
        """Add one bin, unless samples are missing in it."""
        self.n_due += 1
        if len(times) < round(BIN_S * self._sfreq) - 1 or not np.isfinite(data).all():
            return
        frames = np.interp(times, flips, np.arange(len(flips)))
        first = np.exp(-2j * np.pi * np.outer(self.frequencies / block.frame_rate, frames))
        wave, samples = first, data.astype(np.float64)
        for harmonic in range(self.n_harmonics):
            self.raw[number][:, harmonic] += wave @ samples
            wave = wave * first
        self.counts[number] += len(times)
        self.n_used += 1
