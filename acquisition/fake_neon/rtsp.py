"""An RTSP server for live feeds: RTP over UDP or within the connection, each stream led by an RTCP sender report."""

import asyncio
import re
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

CLOCK_RATE = 90_000
_PAYLOAD_TYPE = 96
_REPORT_EVERY_S = 1.0
_SOURCE = 0x4E454F4E
_NTP_EPOCH_S = 2_208_988_800
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER"

Packets = AsyncIterator[tuple[float, list[bytes]]]
Send = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Feed:
    """What one sensor sends.

    Parameters
    ----------
    media, encoding, parameters : str
        For the session description: "application" or "video", the name of the format, and its parameters.
    packets : callable
        Begins anew for every listener; yields the phone's time (s) and the RTP payloads of that time.
    """

    media: str
    encoding: str
    packets: Callable[[], Packets]
    parameters: str = ""

    @property
    def description(self) -> str:
        """The session description (RFC 4566)."""
        lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=neon", "c=IN IP4 0.0.0.0", "t=0 0"]
        lines += [f"m={self.media} 0 RTP/AVP {_PAYLOAD_TYPE}", f"a=rtpmap:{_PAYLOAD_TYPE} {self.encoding}/{CLOCK_RATE}"]
        lines += [f"a=fmtp:{_PAYLOAD_TYPE} {self.parameters}"] if self.parameters else []
        return "\r\n".join([*lines, "a=control:track0", ""])


class RtspServer:
    """Serves feeds by the name that an address gives as ``camera=NAME``."""

    def __init__(self, feeds: Mapping[str, Feed]) -> None:
        self._feeds = feeds
        self._listeners: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port, which is chosen where 0 is given."""
        self._host = host
        self._server = await asyncio.start_server(self._serve, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Break off all connections."""
        self._server.close()
        for task in self._listeners:
            task.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._listeners.add(task)
        session = _Session(self._feeds, self._host, reader, writer)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await session.run()
        finally:
            session.close()
            self._listeners.discard(task)


class _Session:
    """One connection, and the one feed that it plays."""

    def __init__(
        self, feeds: Mapping[str, Feed], host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._feeds, self._host, self._reader, self._writer = feeds, host, reader, writer
        self._feed: Feed | None = None
        self._send_rtp: Send | None = None
        self._send_rtcp: Send | None = None
        self._ports: list[asyncio.DatagramTransport] = []
        self._playing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        while True:
            first = await self._reader.readexactly(1)
            if first == b"$":  # a receiver's report, of which nothing follows here
                _, length = struct.unpack("!BH", await self._reader.readexactly(3))
                await self._reader.readexactly(length)
                continue
            head = (first + await self._reader.readuntil(b"\r\n\r\n")).decode()
            request, *lines = head.split("\r\n")
            method, url, _ = request.split(" ")
            headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
            await self._answer(method, url, headers)
            if method == "TEARDOWN":
                return

    async def _answer(self, method: str, url: str, headers: Mapping[str, str]) -> None:
        extra, body, status = {"Session": "1;timeout=60"}, "", "200 OK"
        if method == "OPTIONS":
            extra = {"Public": _METHODS}
        elif method == "DESCRIBE":
            self._feed = self._feeds.get((re.findall(r"camera=(\w+)", url) or [""])[0])
            if self._feed is None:
                status = "404 Not Found"
            else:
                body = self._feed.description
                extra = {"Content-Type": "application/sdp", "Content-Length": str(len(body))}
        elif method == "SETUP":
            extra["Transport"] = await self._set_up(headers["transport"])
        lines = [f"RTSP/1.0 {status}", f"CSeq: {headers['cseq']}", *(f"{key}: {value}" for key, value in extra.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        await self._writer.drain()
        if method == "PLAY" and self._playing is None:
            self._playing = asyncio.create_task(self._play())

    async def _set_up(self, transport: str) -> str:
        if channels := re.search(r"interleaved=(\d+)-(\d+)", transport):
            self._send_rtp, self._send_rtcp = (self._interleaved(int(number)) for number in channels.groups())
            return transport
        ports = re.search(r"client_port=(\d+)-(\d+)", transport)
        if ports is None:
            raise ConnectionError(f"unknown transport {transport!r}")
        peer = self._writer.get_extra_info("peername")[0]
        loop = asyncio.get_running_loop()
        for port in ports.groups():
            udp, _ = await loop.create_datagram_endpoint(
                asyncio.DatagramProtocol, local_addr=(self._host, 0), remote_addr=(peer, int(port))
            )
            self._ports.append(udp)
        self._send_rtp, self._send_rtcp = (udp.sendto for udp in self._ports)
        own = "-".join(str(udp.get_extra_info("sockname")[1]) for udp in self._ports)
        return f"RTP/AVP;unicast;client_port={'-'.join(ports.groups())};server_port={own}"

    def _interleaved(self, channel: int) -> Send:
        return lambda data: self._writer.write(struct.pack("!cBH", b"$", channel, len(data)) + data)

    async def _play(self) -> None:
        if self._feed is None or self._send_rtp is None or self._send_rtcp is None:
            return
        sequence = n_packets = n_bytes = 0
        reported = float("-inf")
        async for time, packets in self._feed.packets():
            ticks = round(time * CLOCK_RATE)
            if abs(time - reported) >= _REPORT_EVERY_S:
                self._send_rtcp(_sender_report(ticks, n_packets, n_bytes))
                reported = time
            for number, payload in enumerate(packets, start=1):
                kind = _PAYLOAD_TYPE | (number == len(packets)) << 7
                header = struct.pack("!BBHII", 0x80, kind, sequence, ticks % 2**32, _SOURCE)
                self._send_rtp(header + payload)
                sequence = (sequence + 1) % 2**16
                n_packets, n_bytes = n_packets + 1, n_bytes + len(payload)
            with suppress(ConnectionError):
                await self._writer.drain()

    def close(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
        for udp in self._ports:
            udp.close()
        self._writer.close()


def _sender_report(ticks: int, n_packets: int, n_bytes: int) -> bytes:
    """That this RTP time is that time of the phone's (RFC 3550)."""
    seconds, rest = divmod(ticks, CLOCK_RATE)
    return struct.pack(
        "!BBHIIIIII",
        0x80, 200, 6, _SOURCE, seconds + _NTP_EPOCH_S, rest * 2**32 // CLOCK_RATE, ticks % 2**32,
        n_packets % 2**32, n_bytes % 2**32,
    )  # fmt: skip
