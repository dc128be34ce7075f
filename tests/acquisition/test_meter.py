"""The same samples give the same seconds however they were cut, and each disturbance shows in its own figure."""

import itertools
import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.meter import QualityMeter
from acquisition.seconds import StreamQuality, trial_quality
from acquisition.stream import Chunk, FloatArray, SampleArray, StreamInfo

EEG = StreamInfo("eeg", 250.0, ("Fz", "Cz"), "V")
GAZE = StreamInfo("gaze", 100.0, ("x", "y"), "px")
TICK_S = 0.02


def stamps(duration_s: float, sfreq: float = 250.0) -> FloatArray:
    """Even stamps that begin a little after the session does."""
    return 0.001 + np.arange(round(duration_s * sfreq)) / sfreq


def noise(times: FloatArray, n_channels: int = 2, scale: float = 1e-5) -> SampleArray:
    return np.random.default_rng(0).normal(0, scale, (len(times), n_channels)).astype(np.float32)


def run(
    times: FloatArray, data: SampleArray | None = None, info: StreamInfo = EEG, tick_s: float = TICK_S
) -> list[StreamQuality]:
    """Every sample delivered at the first tick after its stamp."""
    data = noise(times) if data is None else data
    meter = QualityMeter([info])
    seconds = []
    delivered = 0
    for now in np.arange(0, times.max(initial=0.0) + 2.0, tick_s):
        ready = int(np.sum(times <= now))
        chunks = [Chunk(info.name, times[delivered:ready], data[delivered:ready])] if ready > delivered else []
        delivered = max(delivered, ready)
        seconds += meter.update(float(now), chunks)
    return seconds


def test_every_second_is_told_once_and_in_order() -> None:
    seconds = run(stamps(5.0))
    assert [second.start for second in seconds[:5]] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert all(second.end == second.start + 1.0 for second in seconds)
    assert [second.n_samples for second in seconds[:5]] == [250] * 5
    assert all(second.missing == 0.0 and second.n_gaps == 0 for second in seconds[:5])


def test_a_long_tick_tells_all_its_seconds() -> None:
    times = stamps(4.0)
    meter = QualityMeter([EEG])
    meter.update(0.0, [])
    seconds = meter.update(4.6, [Chunk("eeg", times, noise(times))])
    assert [second.n_samples for second in seconds] == [250] * 4


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 700), max_size=8), st.floats(0.005, 0.2))
def test_cutting_into_chunks_changes_nothing(cuts: list[int], tick_s: float) -> None:
    times = np.delete(stamps(3.0), slice(300, 330))
    data = noise(times)
    expected = run(times, data)
    meter = QualityMeter([EEG])
    seconds, delivered = [], 0
    for now in np.arange(0, 5.0, tick_s):
        ready = int(np.sum(times <= now))
        edges = [delivered, *sorted(cut for cut in cuts if delivered < cut < ready), ready]
        chunks = [Chunk("eeg", times[a:b], data[a:b]) for a, b in itertools.pairwise(edges) if b > a]
        delivered = max(delivered, ready)
        seconds += meter.update(float(now), chunks)
    assert [second.to_dict() for second in seconds[:3]] == [second.to_dict() for second in expected[:3]]


def test_a_gap_is_counted_with_its_length_and_lowers_the_score_by_what_is_missing() -> None:
    times = np.delete(stamps(3.0), slice(300, 350))
    whole, holed, _ = run(times)[:3]
    assert (whole.n_gaps, holed.n_gaps) == (0, 1)
    assert holed.gap_s == pytest.approx(51 / 250)
    assert holed.missing == pytest.approx(0.2)
    assert holed.score == pytest.approx(0.8 * whole.score, rel=0.05)
    assert "20% missing" in holed.in_words()


def test_silence_is_missing_altogether() -> None:
    times = np.delete(stamps(5.0), slice(500, 1000))
    seconds = run(times)
    assert [second.missing for second in seconds[:5]] == [0.0, 0.0, 1.0, 1.0, 0.0]
    assert seconds[2].in_words() == "silent"
    assert seconds[2].score == 0.0
    assert seconds[4].gap_s == pytest.approx(2.004)


def test_effective_rate_is_that_of_the_samples_and_not_the_nominal_one() -> None:
    second = run(stamps(2.0, sfreq=240.0))[0]
    assert second.rate_hz == pytest.approx(240.0)
    assert second.missing == pytest.approx(0.04)


@pytest.mark.parametrize("ppm", [100.0, -100.0, 0.0])
def test_drift_is_told_after_ten_seconds_and_right_to_a_few_ppm(ppm: float) -> None:
    times = np.sort(stamps(30.0) / (1 + ppm * 1e-6) + np.random.default_rng(0).normal(0, 2e-4, 7500))
    seconds = run(times, tick_s=0.2)
    assert seconds[5].drift_ppm is None
    assert seconds[28].drift_ppm == pytest.approx(ppm, abs=5.0)


