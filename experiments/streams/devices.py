"""Which streams and devices there are, and a table that says every second how they are."""

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

from rich import box
from rich.table import Table

from acquisition.lsl import LSLClock
from acquisition.lsl.discovery import FoundStream, StreamFinder, StreamWatch, find_streams
from acquisition.meter import QualityMeter
from acquisition.seconds import StreamQuality
from acquisition.triggers import list_outputs

PACKAGES: Mapping[str, str] = {"neon": "pupil_labs.realtime_api", "brainflow": "brainflow"}
"""Devices that are reached without LSL, each an extra of the same name, and the package that it needs."""
_TICK_S = 0.05


def list_devices(wait_s: float = 1.5) -> dict[str, Any]:
    """What there is, in plain values.

    Parameters
    ----------
    wait_s : float
        How long, in s, LSL streams and Neons may take to announce themselves.

    Returns
    -------
    dict
        "streams": of each LSL stream "name", "type", "n_channels", "channels", "sfreq", "unit", "host" and
        "source_id"; "devices": of each kind of other device "name", "available" and a "sentence"; "triggers": the
        outputs of this machine, as `acquisition.triggers.open_trigger` takes them; "sentence".
    """
    streams = [_plain(stream) for stream in find_streams(wait_s)]
    return _result(streams, [_device(name, wait_s) for name in PACKAGES])


def watch_devices(show: Callable[[list[dict[str, Any]]], None], seconds: float | None = None) -> dict[str, Any]:
    """Follow every LSL stream, those that come later too, and show all of them once a second.

    Parameters
    ----------
    show : callable
        Called with one row a stream: what `list_devices` says of it, and "rate_hz", "jitter_ms" (of the stamps as they
        come), "offset_ms" (of its clock from ours), "drift_ppm", "lost" (samples since it was first seen) and "words".
    seconds : float, optional
        For how long; without it until the user interrupts.

    Returns
    -------
    dict
        As `list_devices`, with the last rows as "streams".
    """
    clock = LSLClock()
    table = _Followed()
    rows: list[dict[str, Any]] = []
    end = None if seconds is None else clock.now() + seconds
    next_look = clock.now()
    try:
        while end is None or clock.now() < end:
            now = clock.now()
            table.pull(now)
            if now >= next_look:
                table.look()
                rows = table.rows()
                show(rows)
                next_look = now + 1.0
            clock.sleep_until(clock.now() + _TICK_S)
        rows = table.rows()
    except KeyboardInterrupt:
        # Watching has no other end.
        rows = table.rows()
    finally:
        table.close()
    return _result(rows, [_device(name, wait_s=0.0) for name in PACKAGES])


