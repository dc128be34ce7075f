"""Streams of samples over LSL: EEG and gaze in, and our own out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from acquisition.dejitter import Dejitter
from acquisition.lsl.inlet import Inlet, Pattern, describe, resolve
from acquisition.lsl.network import LSLClock, load_pylsl
from acquisition.quality import Fault
from acquisition.stream import Chunk, FloatArray, StreamInfo, StreamLost
from acquisition.units import scale
from acquisition.xdf import STREAM_TYPES

_UNITS = {"eeg": "V", "gaze": "px"}
_MOMENT_S = 0.01
_STEP_S = 0.005  # More than drift moves a clock's offset between two of LSL's measurements.


@dataclass(frozen=True, slots=True)
class StreamWanted:
    """Which LSL stream to take, and as what.

    Parameters
    ----------
    stream : str
        Its name in the session: "eeg" or "gaze".
    type, name, source_id : str, optional
        What the LSL stream must be called; upper and lower case of the type do not matter. With none
        of them given, the type is "EEG" or "Gaze".
    unit : str, optional
        Unit of all channels, where the stream's description is silent or wrong.
    channels : tuple of str
        Labels of the channels to take, in this order; all if empty.

    Raises
    ------
    ValueError
        If the stream's name is none of those.
    """

    stream: str
    type: str | None = None
    name: str | None = None
    source_id: str | None = None
    unit: str | None = None
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.stream not in _UNITS:
            raise ValueError(f"Argument 'stream' must be one of {', '.join(_UNITS)} (got {self.stream!r}).")

    @property
    def pattern(self) -> Pattern:
        """What the LSL stream must be called."""
        is_named = self.type or self.name or self.source_id
        kind = self.type if is_named else STREAM_TYPES[self.stream]
        return Pattern(what=self.stream, type=kind, name=self.name, source_id=self.source_id)


class LSLSource:
    """EEG and gaze from LSL, on this machine's clock.

    Device clocks are converted by LSL's measured offsets and the stamps freed of jitter (see
    `acquisition.dejitter`); both are done here and not by liblsl, whose own post-processing waits
    up to seconds inside a pull after a stream has come back, and smears gaps. A stream that stops
    is simply silent, and delivers again when it comes back under the same ``source_id``.

    Parameters
    ----------
    wanted : sequence of StreamWanted
        The streams to take.
    timeout_s : float
        How long, in s, to look for them.

    Raises
    ------
    OSError
        If a stream is not there.
    ValueError
        If more than one stream fits, or a unit or a channel is unknown.
    """

    def __init__(self, wanted: Sequence[StreamWanted], timeout_s: float = 10.0) -> None:
        found = resolve([want.pattern for want in wanted], timeout_s)
        self._inlets = [_SampleInlet(want, info, timeout_s) for want, info in zip(wanted, found, strict=True)]
        self.streams = tuple(inlet.info for inlet in self._inlets)
        for inlet in self._inlets:
            # What queued up while the first clock offset was measured is older than the session.
            inlet.flush()

    def pull(self, until: float) -> list[Chunk]:
        """What has arrived since the last pull: at most one chunk a stream, never waited for.

        Raises
        ------
        StreamLost
            If a stream has ended for good, or came back as something else. No samples are lost by
            it: those that arrived before were delivered by an earlier pull, of any stream.
        """
        for inlet in self._inlets:
            if inlet.ended is not None:
                raise StreamLost(inlet.ended)
        return [chunk for inlet in self._inlets if (chunk := inlet.take(until)) is not None]

    def faults(self) -> list[Fault]:
        """What became known of the devices since the last call, other than by their samples.

        The kinds are "clock" (the device's clock stepped against this machine's, in s) and "ended" (for good;
        the next pull raises StreamLost).
        """
        return [fault for inlet in self._inlets for fault in inlet.faults()]

    def clock_offsets(self) -> dict[str, float]:
        """For each stream what was last added to its time stamps, in s."""
        return {inlet.info.name: inlet.offset for inlet in self._inlets}

    def close(self) -> None:
        for inlet in self._inlets:
            inlet.close()
        self._inlets = []


class StreamOutlet:
    """Publishes chunks of one stream, with their time stamps and full metadata.

    Parameters
    ----------
    info : StreamInfo
        What it will hold. The channels' unit is published as it is ("V", "px").
    device : mapping of str to str, optional
        What else is to be known of it, such as "manufacturer" or "reference".
    type : str, optional
        The LSL type, such as "EEG"; by default the one of streams of this name, or else the name.
    """

    def __init__(
        self,
        info: StreamInfo,
        device: Mapping[str, str] | None = None,
        type: str | None = None,  # noqa: A002
    ) -> None:
        lsl = load_pylsl()
        kind = type or STREAM_TYPES.get(info.name, info.name)
        described = lsl.StreamInfo(info.name, kind, len(info.channels), info.sfreq, lsl.cf_float32, info.source_id)
        described.set_channel_labels(list(info.channels))
        described.set_channel_units([info.unit] * len(info.channels))
        described.set_channel_types(kind)
        for key, value in (device or {}).items():
            described.desc().append_child_value(key, value)
        self._outlet = lsl.StreamOutlet(described)

    def push(self, chunk: Chunk) -> None:
        """Send a chunk of this stream; its times (s) are on the LSL clock."""
        if len(chunk.times):
            self._outlet.push_chunk(np.ascontiguousarray(chunk.data, dtype=np.float32), chunk.times.tolist())

    def wait_for_consumers(self, timeout_s: float) -> bool:
        """Whether somebody listens, waited for at most so long (s)."""
        return bool(self._outlet.wait_for_consumers(timeout_s))

    def close(self) -> None:
        """Take the stream off the network; safe to call twice."""
        self._outlet = None


class _SampleInlet(Inlet):
    """An inlet for numbers, in our units and free of jitter."""

    def __init__(self, want: StreamWanted, found: Any, timeout_s: float) -> None:
        if found.channel_format() == load_pylsl().cf_string:
            raise ValueError(f"Stream {want.stream!r} must hold numbers (got {describe(found)}, which holds texts).")
        super().__init__(found, timeout_s)
        n_channels = self.description.channel_count()
        labels = self.description.get_channel_labels() or [None] * n_channels
        labels = [label or f"ch{i}" for i, label in enumerate(labels, start=1)]
        missing = [label for label in want.channels if label not in labels]
        if missing:
            raise ValueError(
                f"Argument 'channels' of stream {want.stream!r} must name channels among "
                f"{', '.join(labels)} (got {', '.join(missing)})."
            )
        self._columns = [labels.index(label) for label in want.channels] or list(range(n_channels))
        self._scales = self._read_scales(want, labels)
        self.info = StreamInfo(
            name=want.stream,
            sfreq=found.nominal_srate(),
            channels=tuple(labels[column] for column in self._columns),
            unit=_UNITS[want.stream],
            source_id=found.source_id(),
        )
        self._dejitter = Dejitter(self.info.sfreq) if self.info.sfreq > 0 else None
        self._clock = LSLClock()
        self._next: Chunk | None = None
        self._known_offset = self.offset
        self._faults: list[Fault] = []

    def _read_scales(self, want: StreamWanted, labels: Sequence[str]) -> FloatArray:
        units = [want.unit] * len(labels) if want.unit else self.description.get_channel_units() or [None] * len(labels)
        try:
            return np.array([scale(units[column] or "", to=_UNITS[want.stream]) for column in self._columns])
        except ValueError as error:
            named = ", ".join(sorted({unit or "none" for unit in units}))
            raise ValueError(
                f"The stream {describe(self.found)} names units ({named}) that cannot be turned into "
                f"{_UNITS[want.stream]}: give its unit, or the channels to take. {error}"
            ) from None

    def take(self, now: float) -> Chunk | None:
        """What has arrived, or None."""
        times, values = self.pull()
        step = self.offset - self._known_offset
        self._known_offset = self.offset
        if abs(step) > _STEP_S:
            self._note("clock", now, -step, f"the device's clock has stepped by {-step:.6f} s")
        self.look_around(now, is_heard=bool(len(times)))
        if self.ended is not None:
            self._note("ended", now, 0.0, self.ended)
        if not len(times) and self._next is None:
            return None
        data = (values[:, self._columns] * self._scales).astype(np.float32)
        times = times if self._dejitter is None else self._dejitter(times)
        if self._next is not None:
            times, data = np.concatenate((self._next.times, times)), np.concatenate((self._next.data, data))
        return self._up_to(now, Chunk(self.info.name, times, data))

    def _up_to(self, until: float, chunk: Chunk) -> Chunk | None:
        """What was sampled by then (s), or a moment later; what lies ahead of the machine's clock comes at once.

        A busy machine may pull long after the moment for which it does. What was sampled in between would seem to
        lie ahead, and is kept for the next pull.
        """
        is_early = (chunk.times > until + _MOMENT_S) & (chunk.times <= self._clock.now())
        n = len(chunk.times) - (int(np.argmin(is_early[::-1])) if not is_early.all() else len(is_early))
        later = Chunk(chunk.stream, chunk.times[n:], chunk.data[n:])
        self._next = later if len(later.times) else None
        return Chunk(chunk.stream, chunk.times[:n], chunk.data[:n]) if n else None

    def faults(self) -> list[Fault]:
        """What became known since the last call."""
        faults, self._faults = self._faults, []
        return faults

    def _note(self, kind: str, time: float, value: float, detail: str) -> None:
        self._faults.append(Fault(stream=self.info.name, kind=kind, time=time, value=value, detail=detail))
