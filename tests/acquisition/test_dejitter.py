"""Jitter is evened out; gaps, lost samples and steps of the clock stay where they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.dejitter import Dejitter


def smooth(times: np.ndarray, sfreq: float = 250.0, size: int = 10) -> np.ndarray:
    dejitter = Dejitter(sfreq)
    return np.concatenate([dejitter(times[i : i + size]) for i in range(0, len(times), size)])


@given(sfreq=st.sampled_from([120.0, 250.0, 512.0, 1000.0]), start=st.floats(0, 1e6), off=st.floats(-1e-4, 1e-4))
def test_even_stamps_stay_as_they_are(sfreq: float, start: float, off: float) -> None:
    times = start + np.arange(500) / (sfreq * (1 + off))
    np.testing.assert_allclose(smooth(times, sfreq), times, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("sfreq", "jitter_s", "drift"), [(250.0, 1e-3, 0.0), (250.0, 1e-3, 1e-4), (1000.0, 2e-3, 0.0)])
def test_jitter_shrinks_to_a_fifth_at_least(sfreq: float, jitter_s: float, drift: float) -> None:
    rng = np.random.default_rng(0)
    times = 100 + np.arange(int(20 * sfreq)) / (sfreq * (1 + drift))
    smoothed = smooth(times + rng.normal(0, jitter_s, len(times)), sfreq)
    late = slice(int(5 * sfreq), None)
    assert np.std((smoothed - times)[late]) < jitter_s / 5
    assert np.all(np.diff(smoothed) > 0)


def test_chunking_changes_nothing() -> None:
    times = np.arange(1000) / 250 + np.random.default_rng(0).normal(0, 1e-3, 1000)
    np.testing.assert_array_equal(smooth(times, size=1), smooth(times, size=77))


@pytest.mark.parametrize("step_s", [3.0, 0.1, -3.0])
def test_a_gap_or_step_of_the_clock_is_kept_in_full(step_s: float) -> None:
    times = 100 + np.arange(4000) / 250
    times[2000:] += step_s
    jittered = times + np.random.default_rng(0).normal(0, 1e-3, len(times))
    error = smooth(jittered) - times
    assert np.max(np.abs(error)) < 5e-3
    assert np.max(np.abs(error[2500:])) < 1e-3


def test_a_single_lost_sample_shows_at_once_where_stamps_are_even() -> None:
    times = np.delete(100 + np.arange(1000) / 250, 500)
    np.testing.assert_allclose(smooth(times), times, rtol=0, atol=1e-6)


def test_a_few_lost_samples_show_soon_behind_jitter() -> None:
    times = np.delete(100 + np.arange(5000) / 250, [2000, 2001, 2002])
    error = smooth(times + np.random.default_rng(0).normal(0, 1.5e-3, len(times))) - times
    assert np.max(np.abs(error[2250:])) < 2e-3


def test_samples_out_of_order_keep_their_stamps_and_are_not_taken_for_jitter() -> None:
    times = 100 + np.arange(5000) / 250
    order = np.arange(5000).reshape(-1, 2, 2)[:, ::-1].reshape(-1)  # Every second pair comes before the first.
    mixed = np.concatenate([times[:2500], times[2500:][order[order < 2500]]])
    np.testing.assert_allclose(smooth(mixed), mixed, rtol=0, atol=1e-4)


def test_chunks_that_bear_one_stamp_are_spread_over_their_time() -> None:
    times = 100 + np.arange(10_000) / 250
    stamped = np.repeat(times[9::10], 10)
    assert np.max(np.abs(np.diff(smooth(stamped))[5000:] - 1 / 250)) < 1e-3
