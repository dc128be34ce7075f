"""XDF files of LabRecorder and of Assent: every stream on one time line, clocks synchronised, jitter removed."""

import io
import struct
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyxdf

from acquisition import xdf
from acquisition.files.channel_units import conversion
from acquisition.files.mne_formats import marker_streams
from acquisition.files.segments import even_out
from acquisition.files.types import RecordedFile, RecordedStream
from acquisition.recording import ARRIVALS
from acquisition.stream import FloatArray, StreamInfo

_KINDS = {
    "eeg": "eeg",
    "gaze": "gaze",
    "eyetracker": "gaze",
    "eyetracking": "gaze",
    "eye tracking": "gaze",
    "markers": "markers",
    "marker": "markers",
}
_UNITS = {"eeg": "V", "gaze": "px"}
_RATE_TOLERANCE = 0.01


def read_xdf(path: Path, units: Mapping[str, str]) -> RecordedFile:
    """Read all streams of an XDF file, up to where it breaks off.

    Clock offsets and resets are handled by pyxdf; jitter is removed by `acquisition.files.segments.even_out`, except
    in Assent's own recordings, whose times are free of it and are kept bit for bit.

    Parameters
    ----------
    path : Path
        An XDF file, plain or compressed (.xdfz).
    units : mapping of str to str
        For a stream's name the unit of its channels, where the file does not say it.

    Returns
    -------
    RecordedFile
        Streams of numbers in float32, and of texts (or numbers of type "Markers") as markers. An EEG stream is named
        "eeg" and a gaze stream "gaze" if it is the only one of its kind; all others by their own names.

    Raises
    ------
    ValueError
        If the file is damaged at its start, or the unit of an EEG or gaze stream is not known.
    """
    content = _read_content(path)
    end = xdf.complete_length(content)
    notes = (
        [] if end == len(content) else [f"Recording {path} breaks off: its last {len(content) - end} bytes are lost."]
    )
    try:
        # The rate that pyxdf works out for each stream is of no use here, and not finite for a few equal stamps.
        with np.errstate(all="ignore"):
            loaded, _ = pyxdf.load_xdf(io.BytesIO(content[:end]), dejitter_timestamps=False)
    except (
        LookupError,
        ValueError,
        SyntaxError,
        TypeError,
        AttributeError,
        struct.error,
        np.linalg.LinAlgError,
    ) as error:
        raise ValueError(f"Recording {path} is damaged: pyxdf cannot read it ({error}).") from error
    is_ours = any(_text(stream["info"], "name") == ARRIVALS.name for stream in loaded)
    loaded = [stream for stream in loaded if not (is_ours and _text(stream["info"], "name") == ARRIVALS.name)]
    streams, markers = [], {}
    for name, kind, stream in _named(loaded):
        times = np.asarray(stream["time_stamps"], dtype=np.float64)
        if not len(times):
            notes.append(f"Stream {name!r} of {path} is empty.")
        if kind == "markers":
            markers[name] = list(zip(times.tolist(), map(_label, stream["time_series"]), strict=True))
            continue
        if not is_ours:
            times, found = _place(name, times, float(_text(stream["info"], "nominal_srate") or 0))
            notes += found
        recorded, left_out = _to_si(path, name, kind, stream, times, units.get(name))
        streams.append(recorded)
        notes += left_out
    return RecordedFile(path, tuple(streams), marker_streams(markers), tuple(notes))


def _read_content(path: Path) -> bytes:
    content = path.read_bytes()
    if content.startswith(xdf.MAGIC):
        return content
    try:
        # A compressed file that breaks off is decompressed as far as it goes.
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(content)
    except zlib.error as error:
        raise ValueError(f"Recording {path} is damaged: it cannot be decompressed ({error}).") from error


def _named(loaded: Sequence[Any]) -> list[tuple[str, str, Any]]:
    """Each stream with a name that no other has, and its kind ("" if none of ours)."""
    kinds = [
        "markers"
        if _text(stream["info"], "channel_format") == "string"
        else _KINDS.get(_text(stream["info"], "type").lower(), "")
        for stream in loaded
    ]
    own = [_text(stream["info"], "name") or kind or "stream" for stream, kind in zip(loaded, kinds, strict=True)]
    names = [kind if kind in _UNITS and kinds.count(kind) == 1 else name for kind, name in zip(kinds, own, strict=True)]
    twice = {name for name, n in Counter(names).items() if n > 1}
    names = [
        f"{name} ({stream['info']['stream_id']})" if name in twice else name
        for name, stream in zip(names, loaded, strict=True)
    ]
    return list(zip(names, kinds, loaded, strict=True))


def _place(name: str, times: FloatArray, sfreq: float) -> tuple[FloatArray, list[str]]:
    """Times (s) without jitter, and what has to be said about gaps and the rate."""
    if sfreq <= 0 or len(times) < 2:
        return times, []
    evened, breaks = even_out(times, sfreq)
    notes = []
    if len(breaks):
        steps = evened[breaks] - evened[breaks - 1]
        notes.append(f"Stream {name!r} has {len(breaks)} gaps or jumps, the longest of {np.abs(steps).max():.3g} s.")
    step = float(np.median(np.diff(evened)))
    if step > 0 and abs(1 / step / sfreq - 1) > _RATE_TOLERANCE:
        notes.append(f"Stream {name!r} declares {sfreq:g} Hz but runs at {1 / step:.4g} Hz.")
    return evened, notes


def _to_si(
    path: Path, name: str, kind: str, stream: Any, times: FloatArray, given: str | None
) -> tuple[RecordedStream, list[str]]:
    values = np.asarray(stream["time_series"])
    channels, units = _channels(stream["info"], values.shape[1])
    notes: list[str] = []
    if kind in _UNITS:
        wanted = conversion(path, name, channels, units, to=_UNITS[kind], given=given)
        with np.errstate(invalid="ignore"):  # A signalling NaN is as good as a quiet one.
            values = values[:, wanted.columns] * wanted.factors
        channels = [channels[column] for column in wanted.columns]
        unit = _UNITS[kind]
        notes += wanted.notes
    else:
        unit = given or (units[0] if len(set(units)) == 1 else "")
    if np.any(np.diff(times) < 0):
        notes.append(f"Samples of stream {name!r} are not in order of time; they are put in order.")
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
    info = StreamInfo(
        name=name,
        sfreq=float(_text(stream["info"], "nominal_srate") or 0),
        channels=tuple(channels),
        unit=unit,
        source_id=_text(stream["info"], "source_id"),
    )
    with np.errstate(over="ignore", invalid="ignore"):
        return RecordedStream(info, times, values.astype(np.float32)), notes


def _channels(info: Any, n_channels: int) -> tuple[list[str], list[str]]:
    """Label and unit of each channel, from pyxdf's nested lists, which hold None where there is nothing."""
    node = info
    for key in ("desc", "channels"):
        node = ((node or {}).get(key) or [None])[0]
    described = (node or {}).get("channel") or []
    if len(described) != n_channels:
        described = [None] * n_channels
    labels = [_text(channel, "label") or f"ch{i}" for i, channel in enumerate(described, start=1)]
    return labels, [_text(channel, "unit") for channel in described]


def _text(node: Any, key: str) -> str:
    return str(((node or {}).get(key) or [None])[0] or "")


def _label(values: Any) -> str:
    return " ".join(value if isinstance(value, str) else f"{value:g}" for value in values)
