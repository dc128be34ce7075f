"""Open a source of samples by what a user calls it: an LSL stream, a BrainFlow board, a Neon."""

from collections.abc import Callable, Mapping, Sequence
from time import sleep

from acquisition.clock import Clock
from acquisition.lsl import LSLSource, StreamWanted
from acquisition.lsl.discovery import FoundStream, StreamFinder
from acquisition.stream import Source

SCREEN_PX = (1920, 1080)
HOW = "an LSL stream's name, source_id or type, 'brainflow:BOARD' or 'neon[:ADDRESS]'"


def open_source(stream: str, called: str | None, clock: Clock, wait_s: float = 1.5) -> Source:
    """Open the source of a session's stream.

    Parameters
    ----------
    stream : str
        "eeg" or "gaze".
    called : str, optional
        What the user calls it: `HOW`. Without it, the one LSL stream of that type.
    clock : Clock
        The session's.
    wait_s : float
        How long, in s, LSL streams may take to announce themselves.

    Raises
    ------
    ImportError, OSError
        If it is not there.
    ValueError
        If more than one fits, or its unit is unknown.
    """
    kind, _, rest = (called or "").partition(":")
    if kind in OPENERS:
        return OPENERS[kind](rest, clock)
    return open_found(stream, choose(stream, called, announced(wait_s)))


def open_found(stream: str, found: FoundStream) -> LSLSource:
    """Open an LSL stream as a session's "eeg" or "gaze".

    Raises
    ------
    OSError
        If it has gone.
    ValueError
        If its unit is unknown.
    """
    # All that is known is asked for: the name alone may fit another stream too.
    return LSLSource([StreamWanted(stream, type=found.type, name=found.name, source_id=found.source_id or None)])


def announced(wait_s: float = 1.5) -> list[FoundStream]:
    """The LSL streams of numbers that announce themselves within so long (s)."""
    finder = StreamFinder()
    sleep(wait_s)
    return [found for found in finder.found() if not found.is_text]


def choose(stream: str, called: str | None, there: Sequence[FoundStream]) -> FoundStream:
    """The one LSL stream, of those there are, that a user means.

    Raises
    ------
    OSError
        If there is none; the message lists those there are.
    ValueError
        If more than one fits.
    """
    wanted = called or stream
    by_id = [found for found in there if wanted in (found.name, found.source_id)]
    by_type = [found for found in there if found.type.casefold() == wanted.casefold()]
    fitting = by_type if called is None else by_id or by_type
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise OSError(f"No {stream} stream {wanted!r} is there; LSL streams there are: {_listed(there)}.")
    raise ValueError(f"{len(fitting)} streams fit {wanted!r}; name one by its source_id: {_listed(fitting)}.")


def _listed(streams: Sequence[FoundStream]) -> str:
    return (
        "; ".join(f"{s.name!r} (type {s.type!r}, source_id {s.source_id!r}, host {s.host})" for s in streams) or "none"
    )


def _open_brainflow(rest: str, clock: Clock) -> Source:
    from acquisition.brainflow import BrainFlowSource

    board, _, port = rest.partition("@")
    return BrainFlowSource(board, clock, serial_port=port or None)


def _open_neon(rest: str, clock: Clock) -> Source:
    from acquisition.neon import NeonSource, TaggedScreen

    return NeonSource(TaggedScreen.with_corner_tags(*SCREEN_PX), clock, address=rest or None)


OPENERS: Mapping[str, Callable[[str, Clock], Source]] = {"brainflow": _open_brainflow, "neon": _open_neon}
