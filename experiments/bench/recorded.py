"""Ranges of figures over real recordings."""

from pathlib import Path

import numpy as np

from acquisition.files import RecordedSignals, read_recording
from acquisition.files.gaze_csv import read_target_gaze
from acquisition.stream import FloatArray, SampleArray
from experiments.bench.claims import Range, Recordings
from experiments.bench.figures import (
    eeg_figures,
    flash_auc,
    flicker_accuracy,
    gaze_blinks,
    look_figures,
    target_figures,
)
from experiments.evaluation.datasets import load_dataset
from experiments.evaluation.gaze import read_gaze, read_keys
from experiments.evaluation.recordings import find_markers

# Gaze that far (px) off the screen is a tracker's word for "lost".
_LOST_PX = 5000.0
# One session's blinks are counted in this many parts, for a range.
_N_PARTS = 3


def measured_ranges(recordings: Recordings, root: Path) -> dict[str, Range]:
    """Lowest and highest of each figure over a set of recordings.

    Parameters
    ----------
    recordings : Recordings
        Which.
    root : Path
        The folder that holds recordings/.

    Returns
    -------
    dict of str to tuple of float
        Nothing where the recordings are not there.

    Raises
    ------
    ValueError
        If a recording is damaged or has no such markers.
    """
    paths = sorted((root / "recordings" / recordings.folder_name).glob(recordings.files))
    if not paths:
        return {}
    found: dict[str, list[float]] = {}
    for figures in _figures(recordings, paths):
        for name, value in figures.items():
            if np.isfinite(value):
                found.setdefault(name, []).append(value)
    return {name: (min(values), max(values)) for name, values in found.items()}


def _figures(recordings: Recordings, paths: list[Path]) -> list[dict[str, float]]:
    if recordings.kind == "targets":
        return [target_figures(_target_errors(path)) for path in paths]
    if recordings.kind == "looks":
        return [figures for path in paths for figures in _looks(path)]
    read = [read_recording(path) for path in paths]
    figures = [eeg_figures(recording, recordings.frontal) for recording in read]
    for first in range(0, len(read) - recordings.together + 1, recordings.together):
        together = read[first : first + recordings.together]
        if recordings.kind == "flicker":
            figures.append({"flicker_accuracy": flicker_accuracy(paths[first].stem, together)})
        else:
            figures.append({"auc": flash_auc(together, recordings.by_character)})
    return figures


def _target_errors(path: Path) -> FloatArray:
    """Distance (px) of each row's gaze, the mean of both eyes, from its target; without those that were lost."""
    recorded = read_target_gaze(path)
    gaze = _mean_of_eyes(recorded.stream("gaze").data)
    labels = [label for markers in recorded.markers for label in markers.labels]
    targets = np.array([[float(value) for value in label.rpartition("/")[2].split(",")] for label in labels])
    errors = np.linalg.norm(gaze - targets, axis=1)
    return np.asarray(errors[np.isfinite(errors)])


def _looks(path: Path) -> list[dict[str, float]]:
    """Figures of each inquiry, from the first flash to the last, and of parts of the session."""
    dataset = load_dataset("gaze_bcipy_tobii")
    recording, keys = read_gaze(dataset, path), read_keys(dataset, path)
    gaze = _mean_of_eyes(recording.data)
    prompts = find_markers(recording, dataset.markers.inquiry)
    flashes = np.array([onset for onset, _ in find_markers(recording, dataset.markers.flash)])
    ends = [onset for onset, _ in prompts[1:]] + [np.inf]
    figures = []
    for (prompt, match), end in zip(prompts, ends, strict=True):
        shown = flashes[(flashes > prompt) & (flashes < end)]
        inside = slice(*np.searchsorted(recording.times, (shown[0], shown[-1])))
        errors = np.linalg.norm(gaze[inside] - keys.centres[keys.labels.index(match["key"])], axis=1)
        figures.append(look_figures([errors]))
    figures += [{"blinks_per_min": value} for value in _blinks_in_parts(recording, gaze)]
    return figures


def _blinks_in_parts(recording: RecordedSignals, gaze: FloatArray) -> list[float]:
    lost = np.isnan(gaze[:, 0])
    parts = np.array_split(np.arange(len(lost)), _N_PARTS)
    return [gaze_blinks(recording.times[part], lost[part]) for part in parts]


def _mean_of_eyes(data: SampleArray) -> FloatArray:
    """From left x, y and right x, y, shape (n_samples, 4), to x, y of the eyes that are there; NaN without any."""
    eyes = np.asarray(data, dtype=np.float64).reshape(-1, 2, 2)
    there = (np.abs(eyes) < _LOST_PX).all(axis=2, keepdims=True)
    n_eyes = there.sum(axis=1)
    total = np.where(there, eyes, 0.0).sum(axis=1)
    return np.asarray(np.where(n_eyes > 0, total / np.maximum(n_eyes, 1), np.nan))
