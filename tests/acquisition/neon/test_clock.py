import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.neon.clock import ClockOffset, DeviceClock, Echo, narrow

delays = st.lists(st.tuples(st.floats(0.0, 0.05), st.floats(0.0, 0.05), st.floats(0.0, 1.0)), min_size=1, max_size=20)


@given(delays, st.floats(-1e6, 1e6))
def test_the_true_offset_lies_within_the_uncertainty_whatever_the_network_does(delays, offset):
    echoes, now = [], 1000.0
    for there, back, pause in delays:
        device_ms = int((now + there - offset + 2e6) * 1e3)
        echoes.append(Echo(sent=now, device_ms=device_ms, received=now + there + back))
        now += there + back + pause
    measured = narrow(echoes)
    assert abs(measured.offset - (offset - 2e6)) <= measured.uncertainty + 1e-6


def test_echoes_at_other_milliseconds_know_the_offset_better_than_one_millisecond():
    sent = 1000.0 + np.arange(16) * 0.0073
    echoes = [Echo(t, int((t + 1e-4 + 0.25) * 1e3), t + 2e-4) for t in sent]
    measured = narrow(echoes)
    assert measured.uncertainty < 3e-4
    assert abs(measured.offset + 0.25) < 3e-4


def test_no_echo_is_no_offset():
    with pytest.raises(ValueError, match="'echoes'"):
        narrow([])


def measured(times, offsets, rng, noise=2e-4):
    return [ClockOffset(t, o + rng.normal(0, noise), noise) for t, o in zip(times, offsets, strict=True)]


def test_drift_is_followed_between_measurements():
    clock, rng = DeviceClock(), np.random.default_rng(0)
    times = np.arange(1.7e9, 1.7e9 + 40, 2.0)
    for offset in measured(times, -1.7e9 + 3.0 + 2e-4 * (times - times[0]), rng):
        assert clock.add(offset) == 0.0
    assert clock.drift == pytest.approx(2e-4, abs=2e-5)
    later = times[-1] + 2.0
    assert clock.to_session(later) == pytest.approx(later - 1.7e9 + 3.0 + 2e-4 * (later - times[0]), abs=3e-4)
    assert clock.to_device(clock.to_session(later)) == pytest.approx(later, abs=1e-6)


def test_few_uncertain_offsets_do_not_tilt_the_line():
    clock = DeviceClock()
    clock.add(ClockOffset(0.0, 0.0, 2e-3))
    clock.add(ClockOffset(2.0, 2e-3, 2e-3))
    assert abs(clock.drift) < 1e-5


def test_a_step_is_told_and_what_was_before_it_forgotten():
    clock, rng = DeviceClock(), np.random.default_rng(1)
    times = np.arange(0.0, 20.0, 2.0)
    for offset in measured(times, np.full(10, 5.0), rng):
        clock.add(offset)
    assert clock.add(ClockOffset(20.0, 4.0, 2e-4)) == pytest.approx(1.0, abs=1e-3)
    assert clock.to_session(20.0) == pytest.approx(24.0)
    assert clock.newest is not None
    assert clock.newest.offset == 4.0
