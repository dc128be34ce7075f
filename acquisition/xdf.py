"""The bytes of an XDF file: how its chunks are written, and how many of them are complete.

The format is described at https://github.com/sccn/xdf/wiki/Specifications; reading is left to pyxdf.
"""

import struct
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray, StreamInfo

MAGIC = b"XDF:"
STREAM_TYPES = {"eeg": "EEG", "gaze": "Gaze", "markers": "Markers"}
_BOUNDARY_UUID = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
_FILE_HEADER, _STREAM_HEADER, _SAMPLES, _CLOCK_OFFSET, _BOUNDARY, _STREAM_FOOTER = 1, 2, 3, 4, 5, 6
_LENGTH_FORMATS = {1: "<B", 4: "<I", 8: "<Q"}


def file_header() -> bytes:
    """Magic code and the chunk that names the format's version."""
    return MAGIC + _chunk(_FILE_HEADER, b'<?xml version="1.0"?><info><version>1.0</version></info>')


def stream_header(stream_id: int, info: StreamInfo, channel_format: str = "float32") -> bytes:
    """Chunk that describes a stream and its channels.

    Parameters
    ----------
    stream_id : int
        Number by which the other chunks name the stream.
    info : StreamInfo
        What the stream holds.
    channel_format : str
        "float32" or "double64".
    """
    kind = STREAM_TYPES.get(info.name, info.name)
    channels = "".join(
        f"<channel><label>{escape(label)}</label><unit>{escape(info.unit)}</unit><type>{escape(kind)}</type></channel>"
        for label in info.channels
    )
    text = (
        f"<name>{escape(info.name)}</name><type>{escape(kind)}</type>"
        f"<channel_count>{len(info.channels)}</channel_count><nominal_srate>{info.sfreq!r}</nominal_srate>"
        f"<channel_format>{channel_format}</channel_format><source_id>{escape(info.source_id)}</source_id>"
        f"<desc><channels>{channels}</channels></desc>"
    )
    return _chunk(_STREAM_HEADER, struct.pack("<I", stream_id) + _info(text))


def samples(stream_id: int, times: FloatArray, data: NDArray[np.floating]) -> bytes:
    """Chunk of samples, each with its own time stamp.

    Parameters
    ----------
    stream_id : int
        The stream's number.
    times : array, shape (n_samples,)
        Time stamps in s, written as they are.
    data : array, shape (n_samples, n_channels)
        Written in its own precision, which is the one that the stream's header names.
    """
    n_samples, n_channels = data.shape
    layout = np.dtype(
        [("n_time_bytes", "u1"), ("time", "<f8"), ("values", data.dtype.newbyteorder("<"), (n_channels,))]
    )
    rows = np.empty(n_samples, dtype=layout)
    rows["n_time_bytes"] = 8
    rows["time"] = times
    rows["values"] = data
    return _chunk(_SAMPLES, struct.pack("<IBI", stream_id, 4, n_samples) + rows.tobytes())


def clock_offset(stream_id: int, time: float, offset: float) -> bytes:
    """Chunk that says how much (s) must be added to the stream's time stamps, as measured at ``time`` (s)."""
    return _chunk(_CLOCK_OFFSET, struct.pack("<Idd", stream_id, time, offset))


def boundary() -> bytes:
    """Chunk by which a reader finds its place again after damage."""
    return _chunk(_BOUNDARY, _BOUNDARY_UUID)


def stream_footer(stream_id: int, first_time: float, last_time: float, n_samples: int) -> bytes:
    """Chunk that closes a stream: times (s) of its first and last sample, and how many there are."""
    text = (
        f"<first_timestamp>{first_time!r}</first_timestamp><last_timestamp>{last_time!r}</last_timestamp>"
        f"<sample_count>{n_samples}</sample_count>"
    )
    return _chunk(_STREAM_FOOTER, struct.pack("<I", stream_id) + _info(text))


def complete_length(content: bytes | memoryview) -> int:
    """How many bytes from the start hold complete chunks only."""
    end = len(MAGIC)
    while end < len(content):
        length_format = _LENGTH_FORMATS.get(content[end])
        body = end + 1 + content[end]
        if length_format is None or body > len(content):
            break
        (length,) = struct.unpack_from(length_format, content, end + 1)
        if body + length > len(content):
            break
        end = body + length
    return end


def _info(text: str) -> bytes:
    return f'<?xml version="1.0"?><info>{text}</info>'.encode()


def _chunk(tag: int, content: bytes) -> bytes:
    return struct.pack("<BIH", 4, len(content) + 2, tag) + content
