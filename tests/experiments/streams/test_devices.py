"""Devices are listed and judged over real LSL; each fault that a stream has fails the point that names it."""

import io
import json
import os
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from acquisition.lsl import LSLClock, local_network
from acquisition.lsl.discovery import StreamWatch, find_streams
from experiments.streams.check import check
from experiments.streams.devices import device_table, list_devices, watch_devices
from experiments.streams.points import Point, machine_points
from experiments.streams.sources import announced, choose, open_source

pytestmark = pytest.mark.lsl

PUBLISH = textwrap.dedent(
    """
    import json, select, sys
    import numpy as np
    from acquisition.lsl import LSLClock, MarkerOutlet, StreamOutlet
    from acquisition.stream import Chunk, StreamInfo
    wanted = json.loads(sys.argv[1])
    clock, rng = LSLClock(), np.random.default_rng(0)
    infos = [StreamInfo("eeg", 250.0, ("Fz", "Cz", "Pz", "Oz"), wanted["unit"], wanted["id"] + "-eeg")]
    infos += [StreamInfo("gaze", 100.0, ("x", "y"), "px", wanted["id"] + "-gaze")]
    outlets = [StreamOutlet(info) for info in infos]
    marks = MarkerOutlet("marks", wanted["id"] + "-marks")
    start, sent = clock.now(), [0, 0]
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0.0)[0]:
        for i, (info, outlet) in enumerate(zip(infos, outlets)):
            rate = info.sfreq * (wanted["rate"] if i == 0 else 1.0)
            n = int((clock.now() - start) * rate) - sent[i]
            times = start + (sent[i] + np.arange(n)) / rate
            data = rng.normal(0, 1e-5, (n, 4)) if i == 0 else rng.normal(500, 2, (n, 2))
            if i == 0:
                if wanted["flat"]: data[:, 1] = 0.0
                if wanted["line"]: data[:, 2] += 5e-5 * np.sin(2 * np.pi * 50 * times)
            keep = np.ones(n, bool) if not wanted["gap"] else (times - start) % 1.0 > 0.1
            outlet.push(Chunk(info.name, times[keep], data[keep].astype(np.float32)))
            sent[i] += n
        clock.sleep_until(clock.now() + 0.01)
    """
)
Publish = Callable[..., str]


@pytest.fixture(scope="module")
def network() -> dict[str, str]:
    return local_network()


@pytest.fixture
def publish(network: dict[str, str]) -> Iterator[Publish]:
    """Start a process that publishes EEG, gaze and markers; returns what their source_ids begin with."""
    running = []

    def start(**wanted: Any) -> str:
        mark = uuid.uuid4().hex
        values = {"id": mark, "unit": "V", "rate": 1.0, "flat": False, "line": False, "gap": False, **wanted}
        command = [sys.executable, "-c", PUBLISH, json.dumps(values)]
        env = {**os.environ, **network}
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return mark

    yield start
    for process in running:
        process.kill()
        process.wait()


def failed(result: dict[str, Any], but: tuple[str, ...] = ("timer", "processor", "disk", "writing", "lsl")) -> set[str]:
    """Names of the points of the streams that do not hold; the machine's own depend on who else is at work."""
    return {point["name"] for point in result["points"] if not point["ok"]} - set(but)


def test_no_stream_is_a_sentence(network: dict[str, str]) -> None:
    listed = list_devices(wait_s=0.3)
    assert listed["streams"] == []
    assert "No LSL stream is there" in listed["sentence"]
    assert json.loads(json.dumps(listed)) == listed
    assert {device["name"] for device in listed["devices"]} == {"neon", "brainflow"}
    assert all(device["sentence"].endswith(".") for device in listed["devices"])


def test_every_stream_is_listed_with_what_it_says_of_itself(publish: Publish) -> None:
    mark = publish()
    listed = list_devices(wait_s=1.0)
    eeg, gaze, marks = listed["streams"]
    assert (eeg["name"], eeg["type"], eeg["n_channels"], eeg["sfreq"]) == ("eeg", "EEG", 4, 250.0)
    assert (eeg["unit"], eeg["channels"], eeg["source_id"]) == ("V", ["Fz", "Cz", "Pz", "Oz"], f"{mark}-eeg")
    assert (gaze["type"], gaze["unit"], marks["type"], marks["sfreq"]) == ("Gaze", "px", "Markers", 0.0)
    assert listed["sentence"] == "3 LSL streams."


def test_watched_streams_are_told_once_a_second_with_rate_and_quality(publish: Publish) -> None:
    publish(line=True)
    shown: list[list[dict[str, Any]]] = []
    result = watch_devices(shown.append, seconds=6.0)
    assert 4 <= len(shown) <= 7
    eeg, gaze, marks = sorted(result["streams"], key=lambda row: row["name"])
    assert eeg["rate_hz"] == pytest.approx(250.0, rel=0.01)
    assert gaze["rate_hz"] == pytest.approx(100.0, rel=0.01)
    assert eeg["words"] == "line noise: Pz"
    assert gaze["words"] == "good"
    assert marks["words"] == "not judged"
    assert (eeg["lost"], gaze["lost"]) == (0, 0)
    assert abs(eeg["offset_ms"]) < 1.0
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(device_table(result["streams"]))
    assert "line noise: Pz" in console.export_text()


