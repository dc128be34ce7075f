"""Nothing escapes from the sandbox, nothing is harmed, and no program makes its tests pass but by being right."""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.bench.validation.attack_table import ATTACKS, FORGERIES
from experiments.bench.validation.attacks import LIMITS, attack, outside
from validation.sandbox import box
from validation.sandbox.box import Sandbox
from validation.sandbox.checks import read_tests
from validation.sandbox.limits import Limits

POSSIBLE, WHY_NOT = Sandbox().available()
isolated = pytest.mark.skipif(not POSSIBLE, reason=WHY_NOT or "programs are isolated here")


@pytest.fixture(scope="module")
def around():
    with outside() as found:
        yield found


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
def test_no_attack_escapes_or_harms(name, around):
    _, escapes, harm = attack(name, around, Sandbox(LIMITS))
    assert escapes == harm == []


def without_rights(hold):
    """Words that have a command run by a user who has no rights, and who can read the interpreter all the same.

    Where the interpreter lies in a folder that others may not enter, as root's own, it is put in its place again in a
    file system of the command's own; `hold` is a folder for that.
    """
    base = Path(sys.base_prefix).resolve()
    closed = [folder for folder in reversed(base.parents) if not folder.stat().st_mode & 1]
    script = 'exec "$@"'
    if closed:
        script = (
            f"mount --bind '{base}' '{hold}' && mount -t tmpfs -o mode=755 none '{closed[0]}' && mkdir -p '{base}' && "
            f"mount --bind '{hold}' '{base}' && exec \"$@\""
        )
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *user]


@pytest.mark.skipif(not POSSIBLE or os.geteuid() != 0, reason=WHY_NOT or "all tests run without rights already")
def test_no_attack_escapes_or_harms_where_nobody_has_rights(tmp_path):
    if not all(map(shutil.which, ("setpriv", "unshare", "mount"))):
        pytest.skip("setpriv, unshare or mount is not installed")
    command = [*without_rights(tmp_path), sys.executable, "-m", "experiments.bench.validation.attacks", "0.2"]
    ran = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    if ran.returncode:
        pytest.skip(f"no other user can run the interpreter here ({ran.stderr.strip()[-200:]})")
    row = json.loads(ran.stdout)
    if row["escapes"] is None:
        pytest.skip(row["exceptions"])
    assert (row["escapes"], row["harm"], row["forged"]) == (0, 0, 0), row["exceptions"]


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
        read_tests(tests)


def test_limits_are_positive():
    with pytest.raises(ValueError, match="'wall_s'"):
        Limits(wall_s=0)
