"""Which LSL streams there are, and a look into any of them: what `assent devices` shows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.dejitter import Dejitter
from acquisition.lsl.inlet import Inlet
from acquisition.lsl.network import load_pylsl
from acquisition.stream import Chunk, FloatArray, StreamInfo
from acquisition.units import scale


@dataclass(frozen=True, slots=True)
class FoundStream:
    """A stream on the network, as it announces itself.

    Parameters
    ----------
    name, type, source_id, host : str
    n_channels : int
    sfreq : float
        Nominal rate in Hz; 0 for irregular streams.
    is_text : bool
        Whether it holds texts (markers) and no numbers.
    uid : str
        Another for every outlet, even of the same device.
    channels, units : tuple of str
        Labels and units as the stream names them; empty until `described`, or where it names none.
    """

    name: str
    type: str
    source_id: str
    host: str
    n_channels: int
    sfreq: float
    is_text: bool
    uid: str
    channels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    handle: Any = field(default=None, repr=False, compare=False)

    @property
    def unit(self) -> str:
        """The channels' units, each named once."""
        return ", ".join(dict.fromkeys(unit for unit in self.units if unit))


class StreamFinder:
    """Listens to what announces itself on the network."""

    def __init__(self) -> None:
        self._resolver = load_pylsl().ContinuousResolver()

    def found(self) -> list[FoundStream]:
        """The streams there are now, by name."""
        return sorted(map(_found, self._resolver.results()), key=lambda stream: (stream.name, stream.source_id))


def find_streams(wait_s: float = 1.0) -> list[FoundStream]:
    """The streams that announce themselves within so long (s), described where they answer."""
    finder = StreamFinder()
    sleep(wait_s)
    return [described(stream) for stream in finder.found()]


def described(stream: FoundStream, timeout_s: float = 2.0) -> FoundStream:
    """The same stream with its channels' labels and units; unchanged where it does not answer in time."""
    lsl = load_pylsl()
    try:
        full = lsl.StreamInlet(stream.handle, recover=False).info(timeout_s)
    except (lsl.util.TimeoutError, lsl.util.LostError):
        return stream
    return _with_description(stream, full)


class StreamWatch:
    """Receives a stream of whatever kind, to judge it rather than to use it.

    Parameters
    ----------
    stream : FoundStream
        Which one.
    key : str
        What to call it in chunks.
    timeout_s : float
        How long, in s, it may take to answer.

    Attributes
    ----------
    info : StreamInfo
        Unit "V" or "px" where the stream's type and units say so, otherwise "".
    offset : float
        What LSL adds to the stream's stamps, in s.
    ended : str or None
        One sentence, if it ended for good.

    Raises
    ------
    OSError
        If it is announced, but does not answer.
    """

    def __init__(self, stream: FoundStream, key: str, timeout_s: float = 5.0) -> None:
        self._inlet = Inlet(stream.handle, timeout_s)
        self.stream = _with_description(stream, self._inlet.description)
        labels = self.stream.channels or tuple(f"ch{i}" for i in range(1, stream.n_channels + 1))
        unit, self._scales = _in_our_units(self.stream)
        self.info = StreamInfo(key, stream.sfreq, labels, unit, stream.source_id)
        self._dejitter = Dejitter(stream.sfreq) if stream.sfreq > 0 else None
        self._shifts: list[FloatArray] = []
        self._inlet.flush()

    @property
    def offset(self) -> float:
        return self._inlet.offset

    @property
    def ended(self) -> str | None:
        return self._inlet.ended

    def pull(self) -> Chunk | None:
        """What has arrived, with even stamps, or None; texts come as no channels."""
        if self.ended is not None:
            return None
        times, values = self._inlet.pull()
        if not len(times):
            return None
        if self.stream.is_text:
            return Chunk(self.info.name, times, np.empty((len(times), 0), dtype=np.float32))
        even = times if self._dejitter is None else self._dejitter(times)
        self._shifts.append(times - even)
        return Chunk(self.info.name, even, (values * self._scales).astype(np.float32))

    def jitter(self) -> float | None:
        """Standard deviation, in s, of the stamps about even ones since it was last asked for; None without any."""
        shifts, self._shifts = self._shifts, []
        return float(np.concatenate(shifts).std()) if shifts and self._dejitter is not None else None

    def close(self) -> None:
        """Let go of the stream; safe to call twice."""
        self._inlet.close()


def _found(info: Any) -> FoundStream:
    rate = float(info.nominal_srate())
    return FoundStream(
        name=info.name(),
        type=info.type(),
        source_id=info.source_id(),
        host=info.hostname(),
        n_channels=info.channel_count(),
        sfreq=rate if math.isfinite(rate) and rate > 0 else 0.0,
        is_text=info.channel_format() == load_pylsl().cf_string,
        uid=info.uid(),
        handle=info,
    )


def _with_description(stream: FoundStream, full: Any) -> FoundStream:
    return replace(stream, channels=_texts(full.get_channel_labels()), units=_texts(full.get_channel_units()))


def _texts(named: Sequence[str | None] | None) -> tuple[str, ...]:
    return tuple(name or "" for name in named or ())


def _in_our_units(stream: FoundStream) -> tuple[str, NDArray[np.float64] | float]:
    """Our unit, and the factors to it; where that is not sure the figures of quality are left out, never guessed."""
    to, needed = {"eeg": ("V", stream.n_channels), "gaze": ("px", 2)}.get(stream.type.casefold(), ("", 0))
    if not to or len(stream.units) < needed:
        return "", 1.0
    factors = np.ones(stream.n_channels)
    try:
        factors[:needed] = [scale(unit, to) for unit in stream.units[:needed]]
    except ValueError:
        return "", 1.0
    return to, factors