def test_two_streams_of_one_name_are_told_apart_in_the_table() -> None:
    row = {"name": "eeg", "type": "EEG", "sfreq": 250.0, "rate_hz": None, "jitter_ms": None, "offset_ms": None}
    rows = [{**row, "lost": 0, "words": "measuring", "source_id": mark, "host": "lab"} for mark in ("amp-1", "amp-2")]
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(device_table(rows))
    text = console.export_text()
    assert "eeg (amp-1)" in text
    assert "eeg (amp-2)" in text


def test_a_stream_in_a_unit_nobody_knows_is_watched_and_its_unit_told(
    publish: Publish, network: dict[str, str]
) -> None:
    mark = publish(unit="counts")
    (eeg,) = [stream for stream in find_streams(1.0) if stream.source_id == f"{mark}-eeg"]
    watch = StreamWatch(eeg, key="raw")
    assert (watch.info.unit, eeg.unit) == ("", "counts")
    clock = LSLClock()
    clock.sleep_until(clock.now() + 0.2)
    chunk = watch.pull()
    assert chunk is not None
    assert chunk.data.shape[1] == 4
    watch.close()
    assert watch.pull() is None
    with pytest.raises(ValueError, match=r"names units \(counts\)"):
        open_source("eeg", f"{mark}-eeg", LSLClock())


def test_good_streams_pass_every_point(publish: Publish, tmp_path: Path) -> None:
    publish()
    result = check(seconds=3.0, folder=tmp_path / "not" / "yet")
    names = {point["name"] for point in result["points"]}
    assert failed(result) == set(), result["points"]
    assert {"timer", "processor", "disk", "writing", "lsl"} < names
    assert {"eeg.rate", "eeg.gaps", "eeg.jitter", "eeg.clock", "eeg.flat", "eeg.railed", "eeg.noisy"} < names
    assert {"gaze.rate", "gaze.lost", "gaze.noise"} < names
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert set(result["points"][0]) == {"name", "ok", "value", "limit", "unit", "sentence"}


def test_each_fault_fails_the_point_that_names_it(publish: Publish) -> None:
    mark = publish(rate=0.95, flat=True, line=True, gap=True)
    result = check(eeg=f"{mark}-eeg", gaze=f"{mark}-gaze", seconds=3.0)
    assert {"eeg.rate", "eeg.missing", "eeg.gaps", "eeg.flat", "eeg.noisy", "gaze.gaps"} <= failed(result)
    by_name = {point["name"]: point for point in result["points"]}
    assert "(Cz)" in by_name["eeg.flat"]["sentence"]
    assert "(Pz)" in by_name["eeg.noisy"]["sentence"]
    assert by_name["eeg.rate"]["value"] == pytest.approx(5.0, abs=1.0)
    assert not result["ok"]
    assert result["sentence"].startswith("Not fit for an experiment")


def test_a_stream_that_is_named_must_be_there(network: dict[str, str]) -> None:
    result = check(eeg="nobody", seconds=3.0)
    assert failed(result) == {"eeg"}
    assert "No eeg stream 'nobody' is there; LSL streams there are: none." in result["points"][-1]["sentence"]


def test_too_short_a_listen_is_refused() -> None:
    with pytest.raises(ValueError, match="'seconds' must be at least 3"):
        check(seconds=1.0)


def test_a_source_is_found_by_name_id_or_type_and_refused_when_two_fit(publish: Publish) -> None:
    marks = sorted([publish(), publish()])
    there = announced(1.0)
    assert len(there) == 4
    assert choose("gaze", f"{marks[1]}-gaze", there).source_id == f"{marks[1]}-gaze"
    assert choose("eeg", None, [there[0]]).source_id == f"{marks[0]}-eeg"
    assert choose("eeg", "EEG", there[:1]) == choose("eeg", "eeg", there[:1]) == there[0]
    for called in ("EEG", "eeg", None):
        with pytest.raises(ValueError, match=f"2 streams fit .* name one by its source_id: .*{marks[0]}.*{marks[1]}"):
            choose("eeg", called, there)
    source = open_source("eeg", f"{marks[1]}-eeg", LSLClock())
    assert source.streams[0].source_id == f"{marks[1]}-eeg"
    source.close()


def test_a_board_is_opened_by_its_name(network: dict[str, str]) -> None:
    pytest.importorskip("brainflow", reason="the extra brainflow is not installed")
    source = open_source("eeg", "brainflow:synthetic", LSLClock())
    assert source.streams[0].channels
    source.close()


def test_a_point_holds_up_to_its_limit_and_says_so() -> None:
    assert Point.at_most("a", 1.0, 1.0, "ms", "It takes 1 ms").ok
    assert not Point.at_most("a", 1.1, 1.0, "ms", "It takes 1.1 ms").ok
    assert Point.at_least("b", 1.0, 1.0, "GB", "There is 1 GB").sentence == "There is 1 GB; at least 1 GB."
    assert not Point.at_most("a", float("nan"), 1.0, "ms", "").ok


def test_a_full_disk_fails_its_points(small_disk: Path, network: dict[str, str]) -> None:
    points = {point.name: point for point in machine_points(small_disk / "sessions")}
    assert not points["disk"].ok
    assert not points["writing"].ok
    assert "cannot be written" in points["writing"].sentence
