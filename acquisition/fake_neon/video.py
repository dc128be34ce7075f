"""Pictures as H.264 in RTP payloads (RFC 6184)."""

import base64
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.neon.library import load

_MOST_BYTES = 1200
_START_CODE = re.compile(rb"\x00\x00\x00?\x01")
_SPS, _PPS, _FRAGMENT = 7, 8, 28


class Encoder:
    """An H.264 stream that begins with a whole picture.

    Parameters
    ----------
    width, height : int
        Of the pictures, in px.
    rate : int
        Pictures per second.
    """

    def __init__(self, width: int, height: int, rate: int) -> None:
        self._av = load("av")
        codec: Any = self._av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
        codec.time_base, codec.framerate = Fraction(1, rate), Fraction(rate)
        codec.gop_size, codec.max_b_frames, codec.thread_count = rate, 0, 1
        codec.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "23"}
        self._codec, self._number = codec, 0
        self._grey = np.full((height // 2, width), 128, dtype=np.uint8)

    def encode(self, picture: NDArray[np.uint8]) -> list[bytes]:
        """NAL units of a grey picture (height, width)."""
        frame = self._av.VideoFrame.from_ndarray(np.concatenate((picture, self._grey)), format="yuv420p")
        frame.pts, self._number = self._number, self._number + 1
        return [unit for packet in self._codec.encode(frame) for unit in _START_CODE.split(bytes(packet)) if unit]


def parameter_sets(units: list[bytes]) -> str:
    """What the session description must say of a stream that begins with these NAL units."""
    return ",".join(base64.b64encode(unit).decode() for unit in units if unit[0] & 0x1F in (_SPS, _PPS))


def payloads(unit: bytes) -> Iterator[bytes]:
    """A NAL unit as it is, or as fragments where it is too long for one packet."""
    if len(unit) <= _MOST_BYTES:
        yield unit
        return
    indicator, kind = (unit[0] & 0xE0) | _FRAGMENT, unit[0] & 0x1F
    for start in range(1, len(unit), _MOST_BYTES):
        is_first, is_last = start == 1, start + _MOST_BYTES >= len(unit)
        yield bytes([indicator, is_first << 7 | is_last << 6 | kind]) + unit[start : start + _MOST_BYTES]
