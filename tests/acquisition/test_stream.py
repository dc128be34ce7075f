"""Samples are found by their time, whatever the chunks they came in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.stream import Chunk, Signals, StreamInfo

EEG = StreamInfo("eeg", 100.0, ("Fz", "Cz"), "V")


def numbered(times: np.ndarray) -> Chunk:
    """Samples whose values are their own times."""
    return Chunk("eeg", times, np.column_stack([times, -times]).astype(np.float32))


def filled(times: np.ndarray, keep_s: float = 60.0) -> Signals:
    signals = Signals([EEG], keep_s=keep_s)
    signals.append([numbered(times)])
    return signals


def test_nothing_is_held_before_the_first_sample() -> None:
    signals = Signals([EEG])
    assert signals.newest("eeg") == -np.inf
    assert signals.times("eeg").shape == (0,)
    assert signals.data("eeg").shape == (0, 2)
    epochs, usable = signals.epochs("eeg", np.array([1.0]), 0.0, 0.1)
    assert epochs.shape == (1, 2, 10)
    assert not usable.any()


@given(cuts=st.lists(st.integers(0, 3000), max_size=20))
def test_chunking_changes_nothing(cuts: list[int]) -> None:
    times = np.arange(3000) / 100
    signals = Signals([EEG], keep_s=100.0)
    for part in np.split(times, sorted(cuts)):
        signals.append([numbered(part)])
    np.testing.assert_array_equal(signals.times("eeg"), times)
    np.testing.assert_array_equal(signals.data("eeg"), numbered(times).data)


def test_at_least_the_last_seconds_are_kept_and_old_ones_forgotten() -> None:
    signals = Signals([EEG], keep_s=10.0)
    for start in range(0, 100_000, 50):
        signals.append([numbered(np.arange(start, start + 50) / 100)])
        held = signals.times("eeg")
        assert held[0] <= max(0.0, held[-1] - 10.0 + 0.01)
        np.testing.assert_array_equal(np.diff(np.round(held * 100)), 1)
        assert len(held) < 5000
    np.testing.assert_array_equal(signals.data("eeg")[:, 0], held.astype(np.float32))


def test_samples_that_are_not_newer_are_dropped() -> None:
    signals = filled(np.array([1.0, 1.01, 1.01, 1.005, 1.02]))
    signals.append([numbered(np.array([0.5, 1.02, 1.03]))])
    np.testing.assert_array_equal(signals.times("eeg"), [1.0, 1.01, 1.02, 1.03])


@given(st.lists(st.floats(0, 10), max_size=30))
def test_times_held_always_rise(times: list[float]) -> None:
    signals = Signals([EEG])
    for i in range(0, len(times), 7):
        signals.append([numbered(np.array(times[i : i + 7]))])
    assert np.all(np.diff(signals.times("eeg")) > 0)


def test_chunks_of_unknown_streams_and_empty_chunks_are_passed_over() -> None:
    signals = Signals([EEG])
    signals.append([Chunk("ecg", np.array([1.0]), np.zeros((1, 1), dtype=np.float32)), numbered(np.empty(0))])
    assert len(signals.times("eeg")) == 0


def test_filters_see_each_sample_once_and_in_order() -> None:
    seen = []

    def double(times: np.ndarray, data: np.ndarray) -> np.ndarray:
        seen.extend(times)
        return 2 * data

    signals = Signals([EEG], filters={"eeg": double})
    signals.append([numbered(np.array([1.0, 1.01])), numbered(np.array([1.01, 1.02]))])
    assert seen == [1.0, 1.01, 1.02]
    np.testing.assert_allclose(signals.data("eeg")[:, 0], [2.0, 2.02, 2.04])


def test_epochs_are_cut_around_onsets_by_time() -> None:
    signals = filled(np.arange(1000) / 100)
    epochs, usable = signals.epochs("eeg", np.array([2.0, 3.004]), tmin=-0.1, tmax=0.4)
    assert epochs.shape == (2, 2, 50)
    assert usable.all()
    np.testing.assert_allclose(epochs[0, 0], np.arange(190, 240) / 100, rtol=1e-6)
    np.testing.assert_allclose(epochs[1, 0], np.arange(290, 340) / 100, rtol=1e-6)


@pytest.mark.parametrize("lost", [slice(195, 196), slice(180, 195), slice(150, 210)])
def test_a_gap_makes_only_the_epochs_across_it_unusable(lost: slice) -> None:
    signals = filled(np.delete(np.arange(1000) / 100, lost))
    epochs, usable = signals.epochs("eeg", np.array([1.0, 1.9, 4.0]), tmin=0.0, tmax=0.5)
    np.testing.assert_array_equal(usable, [lost.start >= 150, False, True])
    np.testing.assert_allclose(epochs[2, 0], np.arange(400, 450) / 100, rtol=1e-6)
    assert not epochs[1].any()


def test_epochs_with_nan_or_not_complete_yet_are_unusable() -> None:
    signals = Signals([EEG])
    chunk = numbered(np.arange(300) / 100)
    chunk.data[120, 1] = np.nan
    signals.append([chunk])
    _, usable = signals.epochs("eeg", np.array([0.5, 1.0, 1.5, 2.9, -0.5]), tmin=0.0, tmax=0.5)
    np.testing.assert_array_equal(usable, [True, False, True, False, False])


def test_epochs_of_an_irregular_stream_are_refused() -> None:
    signals = Signals([StreamInfo("keys", 0.0, ("a",), "")])
    with pytest.raises(ValueError, match="must name a stream with a sampling rate"):
        signals.epochs("keys", np.array([0.0]), 0.0, 1.0)
