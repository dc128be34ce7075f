"""Markers over LSL: texts with a time, such as lines of JSON."""

from acquisition.lsl.inlet import Inlet, Pattern, resolve
from acquisition.lsl.network import LSLClock, load_pylsl
from acquisition.quality import Fault
from acquisition.stream import StreamLost


class MarkerOutlet:
    """Publishes texts, such as lines of JSON, each with a time.

    Parameters
    ----------
    name : str
        The stream's name; its type is "Markers".
    source_id : str
        By which an inlet finds it again.
    """

    def __init__(self, name: str, source_id: str) -> None:
        lsl = load_pylsl()
        self._outlet = lsl.StreamOutlet(lsl.StreamInfo(name, "Markers", 1, 0.0, lsl.cf_string, source_id))

    def push(self, text: str, time: float) -> None:
        """Send a text that belongs to a time (s) on the LSL clock."""
        self._outlet.push_sample([text], time)

    def wait_for_consumers(self, timeout_s: float) -> bool:
        """Whether somebody listens, waited for at most so long (s)."""
        return bool(self._outlet.wait_for_consumers(timeout_s))

    def close(self) -> None:
        """Take the stream off the network; safe to call twice."""
        self._outlet = None


class MarkerInlet:
    """Receives texts and their times; once constructed it is connected and misses none.

    Parameters
    ----------
    name, source_id : str, optional
        What the stream must be called; its type is "Markers".
    timeout_s : float
        How long, in s, to look for it.

    Raises
    ------
    OSError
        If the stream is not there.
    ValueError
        If more than one fits.
    """

    def __init__(self, name: str | None = None, source_id: str | None = None, timeout_s: float = 10.0) -> None:
        pattern = Pattern(what="markers", type="Markers", name=name, source_id=source_id)
        (found,) = resolve([pattern], timeout_s)
        self._inlet = Inlet(found, timeout_s)
        self._clock = LSLClock()
        self._absent_since: float | None = None
        self._faults: list[Fault] = []

    def pull(self) -> list[tuple[float, str]]:
        """Times (s, on this machine's clock) and texts that have arrived, never waited for.

        Raises
        ------
        StreamLost
            If the stream has ended and has no ``source_id`` by which to find it again, or came back as something else.
        """
        if self._inlet.ended is not None:
            raise StreamLost(self._inlet.ended)
        now = self._clock.now()
        times, values = self._inlet.pull()
        self._inlet.look_around(now, is_heard=bool(len(times)))
        self._watch_absence(now)
        return [(time, value.decode("utf-8", "replace")) for time, (value,) in zip(times.tolist(), values, strict=True)]

    def faults(self) -> list[Fault]:
        """What became known of the stream since the last call.

        Silence tells nothing of markers, so the kinds are "lost" (the stream is no longer on the network), "back"
        (markers come again, with the time in s since it was missed) and "ended" (for good; the next pull raises
        StreamLost).
        """
        faults, self._faults = self._faults, []
        return faults

    def close(self) -> None:
        """Let go of the stream; safe to call twice."""
        self._inlet.close()

    def _watch_absence(self, now: float) -> None:
        if self._inlet.ended is not None:
            self._note("ended", now, 0.0, self._inlet.ended)
        elif self._inlet.is_absent and self._absent_since is None:
            self._absent_since = now
            self._note("lost", now, 0.0, "the stream of markers is no longer on the network")
        elif not self._inlet.is_absent and self._absent_since is not None:
            away_s = now - self._absent_since
            self._absent_since = None
            self._note("back", now, away_s, f"markers come again {away_s:.3f} s after their stream was missed")

    def _note(self, kind: str, time: float, value: float, detail: str) -> None:
        self._faults.append(Fault(stream="markers", kind=kind, time=time, value=value, detail=detail))
