"""The P300 speller's flashes: every slot lights up in two groups of each repetition."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from acquisition.stimulus import SlotMask, StimulusBlock
from acquisition.stream import FloatArray
from selector.types import Posterior

REFRACTORY = 3
"""Flashes that should pass between two of the same slot: the answer to the second is weak otherwise."""

Arrangement = tuple[int, tuple[int, int]]
IntArray = NDArray[np.intp]


class P300Groups:
    """Repetitions of row-like and column-like flashes over places that change from block to block.

    The slots lie on a virtual square grid. Its rows flash in the first half of a block and its columns
    in the second; a slot lights up with its row and with its column. Where each slot lies on the grid
    is drawn anew for each block, so that no place on the screen is always weak. Slots are exchanged
    until no exchange brings fewer flashes of a slot too close to its last one, across the border to
    the block before too. With 16 groups and up to 40 slots none is left inside a block, with 64 six are.

    Parameters
    ----------
    frame_rate : float
        Frames per second, in Hz.
    soa_s : float
        From one onset to the next, in s; rounded to whole frames.
    flash_s : float
        How long a group is lit, in s; rounded to whole frames.
    n_groups : int
        Flashes in a block; half of them rows.
    arrange : callable, optional
        Called once a block. It may return a slot and the two flashes of this block (counted from 0) in
        which the slot has to light up, and in no other; everything else stays random.

    Attributes
    ----------
    arranged : tuple or None
        What ``arrange`` asked for in the latest block.

    Raises
    ------
    ValueError
        If the groups can't be halved or a flash would not end before the next one.

    Notes
    -----
    Below ``n_groups / 2`` slots some flashes light up nothing; they keep their place in time.
    """

    def __init__(
        self,
        frame_rate: float = 60.0,
        soa_s: float = 1 / 6,
        flash_s: float = 0.1,
        n_groups: int = 16,
        arrange: Callable[[], Arrangement | None] | None = None,
    ) -> None:
        if n_groups < 2 or n_groups % 2:
            raise ValueError(f"Argument 'n_groups' (got {n_groups}) must be an even number of at least 2.")
        check_timing(frame_rate, soa_s, flash_s)
        self.frame_rate = frame_rate
        self.soa_s = soa_s
        self.flash_s = flash_s
        self.n_groups = n_groups
        self.arrange = arrange
        self.arranged: Arrangement | None = None
        self._last_flash: IntArray = np.empty(0, dtype=np.intp)

    def next_block(
        self,
        regions: FloatArray,
        posterior: Posterior,  # noqa: ARG002 a fixed paradigm has no use for it
        pending: int,  # noqa: ARG002
        rng: np.random.Generator,
    ) -> StimulusBlock:
        """Schedule one repetition.

        Parameters
        ----------
        regions : array, shape (n_slots, 4)
            The slots' places on the screen, in px.
        posterior, pending
            Ignored: the flashes do not depend on what is known.
        rng : numpy.random.Generator
            Draws where the slots lie on the virtual grid.

        Raises
        ------
        ValueError
            If there are more slots than crossings of a row and a column, or ``arrange`` asks for
            flashes that don't exist.
        """
        n_slots = len(regions)
        self.arranged = self.arrange() if self.arrange is not None else None
        self._check(n_slots)
        if len(self._last_flash) != n_slots:
            self._last_flash = np.full(n_slots, -self.n_groups)
        flashes = self._draw(n_slots, rng)
        self._last_flash = flashes.max(axis=1) - self.n_groups
        lit = np.zeros((self.n_groups, n_slots), dtype=bool)
        lit[flashes.T, np.arange(n_slots)] = True
        codes = flash_codes(lit, self.frame_rate, self.soa_s, self.flash_s)
        return StimulusBlock(codes=codes, frame_rate=self.frame_rate, regions=regions)

    def _check(self, n_slots: int) -> None:
        n_cells = (self.n_groups // 2) ** 2
        if n_slots > n_cells:
            raise ValueError(
                f"Argument 'regions' holds {n_slots} slots, but {self.n_groups} flash groups tell at most "
                f"{n_cells} slots apart."
            )
        if self.arranged is not None:
            slot, (a, b) = self.arranged
            if not (0 <= slot < n_slots and a != b and min(a, b) >= 0 and max(a, b) < self.n_groups):
                raise ValueError(
                    f"Argument 'arrange' must give a slot below {n_slots} and two different flashes below "
                    f"{self.n_groups} (got slot {slot} and flashes {a} and {b})."
                )

    def _draw(self, n_slots: int, rng: np.random.Generator) -> IntArray:
        """The two flashes of each slot, shape (n_slots, 2)."""
        half = self.n_groups // 2
        # Along the grid's diagonals the groups stay equally large, however many slots there are. On the
        # first few diagonals after the main one some columns follow their row too soon: those come last.
        diagonals = rng.permutation(half)
        diagonals = diagonals[np.argsort(np.where(diagonals <= REFRACTORY, diagonals, 0), kind="stable")]
        rows = np.arange(n_slots) % half
        columns = (rows + np.repeat(diagonals, half)[:n_slots]) % half
        flashes = np.column_stack((rows, columns + half))[rng.permutation(n_slots)]
        if self.arranged is not None:
            slot, asked = self.arranged
            flashes = _rename(flashes, slot, asked)
        return self._spread(flashes, rng)

    def _spread(self, flashes: IntArray, rng: np.random.Generator) -> IntArray:
        """Exchange cells, or columns only, between two slots wherever that leaves fewer flashes too close."""
        free = np.ones(len(flashes), dtype=bool)
        if self.arranged is not None:
            free[self.arranged[0]] = False
        for slot in rng.permutation(np.flatnonzero(free)):
            now = self._too_close(flashes, self._last_flash)
            if not now[slot]:
                continue
            for exchanged in ([0, 1], [1], [0]):
                mine, theirs = np.repeat(flashes[[slot]], len(flashes), axis=0), flashes.copy()
                mine[:, exchanged], theirs[:, exchanged] = flashes[:, exchanged], flashes[slot, exchanged]
                gain = now[slot] + now - self._too_close(mine, self._last_flash[slot])
                gain -= self._too_close(theirs, self._last_flash)
                allowed = free & (gain > 0)
                if len(exchanged) == 1:
                    allowed &= ~_taken(mine, flashes) & ~_taken(theirs, flashes)
                if allowed.any():
                    other = rng.choice(np.flatnonzero(allowed & (gain == gain[allowed].max())))
                    flashes[slot], flashes[other] = mine[other], theirs[other]
                    break
        return flashes

    @staticmethod
    def _too_close(flashes: IntArray, last_flash: IntArray) -> IntArray:
        """How often each slot would flash too soon after itself, shape (n_slots,)."""
        first, second = flashes.min(axis=1), flashes.max(axis=1)
        inside = second - first <= REFRACTORY
        border = first - last_flash <= REFRACTORY
        return np.asarray(inside.astype(np.intp) + border)


def check_timing(frame_rate: float, soa_s: float, flash_s: float) -> None:
    """See that a flash lasts at least a frame and ends before the next one.

    Raises
    ------
    ValueError
        If it does not.
    """
    if not 1 <= round(flash_s * frame_rate) < round(soa_s * frame_rate):
        raise ValueError(
            f"Argument 'flash_s' (got {flash_s:g}) must last one frame at least ({1 / frame_rate:g} s) "
            f"and one frame less than 'soa_s' (got {soa_s:g})."
        )


def flash_codes(groups: SlotMask, frame_rate: float, soa_s: float, flash_s: float) -> NDArray[np.uint8]:
    """Codes (n_slots, n_frames) of groups (n_flashes, n_slots) that light up one after the other.

    Parameters
    ----------
    groups : array of bool, shape (n_flashes, n_slots)
    frame_rate : float
        In Hz.
    soa_s, flash_s : float
        From one onset to the next, and how long a group is lit, in s; rounded to whole frames.
    """
    lit = np.zeros((*groups.T.shape, round(soa_s * frame_rate)), dtype=np.uint8)
    lit[groups.T, : round(flash_s * frame_rate)] = 1
    return lit.reshape(len(lit), -1)


def _rename(flashes: IntArray, slot: int, asked: tuple[int, int]) -> IntArray:
    """Exchange the flashes' places in time so that a slot's two come when asked."""
    renamed = flashes.copy()
    for i, wanted in enumerate(asked):
        had = renamed[slot, i]
        renamed[renamed == had], renamed[renamed == wanted] = -1, had
        renamed[renamed == -1] = wanted
    return renamed


def _taken(cells: IntArray, flashes: IntArray) -> NDArray[np.bool_]:
    """Which cells, whatever the order of their two flashes, some slot lies on already."""
    same = (cells[:, None, :] == flashes[None, :, :]).all(axis=2)
    return np.asarray(same.any(axis=1))
