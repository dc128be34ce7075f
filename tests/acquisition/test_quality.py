"""Each fault is told once, when it happens, and the same inputs tell the same faults."""

import time
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.quality import Fault, Health
from acquisition.stream import Chunk, StreamInfo

EEG = StreamInfo("eeg", 250.0, ("Fz", "Cz"), "V")
GAZE = StreamInfo("gaze", 100.0, ("x", "y"), "px")
TICK_S = 0.02


def chunk_of(times: Iterable[float], info: StreamInfo = EEG) -> Chunk:
    stamps = np.array(list(times), dtype=np.float64)
    return Chunk(info.name, stamps, np.zeros((len(stamps), 2), dtype=np.float32))


def watch(health: Health, times: Iterable[float], until: float, start: float = 0.0) -> list[Fault]:
    """Deliver EEG samples at the tick after each one's time."""
    stamps = np.array(list(times), dtype=np.float64)
    faults, delivered = [], 0
    for now in np.arange(start, until, TICK_S):
        ready = int(np.sum(stamps <= now))
        new = stamps[delivered : max(ready, delivered)]
        delivered = max(ready, delivered)
        faults += health.update(float(now), [chunk_of(new)] if len(new) else [])
    return faults


def kinds(faults: Iterable[Fault]) -> list[str]:
    return [fault.kind for fault in faults]


def test_a_steady_stream_has_no_faults() -> None:
    health = Health([EEG])
    assert watch(health, np.arange(0, 20, 1 / 250), until=20.0) == []
    assert health.lost == health.waiting == frozenset()


def test_a_stream_waits_first_and_is_lost_after_a_while_from_the_first_update() -> None:
    health = Health([EEG, GAZE], lost_after_s=0.5)
    assert health.update(100.0, []) == []
    assert health.waiting == {"eeg", "gaze"}
    assert health.update(100.5, [chunk_of([100.49], GAZE)]) == []
    (fault,) = health.update(100.51, [])
    assert (fault.stream, fault.kind, fault.time) == ("eeg", "lost", 100.51)
    assert "has sent nothing so far" in fault.detail
    assert health.lost == {"eeg"}
    (back,) = health.update(101.0, [chunk_of([100.99]), chunk_of(np.arange(100.5, 101, 0.01), GAZE)])
    assert (back.kind, back.value) == ("back", pytest.approx(1.0))
    assert health.lost == health.waiting == frozenset()


def test_a_stream_that_stops_is_lost_once_and_back_with_the_length_of_its_hole() -> None:
    health = Health([EEG], lost_after_s=0.5)
    faults = watch(health, [*np.arange(0, 1, 1 / 250), *np.arange(3, 6, 1 / 250)], until=6.0)
    lost, back = faults
    assert (lost.kind, back.kind) == ("lost", "back")
    assert lost.time == pytest.approx(1.5, abs=2 * TICK_S)
    assert back.time == pytest.approx(3.0)
    assert back.value == pytest.approx(2.004)


def test_a_short_hole_is_a_gap_and_jitter_is_not() -> None:
    times = np.arange(0, 2, 1 / 250)
    (gap,) = watch(Health([EEG]), np.delete(times, slice(100, 110)), until=2.0)
    assert (gap.kind, gap.time, gap.value) == ("gap", times[110], pytest.approx(11 / 250))
    jittered = times + np.random.default_rng(0).uniform(-0.001, 0.001, len(times))
    assert watch(Health([EEG]), jittered, until=2.0) == []


def test_a_gap_between_chunks_is_seen_as_one_within_a_chunk_is() -> None:
    times = [0.0, 0.004, 0.104, 0.108]
    together, apart = Health([EEG]), Health([EEG])
    found = together.update(0.11, [chunk_of(times)])
    assert found == apart.update(0.11, [chunk_of(times[:2]), chunk_of(times[2:])])
    assert kinds(found) == ["gap"]


def test_a_bout_of_nan_is_told_at_its_begin_and_its_end_only() -> None:
    health = Health([EEG])
    faults = []
    for i in range(20):
        samples = np.arange(5 * i, 5 * i + 5)
        times = samples / 250
        data = np.zeros((5, 2), dtype=np.float32)
        data[(samples >= 23) & (samples < 61), 1] = np.nan
        faults += health.update(float(times[-1]), [Chunk("eeg", times, data)])
    begin, end = faults
    assert (begin.kind, begin.time, begin.value) == ("nan", 23 / 250, 0.0)
    assert (end.kind, end.time, end.value) == ("nan", 60 / 250, 38.0)


