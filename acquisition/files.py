"""Recordings made elsewhere, read into one form: samples in SI units, and markers in seconds."""

import csv
import gzip
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import mne
import numpy as np

from acquisition.stream import FloatArray, SampleArray

SUFFIXES = (".bdf", ".edf", ".fif", ".vhdr")

_PADDING = "BAD_ACQ_SKIP"
_GAZE_CHANNELS = ("left_x", "left_y", "right_x", "right_y")
_BROKEN_FILE = (
    ValueError,
    RuntimeError,
    NotImplementedError,
    OSError,
    IndexError,
    KeyError,
    struct.error,
)


@dataclass(frozen=True, slots=True, eq=False)
class RecordedSignals:
    """Samples and markers of one recording, on one time line.

    Parameters
    ----------
    path : Path
        Where it was read from.
    sfreq : float
        Nominal sampling rate in Hz.
    channels : tuple of str
        One label per channel.
    unit : str
        "V" for EEG, "px" for gaze.
    times : array, shape (n_samples,)
        Time of each sample in s; a recording without a clock of its own starts at 0.
    data : array, shape (n_samples, n_channels)
        Samples; NaN where the device had no value.
    onsets : array, shape (n_markers,)
        Time of each marker in s, ascending.
    labels : tuple of str
        One label per marker.
    """

    path: Path
    sfreq: float
    channels: tuple[str, ...]
    unit: str
    times: FloatArray
    data: SampleArray
    onsets: FloatArray
    labels: tuple[str, ...]


def read_recording(path: Path) -> RecordedSignals:
    """Read the EEG channels and the annotations of a BDF, EDF, FIF or BrainVision file.

    Parameters
    ----------
    path : Path
        For BrainVision the header file (.vhdr).

    Returns
    -------
    RecordedSignals
        Data in V, times from 0 s. Where the file was padded to a whole record (BAD_ACQ_SKIP) is no marker.

    Raises
    ------
    ValueError
        If the file is of another kind, truncated, damaged, holds no EEG channel or no annotation.
    OSError
        If there is no such file.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"Recording {path} must end in one of {', '.join(SUFFIXES)} (got {path.suffix!r}).")
    if not path.is_file():
        raise FileNotFoundError(f"There is no recording {path}.")
    if path.suffix.lower() in (".bdf", ".edf"):
        _refuse_truncated(path)
    try:
        raw = mne.io.read_raw(path, verbose="error")
        if "eeg" not in raw.get_channel_types():
            raise ValueError("it holds no EEG channel")
        data = raw.get_data(picks="eeg", verbose="error").T.astype(np.float32)
        channels = tuple(raw.copy().pick("eeg", verbose="error").ch_names)
    except _BROKEN_FILE as error:
        raise ValueError(f"Recording {path} cannot be read: {error}.") from error

    sfreq = float(raw.info["sfreq"])
    markers = [
        (float(onset - raw.first_time), str(label))
        for onset, label in zip(raw.annotations.onset, raw.annotations.description, strict=True)
        if label != _PADDING
    ]
    if not markers:
        raise ValueError(f"Recording {path} has no annotations, and without markers nobody knows what was shown when.")
    return RecordedSignals(
        path=path,
        sfreq=sfreq,
        channels=channels,
        unit="V",
        times=np.arange(len(data)) / sfreq,
        data=data,
        onsets=np.array([onset for onset, _ in markers]),
        labels=tuple(label for _, label in markers),
    )


def read_bcipy_gaze(path: Path, triggers: Path, screen_px: tuple[float, float]) -> RecordedSignals:
    """Read an eye tracker's CSV as BciPy writes it, with the triggers of the same session.

    Parameters
    ----------
    path : Path
        CSV (or CSV.gz): two lines ``daq_type,NAME`` and ``sample_rate,HZ``, a header, then one row a sample with
        ``left_x``, ``left_y``, ``right_x``, ``right_y`` in 0..1 from the top left, and ``lsl_timestamp``.
    triggers : Path
        Lines of "label type time", on the clock of ``lsl_timestamp``.
    screen_px : tuple of float
        Width and height of the screen, in px.

    Returns
    -------
    RecordedSignals
        Channels left_x, left_y, right_x, right_y in px, NaN while an eye is lost; labels are "type/label".

    Raises
    ------
    ValueError
        If a line or a column is not as described.
    OSError
        If a file is missing.
    """
    opened: IO[str] = gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="")  # noqa: SIM115
    try:
        with opened as file:
            preamble = dict(next(csv.reader([file.readline()])) for _ in range(2))
            sfreq = float(preamble["sample_rate"])
            rows = [
                [_number(row["lsl_timestamp"]), *(_number(row[channel]) for channel in _GAZE_CHANNELS)]
                for row in csv.DictReader(file)
            ]
    except (ValueError, KeyError, EOFError, TypeError, StopIteration, gzip.BadGzipFile) as error:
        raise ValueError(f"Recording {path} is no complete gaze CSV as BciPy writes it ({error}).") from error
    if not rows:
        raise ValueError(f"Recording {path} holds no samples.")
    samples = np.array(rows)
    order = np.argsort(samples[:, 0], kind="stable")
    samples = samples[order[np.isfinite(samples[order, 0])]]
    onsets, labels = _read_triggers(triggers)
    return RecordedSignals(
        path=path,
        sfreq=sfreq,
        channels=_GAZE_CHANNELS,
        unit="px",
        times=samples[:, 0],
        data=(samples[:, 1:] * np.tile(screen_px, 2)).astype(np.float32),
        onsets=onsets,
        labels=labels,
    )


def _read_triggers(path: Path) -> tuple[FloatArray, tuple[str, ...]]:
    markers = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        try:
            label, kind, time = fields
            markers.append((float(time), f"{kind}/{label}"))
        except ValueError as error:
            raise ValueError(f"Line {number} of {path} must be 'label type time' (got {line!r}).") from error
    # BciPy notes the offsets between its clocks in the same file; they are no events.
    markers = [marker for marker in markers if not marker[1].startswith(("offset/", "system/"))]
    markers.sort(key=lambda marker: marker[0])
    if not markers:
        raise ValueError(f"Triggers {path} name no event.")
    return np.array([time for time, _ in markers]), tuple(label for _, label in markers)


def _number(text: str | None) -> float:
    """A CSV field as a number; an empty one is a lost eye, a missing one a broken row."""
    if text is None:
        raise ValueError("a row ends early")
    return float(text) if text.strip() else float("nan")


def _refuse_truncated(path: Path) -> None:
    """Compare a BDF or EDF file's size with what its header promises, since mne only warns."""
    sample_bytes = 3 if path.suffix.lower() == ".bdf" else 2
    with path.open("rb") as file:
        fixed = file.read(256)
        try:
            header_bytes, n_records, n_signals = int(fixed[184:192]), int(fixed[236:244]), int(fixed[252:256])
            file.seek(256 + n_signals * 216)
            per_record = [int(file.read(8)) for _ in range(n_signals)]
        except ValueError as error:
            raise ValueError(f"Recording {path} has no complete {path.suffix[1:].upper()} header.") from error
    promised = header_bytes + n_records * sum(per_record) * sample_bytes
    found = path.stat().st_size
    if n_records < 0 or found < promised:
        raise ValueError(
            f"Recording {path} is truncated or was never finished: its header promises {n_records} records, "
            f"{promised} bytes (got {found})."
        )
