"""Known flips, latencies and mistakes of a display come back out of the samples of a photodiode."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.photodiode import JITTER_SD_LIMIT_S, DisplayTiming, compare, detect_onsets, find_steps
from acquisition.stream import FloatArray, SampleArray

SFREQ = 500.0
CHANNELS = ("Fz", "Cz", "Oz", "AUX1")


def flips_of(n: int = 100, seed: int = 0) -> FloatArray:
    """Flips 0.2 to 0.4 s apart."""
    return 1.0 + np.cumsum(np.random.default_rng(seed).uniform(0.2, 0.4, n))


def record(
    onsets: FloatArray, seed: int = 0, lit_s: float = 0.1, sfreq: float = SFREQ
) -> tuple[FloatArray, SampleArray]:
    """EEG with a photodiode at "AUX1" that is lit for a while from each onset; samples average over their period."""
    rng = np.random.default_rng(seed)
    times = np.arange(0, onsets[-1] + 1.0, 1 / sfreq)
    data = np.cumsum(rng.normal(0, 2e-6, (len(times), 4)), axis=0)
    data -= data.mean(axis=0)
    phase = (times[:, None] - onsets[None, :]) * sfreq + 0.5
    lit = np.clip(phase, 0, 1).sum(axis=1) - np.clip(phase - lit_s * sfreq, 0, 1).sum(axis=1)
    data[:, 3] = 1e-3 * lit + rng.normal(0, 2e-5, len(times))
    return times, data.astype(np.float32)


def measure(flips: FloatArray, onsets: FloatArray) -> DisplayTiming:
    times, data = record(onsets)
    return compare(detect_onsets(times, data, find_steps(data, CHANNELS)), flips)


def test_the_channel_with_steps_is_found_among_the_eeg() -> None:
    _, data = record(flips_of())
    step = find_steps(data, CHANNELS)
    assert (step.channel, step.index) == ("AUX1", 3)
    assert step.rest == pytest.approx(0.0, abs=1e-4)
    assert step.active == pytest.approx(1e-3, rel=0.1)


def test_eeg_sines_and_drifts_alone_carry_no_steps() -> None:
    times, data = record(flips_of())
    data[:, 3] = 1e-3 * np.sin(2 * np.pi * 3 * times)
    data[:, 2] = 1e-3 * times
    with pytest.raises(ValueError, match=r"No channel carries 5 or more clean steps: the best is '\w+', with 0\.[78]"):
        find_steps(data, CHANNELS)
    with pytest.raises(ValueError, match="No channel carries"):
        find_steps(np.zeros((1000, 4), dtype=np.float32), CHANNELS)


def test_a_line_that_is_active_low_is_read_as_one_that_is_active_high() -> None:
    times, data = record(flips_of())
    upright = detect_onsets(times, data, find_steps(data, CHANNELS))
    inverted = data.copy()
    inverted[:, 3] = 5.0 - 3.0 * data[:, 3] / 1e-3
    np.testing.assert_allclose(
        detect_onsets(times, inverted, find_steps(inverted, CHANNELS, inverted=True)), upright, atol=1e-4
    )


def test_onsets_are_found_to_a_fraction_of_a_sample() -> None:
    onsets = flips_of()
    times, data = record(onsets)
    found = detect_onsets(times, data, find_steps(data, CHANNELS))
    assert len(found) == len(onsets)
    assert np.abs(found - onsets).max() < 0.5 / SFREQ


@settings(max_examples=25, deadline=None)
@given(st.floats(-0.015, 0.12), st.floats(0, 0.003), st.integers(0, 100))
def test_latency_and_jitter_are_those_of_the_display(latency: float, jitter: float, seed: int) -> None:
    flips = flips_of(seed=seed)
    late = latency + np.random.default_rng(seed).normal(0, jitter, len(flips))
    timing = measure(flips, flips + late)
    assert timing.latency_median_s == pytest.approx(np.median(late), abs=5e-4)
    assert timing.latency_mean_s == pytest.approx(np.mean(late), abs=5e-4)
    assert timing.jitter_sd_s == pytest.approx(np.std(late, ddof=1), abs=5e-4)
    assert timing.jitter_p95_s == pytest.approx(np.quantile(np.abs(late - np.median(late)), 0.95), abs=1e-3)
    assert (timing.missed, timing.extra) == (0, 0)
    assert timing.ok


def test_missed_and_extra_onsets_are_counted_and_move_nothing() -> None:
    flips = flips_of()
    shown = np.delete(flips, [10, 11, 50]) + 0.03
    extra = (flips[[20, 30]] + flips[[21, 31]]) / 2 + 0.06
    timing = compare(np.sort(np.concatenate([shown, extra])), flips)
    assert (timing.missed, timing.extra) == (3, 2)
    assert timing.latency_median_s == pytest.approx(0.03)
    assert timing.jitter_sd_s == pytest.approx(0.0, abs=1e-9)
    assert not timing.ok
    assert "3 of 100 flips missed, 2 onsets without a flip" in timing.sentence


def test_a_display_that_ignores_the_refresh_does_not_start_a_study() -> None:
    flips = flips_of()
    timing = measure(flips, flips + np.random.default_rng(0).uniform(0.010, 0.010 + 1 / 60, len(flips)))
    assert timing.jitter_sd_s > JITTER_SD_LIMIT_S
    assert not timing.ok
    assert timing.sentence.endswith("the study must not start.")


def test_a_steady_display_starts_a_study_and_says_by_which_numbers() -> None:
    flips = flips_of()
    timing = measure(flips, flips + 0.025)
    assert timing.ok
    assert "25.0 ms after its flip" in timing.sentence
    assert "limit 4 ms" in timing.sentence
    assert timing.sentence.endswith("the study may start.")
    plain = timing.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_evenly_spaced_flips_give_their_latency_too() -> None:
    flips = 1.0 + 0.125 * np.arange(100)
    assert measure(flips, flips + 0.04).latency_median_s == pytest.approx(0.04, abs=5e-4)


def test_a_dark_photodiode_is_a_verdict_and_not_an_error() -> None:
    timing = compare(np.empty(0), flips_of())
    assert (timing.missed, timing.extra, timing.ok) == (100, 0, False)
    assert timing.sentence == "None of the 100 flips has an onset: the study must not start."
    assert json.loads(json.dumps(timing.to_dict(), allow_nan=False))["latency_median_s"] is None


def test_too_few_flips_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'flips' must hold at least 5 times \(got 4\)"):
        compare(flips_of(), flips_of(4))


def test_an_onset_across_a_gap_has_no_time() -> None:
    onsets = flips_of()
    times, data = record(onsets)
    step = find_steps(data, CHANNELS)
    keep = (times < onsets[40] - 0.05) | (times > onsets[40] + 0.05)
    found = detect_onsets(times[keep], data[keep], step)
    np.testing.assert_allclose(found, np.delete(detect_onsets(times, data, step), 40))
    broken = data.copy()
    broken[(times > onsets[60] - 0.01) & (times < onsets[60] + 0.01), 3] = np.nan
    np.testing.assert_allclose(detect_onsets(times, broken, step), np.delete(detect_onsets(times, data, step), 60))


def test_one_onset_is_never_two_flips() -> None:
    flips = flips_of()
    timing = compare(flips[:1] + 0.05, flips)
    assert timing.missed == 99
