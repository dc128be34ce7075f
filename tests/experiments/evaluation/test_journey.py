"""What became of a recording on its way is found by comparing what was sent and what arrived."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from acquisition.files import RecordedSignals
from experiments.evaluation.journey import compare


@pytest.fixture
def sent() -> RecordedSignals:
    rng = np.random.default_rng(0)
    data = rng.standard_normal((100, 2)).astype(np.float32)
    data[7] = np.nan
    return RecordedSignals(
        path=Path("run.bdf"),
        sfreq=100.0,
        channels=("Cz", "Pz"),
        unit="V",
        times=3.0 + np.arange(100) / 100,
        data=data,
        onsets=np.array([3.1, 3.5, 3.5]),
        labels=("cue", "flash", "flash"),
    )


def test_what_arrives_unchanged_has_no_difference(sent: RecordedSignals) -> None:
    journey = compare(sent, sent)
    assert (journey.n_samples, journey.n_markers) == (100, 3)
    assert (journey.samples_lost, journey.markers_lost) == (0, 0)
    assert journey.time_error_s == journey.sample_difference == 0


@pytest.mark.parametrize("kept", [np.r_[5:100], np.r_[0:40, 60:100], np.r_[0:99], np.r_[0:1]])
def test_lost_samples_are_counted_and_the_others_still_find_theirs(sent: RecordedSignals, kept: np.ndarray) -> None:
    journey = compare(sent, replace(sent, times=sent.times[kept] + 0.003, data=sent.data[kept]))
    assert journey.samples_lost == 100 - len(kept)
    assert journey.time_error_s == pytest.approx(0.003)
    assert journey.sample_difference == 0


def test_a_recording_of_which_nothing_arrives_is_lost_whole(sent: RecordedSignals) -> None:
    nothing = replace(sent, times=np.empty(0), data=np.empty((0, 2), np.float32), onsets=np.empty(0), labels=())
    journey = compare(sent, nothing)
    assert (journey.samples_lost, journey.markers_lost) == (100, 3)


def test_a_marker_that_comes_with_another_text_is_lost(sent: RecordedSignals) -> None:
    assert compare(sent, replace(sent, labels=("cue", "flash", "rest"))).markers_lost == 1


def test_the_latest_marker_counts_as_a_time_error(sent: RecordedSignals) -> None:
    late = sent.onsets + np.array([0.0, 0.002, -0.004])
    assert compare(sent, replace(sent, onsets=late)).time_error_s == pytest.approx(0.004)


def test_differences_of_values_are_found_and_one_that_is_missing_is_infinite(sent: RecordedSignals) -> None:
    data = sent.data.copy()
    data[3, 1] += 0.5
    assert compare(sent, replace(sent, data=data)).sample_difference == pytest.approx(0.5)
    data[4, 0] = np.nan
    assert compare(sent, replace(sent, data=data)).sample_difference == np.inf
