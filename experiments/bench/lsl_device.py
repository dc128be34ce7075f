"""A process of its own that is a device on another machine: real LSL outlets, but a clock that is off and drifts.

The outlets live in an LSL session in which nobody looks for them. In their place this process answers for them, in the
session of the one who listens: it announces them, and replies to LSL's time probes by the device's clock. Samples go
straight from the outlets. liblsl thus measures and corrects the clock's offset as it does between two machines.
"""

import json
import re
import select
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from acquisition.lsl import LSLClock, StreamOutlet, local_network
from acquisition.lsl.network import load_pylsl
from acquisition.stream import Chunk, FloatArray, SampleArray, StreamInfo

PERIOD_S = 0.01
CHANNELS = ("true_s", "true_rest", "stamp_s", "stamp_rest")
_PORTS = range(16572, 16604)  # Where LSL asks peers that it knows by address.


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """A clock that shows ``offset_s`` more than ours at ``start``, and gains ``drift_ppm`` s in a million.

    Each stamp is off by normal jitter of ``jitter_s`` besides.
    """

    start: float
    offset_s: float
    drift_ppm: float
    jitter_s: float

    def read(self, time: FloatArray) -> FloatArray:
        """What it shows at our times (s)."""
        return np.asarray(time + self.offset_s + 1e-6 * self.drift_ppm * (time - self.start))


@dataclass(frozen=True, slots=True)
class Device:
    """One stream, what its clock is like, and the session of the one who listens."""

    stream: str
    unit: str
    sfreq: float
    source_id: str
    offset_s: float
    drift_ppm: float
    jitter_s: float
    session_id: str


class Readable(Protocol):
    """A clock that is not ours."""

    def read(self, time: FloatArray) -> FloatArray:
        """What it shows at our times (s)."""
        ...


class Announcement:
    """Answers on the network for an outlet, by the device's clock.

    Parameters
    ----------
    outlet_xml : str
        How the outlet describes itself.
    session_id : str
        The LSL session in which it is announced.
    clock : Readable
    data_port : int, optional
        Where samples come from, instead of from the outlet.
    """

    def __init__(self, outlet_xml: str, session_id: str, clock: Readable, data_port: int | None = None) -> None:
        self.socket = _free_socket()
        self._clock, self._ours = clock, LSLClock()
        port = self.socket.getsockname()[1]
        xml = re.sub(r"<session_id>.*?</session_id>", f"<session_id>{session_id}</session_id>", outlet_xml)
        xml = re.sub(r"<v4service_port>\d+<", f"<v4service_port>{port}<", xml)
        self._xml = xml if data_port is None else re.sub(r"<v4data_port>\d+<", f"<v4data_port>{data_port}<", xml)

    def answer(self) -> None:
        """Reply to one packet that has come."""
        content, (host, port) = self.socket.recvfrom(65536)
        received = self._now()
        method, *lines = content.decode("utf-8", "replace").split("\r\n")
        if method == "LSL:timedata":
            probe, sent = lines[0].split()
            self.socket.sendto(f" {probe} {sent} {received!r} {self._now()!r}".encode(), (host, port))
        elif method == "LSL:shortinfo" and self._is_meant(lines[0]):
            answer_port, query_id = lines[1].split()
            self.socket.sendto(f"{query_id}\r\n{self._xml}".encode(), (host, int(answer_port)))

    def _is_meant(self, query: str) -> bool:
        """Whether all that a query asks for, such as ``session_id='a' and name='b'``, is so here."""
        asked = re.findall(r"(\w+)='([^']*)'", query)
        return all(f"<{key}>{value}</{key}>" in self._xml for key, value in asked)

    def _now(self) -> float:
        return float(self._clock.read(np.array(self._ours.now())))


class Sender:
    """An outlet, what is left to send, and who answers for it."""

    def __init__(self, device: Device, start: float, rng: np.random.Generator) -> None:
        self._clock = DeviceClock(start, device.offset_s, device.drift_ppm, device.jitter_s)
        self._rng = rng
        self._sent = 0
        # The device samples by its own clock too.
        self._period = 1.0 / device.sfreq / (1.0 + 1e-6 * device.drift_ppm)
        self._info = StreamInfo(device.stream, device.sfreq, CHANNELS, device.unit, device.source_id)
        self._outlet = StreamOutlet(self._info)
        (found,) = load_pylsl().resolve_byprop("source_id", device.source_id, timeout=10.0)
        self.announcement = Announcement(found.as_xml(), device.session_id, self._clock)

    def send(self, now: float) -> None:
        """Push what the device has sampled up to our time (s)."""
        n_due = int((now - self._clock.start) / self._period) - self._sent
        true = np.asarray(self._clock.start + (self._sent + 1 + np.arange(n_due)) * self._period)
        stamps = self._clock.read(true) + self._rng.normal(0.0, self._clock.jitter_s, n_due)
        self._outlet.push(Chunk(self._info.name, stamps, _in_halves(true, stamps)))
        self._sent += n_due


def in_whole(data: SampleArray) -> Mapping[str, FloatArray]:
    """True times and stamps as the device gave them, both in s, from the samples that carry them."""
    values = data.astype(np.float64)
    return {"true": values[:, 0] + values[:, 1], "stamp": values[:, 2] + values[:, 3]}


def _in_halves(true: FloatArray, stamps: FloatArray) -> SampleArray:
    """Whole seconds and rest apart, for float32 holds a time in s to milliseconds only."""
    return np.stack([*np.divmod(true, 1.0)[:2], *np.divmod(stamps, 1.0)[:2]], axis=1).astype(np.float32)


def _free_socket() -> socket.socket:
    for port in _PORTS:
        answering = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            answering.bind(("127.0.0.1", port))
        except OSError:
            answering.close()
        else:
            return answering
    raise OSError(f"No port of {_PORTS.start} to {_PORTS.stop - 1} is free to announce a stream at.")


def main() -> None:
    """Be the devices in the JSON list that is the only argument, until the parent closes this process's input."""
    local_network()
    devices = [Device(**values) for values in json.loads(sys.argv[1])]
    clock, rng = LSLClock(), np.random.default_rng(0)
    start = clock.now()
    senders = [Sender(device, start, rng) for device in devices]
    answering = [sender.announcement.socket for sender in senders]
    next_push = clock.now()
    while True:
        ready, _, _ = select.select([sys.stdin, *answering], [], [], max(0.0, next_push - clock.now()))
        if sys.stdin in ready:
            return
        for announcement in [sender.announcement for sender in senders if sender.announcement.socket in ready]:
            announcement.answer()
        if clock.now() >= next_push:
            for sender in senders:
                sender.send(clock.now())
            next_push = clock.now() + PERIOD_S


if __name__ == "__main__":
    main()
