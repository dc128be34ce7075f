"""A Neon as a source of gaze on the screen and of eye events."""

import asyncio
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from queue import Empty

import numpy as np

from acquisition.clock import Clock
from acquisition.neon.library import load
from acquisition.neon.link import NeonLink
from acquisition.neon.packets import EyeEvent, Gaze
from acquisition.neon.scene import NEAR_S, View, onto_screen
from acquisition.neon.tags import TaggedScreen
from acquisition.quality import Fault
from acquisition.stream import Chunk, StreamInfo

GAZE_SFREQ = 200.0
TAGS_LOST_S = 1.0
_PORT = 8080
_AHEAD_S = 0.05
_MOST_VIEWS = 300  # Ten seconds of them: as late as gaze may come.
_SETTLE_S = 0.5  # How long a second Neon may take to answer after the first, before a choice counts as clear.


@dataclass(frozen=True, slots=True)
class NeonHealth:
    """How a Neon does.

    Parameters
    ----------
    is_open : mapping of str to bool
        For "gaze", "scene", "eye_events" and "clock" whether the connection stands.
    n_garbage : mapping of str to int
        For each of them how many packets could not be used.
    worn : bool or None
        Whether the glasses are worn, by the newest gaze sample.
    n_tags : int
        How many of the screen's tags the newest picture shows.
    n_frames, n_skipped : int
        Pictures of the scene camera that came, and those of them that came too fast to be looked at.
    clock_offset, clock_uncertainty : float
        Session time minus the phone's, in s, and how well it is known.
    clock_drift : float
        By how much the session's clock runs faster than the phone's, 1e-6 being 1 ppm.
    """

    is_open: Mapping[str, bool]
    n_garbage: Mapping[str, int]
    worn: bool | None
    n_tags: int
    n_frames: int
    n_skipped: int
    clock_offset: float
    clock_uncertainty: float
    clock_drift: float


