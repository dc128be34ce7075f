"""Gaze: which key of a known layout was looked at."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from acquisition.files import RecordedSignals, read_bcipy_gaze
from acquisition.stimulus import Presentation, StimulusBlock
from acquisition.stream import FloatArray, SampleArray
from experiments.evaluation.datasets import Choice, GazeDataset, GazeMarkers, GazeProtocol
from experiments.evaluation.decoders import build
from experiments.evaluation.probabilities import Decision, decide, probability_scores
from experiments.evaluation.recordings import as_signals, find_markers
from experiments.evaluation.scores import Score, accuracy
from selector.types import Evidence


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """The layout: size of the screen in px, labels (n_keys,), and places, shape (n_keys, 4), in px."""

    screen_px: tuple[float, float]
    labels: tuple[str, ...]
    regions: FloatArray

    @property
    def centres(self) -> FloatArray:
        """In px, shape (n_keys, 2)."""
        return self.regions[:, :2] + self.regions[:, 2:] / 2


@dataclass(frozen=True, slots=True, eq=False)
class Inquiry:
    """One recorded question: the key prompted, when its flashes began and ended (s), and where the eyes were then.

    Times (n_samples,) in s, points (n_samples, n_channels) in px.
    """

    key: int
    start: float
    end: float
    recording: RecordedSignals
    times: FloatArray
    points: SampleArray


def read_gaze(dataset: GazeDataset, path: Path) -> RecordedSignals:
    """Read a recording with its triggers, in px of the screen on which it was made."""
    screen_px, _ = _read_positions(path.parent / dataset.positions)
    return read_bcipy_gaze(path, path.parent / dataset.triggers, screen_px)


def read_keys(dataset: GazeDataset, path: Path) -> Keys:
    """The keys on the screen on which the recording ``path`` was made."""
    screen_px, centres = _read_positions(path.parent / dataset.positions)
    places = np.array(list(centres.values()))
    corners = (places * [1, -1] + 1) / 2 * screen_px - np.divide(dataset.key_px, 2)
    regions = np.column_stack([corners, np.tile(dataset.key_px, (len(corners), 1))])
    return Keys(screen_px, tuple(centres), regions)


def gaze_scores(
    subject: str,
    recordings: Sequence[RecordedSignals],
    training: Sequence[RecordedSignals],
    keys: Keys,
    patterns: GazeMarkers,
    protocol: GazeProtocol,
    choice: Choice,
) -> list[Score]:
    """Judge one decoder on one person: accuracy for each length of gaze.

    Parameters
    ----------
    subject : str
        Whose recordings.
    recordings, training : sequence of RecordedSignals
        What is tested, and what the decoder learns from; where the latter is empty, the inquiries of the former
        but the one tested.
    keys : Keys
        The layout, the same in both.
    patterns, protocol, choice
        From the data set's description.

    Raises
    ------
    ValueError
        If a marker is missing, a prompt names no key, or an inquiry stands alone.
    """
    tested = _inquiries(recordings, keys, patterns)
    learnt = _inquiries(training, keys, patterns)
    if not learnt and len(tested) < 2:
        raise ValueError(f"Leaving one inquiry out needs at least two (got one in {recordings[0].path}).")
    found: dict[float | Literal["all"], list[Decision]] = {window: [] for window in protocol.windows}
    decoder = build(choice, screen_px=keys.screen_px)
    for number, inquiry in enumerate(tested):
        decoder = _fitted(decoder, learnt or tested[:number] + tested[number + 1 :], keys)
        for window in protocol.windows:
            found[window].append(decide(_evidence(decoder, inquiry, window, keys), inquiry.key))
    scores = []
    for window, decisions in found.items():
        at = None if window == "all" else window
        hits = sum(decision.hit for decision in decisions)
        scores.append(accuracy(subject, choice.name, "accuracy", at, hits, len(decisions)))
        if protocol.probabilities:
            scores += probability_scores(subject, choice.name, "accuracy", at, decisions)
    return scores


def _inquiries(recordings: Sequence[RecordedSignals], keys: Keys, patterns: GazeMarkers) -> list[Inquiry]:
    inquiries = []
    for recording in recordings:
        prompts = find_markers(recording, patterns.inquiry)
        flashes = np.array([onset for onset, _ in find_markers(recording, patterns.flash)])
        ends = [onset for onset, _ in prompts[1:]] + [np.inf]
        for (prompt, match), end in zip(prompts, ends, strict=True):
            shown = flashes[(flashes > prompt) & (flashes < end)]
            if match["key"] not in keys.labels or not len(shown):
                raise ValueError(
                    f"Prompt {match['key']!r} at {prompt:g} s in {recording.path} must name a key of the layout and "
                    f"be followed by flashes (got {len(shown)})."
                )
            start, stop = np.searchsorted(recording.times, [shown[0], shown[-1]])
            inquiries.append(
                Inquiry(
                    key=keys.labels.index(match["key"]),
                    start=float(shown[0]),
                    end=float(shown[-1]),
                    recording=recording,
                    times=recording.times[start:stop],
                    points=recording.data[start:stop],
                )
            )
    return inquiries


def _fitted(decoder: Any, inquiries: Sequence[Inquiry], keys: Keys) -> Any:
    cued = np.repeat([inquiry.key for inquiry in inquiries], [len(inquiry.points) for inquiry in inquiries])
    return decoder.fit(
        np.concatenate([inquiry.points for inquiry in inquiries]),
        keys.centres[cued],
        np.concatenate([inquiry.times for inquiry in inquiries]),
        sizes=keys.regions[cued, 2:],
        channels=inquiries[0].recording.channels,
    )


def _evidence(decoder: Any, inquiry: Inquiry, window: float | Literal["all"], keys: Keys) -> Evidence:
    """What the gaze in the window says of each key."""
    end = inquiry.end if window == "all" else inquiry.start + window
    block = StimulusBlock(np.zeros((len(keys.labels), 2), dtype=np.uint8), 1 / (end - inquiry.start), keys.regions)
    presentation = Presentation(trial=0, regions=keys.regions, start=inquiry.start).then(block)
    signals = as_signals(inquiry.recording, "gaze", until=end)
    evidence: Evidence = decoder.decode(presentation.shown(np.array([inquiry.start, end])), signals)
    return evidence


def _read_positions(path: Path) -> tuple[tuple[float, float], dict[str, list[float]]]:
    """Size of the screen in px, and each key's centre in norm units (-1..1, y up)."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        width, height = (float(value) for value in values["screen_size_pixels"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"Layout {path} is no JSON object with 'screen_size_pixels': [width, height].") from error
    if values.get("screen_units") != "norm":
        raise ValueError(f"Layout {path} must have 'screen_units' norm (got {values.get('screen_units')!r}).")
    centres = {name: place for name, place in values.items() if not name.startswith("screen_")}
    if not centres or not all(isinstance(place, list) and len(place) == 2 for place in centres.values()):
        raise ValueError(f"Layout {path} must hold two numbers for each key.")
    return (width, height), centres
