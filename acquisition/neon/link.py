"""A Neon's network side, in a thread of its own: streams are kept open, and all that arrives goes into one queue."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any

import numpy as np

from acquisition.clock import Clock
from acquisition.neon.clock import DeviceClock, measure_offset
from acquisition.neon.library import load
from acquisition.neon.packets import EyeEvent, Gaze, read_eye_event, read_gaze
from acquisition.neon.scene import SceneWorker, ScreenLocator, View
from acquisition.neon.tags import TaggedScreen
from acquisition.quality import Fault

_CLOCK_EVERY_S = 2.0
_RETRY_S = 0.25
_SILENT_S = 3.0  # A stream that sends nothing for so long is opened anew.
_LEAVE_S = 0.5
_AHEAD_S = 0.05
_LIKELY_S = 10.0  # Stamps that lie further from the session's time are no times.
_GARBAGE_EVERY_S = 1.0

logger = logging.getLogger(__name__)


Arrival = Gaze | EyeEvent | View | Fault
Reader = Callable[[Any, Any, float], Gaze | EyeEvent | None]


@dataclass(frozen=True, slots=True)
class Device:
    """What the phone says it is."""

    name: str
    serial: str
    has_eye_events: bool


class NeonLink:
    """Keeps the streams of one Neon open.

    Parameters
    ----------
    host, port
        Where the phone serves its real-time API.
    screen : TaggedScreen
        The screen to look for in the scene camera's pictures.
    clock : Clock
        The session's.
    timeout_s : float
        How long (s) the phone may take to answer at first.

    Raises
    ------
    OSError
        If no Neon answers there.
    """

    def __init__(self, host: str, port: int, screen: TaggedScreen, clock: Clock, timeout_s: float) -> None:
        self.arrived: SimpleQueue[Arrival] = SimpleQueue()
        self.device_clock = DeviceClock()
        self.is_open: dict[str, bool] = {}
        self.n_opened: dict[str, int] = {}
        self.n_garbage: dict[str, int] = {}
        self._api, self._streaming = (load(f"pupil_labs.realtime_api{part}") for part in (".device", ".streaming"))
        self._disconnected: type[Exception] = load("aiohttp").ClientConnectionError
        self._host, self._port, self._screen, self._clock = host, port, screen, clock
        self._timeout_s = timeout_s
        self._told_garbage: dict[str, float] = {}
        self._locator: ScreenLocator | None = None
        self.scene = SceneWorker(self.arrived.put, lambda what: self._garbage("scene", what))
        self._loop = asyncio.new_event_loop()
        self._stop, self._in_doubt = asyncio.Event(), asyncio.Event()
        self._ready: Future[Device] = Future()
        self._thread = Thread(target=self._run, name="neon-network", daemon=True)
        self._thread.start()
        try:
            self.device = self._ready.result()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all streams and end both threads; safe to call twice."""
        if self._thread.is_alive():
            with suppress(RuntimeError):  # The loop may end by itself in between.
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        self.scene.close()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        # The library leaves the failures of its own tasks to the loop; the streams that miss them tell of them here.
        self._loop.set_exception_handler(lambda _, context: logger.debug("%s", context))
        async with self._api.Device(self._host, self._port) as device:
            try:
                async with asyncio.timeout(self._timeout_s):
                    found = await self._meet(device)
            except Exception as error:  # noqa: BLE001 - whatever serves there may answer anything
                self._ready.set_exception(OSError(self._refusal(error)))
                return
            self._ready.set_result(found)
            receivers: dict[str, Callable[[Any], Awaitable[None]]] = {
                "gaze": self._receive_gaze,
                "scene": self._receive_scene,
                "clock": self._follow_clock,
            }
            if found.has_eye_events:
                receivers["eye_events"] = self._receive_eye_events
            tasks = [asyncio.create_task(self._keep(name, receive, device)) for name, receive in receivers.items()]
            await self._stop.wait()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            # The library's own tasks take leave of the device, which a second cancellation would break off.
            leaving = asyncio.all_tasks() - {asyncio.current_task()}
            if leaving:
                await asyncio.wait(leaving, timeout=_LEAVE_S)

    async def _meet(self, device: Any) -> Device:
        status = await device.get_status()
        if not status.direct_gaze_sensor().connected:
            raise ConnectionError("the phone answers, but its glasses send no gaze: are they plugged in?")
        await self._measure(status)
        events = status.direct_eye_events_sensor()
        return Device(
            name=str(status.phone.device_name),
            serial=str(status.hardware.module_serial),
            has_eye_events=events is not None and bool(events.connected),
        )

    def _refusal(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            why = f"nothing within {self._timeout_s:g} s"
        elif isinstance(error, OSError):
            why = str(error)
        else:
            why = f"what answers does not speak as a Neon does: {error!r}"
        return f"No Neon at {self._host}:{self._port} ({why})."

    async def _keep(self, stream: str, receive: Callable[[Any], Awaitable[None]], device: Any) -> None:
        """Receive a stream for ever: whatever ends it, it is opened again."""
        while True:
            try:
                await receive(device)
                why = "the device ended it"
            except TimeoutError:
                why = f"no answer within {_SILENT_S:g} s"
            except (OSError, self._disconnected) as error:
                why = str(error)
            except Exception as error:  # noqa: BLE001 - what a device sends may fail anywhere in the libraries
                why = repr(error)
                self._garbage(stream, why)
            if self.is_open.get(stream, True):
                self.is_open[stream] = False
                self._tell(stream, "closed", 0.0, f"the connection is lost ({why}), and tried again")
            await asyncio.sleep(_RETRY_S)

    def _opened(self, stream: str) -> None:
        if self.is_open.get(stream):
            return
        self.n_opened[stream] = self.n_opened.get(stream, 0) + 1
        if stream in self.is_open:
            self._tell(stream, "opened", float(self.n_opened[stream]), "the connection stands again")
        self.is_open[stream] = True

    async def _status(self, device: Any) -> Any:
        async with asyncio.timeout(_SILENT_S):
            return await device.get_status()

    async def _open(self, device: Any, sensor: str, streamer: Any) -> Any:
        """The library's streamer for a sensor, at the address the phone gives now."""
        url = getattr(await self._status(device), f"direct_{sensor}_sensor")().url
        if url is None:
            raise ConnectionError(f"the phone has no sensor {sensor!r} now")
        return streamer(url, timeout=_SILENT_S, log_level=logging.CRITICAL)

    async def _receive_gaze(self, device: Any) -> None:
        await self._measure(await self._status(device))
        await self._receive_packets(device, "gaze", read_gaze)

    async def _receive_eye_events(self, device: Any) -> None:
        await self._receive_packets(device, "eye_events", read_eye_event)

    async def _receive_packets(self, device: Any, sensor: str, read: Reader) -> None:
        async with await self._open(device, sensor, self._streaming.RTSPRawStreamer) as streamer:
            async for packet in streamer.receive():
                self._opened(sensor)
                time = self._session_time(packet, streamer)
                try:
                    if time is None:
                        raise ValueError(f"a packet of {packet.timestamp_unix_seconds} s is of no time")
                    arrival = read(self._streaming, packet, time)
                except ValueError as error:
                    self._garbage(sensor, str(error))
                    continue
                if arrival is not None:
                    self.arrived.put(arrival)

    async def _receive_scene(self, device: Any) -> None:
        async with asyncio.timeout(_SILENT_S):
            calibration = await device.get_calibration()
        matrix, distortion = calibration["scene_camera_matrix"], calibration["scene_distortion_coefficients"]
        numbers = np.concatenate((np.ravel(matrix), np.ravel(distortion)))
        if self._locator is None or not np.array_equal(numbers, self._locator.calibration):
            self._locator = ScreenLocator(self._screen, np.array(matrix), np.array(distortion))
        async with await self._open(device, "world", self._streaming.RTSPVideoFrameStreamer) as streamer:
            async for frame in streamer.receive():
                self._opened("scene")
                time = self._session_time(frame, streamer)
                if time is None:
                    self._garbage("scene", f"a picture of {frame.timestamp_unix_seconds} s is of no time")
                    continue
                self.scene.offer(self._locator, time, frame)

    async def _follow_clock(self, device: Any) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._in_doubt.wait(), _CLOCK_EVERY_S)
            self._in_doubt.clear()
            await self._measure(await self._status(device))
            self._opened("clock")

    async def _measure(self, status: Any) -> None:
        port = status.phone.time_echo_port
        if port is None:
            raise ConnectionError("the phone offers no time echo: its Companion app is too old")
        async with asyncio.timeout(_SILENT_S):
            measured = await measure_offset(self._host, int(port), self._clock)
        step = self.device_clock.add(measured)
        if step:
            self._tell("gaze", "clock", step, f"the phone's clock has stepped by {step:.6f} s")

    def _session_time(self, stamped: Any, streamer: Any) -> float | None:
        """Session time (s) of a packet or picture, or None where its stamp is none.

        RTP counts time in 32 bits, which begin anew every 13 hours at 90 kHz: until the device's next report
        the library is off by one such turn.
        """
        turn_s = 2**32 / streamer.reader.get_rtpmap()["clockRate"]
        now = self._clock.now()
        device_time = stamped.timestamp_unix_seconds
        device_time -= turn_s * np.rint((device_time - self.device_clock.to_device(now)) / turn_s)
        time = float(self.device_clock.to_session(device_time))
        if not now - _LIKELY_S <= time <= now + _AHEAD_S:
            self._in_doubt.set()
        return time if abs(time - now) <= _LIKELY_S else None

    def _garbage(self, stream: str, what: str) -> None:
        """Count what cannot be used, and tell of it once a second at most."""
        self.n_garbage[stream] = self.n_garbage.get(stream, 0) + 1
        now = self._clock.now()
        if now - self._told_garbage.get(stream, -np.inf) >= _GARBAGE_EVERY_S:
            self._told_garbage[stream] = now
            self._tell(stream, "garbage", float(self.n_garbage[stream]), what)

    def _tell(self, stream: str, kind: str, value: float, detail: str) -> None:
        self.arrived.put(Fault(stream=stream, kind=kind, time=self._clock.now(), value=value, detail=detail))
