"""Recordings: everything that a source delivered, written as it comes, and delivered again just so."""

import contextlib
import io
import logging
import os
import struct
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pyxdf

from acquisition import xdf
from acquisition.quality import Fault, told_by
from acquisition.stream import Chunk, FloatArray, SampleArray, Source, StreamInfo

logger = logging.getLogger(__name__)

ARRIVALS = StreamInfo(name="arrivals", sfreq=0.0, channels=("stream", "n_samples"), unit="")
BOUNDARY_EVERY_S = 10.0


class Recorder:
    """A source that passes on what another delivers, and writes it to an XDF file first.

    Next to the streams it writes "arrivals": for each chunk the number of its stream and of its
    samples, stamped with the ``until`` of the pull that delivered it. A replay can thus deliver
    by arrival, which decides what the session knew when, and not by sample time.

    What a pull returned has been handed to the operating system, so it survives the end of this
    process by any signal; `sync` makes it survive a power cut as well.

    Parameters
    ----------
    source : Source
        Where the chunks come from; closed with the recorder.
    path : str or Path
        The file to write.

    Raises
    ------
    FileExistsError
        If the file is there already: a recording is never written over.
    OSError
        If the file cannot be written.
    """

    def __init__(self, source: Source, path: str | Path) -> None:
        self._source = source
        self._path = Path(path)
        self._ids = {info.name: number for number, info in enumerate(source.streams, start=1)}
        self._arrivals_id = len(self._ids) + 1
        self._spans = {number: _Span() for number in (*self._ids.values(), self._arrivals_id)}
        self._next_boundary = -np.inf
        self._failed = False
        try:
            self._file = self._path.open("xb")
        except FileExistsError:
            raise FileExistsError(f"Argument 'path' must name a new file (got {path}, which exists).") from None
        except OSError as error:
            raise OSError(f"Cannot create the recording {path}: {error.strerror}.") from error
        headers = [xdf.stream_header(self._ids[info.name], info) for info in source.streams]
        headers.append(xdf.stream_header(self._arrivals_id, ARRIVALS, "double64"))
        self._write([xdf.file_header(), *headers])

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        return self._source.streams

    def pull(self, until: float) -> list[Chunk]:
        """What the source delivers, written before it is returned.

        Raises
        ------
        OSError
            If it cannot be written; the recording then ends with the pull before.
        """
        chunks = self._source.pull(until)
        if chunks:
            self._write(self._encode(chunks, until))
        return chunks

    def faults(self) -> list[Fault]:
        """What the source tells of its devices."""
        return told_by(self._source)

    def sync(self) -> None:
        """Return when everything pulled so far is on the disk; at once where the file is closed."""
        if self._file.closed:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OSError(f"Cannot keep the recording {self._path} on the disk: {error.strerror}.") from error

    def close(self) -> None:
        """Finish the file and close the source."""
        if not self._file.closed:
            try:
                if not self._failed:
                    self._write([xdf.stream_footer(number, *span.summary()) for number, span in self._spans.items()])
                    self.sync()
            except OSError as error:
                # Footers only repeat what the samples say: without them the recording is still whole.
                logger.warning("%s It holds all samples, but no footers.", error)
            finally:
                self._file.close()
        self._source.close()

    def _encode(self, chunks: list[Chunk], until: float) -> list[bytes]:
        parts = []
        if until >= self._next_boundary:
            self._next_boundary = until + BOUNDARY_EVERY_S
            # Times are on the session's clock already, so a reader has nothing to add.
            parts = [xdf.boundary(), *(xdf.clock_offset(number, until, 0.0) for number in self._spans)]
        arrivals = np.empty((len(chunks), 2))
        for i, chunk in enumerate(chunks):
            number = self._ids[chunk.stream]
            arrivals[i] = number, len(chunk.times)
            if len(chunk.times):
                parts.append(xdf.samples(number, chunk.times, np.asarray(chunk.data, dtype=np.float32)))
                self._spans[number].extend(chunk.times)
        at = np.full(len(chunks), until)
        parts.append(xdf.samples(self._arrivals_id, at, arrivals))
        self._spans[self._arrivals_id].extend(at)
        return parts

    def _write(self, parts: list[bytes]) -> None:
        if self._failed:
            raise OSError(f"The recording {self._path} ended when it could not be written.")
        end = self._file.tell()
        try:
            self._file.write(b"".join(parts))
            self._file.flush()
        except OSError as error:
            self._failed = True
            self._drop_after(end)
            raise OSError(
                f"Cannot write the recording {self._path}: {error.strerror}. It holds all pulls before this one."
            ) from error

    def _drop_after(self, end: int) -> None:
        """Close the file at its last complete pull, without another try at writing what failed."""
        descriptor = os.dup(self._file.fileno())
        with contextlib.suppress(OSError):
            self._file.close()
        try:
            os.ftruncate(descriptor, end)
        finally:
            os.close(descriptor)


