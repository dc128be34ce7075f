"""The loop: a participant attends, a document grows, and the run replays bit for bit."""

import json
import os
import signal

import pytest

from experiments.metrics import summarise
from experiments.replay import replay
from generation.types import Rescored

CONTROLS = ("zero-snr", "shuffled-labels", "prior-only")


@pytest.mark.parametrize("paradigm", ["p300", "ssvep", "dwell"])
def test_the_target_is_written_and_the_run_replays_exactly(write, paradigm):
    run = write(f"paradigm={paradigm}")
    assert run.document == "hello then the "
    assert run.events[-1]["reason"] == "written"
    result = replay(run.folder.path)
    assert result.exact
    assert result.n_events == len(run.events)


@pytest.mark.parametrize("paradigm", ["p300", "dwell"])
@pytest.mark.parametrize("control", CONTROLS)
def test_under_a_control_the_target_is_not_written(write, paradigm, control):
    run = write(f"paradigm={paradigm}", f"control={control}", "max_pages=6")
    assert not run.document.startswith("hello")
    assert run.events[-1]["reason"] == "pages used up"
    assert replay(run.folder.path).exact


def test_the_prior_alone_never_selects(write):
    run = write("control=prior-only", "max_pages=3", "layout.floor=0.0", "stopping.p=0.1")
    assert all(e["slot"] is None for e in run.of_kind("selection"))


def test_the_same_seed_writes_the_same_events(write, calibrations):
    short = ("person.calibration_characters=4", "person.calibration_blocks=4")
    first = write("seed=3", *short, target="he")
    calibrations.forget()
    second = write("seed=3", *short, target="he")

    def comparable(run):
        left_out = ("seconds", "started_at", "streams", "environment", "ms")

        def timeless(value):
            if isinstance(value, dict):
                return {k: timeless(v) for k, v in value.items() if k not in left_out}
            return [timeless(v) for v in value] if isinstance(value, list) else value

        return timeless(run.events)

    assert comparable(first) == comparable(second)
    assert comparable(first) != comparable(write("seed=4", *short, target="he"))


def test_nothing_flashes_while_the_page_is_read_and_reading_is_no_evidence(write):
    run = write(target="he")
    pages = {e["trial"]: e for e in run.of_kind("page")}
    blocks = run.of_kind("block")
    for trial, page in pages.items():
        first = next(e for e in blocks if e["trial"] == trial)
        assert first["t"] - page["t"] >= page["read_s"] - 1e-9


def test_a_selection_needs_evidence_from_the_person(write):
    run = write(target="hello the ")
    for selection in run.of_kind("selection"):
        assert selection["bits_from_person"] > 0


def test_a_mistake_is_undone(write):
    """A low threshold makes mistakes, and the target is written nevertheless."""
    run = write("stopping.p=0.5", "person.profile=hard", "seed=2", target="hello then ")
    summary = summarise(run.folder.read_events())
    assert summary["exact"]
    assert summary["n_undos"] > 0


def test_the_log_alone_tells_where_every_second_and_bit_went(write):
    run = write(target="hello ")
    summary = summarise(run.folder.read_events())
    taken = [e for e in run.of_kind("selection") if e["slot"] is not None]
    assert summary["n_selections"] == len(taken)
    spent = run.events[-1]["t"] - run.of_kind("page")[0]["t"]
    assert summary["seconds"] == pytest.approx(spent + summary["compute_s"])
    assert summary["correct_chars_per_min"] == pytest.approx(60 * 6 / summary["seconds"])


class AskAt:
    """A viewer that sends this process a signal when the n-th batch of flips is shown."""

    def __init__(self, number, n):
        self._number, self._left = number, n

    def see(self, shown):
        self._left -= shown["what"] == "flips"
        if self._left == 0:
            os.kill(os.getpid(), self._number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("n", [1, 40, 97, 160])
def test_an_interrupt_leaves_whole_files_that_replay(write, number, n):
    run = write(viewers=[AskAt(number, n)])
    assert isinstance(run.error, KeyboardInterrupt)
    assert run.events[-1]["reason"] == "interrupted"
    assert replay(run.folder.path).exact


@pytest.mark.parametrize("n_lines", [2, 40, 111, 112, 113, 180])
def test_a_log_cut_anywhere_replays_as_far_as_it_goes(write, n_lines):
    run = write(target="he")
    lines = run.folder.read_events()[:n_lines]
    run.folder.events.write_text("".join(f"{line}\n" for line in lines) + '{"seq": 9', encoding="utf-8")
    result = replay(run.folder.path)
    assert result.exact
    assert result.n_events == n_lines
    assert "cut off" in result.ended


def test_a_replay_finds_the_first_event_that_differs(write):
    run = write(target="he")
    lines = run.folder.read_events()
    number = next(i for i, line in enumerate(lines) if '"kind": "selection"' in line)
    event = json.loads(lines[number])
    lines[number] = json.dumps({**event, "p": event["p"] / 2}, ensure_ascii=False)
    run.folder.events.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    result = replay(run.folder.path)
    assert not result.exact
    assert result.first_difference == number
    assert result.n_identical == result.n_events - 1


def test_error_potentials_move_the_prior_of_undo_after_an_insertion_and_replay_exactly(write):
    run = write("error_potentials=true", "person.calibration_feedbacks=60", target="hello ")
    felt = run.of_kind("felt")
    inserted = [e for e in run.of_kind("selection") if e["slot"] is not None and e["command"] is None]
    assert len(felt) == len(inserted) - 1  # what was inserted last ends the run
    assert all(e["nats"] is not None for e in felt)
    assert {e["time"] for e in felt} <= {e["time"] for e in run.of_kind("feedback")}
    assert replay(run.folder.path).exact


def test_error_potentials_go_with_paradigms_that_leave_their_band(write):
    with pytest.raises(ValueError, match="not a recording"):
        write("error_potentials=true", "person.recording=x.bdf")


def test_who_rests_is_believed_to_rest_on_the_next_page_too(write):
    run = write("control=zero-snr", "max_pages=4")
    believed = [e["no_control"] for e in run.of_kind("feedback")]
    assert believed[-1] > 0.3


class Failing:
    """A filter that says what went wrong on every page."""

    name = "failing"

    def rescore(self, context, candidates):
        return Rescored(list(candidates), 0, f"Nothing after {context.before!r} was scored in time.")


def test_what_goes_wrong_on_the_way_to_a_page_is_in_the_log_and_in_its_replay(write, page_maker):
    page_maker._proposer._filters = [Failing()]
    run = write(target="he")
    faults = run.of_kind("fault")
    assert faults[0]["detail"] == "Nothing after '' was scored in time."
    assert {(fault["fault"], fault["by"]) for fault in faults} == {("filter", "pages")}
    assert len(faults) == len(run.of_kind("page"))
    assert replay(run.folder.path).exact


def test_the_log_says_of_every_candidate_who_kept_or_dropped_it(write):
    run = write(target="he")
    candidates = {c["text"]: c for c in run.of_kind("page")[0]["candidates"]}
    assert candidates["axe "]["dropped_by"] == "no-x"
    assert candidates["hello "]["kept_by"] == "no-x"
    assert all(c["ms"] >= 0.0 for c in candidates.values())
