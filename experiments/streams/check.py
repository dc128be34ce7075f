"""Is this machine, are these streams, fit for an experiment? Each point with the number that decides it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from acquisition.channels import EEGQuality
from acquisition.lsl import LSLClock, LSLSource
from acquisition.lsl.discovery import FoundStream, StreamWatch
from acquisition.meter import QualityMeter
from acquisition.seconds import GAZE_NOISE_PX, StreamQuality
from acquisition.stream import Source, StreamInfo, StreamLost
from experiments.streams.points import Point, machine_points
from experiments.streams.sources import OPENERS, announced, choose, open_found, open_source

RATE_LIMIT = 1.0
"""In %. A decoder's filters and windows are made for the nominal rate; 1 % moves the end of a 0.8 s epoch by 8 ms."""
MISSING_LIMIT = 0.1
"""In %. One epoch of 0.8 s in some 20 then holds a hole, if the holes lie apart."""
JITTER_LIMIT_MS = 10.0
"""Of the stamps as they come. `assent bench alignment` shows what is left of it once they are evened out."""
OFFSET_SPREAD_LIMIT_MS = 1.0
"""LSL's clock offsets on a wired network agree to some 0.1 ms; beyond 1 ms it is the network that moves."""
DELAY_LIMIT_MS = 250.0
"""From a sample's stamp to its arrival, 95 % of the time: that much later every selection is made."""
NOISY_SHARE_LIMIT = 0.2
"""Share of the channels that may be noisy."""
LOST_GAZE_LIMIT = 20.0
"""In %. Recordings that lose more are usually left out (Holmqvist et al. 2012, ETRA)."""
_SETTLE_S = 0.5
_TICK_S = 0.01

Progress = Callable[[str, int, int], None]


def check(
    eeg: str | None = None,
    gaze: str | None = None,
    seconds: float = 10.0,
    folder: Path = Path("sessions"),
    progress: Progress = lambda *_: None,
) -> dict[str, Any]:
    """Judge this machine, and the streams of EEG and gaze that are named or there.

    Parameters
    ----------
    eeg, gaze : str, optional
        As `experiments.streams.sources.open_source` takes them. One that is named must be there; without a name the
        only LSL stream of that type is taken, and none is needed as long as there is one of the other.
    seconds : float
        For how long to listen to the streams.
    folder : Path
        Where sessions will be written.
    progress : callable
        ``(what, done, total)``.

    Returns
    -------
    dict
        "ok"; "points": for each its "name", "ok", "value", "limit", "unit" and "sentence"; "sentence".

    Raises
    ------
    ValueError
        If ``seconds`` is less than 3.
    """
    if not seconds >= 3:
        raise ValueError(f"Argument 'seconds' must be at least 3 (got {seconds}).")
    points = machine_points(folder, progress)
    opened: list[_Opened] = []
    progress("looking for streams", 0, 1)
    there = announced()
    try:
        for stream, called in (("eeg", eeg), ("gaze", gaze)):
            try:
                opened.append(_open(stream, called, there))
            except (OSError, ValueError, ImportError) as error:
                if called is not None or isinstance(error, ValueError):
                    points.append(Point.failed(stream, str(error)))
        progress("looking for streams", 1, 1)
        if not opened and not any(point.name in ("eeg", "gaze") for point in points):
            points.append(Point.failed("streams", "No stream of EEG or gaze is there: only this machine was checked."))
        points += _listen(opened, seconds, progress)
    finally:
        for one in opened:
            one.close()
    failed = [point.name for point in points if not point.ok]
    n = len(points)
    verdict = f"Fit for an experiment: all {n} points hold."
    if failed:
        verdict = f"Not fit for an experiment: {len(failed)} of {n} points fail ({', '.join(failed)})."
    return {"ok": not failed, "points": [point.to_dict() for point in points], "sentence": verdict}


@dataclass(slots=True, eq=False)
class _Opened:
    """A stream that is listened to, and what was heard."""

    name: str
    source: Source
    watch: StreamWatch | None
    delays: list[float] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)
    seconds: list[StreamQuality] = field(default_factory=list)
    jitter_s: float | None = None
    lost: str | None = None

    @property
    def info(self) -> StreamInfo:
        return next(info for info in self.source.streams if info.name == self.name)

    def close(self) -> None:
        self.source.close()
        if self.watch is not None:
            self.watch.close()


def _open(stream: str, called: str | None, there: Sequence[FoundStream]) -> _Opened:
    if (called or "").partition(":")[0] in OPENERS:
        return _Opened(stream, open_source(stream, called, LSLClock()), None)
    found = choose(stream, called, there)
    return _Opened(stream, open_found(stream, found), StreamWatch(found, key="raw"))


def _listen(opened: Sequence[_Opened], seconds: float, progress: Progress) -> list[Point]:
    """Pull from all at once, as a session does, and judge what came."""
    clock = LSLClock()
    if not opened:
        return []
    settled = clock.now() + _SETTLE_S
    while clock.now() < settled:
        # What queued up while others were opened is no measure of the stream.
        for stream in opened:
            _pull(stream, clock.now())
        clock.sleep_until(clock.now() + _TICK_S)
    for stream in opened:
        stream.delays, stream.offsets = [], []
        if stream.watch is not None:
            stream.watch.jitter()
    meters = [QualityMeter([stream.info]) for stream in opened]
    began = clock.now()
    while (now := clock.now()) < began + seconds + 1.0:
        progress("listening", min(int(now - began), round(seconds)), round(seconds))
        for stream, meter in zip(opened, meters, strict=True):
            stream.seconds += meter.update(now, _pull(stream, now))
        clock.sleep_until(now + _TICK_S)
    progress("listening", round(seconds), round(seconds))
    for stream in opened:
        stream.jitter_s = None if stream.watch is None else stream.watch.jitter()
    return [point for stream in opened for point in _judge(stream)]


