"""The command line as a user meets it."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.folder import RunFolder, unfinished_run
from experiments.replay import replay


def process(*arguments, **options):
    """The same command, as a process of its own."""
    command = [sys.executable, "-m", "experiments.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=280, **options)


@pytest.fixture
def demo(assent, tmp_path):
    def run(*arguments):
        result = assent("demo", "--fast", "--out", tmp_path, "--json", *arguments)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return run


def test_help_reads_well_and_names_every_command():
    shown = process("--help")
    assert shown.returncode == 0
    for command in ("demo", "replay", "evaluate", "report", "models", "bench"):
        assert command in shown.stdout


def test_help_imports_nothing_heavy():
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, experiments.cli; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not {"numpy", "mne", "sklearn", "pylsl", "pydantic"} & set(loaded.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("demo", "--kind", "poem"), "Setting 'kind' (got 'poem')"),
        (("demo", "--set", "stopping.p=2"), "Setting 'stopping.p' (got 2)"),
        (("demo", "--set", "stopping.q=2"), "Setting 'stopping.q' is unknown"),
        (("demo", "--config", "absent.toml"), "There is no configuration file absent.toml"),
        (("demo", "--participant", "absent.bdf"), "add --fast"),
        (("demo", "--fast", "--participant", "absent.bdf"), "absent.bdf"),
        (("demo", "--fast", "--participant", "x.bdf", "--paradigm", "dwell"), "No recording can take part"),
        (("demo", "--fast", "--target", "naïve"), "cannot be written as text: No page holds 'ï'."),
        (("demo", "--fast", "--kind", "python", "--target", "x = )"), "cannot be written as python"),
        (("replay", "absent"), "absent holds no run"),
        (("report", "absent"), "absent holds no run"),
        (("evaluate", "nothing", "--root", "."), "must be one of"),
        (("models", "train", "nothing"), "must be one of"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(assent, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    result = assent(*arguments)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_process_ends_as_the_command_does(tmp_path):
    wrong = process("demo", "--kind", "poem", cwd=tmp_path)
    assert (wrong.returncode, wrong.stdout, len(wrong.stderr.splitlines())) == (2, "", 1)
    right = process("demo", "--fast", "--paradigm", "dwell", "--target", "a", "--json", cwd=tmp_path)
    assert right.returncode == 0
    assert json.loads(right.stdout)["exact"]


@pytest.mark.parametrize(
    "arguments",
    [(), ("--kind", "python"), ("--paradigm", "dwell"), ("--paradigm", "dwell", "--kind", "python")],
    ids=" ".join,
)
def test_a_demo_on_the_virtual_clock_writes_its_target_and_replays(assent, demo, arguments):
    summary = demo("--seed", 7, *arguments)
    assert summary["exact"]
    assert summary["document"] == summary["target"]
    assert summary["bits_from_person"] > 0
    assert "s per word" in summary["timing_model"]
    replayed = assent("replay", summary["session"], "--json")
    assert replayed.returncode == 0
    values = json.loads(replayed.stdout)
    assert values["exact"]
    assert values["n_identical"] == values["n_events"]


def test_a_report_says_what_a_run_was_worth_and_draws_it(assent, demo, tmp_path):
    summary = demo("--target", "the end")
    picture = tmp_path / "run.svg"
    result = assent("report", summary["session"], "--picture", picture, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["correct_chars_per_min"] == summary["correct_chars_per_min"]
    assert picture.read_text(encoding="utf-8").count("<path") > 100


def test_replay_exits_with_1_where_an_event_differs(assent, demo):
    summary = demo("--target", "a")
    events = Path(summary["session"]) / "events.jsonl"
    events.write_text(events.read_text(encoding="utf-8").replace('"reason": "threshold"', '"reason": "paused"'))
    result = assent("replay", summary["session"], "--json")
    assert result.returncode == 1
    assert not json.loads(result.stdout)["exact"]


@pytest.mark.parametrize("seed", range(3))
def test_a_run_killed_at_any_moment_is_whole_up_to_then(tmp_path, seed):
    command = [sys.executable, "-m", "experiments.cli", "demo", "--fast", "--out", str(tmp_path), "--seed", str(seed)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not (found := list(tmp_path.rglob("events.jsonl"))) or found[0].stat().st_size == 0:
            assert process.poll() is None
            time.sleep(0.005)
        time.sleep(random.Random(seed).uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
    folder = RunFolder.existing(found[0].parent)
    n_events = len(folder.read_events())
    result = replay(folder.path)
    assert result.exact
    assert result.n_events == n_events > 0
    told = unfinished_run(tmp_path)
    assert told is not None
    assert "selection" in told


@pytest.mark.lsl
@pytest.mark.parametrize("paradigm", ["p300", "dwell"])
def test_a_demo_over_lsl_writes_its_target_and_replays(tmp_path, paradigm):
    result = process("demo", "--out", tmp_path, "--json", "--paradigm", paradigm, "--target", "an", "--seed", 7)
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["exact"]
    assert replay(Path(summary["session"])).exact


@pytest.mark.lsl
def test_ctrl_c_over_lsl_leaves_whole_files(tmp_path):
    command = [sys.executable, "-m", "experiments.cli", "demo", "--out", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not (found := list(tmp_path.rglob("events.jsonl"))) or found[0].stat().st_size < 20_000:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in said
    assert "Traceback" not in said
    folder = RunFolder.existing(found[0].parent)
    assert json.loads(folder.read_events()[-1])["reason"] == "interrupted"
    assert replay(folder.path).exact


@pytest.mark.realdata
@pytest.mark.parametrize(("subject", "kind"), [("01", "text"), ("03", "text"), ("05", "text"), ("05", "python")])
def test_a_recorded_participant_writes_with_real_eeg(demo, data_root, subject, kind):
    recording = data_root / "recordings" / "p300_gtec8ch" / f"sub-{subject}.bdf"
    summary = demo("--participant", recording, "--kind", kind, "--seed", 1)
    assert summary["exact"]
    assert replay(Path(summary["session"])).exact
