import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.neon.packets import EyeEvent, Gaze, read_eye_event, read_gaze

library = pytest.importorskip("pupil_labs.realtime_api.streaming", reason="the extra 'neon' is not installed")


def packet(raw):
    return library.RTSPData(raw, 100.0)


@given(st.binary(max_size=120))
def test_bytes_of_any_kind_are_a_gaze_sample_or_refused(raw):
    with suppress(ValueError):
        assert isinstance(read_gaze(library, packet(raw), 1.0), Gaze)


@given(st.binary(max_size=80) | st.builds(lambda kind, rest: struct.pack("!i", kind) + rest, st.integers(0, 6),
                                          st.binary(min_size=8, max_size=56)))  # fmt: skip
def test_bytes_of_any_kind_are_an_eye_event_or_refused(raw):
    with suppress(ValueError):
        event = read_eye_event(library, packet(raw), 1.0)
        assert event is None or isinstance(event, EyeEvent)


def test_gaze_with_the_state_of_the_eyes_is_read_like_gaze_alone():
    raw = struct.pack("!ffB", 800.5, 600.25, 255)
    assert read_gaze(library, packet(raw.ljust(65, b"\0")), 1.0) == Gaze(1.0, 800.5, 600.25, True)
    assert read_gaze(library, packet(raw), 1.0) == Gaze(1.0, 800.5, 600.25, True)


def test_a_blink_is_read_with_its_beginning_and_end():
    event = read_eye_event(library, packet(struct.pack("!iqq", 4, 99_700_000_000, 99_900_000_000)), 7.0)
    assert event is not None
    assert (event.time, event.kind) == (7.0, 4)
    assert event.begun_s == pytest.approx(-0.3)
    assert event.ended_s == pytest.approx(-0.1)
    assert event.amplitude_deg != event.amplitude_deg


def test_what_keeps_the_connection_alive_is_no_event():
    assert read_eye_event(library, packet(struct.pack("!i", 5)), 1.0) is None