def test_drift_starts_anew_after_a_gap() -> None:
    seconds = run(np.delete(stamps(14.0), slice(3000, 3050)), tick_s=0.1)
    assert seconds[11].drift_ppm == pytest.approx(0.0, abs=0.1)
    assert seconds[12].drift_ppm is None


def test_jitter_is_the_spread_of_the_stamps() -> None:
    even = stamps(2.0)
    assert run(even)[0].jitter_s == pytest.approx(0.0, abs=1e-9)
    shaken = even + np.random.default_rng(0).uniform(-1e-3, 1e-3, len(even))
    assert run(shaken)[1].jitter_s == pytest.approx(1e-3 / np.sqrt(3), rel=0.1)


def test_late_backward_and_future_stamps_are_misplaced_and_stop_nothing() -> None:
    times = stamps(3.0)
    meter = QualityMeter([EEG])
    meter.update(0.0, [])
    data = noise(times)
    meter.update(1.0, [Chunk("eeg", times[:250], data[:250]), Chunk("eeg", np.array([1e6]), data[:1])])
    (first,) = meter.update(1.6, [])
    (second,) = meter.update(2.6, [Chunk("eeg", times[100:102], data[:2]), Chunk("eeg", times[250:500], data[250:500])])
    assert (first.n_samples, first.n_misplaced) == (250, 1)
    assert (second.n_samples, second.n_misplaced) == (250, 2)


def test_blinks_are_counted_and_dropouts_and_long_losses_are_not() -> None:
    times = stamps(30.0, sfreq=100.0)
    data = noise(times, scale=2.0) + 500
    for start in range(200, 2800, 400):
        data[start : start + 15] = np.nan
    data[900:902] = np.nan
    data[1700:1790] = np.nan
    seconds = run(times, data, GAZE, tick_s=0.1)
    assert seconds[3].gaze is not None
    assert np.isnan(seconds[3].gaze.blinks_per_min)
    assert seconds[29].gaze is not None
    # Seven in thirty seconds.
    assert seconds[29].gaze.blinks_per_min == pytest.approx(14.0, rel=0.02)
    assert seconds[2].gaze is not None
    assert seconds[2].gaze.lost == pytest.approx(0.15, abs=0.011)
    assert seconds[2].score == pytest.approx(0.85, abs=0.02)


def test_lost_gaze_is_worth_nothing_and_says_so() -> None:
    times = stamps(2.0, sfreq=100.0)
    second = run(times, np.full((200, 2), np.nan, dtype=np.float32), GAZE)[0]
    assert second.score == 0.0
    assert second.in_words() == "gaze lost 100%"


def test_seconds_are_plain_json_whatever_the_samples() -> None:
    bad = noise(stamps(2.0))
    bad[10] = np.nan
    bad[20] = np.inf
    for times, data, info in [
        (stamps(2.0), bad, EEG),
        (np.array([0.5]), noise(np.array([0.5])), EEG),
        (stamps(2.0), bad, GAZE),
        (stamps(2.0), bad, StreamInfo("events", 0.0, ("kind", "x"), "")),
    ]:
        for second in run(times, data, info):
            plain = second.to_dict()
            assert json.loads(json.dumps(plain, allow_nan=False)) == plain
            assert 0.0 <= second.score <= 1.0


def second_of(start: float, missing: float, stream: str = "eeg") -> StreamQuality:
    return StreamQuality(stream, start, start + 1, 250, 250.0, None, None, 0, 0.0, missing, 0)


def test_a_trial_is_worth_the_mean_of_its_seconds_by_overlap() -> None:
    seconds = [second_of(0, 0.0), second_of(1, 1.0), second_of(2, 0.5), second_of(0, 0.5, "gaze")]
    assert trial_quality(seconds, 0.5, 2.0) == {"eeg": pytest.approx(0.5 / 1.5), "gaze": pytest.approx(0.5)}
    assert trial_quality(seconds, 5.0, 5.5) == {"eeg": pytest.approx(0.5), "gaze": pytest.approx(0.5)}
    assert trial_quality([], 0.0, 1.0) == {}
    with pytest.raises(ValueError, match="'end'"):
        trial_quality(seconds, 1.0, 0.5)


def test_a_second_of_32_channels_at_500_hz_costs_less_than_two_milliseconds() -> None:
    info = StreamInfo("eeg", 500.0, tuple(f"E{i}" for i in range(32)), "V")
    times = 0.001 + np.arange(5000) / 500
    data = noise(times, 32)
    chunks = [Chunk("eeg", times[i : i + 10], data[i : i + 10]) for i in range(0, 5000, 10)]
    meter = QualityMeter([info])
    began = time.process_time()
    seconds = []
    for i, chunk in enumerate(chunks):
        seconds += meter.update((i + 1) * TICK_S, [chunk])
    cost = (time.process_time() - began) / 10
    assert len(seconds) == 9
    assert cost < 0.004  # Twice the goal: other work shares the machine.
