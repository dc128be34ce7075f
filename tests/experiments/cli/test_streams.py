"""The commands around streams, as a new user meets them: simulate, devices, check, stream."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import mne
import numpy as np
import pytest

from acquisition.lsl import local_network

pytestmark = pytest.mark.lsl


def command(*arguments):
    return [sys.executable, "-m", "experiments.cli", *map(str, arguments)]


@contextmanager
def running(*arguments) -> Iterator[subprocess.Popen]:
    """A command that goes on until Ctrl-C, once it has said that it is there."""
    environment = {**os.environ, **local_network()}
    with subprocess.Popen(command(*arguments), stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr.readline()
        yield process
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def run(*arguments):
    environment = {**os.environ, **local_network()}
    result = subprocess.run(
        command(*arguments), capture_output=True, text=True, check=False, env=environment, timeout=100
    )
    assert "Traceback" not in result.stderr
    return result


def test_a_simulated_participant_is_listed_and_judged_fit(tmp_path):
    with running("simulate", "--profile", "easy", "--seed", 3) as process:
        listed = json.loads(run("devices", "--json").stdout)
        assert {s["type"]: s["n_channels"] for s in listed["streams"]} == {"EEG": 8, "Gaze": 2}
        judged = json.loads(run("check", "--seconds", 3, "--out", tmp_path, "--json").stdout)
        of_streams = [point for point in judged["points"] if "simulated" in point["sentence"]]
        assert len(of_streams) > 10
        for point in of_streams:
            assert point["unit"] is not None
            assert str(point["name"])
    assert process.returncode == 130


def test_without_streams_devices_says_so_and_check_fails_with_a_sentence(tmp_path):
    listed = run("devices")
    assert listed.returncode == 0
    assert "No LSL stream" in listed.stdout
    judged = run("check", "--eeg", "nobody", "--seconds", 3, "--out", tmp_path)
    assert judged.returncode == 1
    assert "nobody" in judged.stdout + judged.stderr


def test_a_recording_is_played_with_its_markers(tmp_path):
    raw = mne.io.RawArray(
        1e-6 * np.random.default_rng(0).standard_normal((2, 500)), mne.create_info(["Cz", "Pz"], 250, "eeg")
    )
    raw.set_annotations(mne.Annotations([0.5, 1.0], [0.0, 0.0], ["flash/target", "flash/nontarget"]))
    path = tmp_path / "short_raw.fif"
    raw.save(path, verbose="error")
    played = run("stream", path, "--speed", 4, "--json")
    assert played.returncode == 0, played.stderr
    assert json.loads(played.stdout) | {"duration_s": 0, "latest_s": 0} == {
        "n_samples": {"eeg": 500}, "n_markers": 2, "duration_s": 0, "latest_s": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("stream", "absent.xdf"), "absent.xdf"),
        (("stream", "absent.xdf", "--unit", "uV"), "must look like eeg=uV"),
        (("simulate", "--profile", "sleepy"), "must be one of easy"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(assent, arguments, sentence):
    local_network()
    result = assent(*arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert sentence in result.stderr
