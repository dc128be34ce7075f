"""The faults that are played to every stream, and what is right to happen then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

LSL_STREAMS = ("eeg", "gaze", "markers")
NEON = "gaze (Neon)"
STREAMS = (*LSL_STREAMS, NEON)


@dataclass(frozen=True, slots=True)
class Right:
    """What is right to happen to one stream.

    Parameters
    ----------
    log : set of str
        Kinds of fault that the log must hold.
    may : set of str
        Those that it may hold besides.
    sentence : str
        What the sentence must contain by which the session ends, or does not begin; "" where it goes on.
    waits : bool or None
        Whether the page must wait for the stream; None where it may.
    is_timed : bool
        Whether the times of samples after the fault must be right; a driver that stamps wrongly cannot be corrected.
    """

    log: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    sentence: str = ""
    waits: bool | None = False
    is_timed: bool = True

    def __str__(self) -> str:
        logs = " and ".join(sorted(self.log)) or "nothing"
        may = f" (may log {', '.join(sorted(self.may))})" if self.may else ""
        said = f"says '{self.sentence}'" if self.sentence else "says nothing"
        timed = "" if self.is_timed else "; times stay the driver's"
        return f"logs {logs}{may}; {said}{'; the page waits' if self.waits else ''}{timed}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault.

    Parameters
    ----------
    right : mapping of str to Right
        By stream; a stream that is not there cannot have the fault.
    fault_s, after_s : float
        How long it lasts, and how long the device is listened to after it, in s.
    settle_s : float
        How long after the fault times may be wrong, in s.
    away : bool
        Whether the device is off while the fault lasts.
    returns : bool
        Whether it comes back then.
    is_ours : bool
        Whether it is the listener that has the fault.
    """

    right: Mapping[str, Right]
    fault_s: float = 1.5
    after_s: float = 2.5
    settle_s: float = 0.5
    away: bool = False
    returns: bool = True
    is_ours: bool = False

    @property
    def seconds(self) -> float:
        """How long it takes in all, more or less."""
        return self.fault_s + self.after_s

    @property
    def stretches(self) -> bool:
        """Whether it may last longer and stay the same fault."""
        return self.fault_s >= 1.0 and self.returns


def _right(
    *log: str, may: tuple[str, ...] = (), sentence: str = "", waits: bool | None = False, is_timed: bool = True
) -> Right:
    return Right(frozenset(log), frozenset(may), sentence, waits, is_timed)


def _of_neon(right: Right) -> Right:
    """The same for a Neon, whose gaze is nowhere while a busy machine does not get at the scene camera's pictures."""
    return replace(right, may=right.may | {"nan", "tags"})


def _same(right: Right, *streams: str) -> dict[str, Right]:
    return {stream: _of_neon(right) if stream == NEON else right for stream in streams}


_GONE = "has been silent for more than"
_LINK = ("closed", "opened", "garbage")
"""What a Neon tells of its connections."""

SCENARIOS: Mapping[str, Scenario] = {
    "stop and return": Scenario(
        {
            **_same(_right("lost", "back", waits=True), "eeg", "gaze"),
            "markers": _right(may=("lost", "back")),
            NEON: _of_neon(_right("lost", "back", *_LINK[:2], may=("tags", "garbage", "gap"), waits=True)),
        },
        fault_s=2.0,
        after_s=3.0,
        settle_s=1.5,
        away=True,
    ),
    "stop for good": Scenario(
        {
            **_same(_right("lost", sentence=_GONE, waits=True), "eeg", "gaze"),
            "markers": _right("lost"),
            NEON: _of_neon(_right("lost", "closed", may=("tags", "garbage"), sentence=_GONE, waits=True)),
        },
        fault_s=11.0,
        after_s=0.0,
        away=True,
        returns=False,
    ),
    "gap": Scenario({**_same(_right("gap"), "eeg", "gaze", NEON), "markers": _right()}, fault_s=0.4),
    "burst after silence": Scenario(
        {
            **_same(_right("lost", "back", waits=True), "eeg", "gaze"),
            "markers": _right(),
            NEON: _of_neon(_right("lost", "back", may=_LINK, waits=True)),
        }
    ),
    "duplicates": Scenario(_same(_right("clock"), *STREAMS)),
    "out of order": Scenario(
        {**_same(_right("clock", may=("gap",)), "eeg", "gaze", "markers"), NEON: _of_neon(_right(may=("clock",)))}
    ),
    "clock step": Scenario(
        {
            **_same(_right("clock", may=("lost", "back", "gap"), waits=None), "eeg", "gaze", NEON),
            "markers": _right("clock"),
        },
        after_s=7.0,
        settle_s=5.0,
    ),
    "drift of 100 ppm": Scenario(_same(_right(), *STREAMS), after_s=7.0),
    "stamps step ahead": Scenario(
        {**_same(_right("clock", "lost", "back", may=("gap",), waits=True), "eeg", "gaze"), "markers": _right("clock")}
    ),
    "stamps step back": Scenario(_same(_right("clock", may=("gap",), is_timed=False), *LSL_STREAMS)),
    "wrong rate": Scenario(_same(_right("rate"), "eeg", "gaze", NEON), after_s=6.0),
    "other channels on return": Scenario(
        {
            **_same(_right("ended", may=("lost",), sentence="came back as another", waits=True), "eeg", "gaze"),
            NEON: _of_neon(_right("lost", "back", *_LINK[:2], may=("tags", "garbage", "gap"), waits=True)),
        },
        fault_s=2.0,
        after_s=3.0,
        settle_s=1.5,
        away=True,
    ),
    "NaN": Scenario(_same(_right("nan"), "eeg", "gaze", NEON)),
    "Inf": Scenario(_same(_right("nan"), "eeg", "gaze", NEON)),
    "two of one name": Scenario(
        {
            **_same(_right(sentence="2 LSL streams fit"), *LSL_STREAMS),
            NEON: _of_neon(_right(sentence="2 Neons are on the network")),
        }
    ),
    "slow consumer": Scenario(_same(_right(), *STREAMS), fault_s=3.0, is_ours=True),
    "garbage": Scenario(
        {
            **_same(_right("clock", "lost", "back", may=("nan", "gap"), waits=True), "eeg", "gaze"),
            "markers": _right("clock"),
            NEON: _of_neon(_right("garbage", "lost", "back", may=_LINK, waits=True)),
        },
        fault_s=2.0,
    ),
    "garbage answers": Scenario(
        {
            **_same(_right(sentence="is announced, but does not answer"), *LSL_STREAMS),
            NEON: _of_neon(_right(sentence="does not speak as a Neon does")),
        }
    ),
}