class Recording:
    """A recorded session as a source: the same chunks at the same times, bit for bit.

    Parameters
    ----------
    path : str or Path
        An XDF file written by `Recorder`. One that breaks off (kill, power cut, copy) is read up
        to its last complete chunk.

    Attributes
    ----------
    truncated : str or None
        One sentence on what was left out at the end of the file, or None if it is whole.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is empty, is not XDF, or holds no order of arrival.
    """

    def __init__(self, path: str | Path) -> None:
        content = _read(Path(path))
        end = xdf.complete_length(content)
        self.truncated: str | None = None
        if end < len(content):
            self.truncated = f"Recording {path} breaks off: its last {len(content) - end} bytes are left out."
            logger.warning("%s", self.truncated)
        batches = _Batches()
        try:
            # The rate that pyxdf works out for each stream is of no use here, and not finite for a few equal stamps.
            with np.errstate(divide="ignore", invalid="ignore"):
                streams, _ = pyxdf.load_xdf(
                    io.BytesIO(content[:end]),
                    on_chunk=batches.take,
                    synchronize_clocks=False,
                    dejitter_timestamps=False,
                )
        except (LookupError, ValueError, SyntaxError, struct.error) as error:
            raise ValueError(f"Recording {path} is damaged: pyxdf cannot read it ({error}).") from error
        names = [stream["info"]["name"][0] for stream in streams]
        if ARRIVALS.name not in names:
            raise ValueError(
                f"Argument 'path' must name a recording with a stream {ARRIVALS.name!r} (got {path}, which has "
                f"{', '.join(map(repr, names)) or 'no streams'})."
            )
        infos = {stream["info"]["stream_id"]: _stream_info(stream["info"]) for stream in streams}
        self.streams = tuple(info for info in infos.values() if info.name != ARRIVALS.name)
        try:
            self._batches = batches.finish(infos)
        except (LookupError, ValueError):
            raise ValueError(f"Recording {path} is damaged: its samples do not match their order of arrival.") from None

    def pull(self, until: float) -> list[Chunk]:
        """The chunks of every recorded pull up to ``until`` (s) that were not delivered yet, in their order."""
        chunks: list[Chunk] = []
        while self._batches and self._batches[0][0] <= until:
            chunks += self._batches.popleft()[1]
        return chunks

    def close(self) -> None:
        """Nothing is held open."""


class _Span:
    """First and last time (s) of a stream, and its number of samples."""

    def __init__(self) -> None:
        self.first = self.last = 0.0
        self.n_samples = 0

    def extend(self, times: FloatArray) -> None:
        if not self.n_samples:
            self.first = float(times[0])
        self.last = float(times[-1])
        self.n_samples += len(times)

    def summary(self) -> tuple[float, float, int]:
        return self.first, self.last, self.n_samples


class _Batches:
    """Puts chunks of samples, taken in the order of the file, back into the pulls that delivered them."""

    def __init__(self) -> None:
        self._taken: list[tuple[int, FloatArray, Any]] = []

    def take(self, values: Any, times: FloatArray, header: Any, stream_id: int) -> tuple[Any, FloatArray, Any]:
        """Keep one chunk as pyxdf reads it, and hand it back unchanged."""
        self._taken.append((stream_id, times, values))
        return values, times, header

    def finish(self, infos: dict[int, StreamInfo]) -> deque[tuple[float, list[Chunk]]]:
        """Every pull's time of arrival (s) and chunks."""
        batches: deque[tuple[float, list[Chunk]]] = deque()
        waiting: deque[tuple[int, FloatArray, SampleArray]] = deque()
        for stream_id, times, values in self._taken:
            if infos[stream_id].name != ARRIVALS.name:
                waiting.append((stream_id, times, values))
                continue
            chunks = []
            for number, n_samples in values.astype(int):
                info = infos[number]
                arrived = waiting.popleft() if n_samples else (number, np.empty(0), _no_samples(info))
                if (arrived[0], len(arrived[1])) != (number, n_samples):
                    raise ValueError("not the chunk that is said to have arrived")
                chunks.append(Chunk(info.name, arrived[1], arrived[2]))
            batches.append((float(times[0]), chunks))
        if waiting:
            # The file breaks off between samples and their arrival: they came no earlier than this.
            newest = max(float(times[-1]) for _, times, _ in waiting)
            at = max(newest, batches[-1][0]) if batches else newest
            batches.append((at, [Chunk(infos[number].name, times, values) for number, times, values in waiting]))
        return batches


def _no_samples(info: StreamInfo) -> SampleArray:
    return np.empty((0, len(info.channels)), dtype=np.float32)


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise FileNotFoundError(f"Argument 'path' must name a recording (got {path}, which is not a file).")
    content = path.read_bytes()
    if not content.startswith(xdf.MAGIC):
        what = "is not XDF" if content else "is empty"
        raise ValueError(f"Argument 'path' must name an XDF file (got {path}, which {what}).")
    return content


def _stream_info(header: Any) -> StreamInfo:
    """Restore what `xdf.stream_header` wrote, from pyxdf's nested lists, which hold None for an empty text."""
    description = header["desc"][0]["channels"][0]
    channels = description["channel"] if description else []
    return StreamInfo(
        name=header["name"][0],
        sfreq=float(header["nominal_srate"][0]),
        channels=tuple(channel["label"][0] or "" for channel in channels),
        unit=(channels[0]["unit"][0] or "") if channels else "",
        source_id=header["source_id"][0] or "",
    )
