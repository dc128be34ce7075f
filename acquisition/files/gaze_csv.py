"""Gaze in tables of text: BciPy's (Tobii), one row a target (Gazepoint, EyeLink), and one row a sample."""

import csv
import gzip
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO

import numpy as np

from acquisition.files.mne_formats import marker_streams
from acquisition.files.types import RecordedFile, RecordedSignals, RecordedStream
from acquisition.stream import FloatArray, StreamInfo
from acquisition.units import scale

GAZE_CHANNELS = ("left_x", "left_y", "right_x", "right_y")
_TARGET_COLUMNS = ("Actual-X-Left", "Actual-Y-Left", "Actual-X-Right", "Actual-Y-Right")
# What the trackers write for an eye that they have lost: Gazepoint the largest int32, EyeLink its own missing value.
_LOST = (2**31 - 1, -3276, -32768)
_TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_BROKEN_TABLE = (ValueError, KeyError, EOFError, TypeError, StopIteration, csv.Error, gzip.BadGzipFile)


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
    stream = _read_bcipy_samples(path, screen_px)
    return RecordedFile(path, (stream,), marker_streams({"markers": _read_triggers(triggers)})).signals("gaze")


def read_bcipy_session(path: Path, triggers: Path | None, screen_px: tuple[float, float] | None) -> RecordedFile:
    """As `read_bcipy_gaze`; the triggers are looked for in ``triggers.txt`` beside the file if not named."""
    if screen_px is None:
        raise ValueError(
            f"Argument 'screen_px' must give the screen's width and height (got none, and recording {path} holds gaze "
            "as shares of the screen)."
        )
    beside = path.with_name("triggers.txt")
    triggers = beside if triggers is None and beside.is_file() else triggers
    stream = _read_bcipy_samples(path, screen_px)
    if triggers is None:
        note = f"Recording {path} has no markers: there is no triggers.txt beside it, and argument 'triggers' is none."
        return RecordedFile(path, (stream,), (), notes=(note,))
    return RecordedFile(path, (stream,), marker_streams({"markers": _read_triggers(triggers)}))


def read_target_gaze(path: Path) -> RecordedFile:
    """Read a table with one row a target, as validations of Gazepoint and EyeLink trackers write it.

    Parameters
    ----------
    path : Path
        CSV with columns Timestamp ("2023-07-18 14:56:48"), Target-ID, Target-X, Target-Y and, in px,
        Actual-X-Left, Actual-Y-Left, Actual-X-Right, Actual-Y-Right.

    Returns
    -------
    RecordedFile
        Stream "gaze", irregular, in px, with channels left_x, left_y, right_x, right_y; NaN where an eye was lost.
        Values below 0 were stored as unsigned numbers of 32 bits and are restored. Markers "target/ID/X,Y" at the
        same times, which are whole s from the first row: two rows can have one time.

    Raises
    ------
    ValueError
        If a column is missing or a row is not as described.
    """
    times, gaze, labels = [], [], []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                times.append(datetime.strptime(row["Timestamp"], "%Y-%m-%d %H:%M:%S").timestamp())
                gaze.append([_px(row[column]) for column in _TARGET_COLUMNS])
                labels.append(f"target/{row['Target-ID']}/{row['Target-X']},{row['Target-Y']}")
    except _BROKEN_TABLE as error:
        raise ValueError(f"Recording {path} is no complete table of gaze at targets ({error}).") from error
    if not times:
        raise ValueError(f"Recording {path} holds no samples.")
    since_start = np.array(times) - times[0]
    stream = _in_order(StreamInfo("gaze", 0.0, GAZE_CHANNELS, "px"), since_start, np.array(gaze))
    markers = list(zip(since_start.tolist(), labels, strict=True))
    return RecordedFile(path, (stream,), marker_streams({"markers": markers}))


def read_gaze_table(path: Path, units: Mapping[str, str]) -> RecordedFile:
    """Read a table with one row a sample: a time, x and y.

    Parameters
    ----------
    path : Path
        Columns "timestamp" (or "time"), "x" and "y", separated by tabs or commas; other columns are left out.
    units : mapping of str to str
        The units that the table does not say: of "time" ("s", "ms", "us" or "ns"), and of "gaze" ("px").

    Returns
    -------
    RecordedFile
        Stream "gaze" in px with channels x and y, times from 0 s; its rate is the inverse of the median step.

    Raises
    ------
    ValueError
        If a unit is not given, a column is missing, or a row is not numbers.
    """
    for name, needed in {"time": ", ".join(_TIME_UNITS), "gaze": "px"}.items():
        if name not in units:
            raise ValueError(
                f"Argument 'units' must give the unit of {name!r}, one of {needed} (got none, and recording {path} "
                "does not say it)."
            )
    if units["time"] not in _TIME_UNITS:
        raise ValueError(f"The unit of 'time' must be one of {', '.join(_TIME_UNITS)} (got {units['time']!r}).")
    factor = scale(units["gaze"], "px")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file, delimiter="\t" if "\t" in file.readline() else ",", fieldnames=None)
            file.seek(0)
            time = next(name for name in rows.fieldnames or () if name in ("timestamp", "time"))
            table = np.array([[_number(row[column]) for column in (time, "x", "y")] for row in rows])
    except _BROKEN_TABLE as error:
        raise ValueError(f"Recording {path} is no complete table of times, x and y ({error}).") from error
    if len(table) < 2:
        raise ValueError(f"Recording {path} holds no samples.")
    times = (table[:, 0] - table[0, 0]) * _TIME_UNITS[units["time"]]
    sfreq = round(1.0 / float(np.median(np.diff(times))), 6) if np.median(np.diff(times)) > 0 else 0.0
    return RecordedFile(
        path, (_in_order(StreamInfo("gaze", sfreq, ("x", "y"), "px"), times, table[:, 1:] * factor),), ()
    )


def _read_bcipy_samples(path: Path, screen_px: tuple[float, float]) -> RecordedStream:
    opened: IO[str] = gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="")  # noqa: SIM115
    try:
        with opened as file:
            preamble = dict(next(csv.reader([file.readline()])) for _ in range(2))
            sfreq = float(preamble["sample_rate"])
            rows = [
                [_number(row["lsl_timestamp"]), *(_number(row[channel]) for channel in GAZE_CHANNELS)]
                for row in csv.DictReader(file)
            ]
    except _BROKEN_TABLE as error:
        raise ValueError(f"Recording {path} is no complete gaze CSV as BciPy writes it ({error}).") from error
    if not rows:
        raise ValueError(f"Recording {path} holds no samples.")
    samples = np.array(rows)
    info = StreamInfo("gaze", sfreq, GAZE_CHANNELS, "px")
    return _in_order(info, samples[:, 0], samples[:, 1:] * np.tile(screen_px, 2))


def _in_order(info: StreamInfo, times: FloatArray, data: FloatArray) -> RecordedStream:
    order = np.argsort(times, kind="stable")
    order = order[np.isfinite(times[order])]
    return RecordedStream(info, times[order], data[order].astype(np.float32))


def _read_triggers(path: Path) -> list[tuple[float, str]]:
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
    if not markers:
        raise ValueError(f"Triggers {path} name no event.")
    return markers


def _number(text: str | None) -> float:
    """A CSV field as a number; an empty one is a lost eye, a missing one a broken row."""
    if text is None:
        raise ValueError("a row ends early")
    return float(text) if text.strip() else float("nan")


def _px(text: str | None) -> float:
    """A position in px, NaN where the tracker had none."""
    value = _number(text)
    if value >= 2**31:
        value -= 2**32
    return float("nan") if value in _LOST else value
