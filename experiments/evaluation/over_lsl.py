"""Recordings played over LSL and received as a live session receives them, before they are judged."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import numpy as np

from acquisition.files import RecordedFile, RecordedMarkers, RecordedSignals, RecordedStream, read_any
from acquisition.lsl import LSLClock, LSLSource, MarkerInlet, StreamWanted, local_network
from acquisition.player import LSLOutlets, Player
from acquisition.recording import Recorder
from acquisition.stream import Chunk, StreamInfo
from experiments.evaluation.journey import Journey, compare
from experiments.evaluation.scores import OverLSL, Score

Reader = Callable[[Path], RecordedSignals]
Progress = Callable[[str, int, int], None]

_STREAMS = {"V": "eeg", "px": "gaze"}
_MARKERS = StreamInfo("markers", sfreq=0.0, channels=("code",), unit="")
_LEAD_S = 0.1
_TICK_S = 0.01


class LSLRelay:
    """Puts LSL between a recording and whoever reads it, and keeps account of what that changes.

    Parameters
    ----------
    speed : float
        How many s of a recording pass in one s.
    progress : callable
        Called as ``progress(what, done, total)``, in s of the recording that is played.

    Raises
    ------
    ValueError
        If the speed is not positive.
    RuntimeError
        If this process uses LSL already on a network that others share.
    """

    def __init__(self, speed: float, progress: Progress) -> None:
        if not (math.isfinite(speed) and speed > 0):
            raise ValueError(f"Argument 'over_lsl' must be a speed greater than 0 (got {speed}).")
        local_network()
        self._speed, self._progress = speed, progress
        self._journeys: list[Journey] = []

    def over_lsl(self, read: Reader) -> Reader:
        """A function that reads what ``read`` reads, but as it is received over LSL."""

        def read_over_lsl(path: Path) -> RecordedSignals:
            sent = read(path)
            received = self._relay(sent)
            self._journeys.append(compare(sent, received))
            return received

        return read_over_lsl

    def account(self, from_disk: Sequence[Score], streamed: Sequence[Score]) -> OverLSL:
        """What LSL changed in all recordings read so far, and between the same scores from both."""
        pairs = list(zip(from_disk, streamed, strict=True))
        return OverLSL(
            speed=self._speed,
            n_recordings=len(self._journeys),
            n_samples=sum(journey.n_samples for journey in self._journeys),
            samples_lost=sum(journey.samples_lost for journey in self._journeys),
            n_markers=sum(journey.n_markers for journey in self._journeys),
            markers_lost=sum(journey.markers_lost for journey in self._journeys),
            largest_time_error_ms=1e3 * max(journey.time_error_s for journey in self._journeys),
            largest_sample_difference=max(journey.sample_difference for journey in self._journeys),
            n_scores=len(pairs),
            n_scores_identical=sum(disk == lsl for disk, lsl in pairs),
            largest_score_difference=max(abs(disk.value - lsl.value) for disk, lsl in pairs),
        )

    def _relay(self, sent: RecordedSignals) -> RecordedSignals:
        """Play, receive, record and read again; times are scaled back to the recording's own."""
        stream = _STREAMS[sent.unit]
        info = StreamInfo(stream, sent.sfreq, sent.channels, sent.unit)
        recording = RecordedFile(
            # By a name of their own no other streams can be taken for these.
            path=Path(f"{uuid4().hex}-{sent.path.name}"),
            streams=(RecordedStream(info, sent.times, sent.data),),
            markers=(RecordedMarkers(_MARKERS.name, sent.onsets, sent.labels),),
        )
        player = Player(recording, LSLClock(), LSLOutlets(), self._speed)
        with TemporaryDirectory(prefix="assent-") as folder, closing(player):
            path = Path(folder) / f"{sent.path.name}.xdf"
            source = _Received(f"assent-stream/{recording.path.name}", stream)
            with closing(Recorder(source, path)) as recorder:
                start = self._receive(player, recorder, sent)
            received = read_any(path).signals(stream)
        return replace(
            received,
            path=sent.path,
            sfreq=received.sfreq / self._speed,
            times=player.first + (received.times - start) * self._speed,
            onsets=player.first + (received.onsets - start) * self._speed,
            labels=tuple(source.texts[int(code)] for code in received.labels),
        )

    def _receive(self, player: Player, recorder: Recorder, sent: RecordedSignals) -> float:
        """Record what is played until it is over; the time (s) at which it began."""
        clock = LSLClock()
        start = clock.now() + _LEAD_S
        seconds = float(sent.times[-1] - player.first)
        with ThreadPoolExecutor(1) as pool:
            playing = pool.submit(player.play, start)
            try:
                while not playing.done():
                    recorder.pull(clock.now())
                    done = min(max((clock.now() - start) * self._speed, 0.0), seconds)
                    self._progress(f"playing {sent.path.name}", int(done), int(seconds))
                    clock.sleep_until(clock.now() + _TICK_S)
            finally:
                # After an interrupt the player ends at its next sample, for which there is no outlet any more.
                player.close()
        playing.result()
        recorder.pull(clock.now())
        return start


class _Received:
    """A stream of samples and its markers from LSL; a marker is a number that stands for its text."""

    def __init__(self, source_id: str, stream: str) -> None:
        self._samples = LSLSource([StreamWanted(stream, source_id=f"{source_id}/{stream}")])
        self._markers = MarkerInlet(source_id=f"{source_id}/{_MARKERS.name}")
        self._codes: dict[str, int] = {}
        self.streams = (*self._samples.streams, _MARKERS)

    @property
    def texts(self) -> tuple[str, ...]:
        """The text behind each number."""
        return tuple(self._codes)

    def pull(self, until: float) -> list[Chunk]:
        chunks = self._samples.pull(until)
        if markers := self._markers.pull():
            codes = [[self._codes.setdefault(text, len(self._codes))] for _, text in markers]
            times = np.array([time for time, _ in markers])
            chunks.append(Chunk(_MARKERS.name, times, np.array(codes, dtype=np.float32)))
        return chunks

    def close(self) -> None:
        self._samples.close()
        self._markers.close()
