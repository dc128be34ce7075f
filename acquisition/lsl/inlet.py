"""Find one LSL stream among all, and pull from it without ever waiting."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.lsl.network import LSLClock, load_pylsl
from acquisition.stream import FloatArray

_SETTLE_S = 0.5  # How long a second stream may take to answer after the first, before a choice counts as clear.
_MOST_SAMPLES = 1024
_SILENT_S = 1.0  # Silence after which a look at the network tells whether the stream is there, and still the same.
_ANSWER_S = 2.0  # How long it may then take to answer.


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a stream must be called."""

    what: str
    type: str | None
    name: str | None
    source_id: str | None

    def fits(self, info: Any) -> bool:
        return (
            (self.type is None or self.type.casefold() == info.type().casefold())
            and (self.name is None or self.name == info.name())
            and (self.source_id is None or self.source_id == info.source_id())
        )

    def __str__(self) -> str:
        given = [("type", self.type), ("name", self.name), ("source_id", self.source_id)]
        return f"{self.what!r} ({', '.join(f'{key} {value!r}' for key, value in given if value is not None)})"


def resolve(patterns: Sequence[Pattern], timeout_s: float) -> list[Any]:
    """The one stream that fits each pattern."""
    clock = LSLClock()
    resolver = load_pylsl().ContinuousResolver()
    end = clock.now() + timeout_s
    settled = None
    while clock.now() < (end if settled is None else settled):
        there = resolver.results()
        if settled is None and all(any(map(pattern.fits, there)) for pattern in patterns):
            settled = clock.now() + _SETTLE_S
        sleep(0.02)
    there = sorted(resolver.results(), key=describe)
    listed = "; ".join(map(describe, there)) or "none at all"
    chosen = []
    for pattern in patterns:
        fitting = [info for info in there if pattern.fits(info)]
        if not fitting:
            raise OSError(f"No LSL stream for {pattern} was found within {timeout_s:g} s; there are: {listed}.")
        if len(fitting) > 1:
            raise ValueError(
                f"{len(fitting)} LSL streams fit {pattern}, choose one by name or source_id; there are: {listed}."
            )
        chosen += fitting
    return chosen


def describe(info: Any) -> str:
    """All by which a person tells one LSL stream from another."""
    return (
        f"{info.name()!r} (type {info.type()!r}, source_id {info.source_id()!r}, {info.channel_count()} channels, "
        f"{info.nominal_srate():g} Hz, host {info.hostname()})"
    )


def signature(info: Any) -> tuple[Any, ...]:
    """What must be the same for liblsl to take one stream as another's continuation."""
    return info.name(), info.type(), info.channel_count(), info.channel_format()


class Inlet:
    """An LSL inlet whose pull never waits and gives times on this machine's clock."""

    def __init__(self, found: Any, timeout_s: float) -> None:
        self._lsl = load_pylsl()
        self.found = found
        self.offset = 0.0
        self.ended: str | None = None
        self.is_absent = False
        self._heard_at: float | None = None
        self._watch: Any = None
        self._held: list[tuple[FloatArray, NDArray[Any]]] = []
        self._inlet = self._lsl.StreamInlet(found, recover=bool(found.source_id()))
        try:
            self.description = self._inlet.info(timeout_s)
            self._inlet.open_stream(timeout_s)
            self.offset = self._inlet.time_correction(timeout_s)
        except (self._lsl.util.TimeoutError, self._lsl.util.LostError):
            raise OSError(f"The stream {describe(found)} is announced, but does not answer.") from None
        self._empty = np.empty(0), np.empty((0, found.channel_count()), dtype=self._inlet.np_dtype)

    def pull(self) -> tuple[FloatArray, NDArray[Any]]:
        """Times (n_samples,) in s and values (n_samples, n_channels) that have arrived."""
        if self._inlet is None:
            return self._empty
        try:
            self._fetch()
            # After a return the clock may be another: samples are held until its offset is measured.
            self.offset = self._inlet.time_correction(0.0)
        except self._lsl.util.TimeoutError:
            return self._empty
        except self._lsl.util.LostError:
            self.ended = f"The stream {describe(self.found)} has ended and has no source_id to find it again by."
        if not self._held:
            return self._empty
        times, values = (np.concatenate(parts) for parts in zip(*self._held, strict=True))
        self._held = []
        return times + self.offset, values

    def _fetch(self) -> None:
        while True:
            values, times = self._inlet.pull_chunk(0.0, max_samples=_MOST_SAMPLES, as_numpy=True)
            if len(times):
                self._held.append((times, values))
            if len(times) < _MOST_SAMPLES:
                return

    def look_around(self, now: float, is_heard: bool) -> None:
        """While nothing is heard, see whether the stream is still there, or came back as what cannot continue it."""
        if is_heard or self._heard_at is None:
            self._heard_at, self.is_absent = now, False
            if self.found.nominal_srate() > 0:
                self._watch = None  # Markers are silent again and again.
            return
        if now - self._heard_at <= _SILENT_S or self._inlet is None or not self.found.source_id():
            return
        if self._watch is None:
            self._watch = self._lsl.ContinuousResolver(prop="source_id", value=self.found.source_id())
        there = self._watch.results()
        if there and not any(signature(info) == signature(self.found) for info in there):
            self.ended = f"The stream {describe(self.found)} came back as another: {describe(there[0])}."
        self.is_absent = not there and now - self._heard_at > _SILENT_S + _ANSWER_S

    def flush(self) -> None:
        self._inlet.flush()

    def close(self) -> None:
        self._inlet = self._watch = None
