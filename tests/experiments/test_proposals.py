"""What proposers judge is judged once, and the log says where a fault is."""

from experiments.proposals import Judged, Proposals, Proposer
from generation.types import Candidate, Context
from validation.types import Verdict

REFUSED = Verdict(False, "pyflakes", "undefined-name", "Name 'y' is not defined.", 0.002, 3)


class A:
    """A language of one letter."""

    layers = (("a",),)

    def next_character(self, context):
        return {"a": 1.0}

    def log_p(self, context, text):
        return 0.0


class Counting:
    stage = "counting"

    def __init__(self, verdict):
        self.verdict = verdict
        self.asked = []

    def check(self, context, candidate):
        self.asked.append((context.before, candidate.text))
        return self.verdict


def test_the_same_candidate_is_judged_once_in_the_same_document_and_anew_in_another():
    passes, refuses = Counting(Verdict(True, "text", seconds=0.001)), Counting(REFUSED)
    proposer = Proposer([], A(), [passes, refuses])
    verdicts = [proposer.judge(Context("python", before), Candidate("y\n", 0.0, "x")) for before in ("a", "a", "b")]
    assert passes.asked == refuses.asked == [("a", "y\n"), ("b", "y\n")]
    assert {(v.stage, v.line, round(v.seconds, 6)) for v in verdicts} == {("pyflakes", 3, 0.003)}


def test_without_validators_all_may_stand():
    assert Proposer([], A(), []).judge(Context("text", ""), Candidate("a", 0.0, "x")) == Verdict(True, "")


def test_the_line_of_a_verdict_is_logged_where_there_is_one():
    assert Judged(Candidate("y\n", -1.0, "x"), REFUSED).to_dict()["line"] == 3
    assert "line" not in Judged(Candidate("y\n", -1.0, "x"), Verdict(True, "text")).to_dict()


def test_the_line_of_a_verdict_survives_the_way_from_the_worker():
    letter = Judged(Candidate("a", 0.0, "speller"), Verdict(True, "text"))
    found = Proposals((letter,), (Judged(Candidate("y\n", -1.0, "x"), REFUSED),), {"validate": 0.1})
    assert Proposals.from_json(found.to_json(), A()) == found
