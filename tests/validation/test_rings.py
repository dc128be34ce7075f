"""Rings ask until somebody refuses, remember what was said, and wait no longer than they may."""

import threading

import pytest

from generation.types import Candidate, Context
from validation.rings import Ring, SlowRing
from validation.types import Verdict


class Counting:
    def __init__(self, stage, ok=True):
        self.stage, self.ok, self.n_asked = stage, ok, 0

    def check(self, context, candidate):
        self.n_asked += 1
        return Verdict(self.ok, self.stage, "" if self.ok else "no")


class Endless:
    stage = "endless"

    def check(self, context, candidate):
        while True:
            try:
                threading.Event().wait(10)
            except Exception:  # noqa: BLE001 - as linters do
                continue


def test_the_first_that_refuses_decides_and_no_other_is_asked():
    first, second, third = Counting("a"), Counting("b", ok=False), Counting("c")
    verdicts = Ring([first, second, third]).check(Context("text", ""), Candidate("x", 0.0, "test"))
    assert [(v.stage, v.ok) for v in verdicts] == [("a", True), ("b", False)]
    assert third.n_asked == 0


def test_verdicts_are_remembered_by_content():
    counting = Counting("a")
    ring = Ring([counting])
    for before, text in [("ab", "c"), ("ab", "c"), ("a", "bc"), ("ab", "d"), ("ab", "c")]:
        ring.check(Context("text", before), Candidate(text, 0.0, "test"))
    assert counting.n_asked == 3
    ring.check(Context("text", "a", "b"), Candidate("c", 0.0, "test"))
    assert counting.n_asked == 4


def test_a_check_that_never_ends_is_ended_and_refuses_nothing():
    after = Counting("after")
    verdicts = SlowRing([Endless(), after], limit_s=0.05).check(Context("text", ""), Candidate("x", 0.0, "test"))
    assert [(v.ok, v.stage, v.rule) for v in verdicts] == [(True, "endless", "time"), (True, "after", "")]
    assert verdicts[0].reason == "The check 'endless' had not finished after 0.05 s."


def test_a_limit_is_positive():
    with pytest.raises(ValueError, match="'limit_s'"):
        SlowRing([], limit_s=0)
