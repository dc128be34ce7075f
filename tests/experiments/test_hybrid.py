"""Gaze beside EEG: both are heard, each counts as much as held-out slots ask for, and the run replays exactly."""

import pytest

from experiments.config import load
from experiments.replay import replay


def test_both_streams_speak_and_are_faster_together(write):
    alone, both = write(target="hello "), write("also_gaze=true", target="hello ")
    assert both.document == "hello "
    heard = {e["modality"] for posterior in both.of_kind("posterior") for e in posterior["evidence"]}
    assert heard == {"eeg", "gaze"}
    assert both.events[-1]["t"] - both.events[0]["t"] < alone.events[-1]["t"] - alone.events[0]["t"]
    assert replay(both.folder.path).exact


def test_weights_come_from_the_calibration_and_are_kept_with_the_run(write):
    run = write("also_gaze=true", target="h")
    kept = load(run.folder.config).fusion
    assert 0.0 < kept.eeg <= 1.0
    assert 0.0 < kept.gaze <= 1.0
    assert kept.prior == 1.0


def test_what_was_learnt_from_meaningless_labels_counts_for_nothing(write):
    run = write("also_gaze=true", "control=shuffled-labels", "max_pages=3")
    assert all(e["slot"] is None for e in run.of_kind("selection"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("paradigm=dwell",), r"needs a paradigm that reads EEG \(got 'dwell'\)"),
        (("person.calibration_characters=3",), r"at least 4 cued slots to learn from \(got 3\)"),
        (("person.recording=x.bdf",), "who sees the screen, not a recording"),
    ],
)
def test_where_gaze_cannot_be_heard_beside_it_is_said_in_a_sentence(write, settings, message):
    with pytest.raises(ValueError, match=message):
        write("also_gaze=true", *settings)
