"""Proposals worked out ahead: ready when wanted, and not missed when the worker dies, hangs or talks nonsense."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.ahead import serve
from experiments.prefetch import Letter, Prefetch
from experiments.proposals import Proposals, Proposer, digest
from experiments.worker import Worker
from generation.types import Candidate, Context
from validation.types import Verdict

pytestmark = [pytest.mark.realtime, pytest.mark.skipif(sys.platform == "win32", reason="pipes wait there")]


class AB:
    """A language of two letters."""

    layers = (("a", "b"),)

    def next_character(self, context):
        return {"a": 0.5, "b": 0.5}

    def log_p(self, context, text):
        return -len(text) * math.log(2)


class Moody:
    """Proposes one word, and does as the document's end tells it."""

    def __init__(self, name):
        self.name = name

    def propose(self, context, n):
        if self.name == "worker":
            match context.before[-4:]:
                case "die!":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "bug!":
                    raise RuntimeError("a bug")
                case "hang":
                    time.sleep(600)
                case "slow":
                    time.sleep(0.3)
                case "talk":
                    print("a library prints something")
        return [Candidate("abba", math.log(0.25), self.name)]


class Lenient:
    stage = "lenient"

    def check(self, context, candidate):
        return Verdict(True, self.stage)


class Poisoned(Proposer):
    """Forgets a letter where the document's end tells it to."""

    def propose(self, context, wanted=lambda: True):
        found = super().propose(context, wanted)
        keep = 1 if context.before.endswith("poison") else 2
        return Proposals(found.letters[:keep], found.candidates, found.seconds)


if __name__ == "__main__":
    serve("text", lambda: Poisoned([Moody("worker")], AB(), [Lenient()]))


def text(before):
    return Context("text", before)


class Clock:
    """The machine's, moved on at will."""

    ahead = 0.0

    def __call__(self):
        return time.monotonic() + self.ahead


@pytest.fixture(scope="module")
def running():
    """One worker for all tests; those that end it leave another one."""
    clock = Clock()
    worker = Worker([sys.executable, __file__], patience_s=60.0, clock=clock)
    yield worker, clock
    worker.close()


@pytest.fixture
def worker(running):
    worker, clock = running
    clock.ahead += 100.0
    worker.start()
    while not worker.is_up:
        worker.wait(1.0)
        worker.hear()
    worker.rest()
    worker.mishaps()
    return worker


@pytest.fixture
def prefetch(worker, running):
    return Prefetch("text", worker, Proposer([Moody("loop")], AB(), [Lenient()]), wait_s=20.0, clock=running[1])


def source(proposals):
    (judged,) = proposals.candidates
    return judged.candidate.source


def kinds(proposals):
    return [mishap.kind for mishap in proposals.mishaps]


def until_ready(prefetch, worker, before):
    while digest(text(before)) not in prefetch._answers and worker.pid is not None:
        worker.wait(1.0)
        prefetch.expect(prefetch._told)


def test_what_was_expected_is_ready(prefetch, worker):
    prefetch.expect([text("a"), text("b")])
    until_ready(prefetch, worker, "b")
    for before in ("a", "b"):
        found = prefetch.propose(text(before))
        assert (source(found), found.origin, found.seconds["wait"], found.mishaps) == ("worker", "worker", 0.0, ())


def test_what_was_not_expected_is_waited_for(prefetch):
    found = prefetch.propose(text("ab"))
    assert source(found) == "worker"
    assert found.seconds["wait"] > 0


def test_what_is_no_longer_likely_is_not_worked_out(prefetch, worker):
    contexts = [text(f"{i} slow") for i in range(20)]
    prefetch.expect(contexts)
    prefetch.expect([text("a likelier one")])
    until_ready(prefetch, worker, "a likelier one")
    assert not {digest(context) for context in contexts[1:]} & prefetch._answers.keys()


def test_a_page_that_takes_too_long_does_without(worker, running):
    prefetch = Prefetch("text", worker, Proposer([Moody("loop")], AB(), [Lenient()]), wait_s=0.01, clock=running[1])
    found = prefetch.propose(text("very slow"))
    assert (source(found), found.origin, kinds(found)) == ("loop", "loop", ["late"])


@pytest.mark.parametrize("ending", ["die!", "bug!", "poison"])
def test_a_worker_that_dies_or_talks_nonsense_is_replaced(prefetch, worker, ending):
    dead = worker.pid
    found = prefetch.propose(text(ending))
    assert (source(found), kinds(found)) == ("loop", ["worker", "late"])
    assert worker.pid is None
    worker._clock.ahead += 100.0
    prefetch.propose(text("b"))
    assert worker.pid not in (None, dead)


