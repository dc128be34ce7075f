"""Steady-state responses: which flicker was attended to, without training or after it."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from acquisition.files import RecordedSignals
from acquisition.stream import FloatArray, SampleArray
from experiments.evaluation.datasets import Choice, SsvepMarkers, SsvepProtocol
from experiments.evaluation.decoders import build
from experiments.evaluation.no_control import no_control_scores
from experiments.evaluation.recordings import as_signals, find_markers
from experiments.evaluation.scores import Score, accuracy

People = Mapping[str, Sequence[RecordedSignals]]
"""Recordings by person, in order of time."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """How windows are cut: each trial gives one every ``step`` s from ``start`` on, the last over by ``until``."""

    cue: str
    frequencies: tuple[float, ...]
    start: float
    lead: float
    window: float
    step: float
    until: float


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What a decoder gets of one run: windows (or what it made of them), frequencies, and how much each counts."""

    X: FloatArray | SampleArray
    attended: FloatArray
    weight: FloatArray


def ssvep_scores(
    subject: str, tested: People, learnt: People, patterns: SsvepMarkers, protocol: SsvepProtocol, choice: Choice
) -> list[Score]:
    """Judge one decoder on one person: accuracy at each length of window.

    Parameters
    ----------
    subject : str
        Whose recordings of ``tested`` are tested.
    tested, learnt : mapping of str to sequence of RecordedSignals
        All people's recordings. Where the latter is empty, the decoder learns from the former, less what is tested;
        where it lacks the person, and the person's own runs are wanted, from those of the former but the one tested.
    patterns, protocol, choice
        From the data set's description.

    Raises
    ------
    ValueError
        If a marker is missing or names no frequency, no window lies inside its recording, or a run or a person that
        is left out stands alone.
    """
    recordings = tested[subject]
    if protocol.thresholds:
        return no_control_scores(subject, tested, learnt, patterns, protocol, choice)
    named = {cue for recording in recordings for _, cue in _cues(recording, patterns.cue)}
    frequencies = patterns.frequencies or tuple(sorted(named))
    scores = []
    for window in protocol.windows:
        until = protocol.until or protocol.start + window
        test = _Cut(patterns.cue, frequencies, protocol.start, protocol.lead, window, window, until)
        step, until = protocol.train_step or window, protocol.train_until or until
        train = _Cut(patterns.cue, frequencies, protocol.start, protocol.lead, window, step, until)
        hits = n = 0
        for left_out, training in _folds(subject, tested, learnt, protocol):
            decoder = build(choice, frequencies=frequencies, sfreq=recordings[0].sfreq, lead_s=protocol.lead)
            if training:
                _fit(decoder, training, subject, train, choice)
            runs = [_run(recording, test, choice) for recording in left_out]
            if sum(len(run.X) for run in runs):
                found = decoder.predict(np.concatenate([run.X for run in runs]))
                attended = np.concatenate([run.attended for run in runs])
                hits, n = hits + int(np.sum(found == attended)), n + len(attended)
        if not n:
            raise ValueError(f"No window of {window:g} s lies inside the recordings of subject {subject}.")
        scores.append(accuracy(subject, choice.name, "accuracy", window, hits, n))
    return scores


def _folds(
    subject: str, tested: People, learnt: People, protocol: SsvepProtocol
) -> Iterator[tuple[Sequence[RecordedSignals], list[tuple[str, RecordedSignals]]]]:
    """What is tested, and whose recordings are learnt from for that."""
    recordings = tested[subject]
    others = [(name, run) for name, runs in (learnt or tested).items() if name != subject for run in runs]
    if protocol.leave_out is None:
        yield recordings, []
    elif protocol.leave_out == "person":
        if not others:
            raise ValueError(f"Leaving one person out needs at least two (got {subject} alone).")
        yield recordings, others
    else:
        own = learnt.get(subject, ())
        if not own and len(recordings) < 2 and not others:
            raise ValueError(f"Leaving one run out needs at least two (got one of subject {subject}).")
        for number, recording in enumerate(recordings):
            mine = own or [*recordings[:number], *recordings[number + 1 :]]
            if learnt and not own and not protocol.with_others:
                yield [recording], others
            else:
                yield [recording], [*((subject, run) for run in mine), *(others if protocol.with_others else ())]


def _fit(
    decoder: Any, training: Sequence[tuple[str, RecordedSignals]], subject: str, cut: _Cut, choice: Choice
) -> None:
    """Fit a decoder, and tell it whose windows are whose if it wants to know."""
    runs = [(name, _run(recording, cut, choice)) for name, recording in training]
    X = np.concatenate([run.X for _, run in runs])
    attended = np.concatenate([run.attended for _, run in runs])
    more: dict[str, Any] = {}
    if "groups" in inspect.signature(decoder.fit).parameters:
        more["groups"] = np.concatenate([np.full(len(run.X), name) for name, run in runs])
        more["person"] = subject if any(name == subject for name, _ in runs) else None
        more["sample_weight"] = np.concatenate([run.weight for _, run in runs])
    decoder.fit(X, attended, **more)


def _run(recording: RecordedSignals, cut: _Cut, choice: Choice) -> _Run:
    return _seen(recording, cut, choice.model_dump_json())


@lru_cache(maxsize=1024)
def _seen(recording: RecordedSignals, cut: _Cut, choice: str) -> _Run:
    """The windows of one run that are whole, those of one cue behind each other, as the decoder wants them.

    What a decoder makes of windows before it has learnt anything is the same whatever is left out, and kept.
    """
    decoder = build(
        Choice.model_validate_json(choice), frequencies=cut.frequencies, sfreq=recording.sfreq, lead_s=cut.lead
    )
    cues = [cue for cue in _cues(recording, cut.cue) if cue[1] in cut.frequencies]
    per_cue = int((cut.until - cut.start - cut.window) / cut.step + 1e-9) + 1
    onsets = np.array([onset + number * cut.step for onset, _ in cues for number in range(per_cue)])
    attended = np.array([frequency for _, frequency in cues for _ in range(per_cue)])
    tmin, tmax = cut.start - cut.lead, cut.start + cut.window
    windows, usable = as_signals(recording, "eeg").epochs("eeg", onsets, tmin, tmax)
    X = decoder.transform(windows[usable]) if hasattr(decoder, "transform") and usable.any() else windows[usable]
    return _Run(X, attended[usable], np.full(int(usable.sum()), 1 / per_cue))


def _cues(recording: RecordedSignals, cue: str) -> list[tuple[float, float]]:
    return [(onset, _frequency(recording, match["frequency"])) for onset, match in find_markers(recording, cue)]


def _frequency(recording: RecordedSignals, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"Recording {recording.path} has a cue whose frequency is no number (got {text!r}).") from None
