from acquisition.clock import VirtualClock


def test_a_virtual_clock_moves_only_when_waited_on() -> None:
    clock = VirtualClock(start=5.0)
    assert clock.now() == clock.now() == 5.0
    clock.sleep_until(3600.0)
    assert clock.now() == 3600.0


def test_a_time_that_has_passed_moves_nothing() -> None:
    clock = VirtualClock(start=5.0)
    clock.sleep_until(4.0)
    assert clock.now() == 5.0
