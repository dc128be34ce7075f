"""Every slot flickers by a pseudo-random code of its own."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import max_len_seq

from acquisition.stimulus import StimulusBlock
from acquisition.stream import FloatArray
from selector.types import Posterior

BIT_RATE_HZ = 60.0
"""Bits per second that the codes are made for."""

CYCLE_BITS = 126
"""Length of a code."""

N_CODES = 65
"""How many slots can be told apart."""

Arrangement = tuple[int, int]

# A preferred pair of feedback taps, x^6 + x^5 + 1 and x^6 + x^5 + x^4 + x + 1, and the bit at which both begin, as in
# pyntbci and in published recordings.
_TAPS = (5,), (5, 4, 1)
_BEGIN = 6

_MIN_FRAME_RATE = 45.0

# Codes are compared at delays of up to so many bits, since an edge is answered by more than one wave.
_MAX_DELAY_BITS = 6


@lru_cache(maxsize=1)
def modulated_gold_codes() -> NDArray[np.uint8]:
    """Codes of 126 bits in which light and dark last one or two bits, shape (65, 126).

    Gold codes of 63 bits [1]_ at half the bit rate, each bit followed by its opposite [2]_. They are sorted: the first
    few are more different from each other, whatever the delay between them, than any later one is from these.

    References
    ----------
    .. [1] R. Gold, "Optimal binary sequences for spread spectrum multiplexing", IEEE Trans. Inf. Theory 13, 619-621,
       1967.
    .. [2] J. Thielen, P. van den Broek, J. Farquhar, P. Desain, "Broad-band visually evoked potentials:
       re(con)volution in brain-computer interfacing", PLOS ONE 10, e0133797, 2015.
    """
    one, other = (np.roll(max_len_seq(6, taps=taps)[0], -_BEGIN) for taps in _TAPS)
    gold = np.stack([one, other, *(one ^ np.roll(other, shift) for shift in range(63))])
    codes = np.repeat(gold, 2, axis=1) ^ np.tile(np.array([1, 0], dtype=np.int8), 63)
    return np.asarray(codes[_unlike(codes)], dtype=np.uint8)


class ModulatedGoldCodes:
    """Blocks of one code cycle, whose codes are dealt out to the slots anew.

    At 60 Hz a cycle lasts 2.1 s. At other frame rates each bit is held for as many whole frames as come nearest to
    1/60 s. A pair of slots that is hard to tell apart by the codes of one block is not so in the next.

    Parameters
    ----------
    frame_rate : float
        Frames per second, in Hz.
    arrange : callable, optional
        Called once a block. It may return a slot and the row of `modulated_gold_codes` that it has to flicker by; all
        else stays random.

    Attributes
    ----------
    arranged : tuple or None
        What ``arrange`` asked for in the latest block.

    Raises
    ------
    ValueError
        If the frame rate is too low.
    """

    def __init__(self, frame_rate: float = 60.0, arrange: Callable[[], Arrangement | None] | None = None) -> None:
        if not frame_rate >= _MIN_FRAME_RATE:
            raise ValueError(
                f"Argument 'frame_rate' must be at least {_MIN_FRAME_RATE:g} Hz for codes made for "
                f"{BIT_RATE_HZ:g} bits per second (got {frame_rate:g})."
            )
        self.frame_rate = frame_rate
        self.arrange = arrange
        self.arranged: Arrangement | None = None

    def next_block(
        self,
        regions: FloatArray,
        posterior: Posterior,  # noqa: ARG002 a fixed paradigm has no use for it
        pending: int,  # noqa: ARG002
        rng: np.random.Generator,
    ) -> StimulusBlock:
        """Schedule one cycle.

        Parameters
        ----------
        regions : array, shape (n_slots, 4)
            The slots' places on the screen, in px.
        posterior, pending
            Ignored: the codes do not depend on what is known.
        rng : numpy.random.Generator
            Deals the codes out.

        Raises
        ------
        ValueError
            If there are more slots than codes, or ``arrange`` asks for a slot or a code that does not exist.
        """
        n_slots = len(regions)
        if n_slots > N_CODES:
            raise ValueError(f"Argument 'regions' must hold {N_CODES} slots at most, one to a code (got {n_slots}).")
        self.arranged = self.arrange() if self.arrange is not None else None
        dealt = rng.permutation(n_slots)
        if self.arranged is not None:
            slot, code = self.arranged
            if not (0 <= slot < n_slots and 0 <= code < N_CODES):
                raise ValueError(
                    f"Argument 'arrange' must give a slot below {n_slots} and a code below {N_CODES} "
                    f"(got slot {slot} and code {code})."
                )
            dealt[dealt == code] = dealt[slot]
            dealt[slot] = code
        n_frames_a_bit = max(1, round(self.frame_rate / BIT_RATE_HZ))
        codes = np.repeat(modulated_gold_codes()[dealt], n_frames_a_bit, axis=1)
        return StimulusBlock(codes=codes, frame_rate=self.frame_rate, regions=regions)


def _unlike(codes: NDArray[Any]) -> list[int]:
    """Order of codes in which each is the one least like, at its worst, those before it."""
    signed = 2.0 * codes - 1.0
    delays = range(-_MAX_DELAY_BITS, _MAX_DELAY_BITS + 1)
    alike = np.max([np.abs(signed @ np.roll(signed, delay, axis=1).T) for delay in delays], axis=0)
    order = [0]
    left = list(range(1, len(codes)))
    while left:
        worst = alike[np.ix_(left, order)]
        # Equal at their worst, those that are less alike on average come first; then by number, the same everywhere.
        best = min(range(len(left)), key=lambda k: (worst[k].max(), round(float(worst[k].mean()), 9), left[k]))
        order.append(left.pop(best))
    return order