def test_a_worker_that_is_killed_while_the_person_looks_is_replaced_before_the_next_page(prefetch, worker):
    dead = worker.pid
    os.kill(dead, signal.SIGKILL)
    while worker.pid is not None:
        prefetch.expect([text("a")])
    worker._clock.ahead += 100.0
    found = prefetch.propose(text("a"))
    assert (source(found), kinds(found)) == ("loop", ["worker", "late"])
    assert "signal 9" in found.mishaps[0].detail
    assert worker.pid not in (None, dead)


def test_a_worker_that_hangs_is_killed(prefetch, worker):
    hanging = worker.pid
    prefetch.expect([text("hang")])
    worker._clock.ahead += 61.0
    prefetch.expect([text("hang")])
    assert worker.pid is None
    while Path(f"/proc/{hanging}/cmdline").exists() and Path(f"/proc/{hanging}/cmdline").read_bytes():
        time.sleep(0.002)
    assert [mishap.detail.split(";")[0] for mishap in worker.mishaps()] == ["The worker was killed, because it hangs"]


def test_a_worker_with_nothing_to_do_may_be_silent(prefetch, worker):
    prefetch.expect([text("a")])
    until_ready(prefetch, worker, "a")
    worker._clock.ahead += 1000.0
    prefetch.expect([text("a")])
    assert worker.pid is not None
    assert worker.mishaps() == []


def test_a_worker_that_keeps_dying_is_started_less_and_less_often():
    clock = Clock()
    worker = Worker([sys.executable, "-c", "pass"], patience_s=5.0, clock=clock)
    pauses = []
    for _ in range(5):
        while worker.pid is not None:
            worker.wait(1.0)
            worker.hear()
        (mishap,) = worker.mishaps()
        pauses.append(mishap.seconds)
        worker.start()
        assert (worker.pid is None) == (mishap.seconds > 0)
        clock.ahead += mishap.seconds
        worker.start()
    worker.close()
    assert pauses == [0.0, 1.0, 2.0, 4.0, 8.0]


def test_what_libraries_print_is_no_answer(prefetch):
    found = prefetch.propose(text("talk"))
    assert (source(found), found.mishaps) == ("worker", ())


def test_nobody_waits_for_a_worker_that_does_not_read(running):
    worker = Worker([sys.executable, "-c", "import time; time.sleep(600)"], patience_s=5.0)
    began = time.monotonic()
    for _ in range(100):
        worker.ask(b"x" * 100_000)
        assert worker.hear() == []
    assert time.monotonic() - began < 5.0
    worker.close()


def test_no_worker_outlives_a_parent_that_is_killed():
    code = (
        "import sys; from experiments.worker import Worker; import time;"
        f"w = Worker([sys.executable, {__file__!r}], 5.0); print(w.pid, flush=True);"
        'w.ask(b\'{"shown": [0, ""], "wanted": [[0, "hang"]]}\'); time.sleep(600)'
    )
    root = Path(__file__).parents[2]
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=root)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30.0
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_letters_say_the_same_on_both_sides():
    ours, theirs = Letter("text"), Letter("text")
    for shown, wanted in [("", ["a", "b"]), ("a", ["ab", "", "aß\n"]), ("", []), ("x", ["\udcff"]), ("xy", ["q"])]:
        line = ours.write(shown, [text(t) for t in wanted])
        assert b"\n" not in line
        assert [context.before for context in theirs.read(line)] == wanted


def test_proposals_survive_the_pipe():
    found = Proposer([Moody("x")], AB(), [Lenient()]).propose(text(""))
    assert Proposals.from_json(found.to_json(), AB()) == found


@pytest.mark.parametrize(
    "spoil",
    [
        lambda v: [],
        lambda v: {**v, "letters": v["letters"][::-1]},
        lambda v: {**v, "candidates": [{**v["candidates"][0], "verdict": None}]},
        lambda v: {**v, "candidates": [{**v["candidates"][0], "candidate": {"text": "", "log_p": -1, "source": ""}}]},
        lambda v: {**v, "candidates": [{**v["candidates"][0], "candidate": {"text": "a", "log_p": 7, "source": ""}}]},
        lambda v: {
            **v,
            "candidates": [{**v["candidates"][0], "candidate": {"text": "a", "log_p": None, "source": ""}}],
        },
    ],
)
def test_spoilt_proposals_are_refused(spoil):
    values = json.loads(Proposer([Moody("x")], AB(), [Lenient()]).propose(text("")).to_json())
    with pytest.raises(ValueError, match="An answer must hold"):
        Proposals.from_json(json.dumps(spoil(values)).encode(), AB())


def test_no_number_is_no_probability():
    line = Proposer([Moody("x")], AB(), [Lenient()]).propose(text("")).to_json()
    for number in (b"NaN", b"Infinity", b"-Infinity"):
        spoilt = line.replace(f"{math.log(0.25)!r}".encode(), number)
        assert spoilt != line
        with pytest.raises(ValueError, match="An answer must hold"):
            Proposals.from_json(spoilt, AB())
