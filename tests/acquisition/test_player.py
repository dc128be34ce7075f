import json
import threading
import uuid
from pathlib import Path

import numpy as np
import pytest

from acquisition.clock import VirtualClock
from acquisition.files import RecordedFile, RecordedMarkers, RecordedStream
from acquisition.lsl import LSLClock, LSLSource, MarkerInlet, StreamWanted, local_network
from acquisition.lsl.discovery import find_streams
from acquisition.player import LSLOutlets, Player, play
from acquisition.stream import Chunk, Signals, StreamInfo

SFREQ = 250.0


class Kept:
    """Keeps what is pushed, with the time at which it came; can interrupt like a person at the keyboard."""

    def __init__(self, clock: VirtualClock, interrupt_after: int | None = None) -> None:
        self.infos: dict[str, StreamInfo] = {}
        self.pushed: list[tuple[float, str, Chunk | tuple[str, float]]] = []
        self.n_closed = 0
        self._clock, self._interrupt_after = clock, interrupt_after

    def samples(self, info: StreamInfo) -> "Sink":
        self.infos[info.name] = info
        return Sink(self, info.name)

    def markers(self, name: str, source_id: str) -> "Sink":
        return Sink(self, name)

    def keep(self, name: str, part: Chunk | tuple[str, float]) -> None:
        if len(self.pushed) == self._interrupt_after:
            raise KeyboardInterrupt
        self.pushed.append((self._clock.now(), name, part))

    def chunks(self, name: str) -> list[tuple[float, Chunk]]:
        return [(at, part) for at, stream, part in self.pushed if stream == name and isinstance(part, Chunk)]

    def texts(self) -> list[tuple[float, tuple[str, float]]]:
        return [(at, part) for at, _, part in self.pushed if isinstance(part, tuple)]


class Sink:
    def __init__(self, kept: Kept, name: str) -> None:
        self._kept, self._name, self._open = kept, name, True

    def push(self, part: Chunk | str, time: float | None = None) -> None:
        self._kept.keep(self._name, part if isinstance(part, Chunk) else (part, time))

    def close(self) -> None:
        self._kept.n_closed += self._open
        self._open = False


def recording(n_samples: int = 500, name: str = "run.xdf") -> RecordedFile:
    rng = np.random.default_rng(0)
    times = 7000.0 + np.arange(n_samples) / SFREQ
    gaze_times = 7000.1 + np.arange(100) / 60
    gaze = rng.uniform(0, 1000, (100, 2)).astype(np.float32)
    gaze[7] = np.nan
    return RecordedFile(
        path=Path(name),
        streams=(
            RecordedStream(
                StreamInfo("eeg", SFREQ, ("Fz", "Cz"), "V", "amp"),
                times,
                rng.normal(0, 1e-5, (n_samples, 2)).astype(np.float32),
            ),
            RecordedStream(StreamInfo("gaze", 60.0, ("x", "y"), "px"), gaze_times, gaze),
        ),
        markers=(RecordedMarkers("flashes", np.array([7000.5, 7000.5, 7001.252]), ("a", "b", "c")),),
    )


@pytest.mark.parametrize("speed", [1.0, 4.0, 0.5])
def test_every_sample_and_marker_is_played_in_order_with_the_recordings_spacing(speed: float) -> None:
    clock = VirtualClock(50.0)
    kept = Kept(clock)
    played = Player(recording(), clock, kept, speed=speed).play()
    for stream in recording().streams:
        chunks = [chunk for _, chunk in kept.chunks(stream.info.name)]
        np.testing.assert_array_equal(np.concatenate([chunk.data for chunk in chunks]), stream.data)
        times = np.concatenate([chunk.times for chunk in chunks])
        np.testing.assert_allclose(times, 50.0 + (stream.times - 7000.0) / speed, atol=1e-9)
        assert kept.infos[stream.info.name].sfreq == stream.info.sfreq * speed
    assert [part for _, part in kept.texts()] == [
        ("a", 50 + 0.5 / speed),
        ("b", 50 + 0.5 / speed),
        ("c", 50 + (7001.252 - 7000.0) / speed),
    ]
    assert played.n_samples == {"eeg": 500, "gaze": 100}
    assert played.n_markers == 3
    assert played.latest_s == 0.0
    assert played.duration_s == pytest.approx(499 / SFREQ / speed)


def test_a_chunk_leaves_when_its_last_sample_is_due_and_never_before() -> None:
    clock = VirtualClock()
    kept = Kept(clock)
    Player(recording(), clock, kept, chunk_s=0.02).play(start=3.0)
    chunks = kept.chunks("eeg")
    assert {len(chunk.times) for _, chunk in chunks[1:-1]} <= {4, 5, 6}
    assert all(at == chunk.times[-1] for at, chunk in chunks)
    assert [at for at, *_ in kept.pushed] == sorted(at for at, *_ in kept.pushed)