def device_table(rows: list[dict[str, Any]]) -> Table:
    """Streams as a table for people: what they are, or, where the rows hold it, how they are."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    watched = any("words" in row for row in rows)
    for name, column in (_MEASURED if watched else _ANNOUNCED).items():
        table.add_column(name, overflow="fold", **column)
    names = [row["name"] for row in rows]
    for row in rows:
        is_alone = names.count(row["name"]) == 1
        name = row["name"] if is_alone else f"{row['name']} ({row['source_id'] or row['host']})"
        table.add_row(*(_measured(row, name) if watched else _announced(row)))
    return table


_RIGHT: dict[str, Any] = {"justify": "right"}
_ANNOUNCED: dict[str, dict[str, Any]] = {
    "stream": {}, "type": {}, "channels": _RIGHT, "Hz": _RIGHT, "unit": {}, "host": {}, "source_id": {},
}  # fmt: skip
# Seen from the participant's chair: few and short columns, and what is wrong in the widest.
_MEASURED: dict[str, dict[str, Any]] = {
    "stream": {}, "type": {}, "Hz": _RIGHT, "of": _RIGHT, "jitter\nms": _RIGHT, "offset\nms": _RIGHT, "lost": _RIGHT,
    "quality": {},
}  # fmt: skip


def _announced(row: dict[str, Any]) -> list[str]:
    unit, source_id = row["unit"] or "-", row["source_id"] or "-"
    return [row["name"], row["type"], str(row["n_channels"]), _nominal(row), unit, row["host"], source_id]


def _measured(row: dict[str, Any], name: str) -> list[str]:
    figures = [_figure(row[key]) for key in ("jitter_ms", "offset_ms")]
    return [name, row["type"], _figure(row["rate_hz"]), _nominal(row), *figures, str(row["lost"]), row["words"]]


def _nominal(row: dict[str, Any]) -> str:
    return f"{row['sfreq']:g}" if row["sfreq"] else "irregular"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


class _Followed:
    """The streams that are watched, and what is known of each."""

    def __init__(self) -> None:
        self._finder = StreamFinder()
        self._streams: dict[str, _Row] = {}

    def look(self) -> None:
        """Take in the streams that have come, and note which of the others still announce themselves."""
        found = {stream.source_id or stream.uid: stream for stream in self._finder.found()}
        for key, stream in found.items():
            if key not in self._streams:
                self._streams[key] = _Row(stream)
        for key, row in self._streams.items():
            row.is_there = key in found

    def pull(self, now: float) -> None:
        for row in self._streams.values():
            row.pull(now)

    def rows(self) -> list[dict[str, Any]]:
        return [row.to_dict() for row in self._streams.values()]

    def close(self) -> None:
        for row in self._streams.values():
            row.close()


class _Row:
    """One stream that is watched."""

    def __init__(self, stream: FoundStream) -> None:
        self._stream = stream
        self.is_there = True
        self._watch: StreamWatch | None = None
        self._latest: StreamQuality | None = None
        self._lost = 0.0
        self._jitter: float | None = None
        try:
            self._watch = StreamWatch(stream, key="watched")
        except OSError:
            return
        self._stream = self._watch.stream
        self._meter = QualityMeter([self._watch.info])

    def pull(self, now: float) -> None:
        if self._watch is None:
            return
        chunk = self._watch.pull()
        for second in self._meter.update(now, [] if chunk is None else [chunk]):
            # The first second with samples is as a rule a part of one: nothing is lost by it.
            if self._latest is not None:
                self._lost += second.missing * self._stream.sfreq * (second.end - second.start)
            if self._latest is not None or second.n_samples:
                self._latest = second
            self._jitter = self._watch.jitter()

    def to_dict(self) -> dict[str, Any]:
        latest, watch = self._latest, self._watch
        return {
            **_plain(self._stream),
            "rate_hz": None if latest is None else latest.rate_hz,
            "jitter_ms": None if self._jitter is None else 1e3 * self._jitter,
            "offset_ms": None if watch is None else 1e3 * watch.offset,
            "drift_ppm": None if latest is None else latest.drift_ppm,
            "lost": round(self._lost),
            "words": self._words(),
        }

    def _words(self) -> str:
        if self._watch is None:
            return "is announced, but does not answer"
        if self._watch.ended is not None:
            return "has ended"
        if not self.is_there and (self._latest is None or not self._latest.n_samples):
            return "has gone"
        if self._stream.sfreq == 0:
            return "not judged"
        if self._latest is None:
            return "measuring"
        words = self._latest.in_words()
        unknown = self._stream.type.casefold() in ("eeg", "gaze") and not self._watch.info.unit
        return f"{words}; unit unknown" if unknown else words

    def close(self) -> None:
        if self._watch is not None:
            self._watch.close()


def _plain(stream: FoundStream) -> dict[str, Any]:
    return {
        "name": stream.name,
        "type": stream.type,
        "n_channels": stream.n_channels,
        "channels": list(stream.channels),
        "sfreq": stream.sfreq,
        "unit": stream.unit,
        "host": stream.host,
        "source_id": stream.source_id,
    }


def _result(streams: list[dict[str, Any]], devices: list[dict[str, Any]]) -> dict[str, Any]:
    n = len(streams)
    sentence = f"{n} LSL stream{'' if n == 1 else 's'}."
    if not n:
        sentence = (
            "No LSL stream is there. Is the device's LSL app running, in this network? `assent simulate` starts one."
        )
    return {"streams": streams, "devices": devices, "triggers": list_outputs(), "sentence": sentence}


def _device(name: str, wait_s: float) -> dict[str, Any]:
    available = _is_installed(PACKAGES[name])
    if not available:
        sentence = f"{name} needs the extra '{name}', which is not installed."
    elif name == "neon":
        sentence = _neons(wait_s)
    else:
        sentence = "brainflow is installed: a board is called 'brainflow:BOARD', such as brainflow:synthetic."
    return {"name": name, "available": available, "sentence": sentence}


def _neons(wait_s: float) -> str:
    from acquisition.neon import discover_neons

    try:
        found = discover_neons(wait_s) if wait_s else {}
    except OSError as error:
        return f"neon is installed, but this network cannot be searched ({error})."
    listed = ", ".join(f"{name} (neon:{address})" for name, address in found.items())
    return f"neon is installed; on this network: {listed or 'none'}."


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False
