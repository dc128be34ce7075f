"""Steady-state responses: which flicker was attended to, without training."""

from collections.abc import Sequence

import numpy as np

from acquisition.files import RecordedSignals
from experiments.evaluation.datasets import Choice, SsvepMarkers, SsvepProtocol
from experiments.evaluation.decoders import build
from experiments.evaluation.recordings import as_signals, find_markers
from experiments.evaluation.scores import Score, accuracy


def ssvep_scores(
    subject: str,
    recordings: Sequence[RecordedSignals],
    patterns: SsvepMarkers,
    protocol: SsvepProtocol,
    choice: Choice,
) -> list[Score]:
    """Judge one decoder on one person: accuracy at each length of window.

    Raises
    ------
    ValueError
        If a marker is missing or names no frequency, or no window lies inside its recording.
    """
    cues = [
        [(onset, _frequency(recording, match["frequency"])) for onset, match in find_markers(recording, patterns.cue)]
        for recording in recordings
    ]
    frequencies = patterns.frequencies or tuple(sorted({frequency for run in cues for _, frequency in run}))
    cues = [[cue for cue in run if cue[1] in frequencies] for run in cues]
    decoder = build(choice, frequencies=frequencies, sfreq=recordings[0].sfreq, lead_s=protocol.lead)
    signals = [as_signals(recording, "eeg") for recording in recordings]
    scores = []
    for window in protocol.windows:
        hits = n = 0
        for run, held in zip(cues, signals, strict=True):
            onsets = np.array([onset for onset, _ in run])
            attended = np.array([frequency for _, frequency in run])
            tmin, tmax = protocol.start - protocol.lead, protocol.start + window
            windows, usable = held.epochs("eeg", onsets, tmin, tmax)
            if usable.any():
                hits += int(np.sum(decoder.predict(windows[usable]) == attended[usable]))
                n += int(usable.sum())
        if not n:
            raise ValueError(f"No window of {window:g} s lies inside the recordings of subject {subject}.")
        scores.append(accuracy(subject, choice.name, "accuracy", window, hits, n))
    return scores


def _frequency(recording: RecordedSignals, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"Recording {recording.path} has a cue whose frequency is no number (got {text!r}).") from None
