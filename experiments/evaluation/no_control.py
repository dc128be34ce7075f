"""No control: what is selected while nobody attends to anything, against what is selected on purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from acquisition.files import RecordedSignals
from acquisition.stream import FloatArray, Signals
from experiments.evaluation.datasets import Choice, SsvepMarkers, SsvepProtocol
from experiments.evaluation.decoders import build
from experiments.evaluation.recordings import as_signals, find_markers
from experiments.evaluation.scores import Score, rate


@dataclass(frozen=True, slots=True, eq=False)
class _Trials:
    """Trials of one run, and what the decoder sees in windows that begin and end at every step of them.

    ``seen[length][begin]`` holds shape (n_trials, n_classes + 1, n_features); ``attended`` is 0 for rest.
    """

    attended: FloatArray
    seen: tuple[tuple[FloatArray, ...], ...]


def no_control_scores(
    subject: str,
    tested: Mapping[str, Sequence[RecordedSignals]],
    learnt: Mapping[str, Sequence[RecordedSignals]],
    patterns: SsvepMarkers,
    protocol: SsvepProtocol,
    choice: Choice,
) -> list[Score]:
    """Selections per minute of one person by a decoder that learnt from others, as a curve over thresholds.

    Each trial is worked through as a session would: a window grows until the probability of a flicker reaches the
    threshold, which is a selection; the next window begins there. A trial's end ends its window.

    Parameters
    ----------
    subject, tested, learnt, patterns, protocol, choice
        As for `experiments.evaluation.ssvep.ssvep_scores`; ``protocol.windows`` are the lengths that a window grows
        through, and must be multiples of the first difference.

    Returns
    -------
    list of Score
        For each threshold: false_selections_per_min in trials of rest, and in trials of flicker
        selections_per_min, of the flicker attended to, and wrong_selections_per_min.

    Raises
    ------
    ValueError
        If the data set has no markers of rest, or no other person is there to learn from.
    """
    if patterns.rest is None or patterns.frequencies is None or protocol.until is None:
        raise ValueError("Counting selections at rest needs 'rest' and 'frequencies' of markers, and 'until'.")
    others = [run for name, runs in (learnt or tested).items() if name != subject for run in runs]
    if not others:
        raise ValueError(f"Leaving one person out needs at least two (got {subject} alone).")
    key = patterns.model_dump_json(), protocol.model_dump_json(), choice.model_dump_json()
    training = [_trials(recording, *key) for recording in others]
    decoder = _decoder(choice, patterns, protocol, others[0].sfreq)
    X, y = [], []
    for length in range(len(protocol.windows)):
        begins = [(trials, seen) for trials in training for seen in trials.seen[length]]
        X.append(np.concatenate([seen for _, seen in begins]))
        y.append(np.concatenate([trials.attended for trials, _ in begins]))
    decoder.fit(X, y)

    step = protocol.windows[1] - protocol.windows[0]
    stretch = protocol.until - protocol.start
    log_p, attended = [], []
    for recording in tested[subject]:
        trials = _trials(recording, *key)
        attended.append(trials.attended)
        log_p.append([[decoder.predict_log_proba(s, k) for s in seen] for k, seen in enumerate(trials.seen)])
    wanted = np.concatenate(attended)
    columns = np.array([*patterns.frequencies, 0.0])
    scores = []
    for threshold in protocol.thresholds:
        chosen = [
            (wants, columns[slot])
            for run, wants_of in zip(log_p, attended, strict=True)
            for trial, wants in enumerate(wants_of)
            for slot in _selections(run, trial, np.log(threshold), protocol.windows, step, stretch)
        ]
        rest, on = (float(np.sum(which)) * stretch / 60 for which in (wanted == 0, wanted > 0))
        counts = {
            "false_selections_per_min": (sum(wants == 0 for wants, _ in chosen), rest),
            "selections_per_min": (sum(wants == got for wants, got in chosen), on),
            "wrong_selections_per_min": (sum(0 < wants != got for wants, got in chosen), on),
        }
        scores += [rate(subject, choice.name, name, threshold, int(n), m) for name, (n, m) in counts.items()]
    return scores


def _selections(
    log_p: Sequence[Sequence[FloatArray]],
    trial: int,
    threshold: float,
    lengths: Sequence[float],
    step: float,
    stretch: float,
) -> list[int]:
    """The slots selected in one trial, in order."""
    selected: list[int] = []
    begin = 0.0
    while begin + lengths[0] <= stretch + 1e-9:
        for number, length in enumerate(lengths):
            if begin + length > stretch + 1e-9:
                return selected
            row = log_p[number][round(begin / step)][trial][:-1]
            if row.max() >= threshold:
                selected.append(int(row.argmax()))
                begin += length
                break
        else:
            return selected
    return selected


@lru_cache(maxsize=256)
def _trials(recording: RecordedSignals, patterns: str, protocol: str, choice: str) -> _Trials:
    markers, how = SsvepMarkers.model_validate_json(patterns), SsvepProtocol.model_validate_json(protocol)
    decoder = _decoder(Choice.model_validate_json(choice), markers, how, recording.sfreq)
    cues = [(onset, float(match["frequency"])) for onset, match in find_markers(recording, markers.cue)]
    cues += [(onset, 0.0) for onset, _ in find_markers(recording, str(markers.rest))]
    cues = [cue for cue in cues if cue[1] in (*(markers.frequencies or ()), 0.0)]
    signals = as_signals(recording, "eeg")
    onsets = np.array([onset for onset, _ in cues])
    until = how.until or how.start + how.windows[-1]
    _, whole = signals.epochs("eeg", onsets, how.start - how.lead, until)
    step = how.windows[1] - how.windows[0]
    seen = tuple(
        tuple(
            decoder.transform(_cut(signals, onsets[whole], how, begin * step, length))
            for begin in range(int((until - how.start - length) / step + 1e-9) + 1)
        )
        for length in how.windows
    )
    return _Trials(np.array([frequency for _, frequency in cues])[whole], seen)


def _cut(signals: Signals, onsets: FloatArray, how: SsvepProtocol, begin: float, length: float) -> Any:
    first = how.start + begin
    return signals.epochs("eeg", onsets, first - how.lead, first + length)[0]


def _decoder(choice: Choice, patterns: SsvepMarkers, protocol: SsvepProtocol, sfreq: float) -> Any:
    return build(
        choice, frequencies=patterns.frequencies, sfreq=sfreq, lead_s=protocol.lead, lengths_s=protocol.windows
    )