def test_a_loop_goes_on_without_a_seam_until_it_is_told_to_end() -> None:
    clock = VirtualClock()
    kept = Kept(clock)
    Player(recording(), clock, kept, loop=True).play(start=0.0, until=7.0)
    times = np.concatenate([chunk.times for _, chunk in kept.chunks("eeg")])
    assert len(times) == pytest.approx(7.0 * SFREQ, abs=5)
    np.testing.assert_allclose(np.diff(times), 1 / SFREQ, atol=1e-9)
    assert clock.now() < 8.0


@pytest.mark.parametrize("interrupt_after", [None, 5])
def test_every_outlet_is_closed_once_even_after_an_interrupt(interrupt_after: int | None) -> None:
    clock = VirtualClock()
    kept = Kept(clock, interrupt_after)
    player = Player(recording(), clock, kept)
    if interrupt_after is None:
        player.play()
    else:
        with pytest.raises(KeyboardInterrupt):
            player.play()
    player.close()
    assert kept.n_closed == 3


def test_empty_streams_are_opened_and_stay_silent() -> None:
    whole = recording()
    empty = RecordedStream(StreamInfo("acc", 50.0, ("x",), "g"), np.empty(0), np.empty((0, 1), np.float32))
    clock = VirtualClock()
    kept = Kept(clock)
    played = Player(RecordedFile(whole.path, (*whole.streams, empty), ()), clock, kept).play()
    assert played.n_samples == {"eeg": 500, "gaze": 100, "acc": 0}
    with pytest.raises(ValueError, match=r"run\.xdf holds neither samples nor markers"):
        Player(RecordedFile(whole.path, (empty,), ()), clock, kept)


@pytest.mark.parametrize("arguments", [{"speed": 0.0}, {"speed": -1.0}, {"speed": np.inf}, {"chunk_s": 0.0}])
def test_a_speed_or_chunk_that_is_not_positive_is_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be greater than 0"):
        Player(recording(), VirtualClock(), Kept(VirtualClock()), **arguments)


@pytest.mark.lsl
def test_what_is_played_over_lsl_arrives_bit_for_bit_at_its_times() -> None:
    local_network()
    clock = LSLClock()
    whole = recording(name=f"{uuid.uuid4().hex}.xdf")
    source_id = f"assent-stream/{whole.path.name}"
    player = Player(whole, clock, LSLOutlets())
    source = LSLSource([StreamWanted(name, source_id=f"{source_id}/{name}") for name in ("eeg", "gaze")])
    markers = MarkerInlet(source_id=f"{source_id}/flashes")
    start = clock.now() + 0.1
    thread = threading.Thread(target=player.play, kwargs={"start": start})
    thread.start()
    chunks, texts = [], []
    while clock.now() < start + 2.2:
        chunks += source.pull(clock.now())
        texts += markers.pull()
        clock.sleep_until(clock.now() + 0.01)
    thread.join()
    source.close()
    markers.close()
    for stream in whole.streams:
        of_stream = [chunk for chunk in chunks if chunk.stream == stream.info.name]
        np.testing.assert_array_equal(np.concatenate([chunk.data for chunk in of_stream]), stream.data)
        times = np.concatenate([chunk.times for chunk in of_stream])
        assert np.abs(times - start - (stream.times - 7000.0)).max() < 5e-4
    assert [text for _, text in texts] == ["a", "b", "c"]
    np.testing.assert_allclose([time - start for time, _ in texts], [0.5, 0.5, 1.252], atol=5e-4)
    signals = Signals(source.streams)
    signals.append(chunks)
    epochs, usable = signals.epochs("eeg", np.array([time for time, _ in texts]), 0.0, 0.5)
    assert usable.all()
    np.testing.assert_array_equal(epochs[2], whole.streams[0].data[313:438].T)


@pytest.mark.lsl
def test_of_two_eeg_streams_with_names_of_their_own_both_are_played_as_eeg() -> None:
    local_network()
    times = np.arange(10) / SFREQ
    infos = [StreamInfo(name, SFREQ, ("Cz",), unit) for name, unit in [("left", "V"), ("right", "V"), ("force", "N")]]
    streams = tuple(RecordedStream(info, times, np.zeros((10, 1), np.float32)) for info in infos)
    path = Path(f"{uuid.uuid4().hex}.xdf")
    player = Player(RecordedFile(path, streams, ()), LSLClock(), LSLOutlets())
    found = [stream for stream in find_streams() if path.name in stream.source_id]
    player.close()
    assert {stream.name: stream.type for stream in found} == {"left": "EEG", "right": "EEG", "force": "force"}


@pytest.mark.lsl
def test_a_file_is_played_by_its_path_and_told_of(tmp_path: Path) -> None:
    local_network()
    path = tmp_path / "trial.csv"
    path.write_text("timestamp,x,y\n" + "".join(f"{i},{i / 2},3\n" for i in range(0, 200, 2)))
    told: list[str] = []
    played = play(path, speed=2.0, units={"time": "ms", "gaze": "px"}, wait_s=0.05, tell=told.append)
    assert played.n_samples == {"gaze": 100}
    assert told[0] == "Stream 'gaze': 2 channels, 1000 Hz, 100 samples."
    assert "Nobody listens" in told[1]
    assert json.dumps(played.n_samples) == '{"gaze": 100}'
