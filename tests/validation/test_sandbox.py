"""Nothing escapes from the sandbox, nothing is harmed, and no program makes its tests pass but by being right."""

import os
import resource
import runpy
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from validation.sandbox import box
from validation.sandbox.box import Limits, Sandbox

_TABLE = runpy.run_path(str(Path(__file__).with_name("attacks.py")))
ATTACKS, FORGERIES = _TABLE["ATTACKS"], _TABLE["FORGERIES"]

POSSIBLE, WHY_NOT = Sandbox().available()
isolated = pytest.mark.skipif(not POSSIBLE, reason=WHY_NOT or "programs are isolated here")
LIMITS = Limits(wall_s=0.5, memory=256 << 20)


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """What an attack might harm: a file, a server and a process."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "secret").write_text("secret")
    os.environ["ASSENT_SECRET"] = "SECRET"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as victim,
    ):
        server.setblocking(False)
        yield folder, server, victim
        victim.kill()
    del os.environ["ASSENT_SECRET"]


def left_behind():
    """Processes of any sandbox's user, or under its name."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            user = int(status.read_text().partition("\nUid:\t")[2].split()[0])
        except (OSError, IndexError):
            continue
        if user >= 0x70000000:
            found.append(status.parent.name)
    return found


@isolated
@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_escapes_or_harms(name, outside):
    folder, server, victim = outside
    source = ATTACKS[name].replace("OUTSIDE", str(folder)).replace("PORT", str(server.getsockname()[1]))
    begun = time.monotonic()
    outcome = Sandbox(LIMITS).run(source.replace("PARENT", str(victim.pid)))
    assert "ESCAPED" not in outcome.stdout
    assert "secret" not in outcome.stdout + outcome.stderr
    assert outcome.seconds < LIMITS.wall_s + 1
    assert time.monotonic() - begun < LIMITS.wall_s + 20
    assert len(outcome.stdout) + len(outcome.stderr) <= 2 * LIMITS.output
    assert [path.name for path in folder.iterdir()] == ["secret"]
    assert (folder / "secret").read_text() == "secret"
    assert victim.poll() is None
    with pytest.raises(BlockingIOError):
        server.accept()
    assert not Path("/escaped").exists()
    assert not Path("/tmp/escaped").exists()
    assert (Path(sys.prefix) / "pyvenv.cfg").exists() or sys.prefix == sys.base_prefix


@isolated
def test_nothing_lives_on_after_its_run():
    most_before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of other tests' children
    Sandbox(LIMITS).run(ATTACKS["daemon"])
    Sandbox(LIMITS).run(ATTACKS["fork bomb"])
    patience = time.monotonic() + 5
    while left_behind() and time.monotonic() < patience:
        os.sched_yield()
    assert not left_behind()
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(most_before, 400 << 10)


TESTS = {
    "assertion": "assert mean([1, 2]) == 1.5",
    "doctest": ">>> mean([1, 2])\n1.5",
}


@isolated
@pytest.mark.parametrize("kind", TESTS)
@pytest.mark.parametrize("name", FORGERIES)
def test_no_program_makes_its_tests_pass_but_by_being_right(name, kind):
    assert not Sandbox(LIMITS).run(FORGERIES[name], TESTS[kind]).ok


@isolated
@pytest.mark.parametrize(
    "name", ["leaves early", "leaves at once", "interrupts", "leaves in the test", "other assertions"]
)
def test_a_test_function_that_is_left_has_not_passed(name):
    assert not Sandbox(LIMITS).run(FORGERIES[name], "def test_mean():\n    assert mean([1, 2]) == 1.5").ok


@isolated
@pytest.mark.parametrize(
    ("source", "killed_by", "reason"),
    [
        ("while True: pass", "wall", "stopped after 0.5 s"),
        ("a = bytearray(1 << 40)", "memory", "more than 256 MB"),
        ("while True: print('x' * 999)", "output", "65536 bytes"),
        ("import os; os.kill(os.getpid(), 11)", "signal", "signal 11"),
        ("1 / 0", None, "Line 1: ZeroDivisionError: division by zero"),
        ("x = (", None, "Line 1: SyntaxError"),
    ],
)
def test_a_reason_says_which_limit_ended_a_program(source, killed_by, reason):
    outcome = Sandbox(LIMITS).run(source)
    assert (outcome.ok, outcome.killed_by) == (False, killed_by)
    assert reason in outcome.reason


@isolated
def test_a_program_finds_its_files_and_packages_and_may_write_to_the_scratch():
    source = (
        "import numpy, pathlib\npathlib.Path('out').write_text(open('in.txt').read() * 2)\nprint(open('out').read())"
    )
    outcome = Sandbox().run(source, files={"in.txt": "ab"})
    assert (outcome.ok, outcome.stdout) == (True, "abab\n")


@isolated
@pytest.mark.parametrize(
    "tests",
    [
        "assert mean([1, 2]) == 1.5",
        "import math\nassert math.isclose(mean([1, 2]), 1.5)\nassert not mean([0])\nassert {mean([1])} == set([1])",
        "from collections import Counter\nassert Counter([mean([1])]) == {1.0: 1}",
        ">>> mean([1, 2])\n1.5\n>>> mean([])\nTraceback (most recent call last):\nZeroDivisionError: division by zero",
        "def test_mean():\n    assert mean([1, 2]) == 1.5\n"
        "class TestMean:\n    def test_it(self):\n        assert mean([2]) == 2",
    ],
)
def test_right_programs_pass_tests_of_every_kind(tests):
    outcome = Sandbox().run("def mean(x):\n    return sum(x) / len(x)\n", tests)
    assert outcome.ok, outcome.reason


@pytest.mark.parametrize("bubblewrap", ["/bin/false", "/no/such/bwrap"])
def test_where_nothing_can_be_isolated_execution_is_off_and_says_so(bubblewrap):
    sandbox = Sandbox(bubblewrap=bubblewrap)
    possible, reason = sandbox.available()
    assert not possible
    assert reason.startswith("Execution is off: ")
    with pytest.raises(RuntimeError, match="Execution is off"):
        sandbox.run("print(1)")


@isolated
def test_where_a_wall_does_not_stand_execution_is_off(monkeypatch):
    monkeypatch.setattr(box, "_PROBE", "assert False, 'there is a network'")
    possible, reason = box._probe.__wrapped__("")
    assert not possible
    assert "there is a network" in reason


@pytest.mark.parametrize("tests", ["def test_a(fixture): pass", "assert (", "a\0b"])
def test_tests_that_cannot_be_read_are_the_callers_mistake(tests):
    with pytest.raises(ValueError, match="est"):
        box.read_tests(tests)


def test_limits_are_positive():
    with pytest.raises(ValueError, match="'wall_s'"):
        Limits(wall_s=0)
