"""Streams of samples: what they are called, how they arrive, and the buffer in which decoders find them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
SampleArray = NDArray[np.float32]


class StreamLost(ConnectionError):
    """A stream that the session needs has stopped and did not come back in time."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a stream holds.

    Parameters
    ----------
    name : str
        Its name in this session: "eeg", "gaze" or "markers".
    sfreq : float
        Nominal sampling rate in Hz; 0 for irregular streams.
    channels : tuple of str
        One label per channel.
    unit : str
        "V" for EEG, "px" for gaze (from the top left of the screen), "" for markers.
    source_id : str
        The device's own identifier, where it has one.
    """

    name: str
    sfreq: float
    channels: tuple[str, ...]
    unit: str
    source_id: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples of one stream that arrived together.

    Parameters
    ----------
    stream : str
        The name of the stream.
    times : array, shape (n_samples,)
        Session time of each sample, in s.
    data : array, shape (n_samples, n_channels)
        EEG in V, gaze in px from the top left of the screen; NaN where the device had no value.
    """

    stream: str
    times: FloatArray
    data: SampleArray


class Source(Protocol):
    """Where samples come from: devices, a participant in process, or a recording."""

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        """The streams it delivers."""
        ...

    def pull(self, until: float) -> list[Chunk]:
        """Return what has arrived since the last pull and up to the session time ``until`` (s), without waiting."""
        ...

    def close(self) -> None:
        """Let go of devices and files; safe to call twice."""
        ...


Filter = Callable[[FloatArray, SampleArray], SampleArray]


class Signals:
    """The latest samples of every stream, in order of time, filtered as they come.

    Parameters
    ----------
    streams : sequence of StreamInfo
        What will be appended.
    filters : mapping of str to callable, optional
        For a stream's name a function ``(times, data) -> data`` with a state of its own.
    keep_s : float
        How many seconds before the newest sample are kept at least.
    """

    def __init__(
        self, streams: Sequence[StreamInfo], filters: Mapping[str, Filter] | None = None, keep_s: float = 60.0
    ) -> None:
        self.streams = {info.name: info for info in streams}
        self._filters = dict(filters or {})
        self._keep_s = keep_s
        self._buffers = {info.name: _Buffer(len(info.channels)) for info in streams}

    def append(self, chunks: Iterable[Chunk], until: float = np.inf) -> None:
        """Take in what a source delivered.

        Samples older than what is held already are dropped, and so are those stamped later than ``until`` (s): one
        stamp in the far future would otherwise shut out all that follow.
        """
        for chunk in chunks:
            buffer = self._buffers.get(chunk.stream)
            if buffer is None:
                continue
            newest = buffer.newest
            times, data = chunk.times[chunk.times <= until], chunk.data[chunk.times <= until]
            if len(times) and (times[0] <= newest or (len(times) > 1 and np.any(np.diff(times) <= 0))):
                ahead = times > np.maximum.accumulate(np.concatenate(([newest], times[:-1])))
                times, data = times[ahead], data[ahead]
            if not len(times):
                continue
            if chunk.stream in self._filters:
                data = self._filters[chunk.stream](times, data)
            buffer.append(times, data, keep_after=times[-1] - self._keep_s)

    def times(self, stream: str) -> FloatArray:
        """Session times (s) of the samples held, shape (n_samples,)."""
        return self._buffers[stream].times

    def data(self, stream: str) -> SampleArray:
        """Samples held, shape (n_samples, n_channels)."""
        return self._buffers[stream].data

    def newest(self, stream: str) -> float:
        """Session time (s) of the newest sample, or minus infinity before the first."""
        return self._buffers[stream].newest

    def epochs(
        self, stream: str, onsets: FloatArray, tmin: float, tmax: float
    ) -> tuple[SampleArray, NDArray[np.bool_]]:
        """Cut windows by time, never by count.

        Parameters
        ----------
        stream : str
            A stream with a sampling rate.
        onsets : array, shape (n_epochs,)
            Session times in s.
        tmin, tmax : float
            Window around each onset in s; the sample nearest to ``onset + tmin`` is the first,
            ``round((tmax - tmin) * sfreq)`` samples are taken.

        Returns
        -------
        epochs : array, shape (n_epochs, n_channels, n_times)
        usable : array of bool, shape (n_epochs,)
            False where samples are missing in the window, are not finite, or lie off the stream's grid.
        """
        info = self.streams[stream]
        if info.sfreq <= 0:
            raise ValueError(f"Argument 'stream' must name a stream with a sampling rate (got {stream!r}, irregular).")
        times, data = self.times(stream), self.data(stream)
        n_times = round((tmax - tmin) * info.sfreq)
        period = 1.0 / info.sfreq
        epochs = np.zeros((len(onsets), data.shape[1], n_times), dtype=np.float32)
        usable = np.zeros(len(onsets), dtype=bool)
        for i, onset in enumerate(onsets):
            first = int(np.searchsorted(times, onset + tmin - period / 2))
            last = first + n_times - 1
            if last >= len(times):
                continue
            span = times[last] - times[first]
            starts_there = abs(times[first] - (onset + tmin)) <= 0.75 * period
            if not starts_there or abs(span - (n_times - 1) * period) > 0.75 * period:
                continue
            window = data[first : last + 1]
            if np.isfinite(window).all():
                epochs[i] = window.T
                usable[i] = True
        return epochs, usable


class _Buffer:
    """Rows in order, appended in amortised constant time and forgotten from the front."""

    def __init__(self, n_channels: int) -> None:
        self._times = np.empty(1024, dtype=np.float64)
        self._data = np.empty((1024, n_channels), dtype=np.float32)
        self._start = self._stop = 0

    @property
    def times(self) -> FloatArray:
        return self._times[self._start : self._stop]

    @property
    def data(self) -> SampleArray:
        return self._data[self._start : self._stop]

    @property
    def newest(self) -> float:
        return float(self._times[self._stop - 1]) if self._stop > self._start else -np.inf

    def append(self, times: FloatArray, data: SampleArray, keep_after: float) -> None:
        if self._stop + len(times) > len(self._times):
            self._start += int(np.searchsorted(self.times, keep_after))
            held = self._stop - self._start
            size = max(1024, 2 * (held + len(times)))
            self._times, old_times = np.empty(size), self.times
            self._data, old_data = np.empty((size, self._data.shape[1]), dtype=np.float32), self.data
            self._times[:held], self._data[:held] = old_times, old_data
            self._start, self._stop = 0, held
        self._times[self._stop : self._stop + len(times)] = times
        self._data[self._stop : self._stop + len(times)] = data
        self._stop += len(times)