class NeonSource:
    """Gaze of a Neon in screen px, on the session's clock.

    Stream "gaze" has the channels "x" and "y", in px from the top left of the screen, and "worn", 1 or 0.
    x and y are NaN while the glasses are not worn and while the scene camera sees fewer than two of the
    screen's tags. A sample is given out when the first picture after it has been looked at, so that head
    movements between pictures do not move the gaze, and after ``hold_s`` at the latest.

    Stream "eye_events", where the device offers it, has no rate and the channels "kind" (0 saccade,
    1 fixation, 2 saccade begins, 3 fixation begins, 4 blink), "begun_s" and "ended_s" (relative to the
    sample's time, so mostly negative) and "amplitude_deg" (NaN where there is none).

    A device that goes away is silent, and delivers again when it comes back; `faults` and `health` tell.

    Parameters
    ----------
    screen : TaggedScreen
        The display and the tags that it draws.
    clock : Clock
        The session's.
    address : str, optional
        Host, or ``host:port``, of the phone; without it the one Neon on the network is taken.
    timeout_s : float
        How long to look for it, in s.
    hold_s : float
        How long a gaze sample may wait for the scene camera's next picture, in s. With 0 it is placed by the
        pictures that are there, up to 0.1 s old: sooner by about two of them, and off by as much as the
        head has turned since.

    Raises
    ------
    ImportError
        If the extra "neon" is not installed.
    OSError
        If no Neon is there.
    ValueError
        If ``hold_s`` is negative, the address is none, or more than one Neon is on the network and no address is given.
    """

    def __init__(
        self,
        screen: TaggedScreen,
        clock: Clock,
        address: str | None = None,
        timeout_s: float = 10.0,
        hold_s: float = 0.3,
    ) -> None:
        if not hold_s >= 0:
            raise ValueError(f"Argument 'hold_s' must not be less than 0 s (got {hold_s}).")
        host, port = _only_neon(timeout_s) if address is None else _split(address)
        self._clock, self._hold_s = clock, hold_s
        self._link = NeonLink(host, port, screen, clock, timeout_s)
        serial = self._link.device.serial
        self.streams: tuple[StreamInfo, ...] = (
            StreamInfo("gaze", GAZE_SFREQ, ("x", "y", "worn"), "px", f"neon-{serial}"),
        )
        if self._link.device.has_eye_events:
            channels = ("kind", "begun_s", "ended_s", "amplitude_deg")
            self.streams += (StreamInfo("eye_events", 0.0, channels, "", f"neon-{serial}-events"),)
        self._held: list[Gaze] = []
        self._views: list[View] = []
        self._faults: list[Fault] = []
        self._worn: bool | None = None
        self._tags_at = clock.now()
        self._tags_lost = False
        self._newest_event = -np.inf

    def pull(self, until: float) -> list[Chunk]:
        """What has arrived and can be placed on the screen at ``until`` (s); never waits, never raises."""
        events: list[EyeEvent] = []
        chunks: list[Chunk | None] = []
        while True:
            try:
                arrival = self._link.arrived.get_nowait()
            except Empty:
                break
            if isinstance(arrival, Gaze):
                insort(self._held, arrival, key=attrgetter("time"))
            elif isinstance(arrival, View):
                if arrival.time <= until + _AHEAD_S:  # Otherwise the phone's clock has stepped, untold as yet.
                    insort(self._views, arrival, key=attrgetter("time"))
            elif isinstance(arrival, EyeEvent):
                events.append(arrival)
            else:
                self._faults.append(arrival)
                if arrival.kind == "clock":
                    # What came before bears the times of another clock than what comes now.
                    chunks.append(self._gaze(np.inf))
                    self._views.clear()
        del self._views[:-_MOST_VIEWS]
        self._watch_tags(until)
        chunks += [self._gaze(until), self._eye_events(events)]
        return [chunk for chunk in chunks if chunk is not None]

    def faults(self) -> list[Fault]:
        """What went wrong, or came right again, since the last call.

        The kinds are "closed" and "opened" (a connection), "garbage" (something that cannot be used, told
        once a second at most, with the count so far), "clock" (the phone's clock stepped, in s) and "tags"
        (the screen's tags are out of sight, value 0, or back, with the time in s that they were not seen).
        """
        faults, self._faults = self._faults, []
        return faults

    def health(self) -> NeonHealth:
        """How the device does now."""
        clock = self._link.device_clock
        newest = clock.newest
        assert newest is not None  # The first is measured before there is a source.
        return NeonHealth(
            is_open=dict(self._link.is_open),
            n_garbage=dict(self._link.n_garbage),
            worn=self._worn,
            n_tags=self._views[-1].n_tags if self._views else 0,
            n_frames=self._link.scene.n_frames,
            n_skipped=self._link.scene.n_skipped,
            clock_offset=newest.offset,
            clock_uncertainty=newest.uncertainty,
            clock_drift=clock.drift,
        )

    def clock_offsets(self) -> dict[str, float]:
        """For each stream what is added to its time stamps now, in s."""
        offset = self._link.device_clock.offset_at(self._link.device_clock.to_device(self._clock.now()))
        return {info.name: offset for info in self.streams}

    def close(self) -> None:
        self._link.close()

    def _gaze(self, until: float) -> Chunk | None:
        """The samples that have a view after them, or waited for one long enough."""
        seen_until = self._views[-1].time if self._views else -np.inf
        ready_until = max(seen_until, until - self._hold_s)
        n_ready = sum(sample.time <= ready_until for sample in self._held)
        if not n_ready:
            return None
        ready, self._held = self._held[:n_ready], self._held[n_ready:]
        self._worn = ready[-1].worn
        times = np.array([sample.time for sample in ready])
        worn = np.array([sample.worn for sample in ready])
        points = np.array([(sample.x, sample.y) for sample in ready], dtype=np.float64)
        points[~worn] = np.nan
        data = np.column_stack((onto_screen(times, points, self._views), worn)).astype(np.float32)
        self._views = [view for view in self._views[:-1] if view.time > times[-1] - NEAR_S] + self._views[-1:]
        return Chunk("gaze", times, data)

    def _eye_events(self, events: list[EyeEvent]) -> Chunk | None:
        if not events:
            return None
        times = np.array([event.time for event in events])
        for i, time in enumerate(times):
            # A fixation ends at the very time at which a saccade begins, but a stream's times must rise.
            times[i] = self._newest_event = max(time, self._newest_event + 1e-6)
        rows = [(event.kind, event.begun_s, event.ended_s, event.amplitude_deg) for event in events]
        return Chunk("eye_events", times, np.array(rows, dtype=np.float32))

    def _watch_tags(self, now: float) -> None:
        located = [view.time for view in self._views if view.to_screen is not None]
        if located and located[-1] > self._tags_at:
            if self._tags_lost:
                unseen_s = located[-1] - self._tags_at
                self._note_tags(now, unseen_s, f"the screen's tags are seen again after {unseen_s:.3f} s")
            self._tags_at, self._tags_lost = located[-1], False
        elif not self._tags_lost and now - self._tags_at > TAGS_LOST_S + self._hold_s:
            self._tags_lost = True
            self._note_tags(now, 0.0, "the scene camera does not see two of the screen's tags")

    def _note_tags(self, time: float, value: float, detail: str) -> None:
        self._faults.append(Fault(stream="gaze", kind="tags", time=time, value=value, detail=detail))


def discover_neons(timeout_s: float = 5.0) -> dict[str, str]:
    """The Neons that announce themselves on the network, looked for until ``timeout_s`` (s) have passed.

    Returns
    -------
    dict
        For each name the address, as `NeonSource` takes it.

    Raises
    ------
    ImportError
        If the extra "neon" is not installed.
    """
    return asyncio.run(_discover(timeout_s, settle_s=timeout_s))


async def _discover(timeout_s: float, settle_s: float) -> dict[str, str]:
    discovery = load("pupil_labs.realtime_api.discovery")
    found: dict[str, str] = {}
    async with discovery.Network() as network:
        device = await network.wait_for_new_device(timeout_s)
        while device is not None:
            found[device.name.removesuffix("._http._tcp.local.")] = f"{device.addresses[0]}:{device.port}"
            device = await network.wait_for_new_device(settle_s)
    return found


def _only_neon(timeout_s: float) -> tuple[str, int]:
    found = asyncio.run(_discover(timeout_s, _SETTLE_S))
    if not found:
        raise OSError(f"No Neon announced itself on the network within {timeout_s:g} s: give its address.")
    if len(found) > 1:
        listed = "; ".join(f"{name} at {address}" for name, address in sorted(found.items()))
        raise ValueError(f"{len(found)} Neons are on the network, choose one by its address: {listed}.")
    return _split(*found.values())


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.partition(":")
    if not host or not (port or str(_PORT)).isdecimal():
        raise ValueError(f"Argument 'address' must be a host, or host:port (got {address!r}).")
    return host, int(port or _PORT)
