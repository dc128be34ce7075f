"""The fake phone: status, events, time echo and the three sensors, on this machine."""

import asyncio
import json
import logging
import struct
import time
import uuid
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import numpy as np

from acquisition.fake_neon.camera import SceneCamera
from acquisition.fake_neon.rtsp import Feed, Packets, RtspServer
from acquisition.fake_neon.video import Encoder, parameter_sets, payloads
from acquisition.fake_neon.wearer import Faults, PhoneClock, Wearer
from acquisition.neon.library import load
from acquisition.neon.tags import TaggedScreen

GAZE_SFREQ = 200
_SENSORS = ("gaze", "world", "eye_events")
_NONSENSE = b"\xff\xfe nonsense"

logger = logging.getLogger(__name__)


class FakeNeon:
    """A Neon on this machine, to be started and stopped at will; it keeps its ports when it comes back.

    Parameters
    ----------
    wearer : Wearer
        Who looks where.
    host, port
        Where its real-time API is served; port 0 is any that is free.
    protocol : {"rtsp", "rtspt"}
        Whether RTP goes over UDP, as a Neon does it, or within the RTSP connection.
    phone : PhoneClock, optional
        The phone's clock; by default this machine's.
    scene_scale, scene_hz
        Size of the scene camera's picture (1 is 1600 x 1200 px) and how many it takes a second.
    gaze_bytes : int
        Length of a gaze packet: 9, or 65 for one with the state of the eyes (which is all zero).
    announced : bool
        Whether it announces itself to the network, on this machine's loopback interface only.
    """

    def __init__(
        self,
        wearer: Wearer,
        host: str = "127.0.0.1",
        port: int = 0,
        protocol: str = "rtsp",
        phone: PhoneClock | None = None,
        scene_scale: float = 1.0,
        scene_hz: int = 30,
        gaze_bytes: int = 9,
        announced: bool = False,
    ) -> None:
        self.host, self.port = host, port
        self.faults = Faults()
        self.wearer, self.phone = wearer, phone or PhoneClock()
        self.camera = SceneCamera(wearer, scene_scale)
        self.serial = f"{uuid.uuid4().int % 1_000_000:06d}"
        self.events: list[dict[str, Any]] = []
        self._protocol, self._scene_hz, self._gaze_bytes, self._announced = protocol, scene_hz, gaze_bytes, announced
        self._rtsp_port = self._echo_port = 0
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        probe = Encoder(self.camera.width, self.camera.height, scene_hz).encode(self.camera.picture(0.0))
        self._feeds = {
            "gaze": Feed("application", "com.pupillabs.gaze1", self._gaze),
            "eye_events": Feed("application", "com.pupillabs.eye_events1", self._eye_events),
            "world": Feed(
                "video", "H264", self._scene, f"packetization-mode=1; sprop-parameter-sets={parameter_sets(probe)}"
            ),
        }

    @property
    def address(self) -> str:
        """Where it is, as `acquisition.neon.NeonSource` takes it."""
        return f"{self.host}:{self.port}"

    def __enter__(self) -> "FakeNeon":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve in a thread, and return when all ports are open."""
        is_up = Event()
        self._thread = Thread(target=lambda: asyncio.run(self.serve(is_up)), name="fake-neon", daemon=True)
        self._thread.start()
        if not is_up.wait(10.0):
            raise OSError(f"The fake Neon could not open {self.address} within 10 s.")

    def stop(self) -> None:
        """Break off all connections and close the ports; safe to call twice."""
        if self._thread is None or self._loop is None or self._stop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._thread = None

    async def serve(self, is_up: Event | None = None) -> None:
        """Serve until `stop` is called, or this is cancelled."""
        web = load("aiohttp.web")
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/api/status", self._serve_status)
        app.router.add_post("/api/event", self._serve_event)
        app.router.add_get("/calibration.bin", self._serve_calibration)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        rtsp = RtspServer(self._feeds)
        echo = await asyncio.start_server(self._serve_echo, self.host, self._echo_port)
        self._echo_port = echo.sockets[0].getsockname()[1]
        self._rtsp_port = await rtsp.start(self.host, self._rtsp_port)
        await web.TCPSite(runner, self.host, self.port).start()
        self.port = runner.addresses[0][1]
        announcement = await self._announce() if self._announced else None
        if is_up is not None:
            is_up.set()
        try:
            await self._stop.wait()
        finally:
            if announcement is not None:
                await announcement.async_close()
            echo.close()
            await rtsp.stop()
            await runner.cleanup()

    async def _announce(self) -> Any:
        zeroconf, aio = load("zeroconf"), load("zeroconf.asyncio")
        kind = "_http._tcp.local."
        info = aio.AsyncServiceInfo(
            kind,
            f"PI monitor:Fake Neon:{self.serial}.{kind}",
            addresses=[bytes(map(int, self.host.split(".")))],
            port=self.port,
            server=f"fake-neon-{self.serial}.local.",
        )
        announcement = aio.AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=zeroconf.IPVersion.V4Only)
        await announcement.async_register_service(info)
        return announcement

    def _status(self) -> list[dict[str, Any]]:
        phone = {
            "battery_level": 90, "battery_state": "OK", "device_id": self.serial, "device_name": "Fake Neon",
            "ip": self.host, "memory": 10**11, "memory_state": "OK", "time_echo_port": self._echo_port,
        }  # fmt: skip
        hardware = {
            "version": "2.0", "glasses_serial": "-1", "world_camera_serial": "-1", "module_serial": self.serial,
        }  # fmt: skip
        sensors = [
            {
                "sensor": name, "conn_type": "DIRECT", "connected": True, "ip": self.host, "port": self._rtsp_port,
                "params": f"camera={name}", "protocol": self._protocol, "stream_error": False,
            }
            for name in _SENSORS
        ]  # fmt: skip
        return [
            {"model": "Phone", "data": phone},
            {"model": "Hardware", "data": hardware},
            *({"model": "Sensor", "data": sensor} for sensor in sensors),
        ]

    async def _serve_status(self, request: Any) -> Any:
        web = load("aiohttp.web")
        if request.headers.get("Upgrade", "").lower() == "websocket":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            for component in self._status():
                await socket.send_str(json.dumps(component))
            async for _ in socket:
                pass
            return socket
        if "status" in self.faults.garbage:
            return web.Response(text="<html>not a Neon</html>", content_type="text/html")
        return web.json_response({"message": "Success", "result": self._status()})

    async def _serve_event(self, request: Any) -> Any:
        event = await request.json()
        event.setdefault("timestamp", round(self.phone.now() * 1e9))
        self.events.append(event)
        return load("aiohttp.web").json_response({"message": "Success", "result": {**event, "recording_id": None}})

    async def _serve_calibration(self, _request: Any) -> Any:
        return load("aiohttp.web").Response(body=self.camera.calibration(self.serial))

    async def _serve_echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                question = await reader.readexactly(8)
                writer.write(question + struct.pack("!Q", int(self.phone.now() * 1e3)))
                await writer.drain()
        writer.close()

    async def _gaze(self) -> Packets:
        async for instant in _instants(GAZE_SFREQ):
            if "gaze" in self.faults.silent:
                continue
            scene = self.camera.project(self.wearer.looks_at(np.array([instant])), instant)[0]
            sample = struct.pack("!ffB", *scene, 255 if self.faults.worn else 0).ljust(self._gaze_bytes, b"\0")
            yield self.phone.at(instant), [_NONSENSE if "gaze" in self.faults.garbage else sample]

    async def _eye_events(self) -> Packets:
        told = time.monotonic()
        async for instant in _instants(50):
            for at, event in self.wearer.events(told, instant, self.phone):
                if "eye_events" not in self.faults.silent:
                    yield self.phone.at(at), [_NONSENSE if "eye_events" in self.faults.garbage else event]
            told = instant

    async def _scene(self) -> Packets:
        encoder = Encoder(self.camera.width, self.camera.height, self._scene_hz)
        loop = asyncio.get_running_loop()
        async for instant in _instants(self._scene_hz):
            if "world" in self.faults.silent:
                continue
            # In another thread, since gaze is due in the meantime.
            picture = await loop.run_in_executor(None, self.camera.picture, instant, self.faults.hides_tags)
            units = await loop.run_in_executor(None, encoder.encode, picture)
            packets = [payload for unit in units for payload in payloads(unit)]
            yield self.phone.at(instant), [_NONSENSE] if "world" in self.faults.garbage else packets


async def _instants(rate: float) -> Any:
    """The times (s) of an even clock, each as it comes; none is left out, however slow the listener."""
    start = time.monotonic()
    number = 0
    while True:
        instant = start + number / rate
        await asyncio.sleep(max(0.0, instant - time.monotonic()))
        yield instant
        number += 1


def run_fake_neon(
    host: str = "127.0.0.1",
    port: int = 8080,
    screen: TaggedScreen | None = None,
    seed: int = 0,
    offset_s: float = 0.0,
    drift: float = 0.0,
    announced: bool = False,
) -> None:
    """Serve a fake Neon until interrupted.

    Parameters
    ----------
    host, port
        Where.
    screen : TaggedScreen, optional
        What its wearer sees; by default 1920 x 1080 px with a tag in each corner.
    seed : int
        Draws the places that are looked at.
    offset_s, drift : float
        Of the phone's clock, in s and as a ratio (1e-6 is 1 ppm).
    announced : bool
        Whether it announces itself to this machine.

    Raises
    ------
    ImportError
        If the extra "neon" is not installed.
    OSError
        If the port is taken.
    """
    wearer = Wearer(screen or TaggedScreen.with_corner_tags(1920, 1080), np.random.default_rng(seed))
    fake = FakeNeon(wearer, host, port, phone=PhoneClock(offset_s, drift), announced=announced)
    logger.info("a fake Neon answers at %s", fake.address)
    try:
        asyncio.run(fake.serve())
    except KeyboardInterrupt:
        return
    except OSError as error:
        raise OSError(f"The fake Neon cannot serve at {fake.address} ({error.strerror}).") from None