def _pull(stream: _Opened, now: float) -> list[Any]:
    if stream.lost is not None:
        return []
    try:
        chunks = [chunk for chunk in stream.source.pull(now) if chunk.stream == stream.name and len(chunk.times)]
    except StreamLost as error:
        stream.lost = str(error)
        return []
    if stream.watch is not None:
        stream.watch.pull()
    stream.delays += [now - float(chunk.times[-1]) for chunk in chunks]
    if isinstance(stream.source, LSLSource):
        stream.offsets.append(stream.source.clock_offsets()[stream.name])
    return chunks


def _judge(stream: _Opened) -> list[Point]:
    name, info, seconds = stream.name, stream.info, stream.seconds
    what = f"{'EEG' if name == 'eeg' else 'Gaze'} ({info.source_id or info.name})"
    if stream.lost is not None:
        return [Point.failed(name, stream.lost)]
    if info.sfreq <= 0:
        return [Point.failed(name, f"{what} names no sampling rate: windows cannot be cut from it.")]
    rates = [second.rate_hz for second in seconds if second.rate_hz is not None]
    if not rates:
        return [Point.failed(name, f"{what} is announced, but sent no samples.")]
    rate = float(np.mean(rates))
    missing = 100 * float(np.mean([second.missing for second in seconds]))
    gaps = sum(second.n_gaps for second in seconds)
    delay = 1e3 * float(np.quantile(stream.delays, 0.95))
    points = [
        Point.at_most(
            f"{name}.rate", 100 * abs(rate / info.sfreq - 1), RATE_LIMIT, "%",
            f"{what} runs at {rate:.2f} Hz, nominally {info.sfreq:g} Hz",
        ),
        Point.at_most(f"{name}.missing", missing, MISSING_LIMIT, "%", f"{what} lacks {missing:.2f} % of its samples"),
        Point.at_most(f"{name}.gaps", gaps, 0, "gaps", f"{what} has {gaps} gaps in {len(seconds)} s"),
        Point.at_most(
            f"{name}.delay", delay, DELAY_LIMIT_MS, "ms", f"{what} arrives within {delay:.0f} ms of its stamps"
        ),
    ]  # fmt: skip
    if stream.jitter_s is not None:
        jitter = 1e3 * stream.jitter_s
        points.append(
            Point.at_most(
                f"{name}.jitter", jitter, JITTER_LIMIT_MS, "ms", f"{what} stamps with {jitter:.2f} ms jitter SD"
            )
        )
    if stream.offsets:
        spread = 1e3 * (max(stream.offsets) - min(stream.offsets))
        points.append(
            Point.at_most(
                f"{name}.clock", spread, OFFSET_SPREAD_LIMIT_MS, "ms",
                f"{what} keeps its clock's offset of {1e3 * stream.offsets[-1]:.2f} ms to {spread:.3f} ms",
            )
        )  # fmt: skip
    return [*points, *(_judge_eeg(what, seconds) if name == "eeg" else _judge_gaze(what, seconds))]


def _judge_eeg(what: str, seconds: Sequence[StreamQuality]) -> list[Point]:
    """A channel counts as flat, railed or noisy if it was in more than half the seconds."""
    told: list[EEGQuality] = [second.eeg for second in seconds if second.eeg is not None and second.n_samples]
    if not told:
        return []

    def at(*words: str) -> list[str]:
        faults = [second.faults() for second in told]
        return [
            channel
            for channel in told[0].channels
            if sum(any(channel in found.get(word, ()) for word in words) for found in faults) > len(told) / 2
        ]

    n_channels = len(told[0].channels)
    points = []
    for key, words, limit in (
        ("flat", ("flat",), 0),
        ("railed", ("railed", "not finite"), 0),
        ("noisy", ("line noise", "muscle", "large"), int(NOISY_SHARE_LIMIT * n_channels)),
    ):
        channels = at(*words)
        named = f" ({', '.join(channels)})" if channels else ""
        sentence = f"{what}: {len(channels)} of {n_channels} channels {key}{named}"
        points.append(Point.at_most(f"eeg.{key}", len(channels), limit, "channels", sentence))
    return points


def _judge_gaze(what: str, seconds: Sequence[StreamQuality]) -> list[Point]:
    told = [second.gaze for second in seconds if second.gaze is not None and second.n_samples]
    if not told:
        return []
    lost = 100 * float(np.mean([second.lost for second in told]))
    points = [Point.at_most("gaze.lost", lost, LOST_GAZE_LIMIT, "%", f"{what} is lost {lost:.1f} % of the time")]
    noises = [second.rms_s2s_px for second in told if np.isfinite(second.rms_s2s_px)]
    if noises:
        noise = float(np.median(noises))
        points.append(
            Point.at_most("gaze.noise", noise, GAZE_NOISE_PX, "px", f"{what} has {noise:.1f} px of noise (RMS-S2S)")
        )
    return points
