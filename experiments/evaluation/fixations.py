"""Single looks: which cell of a grid was looked at, one look a target, by tracker and condition."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.files import RecordedSignals, read_any
from acquisition.stream import FloatArray
from experiments.evaluation.datasets import Choice, FixationDataset, FixationProtocol, Grid
from experiments.evaluation.decoders import build
from experiments.evaluation.recordings import find_markers, named_groups
from experiments.evaluation.scores import Score, accuracy

MIN_CONFIRMED = 20
"""Looks that a decoder needs before it can learn from them."""


def read_fixations(path: Path) -> RecordedSignals:
    """Read a table with one row a look."""
    return read_any(path).signals("gaze")


def fixation_scores(
    subject: str,
    recordings: Sequence[RecordedSignals],
    dataset: FixationDataset,
    protocol: FixationProtocol,
    choice: Choice,
) -> list[Score]:
    """Judge one decoder on one person: accuracy under each condition, a look without gaze being a miss.

    Raises
    ------
    ValueError
        If a marker names no cell, or there is not one for each look.
    """
    hits: dict[str, list[bool]] = {}
    for recording in recordings:
        condition = named_groups(recording.path, dataset.files).get("condition", "accuracy")
        targets = _targets(recording, dataset)
        decoder = build(choice, screen_px=dataset.grid.screen_px)
        hits.setdefault(condition, []).extend(_hits(decoder, recording, targets, dataset.grid, protocol))
    return [accuracy(subject, choice.name, name, None, sum(found), len(found)) for name, found in hits.items()]


def _hits(
    decoder: Any, recording: RecordedSignals, targets: NDArray[np.intp], grid: Grid, protocol: FixationProtocol
) -> list[bool]:
    """Was each look decoded as its target, in the order in which they were recorded?"""
    regions, centres = _cells(grid)
    points = decoder.points(recording.data, recording.channels)
    seen = np.isfinite(points).all(axis=1)
    # Times are whole seconds, and two looks can share one.
    order = np.arange(len(points), dtype=np.float64)
    hits = []
    for look, target in enumerate(targets):
        before = np.flatnonzero(seen[:look])
        if protocol.confirmed and seen[look] and len(before) >= MIN_CONFIRMED:
            decoder.fit(recording.data[before], centres[targets[before]], order[before])
        scores = decoder.log_likelihood(points[look : look + 1], regions, 1.0)[:-1]
        hits.append(bool(seen[look] and scores.argmax() == target))
    return hits


def _targets(recording: RecordedSignals, dataset: FixationDataset) -> NDArray[np.intp]:
    found = find_markers(recording, dataset.markers.target)
    onsets = np.array([onset for onset, _ in found])
    if onsets.shape != recording.times.shape or np.abs(onsets - recording.times).max() > 0.5:
        raise ValueError(f"Recording {recording.path} must have one marker for each look, at its time.")
    named = np.array([(float(match["x"]), float(match["y"])) for _, match in found])
    away = np.abs(named[:, None] - _cells(dataset.grid)[1]).max(axis=2)
    if (away.min(axis=1) > 0.5).any():
        x, y = named[away.min(axis=1).argmax()]
        raise ValueError(f"Recording {recording.path} has a target that is no cell of the grid (got {x:g}, {y:g}).")
    return np.asarray(away.argmin(axis=1))


def _cells(grid: Grid) -> tuple[FloatArray, FloatArray]:
    """Places (n_cells, 4) and centres (n_cells, 2) in px, row by row."""
    centres = np.array([(x, y) for y in grid.y for x in grid.x])
    size = np.tile(grid.cell_px, (len(centres), 1))
    return np.column_stack([centres - size / 2, size]), centres