@pytest.mark.parametrize(("lost_s", "n_faults"), [(0.3, 0), (0.8, 2)])
def test_gaze_lost_in_a_blink_is_no_fault_and_gaze_lost_for_longer_is(lost_s: float, n_faults: int) -> None:
    times = np.arange(0, 2, 1 / GAZE.sfreq)
    data = np.zeros((len(times), len(GAZE.channels)), dtype=np.float32)
    data[(times >= 0.5) & (times < 0.5 + lost_s)] = np.nan
    faults = Health([GAZE]).update(2.0, [Chunk(GAZE.name, times, data)])
    assert kinds(faults) == ["nan"] * n_faults


def test_time_stamps_that_step_back_or_lie_ahead_are_clock_faults() -> None:
    health = Health([EEG])
    assert health.update(1.0, [chunk_of([0.99, 0.994])]) == []
    (back,) = health.update(1.02, [chunk_of([0.5, 0.504])])
    assert (back.kind, back.time, back.value) == ("clock", 0.5, pytest.approx(-0.494))
    ahead = health.update(1.04, [chunk_of([3.0, 3.004])])
    assert kinds(ahead) == ["gap", "clock"]
    assert ahead[1].value == pytest.approx(1.964)
    assert health.update(1.06, [chunk_of([3.008])]) == []


def test_a_repeated_time_stamp_is_a_clock_fault() -> None:
    assert kinds(Health([EEG]).update(1.0, [chunk_of([0.9, 0.9])])) == ["clock"]


def test_another_rate_than_the_nominal_is_told_once() -> None:
    (fault,) = watch(Health([EEG]), np.arange(0, 30, 1 / 200), until=30.0)
    assert fault.kind == "rate"
    assert fault.value == pytest.approx(200.0, rel=0.01)
    assert fault.time == pytest.approx(5.0, abs=0.1)
    assert watch(Health([EEG]), np.arange(0, 30, 1 / 245), until=30.0) == []


def test_a_hole_does_not_count_against_the_rate() -> None:
    times = [*np.arange(0, 4, 1 / 250), *np.arange(4.8, 15, 1 / 250)]
    assert kinds(watch(Health([EEG]), times, until=15.0)) == ["gap"]


def test_irregular_streams_are_never_lost() -> None:
    health = Health([StreamInfo("keys", 0.0, ("a", "b"), "")])
    assert health.update(0.0, []) == health.update(100.0, []) == []


def test_lost_after_must_be_positive() -> None:
    with pytest.raises(ValueError, match="'lost_after_s' must be greater than 0 s"):
        Health([EEG], lost_after_s=0.0)


@given(
    ticks=st.lists(
        st.lists(
            st.tuples(st.sampled_from([EEG, GAZE]), st.lists(st.floats(0, 10), max_size=4)),
            max_size=3,
        ),
        max_size=20,
    )
)
def test_the_same_ticks_give_the_same_faults_and_never_fail(ticks: list[list[tuple[StreamInfo, list[float]]]]) -> None:
    runs = []
    for _ in range(2):
        health = Health([EEG, GAZE])
        runs.append(
            [health.update(0.5 * i, [chunk_of(times, info) for info, times in tick]) for i, tick in enumerate(ticks)]
        )
    assert runs[0] == runs[1]


def test_an_idle_tick_costs_less_than_50_microseconds() -> None:
    health = Health([EEG, GAZE])
    begin = time.process_time()
    for _ in range(1000):
        health.update(0.0, [])
    assert time.process_time() - begin < 0.05


def test_stamps_that_are_no_times_are_clock_faults_and_hide_nothing_after_them() -> None:
    health = Health([EEG])
    chunk = Chunk("eeg", np.array([0.0, np.nan, np.inf]), np.zeros((3, 1), dtype=np.float32))
    assert [fault.kind for fault in health.update(0.0, [chunk])] == ["clock"]
    later = Chunk("eeg", np.array([0.5]), np.zeros((1, 1), dtype=np.float32))
    assert [fault.kind for fault in health.update(0.5, [later])] == ["gap"]


@pytest.mark.parametrize("off_s", [0.5, -3600.0])
def test_a_stream_that_sends_only_samples_of_another_time_is_lost(off_s: float) -> None:
    health = Health([EEG])
    faults = []
    for now in np.arange(0.0, 4.0, 0.1):
        times = now - np.arange(25)[::-1] / 250 + off_s * (1.0 <= now < 3.0)
        faults += health.update(now, [Chunk("eeg", times, np.zeros((25, 1), dtype=np.float32))])
    kinds = [fault.kind for fault in faults]
    assert kinds.count("lost") == kinds.count("back") == 1
    assert "of another time than now" in next(fault.detail for fault in faults if fault.kind == "lost")
    assert not health.lost


def test_events_may_lack_values() -> None:
    health = Health([StreamInfo("eye_events", 0.0, ("kind", "amplitude_deg"), "")])
    assert not health.update(0.0, [Chunk("eye_events", np.array([0.0]), np.array([[1, np.nan]], dtype=np.float32))])
