"""Cells of a speller whose recording says what each flash lit."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray
from experiments.evaluation.datasets import Cells


def lit_cells(flashes: Sequence[re.Match[str]], settings: Cells) -> NDArray[np.bool_]:
    """Which cells each flash lit, shape (n_flashes, n_cells); a cell is column * rows + row.

    Raises
    ------
    ValueError
        If a marker names no row, column or cells, or one that is not there.
    """
    cells = np.arange(settings.rows * settings.columns)
    column, row = np.divmod(cells, settings.rows)
    lit = np.empty((len(flashes), len(cells)), dtype=bool)
    for i, match in enumerate(flashes):
        named = {name: text for name, text in match.groupdict().items() if text}
        if "row" in named:
            lit[i] = row == int(named["row"])
        elif "column" in named:
            lit[i] = column == int(named["column"])
        else:
            lit[i] = np.isin(cells, [int(number) for number in re.findall(r"\d+", named.get("cells", ""))])
        if not lit[i].any():
            raise ValueError(
                f"Marker {match.string!r} must name a row, a column or cells of {settings.rows} rows and "
                f"{settings.columns} columns."
            )
    return lit


def wanted_cells(onsets: FloatArray, cues: Sequence[tuple[float, re.Match[str]]]) -> NDArray[np.int64]:
    """For each flash the cell that the latest cue before it named; ValueError if a flash comes before all cues."""
    latest = np.searchsorted([time for time, _ in cues], onsets, side="right") - 1
    if latest.min() < 0:
        raise ValueError(f"Every flash must follow a cue (got a flash at {onsets.min():g} s before the first cue).")
    return np.array([int(match["cell"]) for _, match in cues])[latest]


def cell_hits(
    lit: NDArray[np.bool_],
    wanted: NDArray[np.int64],
    decision: NDArray[np.int64],
    scores: FloatArray,
    settings: Cells,
    where: str,
) -> dict[int, tuple[int, int]]:
    """For each number of flashes the decisions that were right, and how many there were.

    Parameters
    ----------
    lit : array of bool, shape (n_flashes, n_cells)
        Which cells each flash lit.
    wanted, decision : array of int, shape (n_flashes,)
        The cell attended to, and the recording's decision, which no count of flashes runs across.
    scores : array, shape (n_flashes,)
        Log-odds; NaN where samples are missing, which says nothing about any cell.
    settings : Cells
    where : str
        What to name in an error.

    Raises
    ------
    ValueError
        If no decision has that many flashes.
    """
    evidence = lit * np.nan_to_num(scores)[:, None]
    found: dict[int, tuple[int, int]] = {}
    for n_flashes in settings.flashes:
        hits = n = 0
        for one in np.unique(decision):
            of_it = np.flatnonzero(decision == one)
            for first in range(0, len(of_it) - n_flashes + 1, n_flashes):
                part = of_it[first : first + n_flashes]
                summed = evidence[part].sum(axis=0)
                others = np.delete(summed, wanted[part[0]])
                hits += int(summed[wanted[part[0]]] > others.max())
                n += 1
        if not n:
            raise ValueError(f"Setting 'flashes' must not exceed what {where} holds (got {n_flashes}).")
        found[n_flashes] = hits, n
    return found
