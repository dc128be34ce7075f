"""Streams stop, jump and break: the session goes on or stops with a sentence, and the log says what happened."""

from collections.abc import Callable

import numpy as np
import pytest

from acquisition.quality import Fault
from acquisition.stream import Chunk, StreamLost
from experiments.replay import replay


class Broken:
    """A source whose EEG is changed on the way."""

    def __init__(self, source, change: Callable[[Chunk], Chunk | None]):
        self._source, self._change = source, change

    @property
    def streams(self):
        return self._source.streams

    def pull(self, until):
        chunks = [self._change(c) if c.stream == "eeg" else c for c in self._source.pull(until)]
        return [c for c in chunks if c is not None and len(c.times)]

    def close(self):
        self._source.close()


def only(chunk: Chunk, keep: np.ndarray) -> Chunk:
    return Chunk(chunk.stream, chunk.times[keep], chunk.data[keep])


def silent(start: float, stop: float):
    return lambda chunk: only(chunk, (chunk.times < start) | (chunk.times >= stop))


def nan(start: float, stop: float):
    def change(chunk):
        data = chunk.data.copy()
        data[(chunk.times >= start) & (chunk.times < stop)] = np.nan
        return Chunk(chunk.stream, chunk.times, data)

    return change


def step_back(at: float, by: float):
    return lambda chunk: Chunk(chunk.stream, np.where(chunk.times >= at, chunk.times - by, chunk.times), chunk.data)


def faults(run, kind):
    return [e for e in run.of_kind("fault") if e["stream"] == "eeg" and e["fault"] == kind]


def test_a_stream_that_stops_and_returns_is_waited_for(write):
    run = write(wrap=lambda source: Broken(source, silent(5.0, 12.0)))
    assert run.error is None
    assert run.document == "hello then the "
    assert len(faults(run, "lost")) == len(faults(run, "back")) == 1
    assert faults(run, "back")[0]["value"] == pytest.approx(7.0, abs=0.1)
    assert any(e["phase"] == "hold" for e in run.of_kind("flips"))
    assert replay(run.folder.path).exact


def test_a_stream_that_stops_for_good_ends_the_session_with_a_sentence(write):
    run = write("timing.patience_s=5", wrap=lambda source: Broken(source, silent(15.0, np.inf)))
    assert isinstance(run.error, StreamLost)
    assert "eeg has been silent for more than 5 s" in str(run.error)
    assert run.events[-1]["reason"] == "stream lost"
    assert run.document == "hello then the "[: len(run.document)]
    assert len(run.of_kind("selection")) >= 1
    assert replay(run.folder.path).exact


def test_a_gap_costs_epochs_and_nothing_else(write):
    run = write(wrap=lambda source: Broken(source, silent(6.0, 6.3)))
    assert run.document == "hello then the "
    assert len(faults(run, "gap")) == 1
    assert any(e["evidence"][0]["quality"] < 1 for e in run.of_kind("posterior"))
    assert replay(run.folder.path).exact


def test_nan_samples_never_reach_a_posterior(write):
    run = write(wrap=lambda source: Broken(source, nan(5.0, 9.0)))
    assert run.document == "hello then the "
    assert faults(run, "nan")
    for event in run.of_kind("posterior"):
        assert np.isfinite(event["p"]).all()
    assert replay(run.folder.path).exact


def test_a_clock_that_steps_back_is_told_of(write):
    run = write("max_pages=5", wrap=lambda source: Broken(source, step_back(8.0, 0.5)))
    assert faults(run, "clock")
    assert replay(run.folder.path).exact


def test_one_stamp_in_the_far_future_does_not_shut_out_what_follows(write):
    def change(chunk):
        return Chunk(chunk.stream, chunk.times + 1e6 * ((chunk.times >= 8.0) & (chunk.times < 8.004)), chunk.data)

    run = write(wrap=lambda source: Broken(source, change))
    assert faults(run, "clock")
    assert run.document == "hello then the "
    assert replay(run.folder.path).exact


def test_a_full_disk_ends_the_session_with_a_sentence_and_keeps_the_selections(write, small_disk):
    run = write(folder=small_disk)
    assert isinstance(run.error, OSError)
    assert "No space left" in str(run.error)
    assert "\n" not in str(run.error)
    document = [e["text"] for e in run.of_kind("document")]
    assert document == ["hello then the "[: len(text)] for text in document]
    replay(run.folder.path)


class Telling(Broken):
    """A source that knows something of its device."""

    def __init__(self, source, at: float):
        super().__init__(source, lambda chunk: chunk)
        self._at, self._now = at, 0.0

    def pull(self, until):
        self._now = until
        return super().pull(until)

    def faults(self):
        if self._now < self._at:
            return []
        self._at = np.inf
        return [Fault("gaze", "garbage", self._now, 3.0, "a packet of 11 bytes is no gaze sample")]


def test_what_a_source_tells_of_its_device_is_in_the_log_and_in_its_replay(write):
    run = write(wrap=lambda source: Telling(source, 8.0))
    (told,) = [event for event in run.of_kind("fault") if event["fault"] == "garbage"]
    assert (told["stream"], told["by"], told["value"]) == ("gaze", "source", 3.0)
    assert replay(run.folder.path).exact
