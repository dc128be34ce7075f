"""Single looks: which cell of a grid was looked at, one look a target, by tracker and condition."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.files import RecordedSignals, read_any
from acquisition.stimulus import Presentation, StimulusBlock
from acquisition.stream import Chunk, FloatArray, Signals, StreamInfo
from experiments.evaluation.datasets import Choice, FixationDataset, FixationProtocol, Grid
from experiments.evaluation.decoders import build
from experiments.evaluation.probabilities import Decision, decide, probability_scores
from experiments.evaluation.recordings import find_markers, named_groups
from experiments.evaluation.scores import Score, accuracy

# A look is one sample; it is shown for as long as the decoder waits for the eyes, and as long again.
_FRAME_HZ = 1.0


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
    found: dict[str, list[Decision]] = {}
    for recording in recordings:
        condition = named_groups(recording.path, dataset.files).get("condition", "accuracy")
        targets = _targets(recording, dataset)
        decoder = build(choice, screen_px=dataset.grid.screen_px)
        found.setdefault(condition, []).extend(_decisions(decoder, recording, targets, dataset.grid, protocol))
    scores = []
    for condition, decisions in found.items():
        hits = sum(decision.hit for decision in decisions)
        scores.append(accuracy(subject, choice.name, condition, None, hits, len(decisions)))
        if protocol.probabilities:
            scores += probability_scores(subject, choice.name, condition, None, decisions)
    return scores


def _decisions(
    decoder: Any, recording: RecordedSignals, targets: NDArray[np.intp], grid: Grid, protocol: FixationProtocol
) -> list[Decision]:
    """What was made of each look, in the order in which they were recorded."""
    regions, _ = _cells(grid)
    block = StimulusBlock(np.zeros((len(regions), 2), dtype=np.uint8), _FRAME_HZ, regions)
    # Times are whole seconds, and two looks can share one: each gets a second of its own.
    signals = Signals([StreamInfo("gaze", 1.0, recording.channels, recording.unit)])
    decisions = []
    for look, target in enumerate(targets):
        signals.append([Chunk("gaze", np.array([float(look)]), recording.data[look : look + 1])])
        flips = look + np.array([-0.5, 0.5]) / _FRAME_HZ
        presentation = Presentation(look, regions, start=float(flips[0])).then(block).shown(flips)
        evidence = decoder.decode(presentation, signals)
        decisions.append(decide(evidence, int(target)))
        if protocol.confirmed:
            decoder.learn(presentation, int(target), signals)
    return decisions


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
