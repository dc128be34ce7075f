"""Steady-state responses: which flicker was attended to, without training or after it."""

from collections.abc import Sequence

import numpy as np

from acquisition.files import RecordedSignals
from acquisition.stream import FloatArray, SampleArray
from experiments.evaluation.datasets import Choice, SsvepMarkers, SsvepProtocol
from experiments.evaluation.decoders import build
from experiments.evaluation.recordings import as_signals, find_markers
from experiments.evaluation.scores import Score, accuracy

Run = tuple[SampleArray, FloatArray]
"""Windows (n_windows, n_channels, n_times) in V, with their lead, and the frequency (Hz) attended to in each."""


def ssvep_scores(
    subject: str,
    recordings: Sequence[RecordedSignals],
    training: Sequence[RecordedSignals],
    patterns: SsvepMarkers,
    protocol: SsvepProtocol,
    choice: Choice,
) -> list[Score]:
    """Judge one decoder on one person: accuracy at each length of window.

    Parameters
    ----------
    subject : str
        Whose recordings.
    recordings, training : sequence of RecordedSignals
        What is tested, and what the decoder learns from, if it learns; where the latter is empty, the runs of the
        former but the one tested.
    patterns, protocol, choice
        From the data set's description.

    Raises
    ------
    ValueError
        If a marker is missing or names no frequency, no window lies inside its recording, or a run stands alone.
    """
    named = {cue for recording in recordings for _, cue in _cues(recording, patterns)}
    frequencies = patterns.frequencies or tuple(sorted(named))
    if protocol.trains and not training and len(recordings) < 2:
        raise ValueError(f"Leaving one run out needs at least two (got one of subject {subject}).")
    scores = []
    for window in protocol.windows:
        runs = [_windows(recording, patterns, protocol, window, frequencies) for recording in recordings]
        others = [_windows(recording, patterns, protocol, window, frequencies) for recording in training]
        hits = n = 0
        for number, (windows, attended) in enumerate(runs):
            decoder = build(choice, frequencies=frequencies, sfreq=recordings[0].sfreq, lead_s=protocol.lead)
            if protocol.trains:
                learnt = others or runs[:number] + runs[number + 1 :]
                decoder.fit(np.concatenate([X for X, _ in learnt]), np.concatenate([y for _, y in learnt]))
            if len(windows):
                hits += int(np.sum(decoder.predict(windows) == attended))
                n += len(windows)
        if not n:
            raise ValueError(f"No window of {window:g} s lies inside the recordings of subject {subject}.")
        scores.append(accuracy(subject, choice.name, "accuracy", window, hits, n))
    return scores


def _windows(
    recording: RecordedSignals,
    patterns: SsvepMarkers,
    protocol: SsvepProtocol,
    window: float,
    frequencies: Sequence[float],
) -> Run:
    """The windows of one run that are whole, those of one cue behind each other."""
    cues = [cue for cue in _cues(recording, patterns) if cue[1] in frequencies]
    per_cue = 1 if protocol.until is None else int((protocol.until - protocol.start) / window + 1e-9)
    onsets = np.array([onset + number * window for onset, _ in cues for number in range(per_cue)])
    attended = np.array([frequency for _, frequency in cues for _ in range(per_cue)])
    tmin, tmax = protocol.start - protocol.lead, protocol.start + window
    windows, usable = as_signals(recording, "eeg").epochs("eeg", onsets, tmin, tmax)
    return windows[usable], attended[usable]


def _cues(recording: RecordedSignals, patterns: SsvepMarkers) -> list[tuple[float, float]]:
    found = find_markers(recording, patterns.cue)
    return [(onset, _frequency(recording, match["frequency"])) for onset, match in found]


def _frequency(recording: RecordedSignals, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"Recording {recording.path} has a cue whose frequency is no number (got {text!r}).") from None
