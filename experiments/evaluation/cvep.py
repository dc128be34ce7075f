"""Code-modulated responses: which flicker sequence was attended to, also of codes that were never trained."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acquisition.files import RecordedSignals
from acquisition.stimulus import Presentation, StimulusBlock
from acquisition.stream import Chunk, SampleArray, Signals, StreamInfo
from experiments.evaluation.datasets import Choice, CodeStates, CodeTable, CvepDataset, CvepProtocol
from experiments.evaluation.decoders import build
from experiments.evaluation.probabilities import Decision, decide, probability_scores
from experiments.evaluation.recordings import as_signals, find_markers, named_groups
from experiments.evaluation.scores import Score, accuracy

Codes = NDArray[np.uint8]

# Trials are laid so far from each other in time, in s, that nothing of one is heard in the next.
_APART_S = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One selection: what was recorded from the first frame on, and what flickered.

    Parameters
    ----------
    window : array, shape (n_channels, n_times)
        In V.
    codes : array, shape (n_codes, n_samples)
        Light (1) and dark (0) of each code that flickered, at the signals' rate.
    first : int
        Sample of the codes at which the window begins.
    attended : int
        Row of the attended code.
    """

    window: SampleArray
    codes: Codes
    first: int
    attended: int


def cvep_scores(
    subject: str,
    recordings: Sequence[RecordedSignals],
    training: Sequence[RecordedSignals],
    dataset: CvepDataset,
    protocol: CvepProtocol,
    choice: Choice,
) -> list[Score]:
    """Judge one decoder on one person: accuracy at each length of window.

    With ``protocol.online``, also the mean confidence, the log loss and the calibration error of its probabilities over
    the codes. Where a window has several starts in a trial, a trial counts by the share of them that were right, and
    "from_onset" is the accuracy of those that begin with the trial. An interval's n is the number of trials.

    Parameters
    ----------
    subject : str
        Whose recordings.
    recordings, training : sequence of RecordedSignals
        What is tested, and what the decoder learns from; where the latter is empty, the other folds of the former.
    dataset, protocol, choice
        The data set's description, and what is chosen from it.

    Raises
    ------
    ValueError
        If markers, codes and recordings do not fit each other, or a window is longer than every trial.
    """
    tested = read_trials(recordings, dataset, protocol)
    learnt = read_trials(training, dataset, protocol)
    fold = _folds(len(tested), protocol, str(recordings[0].path)) if not learnt else np.zeros(len(tested), dtype=int)
    sfreq = recordings[0].sfreq
    if protocol.online:
        return _online_scores(subject, tested, learnt, fold, sfreq, protocol, choice)
    right: dict[float, list[list[bool]]] = {window: [] for window in protocol.windows}
    for number in np.unique(fold):
        decoder = build(choice, sfreq=sfreq)
        _fit(decoder, learnt or [trial for trial, its in zip(tested, fold, strict=True) if its != number])
        for trial in (trial for trial, its in zip(tested, fold, strict=True) if its == number):
            for window in protocol.windows:
                right[window].append(_hits(decoder, trial, window, protocol.step, sfreq))
    scores = []
    for window, hits in right.items():
        fitting = [of_trial for of_trial in hits if of_trial]
        if not fitting:
            raise ValueError(f"No window of {window:g} s fits into a trial of subject {subject}.")
        share = sum(float(np.mean(of_trial)) for of_trial in fitting)
        scores.append(accuracy(subject, choice.name, "accuracy", window, share, len(fitting)))
        if protocol.step is not None:
            first = sum(of_trial[0] for of_trial in fitting)
            scores.append(accuracy(subject, choice.name, "from_onset", window, first, len(fitting)))
    return scores


def _online_scores(
    subject: str,
    tested: Sequence[Trial],
    learnt: Sequence[Trial],
    fold: NDArray[np.int_],
    sfreq: float,
    protocol: CvepProtocol,
    choice: Choice,
) -> list[Score]:
    """Let the loop's decoder hear each trial grow, and judge what it says after each window."""
    decisions: dict[float, list[Decision]] = {window: [] for window in protocol.windows}
    for number in np.unique(fold):
        training = learnt or [trial for trial, its in zip(tested, fold, strict=True) if its != number]
        decoder = build(choice)
        decoder.fit(*_as_shown(training, sfreq))
        for trial in (trial for trial, its in zip(tested, fold, strict=True) if its == number):
            for window in (window for window in protocol.windows if round(window * sfreq) <= trial.window.shape[1]):
                (shown,), (wanted,), heard = _as_shown([trial], sfreq, window)
                decisions[window].append(decide(decoder.decode(shown, heard), wanted))
    scores = []
    for window, decided in decisions.items():
        if not decided:
            raise ValueError(f"No window of {window:g} s fits into a trial of subject {subject}.")
        hits = sum(decision.hit for decision in decided)
        scores.append(accuracy(subject, choice.name, "accuracy", window, hits, len(decided)))
        scores += probability_scores(subject, choice.name, "accuracy", window, decided)
    return scores


