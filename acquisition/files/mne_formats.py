"""EEG files that MNE opens: BDF, EDF, FIF and BrainVision."""

import struct
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import mne
import numpy as np

from acquisition.files.channel_units import conversion
from acquisition.files.types import RecordedFile, RecordedMarkers, RecordedSignals, RecordedStream
from acquisition.stream import FloatArray, SampleArray, StreamInfo
from acquisition.units import scale

SUFFIXES = (".bdf", ".edf", ".fif", ".vhdr")

_PADDING = "BAD_ACQ_SKIP"
# All that MNE's readers have been seen to raise on damaged files.
BROKEN_FILE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    UnboundLocalError,
    ValueError,
    struct.error,
    zlib.error,
)
_BLOCK_SAMPLES = 100_000
# The physical dimensions of BDF and EDF channels that MNE turns into V; any other it hands out as it is.
_CONVERTED = ("V", "mV", "uV", "µV", "μV", "\x83\xcaV")
_SAMPLE_BYTES = {".bdf": 3, ".edf": 2}


def read_recording(path: Path, unit: str | None = None) -> RecordedSignals:
    """Read the EEG channels and the annotations of a whole BDF, EDF, FIF or BrainVision file.

    Parameters
    ----------
    path : Path
        For BrainVision the header file (.vhdr).
    unit : str, optional
        Unit of all channels, where a BDF or EDF file names none.

    Returns
    -------
    RecordedSignals
        Data in V, times from 0 s. Where the file was padded to a whole record (BAD_ACQ_SKIP) is no marker.

    Raises
    ------
    ValueError
        If the file is of another kind, truncated, damaged, holds no EEG channel or no annotation, or a channel's
        unit is not known.
    OSError
        If there is no such file.
    """
    path = Path(path)
    recorded = read_eeg(path, unit)
    if (truncated := truncation(path)) is not None:
        raise ValueError(truncated)
    if not recorded.markers:
        raise ValueError(f"Recording {path} has no annotations, and without markers nobody knows what was shown when.")
    return recorded.signals("eeg")


def read_eeg(path: Path, unit: str | None = None) -> RecordedFile:
    """Read the EEG of a BDF, EDF, FIF or BrainVision file, up to where it breaks off.

    Parameters
    ----------
    path, unit
        As for `read_recording`.

    Returns
    -------
    RecordedFile
        Stream "eeg" in V, times from 0 s, and "markers" where there are annotations. A BDF or EDF file that was cut
        is read to its last whole record, with a note.

    Raises
    ------
    ValueError
        If the file is of another kind or damaged, holds no EEG channel, or a channel's unit is not known.
    OSError
        If there is no such file.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"Recording {path} must end in one of {', '.join(SUFFIXES)} (got {path.suffix!r}).")
    if not path.is_file():
        raise FileNotFoundError(f"There is no recording {path}.")
    if unit is not None:
        scale(unit, to="V")
    truncated = truncation(path)
    try:
        raw = open_with_mne(mne.io.read_raw, path)
        channels = [raw.ch_names[i] for i in mne.pick_types(raw.info, eeg=True, exclude=())]
        units = _units(raw, path, channels, unit)
    except BROKEN_FILE as error:
        raise ValueError(f"Recording {path} cannot be read, it may be cut short or damaged: {error}.") from error
    if not channels:
        raise ValueError(f"Recording {path} holds no EEG channel.")
    wanted = conversion(path, "eeg", channels, units, to="V")
    channels = [channels[column] for column in wanted.columns]
    try:
        data = read_samples(raw, channels, wanted.factors)
    except BROKEN_FILE as error:
        raise ValueError(f"Recording {path} cannot be read, it may be cut short or damaged: {error}.") from error
    sfreq = float(raw.info["sfreq"])
    stream = RecordedStream(
        info=StreamInfo("eeg", sfreq, tuple(channels), "V"), times=np.arange(len(data)) / sfreq, data=data
    )
    notes = wanted.notes if truncated is None else (truncated, *wanted.notes)
    return RecordedFile(path, streams=(stream,), markers=marker_streams({"markers": annotations(raw)}), notes=notes)


def open_with_mne(reader: Callable[..., Any], path: Path) -> Any:
    """What MNE makes of a file; its warnings are ours to give."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return reader(path, verbose="error")


def read_samples(raw: Any, channels: Sequence[str], factors: FloatArray) -> SampleArray:
    """Samples (n_samples, n_channels) in float32, each channel times its factor.

    Read in blocks: MNE's float64 of a whole session would need twice the memory that the result does.
    """
    data = np.empty((raw.n_times, len(channels)), dtype=np.float32)
    for start in range(0, raw.n_times, _BLOCK_SAMPLES):
        stop = min(start + _BLOCK_SAMPLES, raw.n_times)
        data[start:stop] = raw.get_data(list(channels), start, stop, verbose="error").T * factors
    return data


def annotations(raw: Any) -> list[tuple[float, str]]:
    """Times (s, from the first sample) and labels of a recording's annotations, without MNE's own on padding."""
    return [
        (float(onset - raw.first_time), str(label))
        for onset, label in zip(raw.annotations.onset, raw.annotations.description, strict=True)
        if label != _PADDING
    ]


def marker_streams(named: Mapping[str, Sequence[tuple[float, str]]]) -> tuple[RecordedMarkers, ...]:
    """Streams of markers, each in order of time; without those that hold none."""
    return tuple(
        RecordedMarkers(name, np.array([time for time, _ in ordered]), tuple(label for _, label in ordered))
        for name, markers in named.items()
        if (ordered := sorted(markers, key=lambda marker: marker[0]))
    )


def truncation(path: Path) -> str | None:
    """One sentence if a BDF or EDF file is shorter than its header promises, or None; ValueError without a header."""
    if path.suffix.lower() not in _SAMPLE_BYTES:
        return None
    with path.open("rb") as file:
        fixed = file.read(256)
        try:
            header_bytes, n_records, n_signals = int(fixed[184:192]), int(fixed[236:244]), int(fixed[252:256])
            file.seek(256 + n_signals * 216)
            per_record = [int(file.read(8)) for _ in range(n_signals)]
        except ValueError as error:
            raise ValueError(f"Recording {path} has no complete {path.suffix[1:].upper()} header.") from error
    record_bytes = sum(per_record) * _SAMPLE_BYTES[path.suffix.lower()]
    found = path.stat().st_size
    if n_records < 0 or found < header_bytes + n_records * record_bytes:
        return (
            f"Recording {path} is truncated or was never finished: its header promises {n_records} records, "
            f"{header_bytes + n_records * record_bytes} bytes (got {found})."
        )
    return None


def _units(raw: Any, path: Path, channels: Sequence[str], given: str | None) -> list[str]:
    """In which unit MNE hands out each channel; "" where the file names none and none is given."""
    if path.suffix.lower() not in _SAMPLE_BYTES:
        return ["V"] * len(channels)
    with path.open("rb") as file:
        n_signals = int(file.read(256)[252:256])
        labels = [file.read(16).decode("latin-1").strip() for _ in range(n_signals)]
        file.seek(256 + n_signals * (16 + 80))
        dimensions = [file.read(8).decode("latin-1").strip() for _ in range(n_signals)]
    # MNE makes names unique, but keeps their order.
    signals = [i for i in range(n_signals) if labels[i] not in ("BDF Annotations", "EDF Annotations")]
    stored = dict(zip(raw.ch_names, (dimensions[i] for i in signals), strict=True))
    return ["V" if stored[channel] in _CONVERTED else stored[channel] or given or "" for channel in channels]
