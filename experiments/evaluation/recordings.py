"""A data set's recordings: found by pattern, checked against each other, filtered and searched for markers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import signal

from acquisition.files import RecordedSignals
from acquisition.filtering import CausalFilter
from acquisition.stream import Chunk, Filter, FloatArray, SampleArray, Signals, StreamInfo
from experiments.evaluation.datasets import FilterSettings


@dataclass(frozen=True, slots=True)
class Located:
    """A file and the person it is of."""

    path: Path
    subject: str


def locate(name: str, pattern: str, root: Path) -> list[Located]:
    """Find a data set's files in ``root/name``, or in ``root`` itself.

    Parameters
    ----------
    name : str
        The data set's name.
    pattern : str
        Regular expression of the whole path below that folder, with "/" between its parts; its group "subject",
        where it has one, names the person.
    root : Path
        Where recordings lie.

    Raises
    ------
    OSError
        If there is no such folder.
    ValueError
        If no file matches.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"There is no folder {root}.")
    for folder in (root / name, root):
        matches = [
            (path, match)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and (match := re.fullmatch(pattern, path.relative_to(folder).as_posix()))
        ]
        if matches:
            return [Located(path, match.groupdict().get("subject") or "1") for path, match in matches]
    raise ValueError(
        f"Folder {root} holds no recording of {name}: neither in it nor in {name}/ does a file match {pattern}."
    )


def named_groups(path: Path, pattern: str) -> dict[str, str]:
    """What the groups of a data set's pattern hold for one of its files."""
    match = re.search(f"(?:^|/)(?:{pattern})$", path.as_posix())
    return {} if match is None else {name: text or "" for name, text in match.groupdict().items()}


def read_all(located: Sequence[Located], read: Callable[[Path], RecordedSignals]) -> dict[str, list[RecordedSignals]]:
    """Read every file, by person in order; ValueError if two differ in sampling rate or channels."""
    by_subject: dict[str, list[RecordedSignals]] = {}
    first: RecordedSignals | None = None
    for entry in located:
        recording = read(entry.path)
        first = first or recording
        if recording.sfreq != first.sfreq:
            raise ValueError(
                f"Recordings of one data set must have one sampling rate (got {recording.sfreq:g} Hz in "
                f"{recording.path} and {first.sfreq:g} Hz in {first.path})."
            )
        if recording.channels != first.channels:
            raise ValueError(
                f"Recordings of one data set must have the same channels in the same order (got "
                f"{', '.join(recording.channels)} in {recording.path} and {', '.join(first.channels)} in {first.path})."
            )
        by_subject.setdefault(entry.subject, []).append(recording)
    return by_subject


def find_markers(recording: RecordedSignals, pattern: str) -> list[tuple[float, re.Match[str]]]:
    """Time (s) and match of each marker that fits; ValueError if none does."""
    found = [
        (float(onset), match)
        for onset, label in zip(recording.onsets, recording.labels, strict=True)
        if (match := re.fullmatch(pattern, label))
    ]
    if not found:
        held = ", ".join(sorted(set(recording.labels))[:8])
        raise ValueError(f"Recording {recording.path} has no marker that matches {pattern} (it has {held}).")
    return found


def as_signals(
    recording: RecordedSignals, name: str, settings: FilterSettings | None = None, until: float = np.inf
) -> Signals:
    """The recording as the loop would hold it, up to a time (s), as stream ``name``, filtered if wanted."""
    info = StreamInfo(name, recording.sfreq, recording.channels, recording.unit)
    filters: dict[str, Filter] = {}
    if settings is not None:
        causal = CausalFilter(recording.sfreq, settings.band, settings.order, settings.notch)
        filters[name] = causal if settings.phase == "causal" else _zero_phase(recording.sfreq, settings)
    signals = Signals([info], filters, keep_s=np.inf)
    stop = int(np.searchsorted(recording.times, until, side="right"))
    signals.append([Chunk(name, recording.times[:stop], recording.data[:stop])])
    return signals


def _zero_phase(sfreq: float, settings: FilterSettings) -> Filter:
    sos = signal.butter(settings.order, settings.band, btype="bandpass", fs=sfreq, output="sos")
    if settings.notch is not None:
        sos = np.vstack([sos, signal.tf2sos(*signal.iirnotch(settings.notch, 30.0, fs=sfreq))])

    def run(times: FloatArray, data: SampleArray) -> SampleArray:  # noqa: ARG001
        return np.asarray(signal.sosfiltfilt(sos, data.astype(np.float64), axis=0), dtype=np.float32)

    return run
