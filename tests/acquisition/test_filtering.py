"""The filter sees no future, forgets across gaps, and does not care about chunks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from acquisition.filtering import CausalFilter

SFREQ = 250.0
TIMES = 100 + np.arange(1000) / SFREQ
DATA = np.random.default_rng(0).normal(0, 1e-5, (1000, 3)).astype(np.float32)


def run(times: np.ndarray, data: np.ndarray, cuts: list[int] | None = None, **settings: float) -> np.ndarray:
    bandpass = CausalFilter(SFREQ, (1.0, 20.0), **settings)
    parts = zip(np.split(times, sorted(cuts or [])), np.split(data, sorted(cuts or [])), strict=True)
    return np.concatenate([bandpass(*part) for part in parts])


@settings(max_examples=40)
@given(cuts=st.lists(st.integers(0, 1000), max_size=10), lost=st.lists(st.integers(0, 999), max_size=5))
def test_chunking_changes_nothing(cuts: list[int], lost: list[int]) -> None:
    data = DATA.copy()
    data[lost] = np.nan
    data[300:350, 1] = np.inf
    np.testing.assert_array_equal(run(TIMES, data, cuts, notch=50.0), run(TIMES, data, notch=50.0))


def test_no_sample_depends_on_a_later_one() -> None:
    changed = DATA.copy()
    changed[600:] = 1.0
    np.testing.assert_array_equal(run(TIMES, DATA)[:600], run(TIMES, changed)[:600])


def test_it_is_the_butterworth_filter_of_scipy() -> None:
    sos = signal.butter(2, (1.0, 20.0), btype="bandpass", fs=SFREQ, output="sos")
    first = DATA[:1].astype(np.float64)
    expected, _ = signal.sosfilt(sos, DATA.astype(np.float64), axis=0, zi=signal.sosfilt_zi(sos)[:, :, None] * first)
    np.testing.assert_allclose(run(TIMES, DATA), expected, rtol=0, atol=1e-11)


def test_a_constant_offset_and_the_line_are_taken_out() -> None:
    line = np.sin(2 * np.pi * 50 * TIMES)[:, None].astype(np.float32) + 3.0
    assert np.abs(run(TIMES, np.full_like(line, 3.0))).max() < 1e-5
    loose = CausalFilter(SFREQ, (1.0, 100.0))(TIMES, line)[-250:]
    notched = CausalFilter(SFREQ, (1.0, 100.0), notch=50.0)(TIMES, line)[-250:]
    assert np.abs(notched).max() < 0.02 < 0.9 < np.abs(loose).max()


def test_broken_samples_come_out_as_nan_and_spoil_no_others() -> None:
    data = DATA.copy()
    data[500:503, 1] = [np.nan, np.inf, -np.inf]
    filtered = run(TIMES, data)
    assert np.isnan(filtered[500:503, 1]).all()
    assert np.isfinite(filtered).sum() == filtered.size - 3
    np.testing.assert_array_equal(filtered[:, [0, 2]], run(TIMES, DATA)[:, [0, 2]])


def test_after_a_gap_the_filter_starts_anew() -> None:
    times = TIMES.copy()
    times[500:] += 1.0
    data = DATA.copy()
    data[:500] += 1.0
    np.testing.assert_array_equal(run(times, data)[500:], run(times[500:], data[500:]))


def test_nothing_gives_nothing() -> None:
    assert CausalFilter(SFREQ, (1.0, 20.0))(np.empty(0), np.empty((0, 3), dtype=np.float32)).shape == (0, 3)


@pytest.mark.parametrize("band", [(0.0, 20.0), (20.0, 1.0), (1.0, 125.0), (1.0, np.nan)])
def test_a_band_outside_the_signal_is_refused(band: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="'band' must lie between 0 and half the sampling rate, 125 Hz"):
        CausalFilter(SFREQ, band)