def _as_shown(
    trials: Sequence[Trial], sfreq: float, seconds: float = np.inf
) -> tuple[list[Presentation], list[int], Signals]:
    """Trials as a session knows them, up to so many seconds each: what was shown, what was wanted, what was heard."""
    channels = tuple(str(number) for number in range(len(trials[0].window)))
    signals = Signals([StreamInfo("eeg", sfreq, channels, "V")], keep_s=np.inf)
    shown = []
    for number, trial in enumerate(trials):
        n_times = int(min(trial.window.shape[1], round(seconds * sfreq) if np.isfinite(seconds) else np.inf))
        times = number * _APART_S + np.arange(n_times) / sfreq
        signals.append([Chunk("eeg", times, trial.window[:, :n_times].T)])
        codes = trial.codes[:, trial.first : trial.first + n_times]
        regions = np.zeros((len(codes), 4))
        blank = Presentation(number, regions, start=float(times[0]))
        shown.append(blank.then(StimulusBlock(codes, sfreq, regions)).shown(times))
    return shown, [trial.attended for trial in trials], signals


def read_trials(recordings: Sequence[RecordedSignals], dataset: CvepDataset, protocol: CvepProtocol) -> list[Trial]:
    """Cut trials whose attended code is known out of recordings filtered whole."""
    trials = []
    for recording in recordings:
        found = find_markers(recording, dataset.markers.trial)
        onsets = np.array([onset for onset, _ in found])
        names = [int(match["code"]) for _, match in found]
        codes, first = _read_codes(recording, dataset, len(found))
        signals = as_signals(recording, "eeg", protocol.filter)
        tmin, tmax = first / recording.sfreq, codes.shape[2] / recording.sfreq
        windows, usable = signals.epochs("eeg", onsets, tmin, tmax)
        for window, shown, name in zip(windows[usable], codes[usable], np.array(names)[usable], strict=True):
            row = int(name) - dataset.codes.first_name
            flickers = shown.any(axis=1)
            if name in dataset.markers.unknown:
                continue
            if not 0 <= row < len(shown) or not flickers[row]:
                raise ValueError(f"Recording {recording.path} has a marker of code {name}, which did not flicker.")
            trials.append(Trial(window, shown[flickers], first, int(flickers[:row].sum())))
    return trials


def _read_codes(recording: RecordedSignals, dataset: CvepDataset, n_trials: int) -> tuple[Codes, int]:
    """Codes (n_trials, n_codes, n_samples) from each marker on, and the sample at which stimulation starts."""
    described = dataset.codes
    path = recording.path.parent / described.file.format(**named_groups(recording.path, dataset.files))
    try:
        if isinstance(described, CodeTable):
            return _from_table(path, described, recording.sfreq, n_trials)
        return _from_states(path, described, recording.sfreq, n_trials)
    except (KeyError, TypeError) as error:
        raise ValueError(f"Codes {path} are not as the data set says: {error}.") from error


def _from_table(path: Path, described: CodeTable, sfreq: float, n_trials: int) -> tuple[Codes, int]:
    table = np.loadtxt(path, delimiter=",", dtype=np.uint8, ndmin=2)
    n_samples = round(described.cycles * table.shape[1] / described.frame_rate * sfreq)
    # A sample falls into the frame that is on at its time; the small number keeps it there in spite of rounding.
    frames = (np.arange(n_samples) / sfreq * described.frame_rate + 1e-6).astype(int) % table.shape[1]
    return np.broadcast_to(table[:, frames], (n_trials, len(table), n_samples)), 0


def _from_states(path: Path, described: CodeStates, sfreq: float, n_trials: int) -> tuple[Codes, int]:
    with np.load(path) as held:
        states, rate, before = held["states"], float(held["fs"]), float(held["pre_s"])
    if rate != sfreq or len(states) != n_trials:
        raise ValueError(
            f"Codes {path} must have the recording's {sfreq:g} Hz and {n_trials} trials "
            f"(got {rate:g} Hz and {len(states)} trials)."
        )
    return states.transpose(0, 2, 1)[:, described.first_name :], round(before * sfreq)


def _folds(n_trials: int, protocol: CvepProtocol, where: str) -> NDArray[np.int_]:
    n_folds = n_trials if protocol.folds == "trial" else protocol.folds
    if not 2 <= n_folds <= n_trials:
        raise ValueError(f"Testing in {n_folds} folds needs at least as many trials (got {n_trials} in {where}).")
    return np.arange(n_trials) * n_folds // n_trials


def _fit(decoder: object, trials: Sequence[Trial]) -> None:
    """Fit to trials; the attended code goes first, and since trials may differ in number of codes, only it is given."""
    n_times = min(trial.window.shape[1] for trial in trials)
    n_samples = min(trial.codes.shape[1] for trial in trials)
    n_codes = min(len(trial.codes) for trial in trials)
    decoder.fit(  # type: ignore[attr-defined]
        np.stack([trial.window[:, :n_times] for trial in trials]),
        np.zeros(len(trials), dtype=int),
        np.stack([_attended_first(trial)[:n_codes, :n_samples] for trial in trials]),
        np.array([trial.first for trial in trials]),
    )


def _attended_first(trial: Trial) -> Codes:
    others = np.delete(trial.codes, trial.attended, axis=0)
    return np.concatenate([trial.codes[[trial.attended]], others])


def _hits(decoder: object, trial: Trial, window: float, step: float | None, sfreq: float) -> list[bool]:
    """Was the attended code the likeliest, for each window that fits into the trial?"""
    n_times, last = round(window * sfreq), trial.window.shape[1]
    starts = range(0, last - n_times + 1, round(step * sfreq)) if step else range(min(1, last - n_times + 1))
    return [
        int(
            decoder.predict(  # type: ignore[attr-defined]
                trial.window[None, :, start : start + n_times], trial.codes, trial.first + start
            )[0]
        )
        == trial.attended
        for start in starts
    ]
