"""The real client library against the fake Neon on loopback."""

import asyncio
import subprocess
import sys

import numpy as np
import pytest

from acquisition.fake_neon import FakeNeon, PhoneClock, Wearer
from acquisition.neon import NeonSource, TaggedScreen, discover_neons
from acquisition.neon.library import load

pytest.importorskip("pupil_labs.realtime_api", reason="the extra 'neon' is not installed")

pytestmark = pytest.mark.realtime

SCREEN = TaggedScreen.with_corner_tags(1920, 1080, 200)
OFFSET_S, DRIFT = -4321.5, 3e-4
RAMP_PX_S = 1500.0


class Sweeper(Wearer):
    """Follows a point that crosses the screen once a second, so that every place tells a time."""

    def looks_at(self, times):
        times = np.asarray(times)
        return np.column_stack((200.0 + RAMP_PX_S * (times % 1.0), np.full(len(times), 540.0)))


def px_error(rows, wearer):
    return np.hypot(*(rows[:, 1:3] - wearer.looks_at(rows[:, 0])).T)


@pytest.fixture(scope="module")
def swept(clock, reader_of):
    """Some seconds of a sweeping gaze over UDP, with the phone's clock off and drifting, and its errors in s."""
    fake = FakeNeon(
        Sweeper(SCREEN, np.random.default_rng(0)), phone=PhoneClock(OFFSET_S, DRIFT), scene_scale=0.5, gaze_bytes=65
    )
    with fake:
        source = NeonSource(SCREEN, clock, fake.address)
        reader = reader_of(source)
        offset_errors = []
        for _ in range(8):
            reader.read(0.5)
            now = clock.now()
            offset_errors.append(source.clock_offsets()["gaze"] - (now - fake.phone.at(now)))
        health = source.health()
        source.close()
    return reader, np.array(offset_errors), health


@pytest.fixture(scope="module")
def fake():
    wearer = Wearer(SCREEN, np.random.default_rng(0))
    with FakeNeon(wearer, protocol="rtspt", phone=PhoneClock(OFFSET_S), scene_scale=0.5) as fake:
        yield fake


@pytest.fixture(scope="module")
def reader(fake, clock, reader_of):
    source = NeonSource(SCREEN, clock, fake.address)
    yield reader_of(source)
    source.close()


@pytest.fixture(autouse=True)
def nothing_is_wrong(request):
    """Leaves the shared fake as it was."""
    yield
    if "fake" in request.fixturenames:
        fake = request.getfixturevalue("fake")
        fake.faults.worn, fake.faults.hides_tags = True, False
        fake.faults.silent.clear()
        fake.faults.garbage.clear()


def settled(reader):
    """Gaze that is placed on the screen, and nothing of what was before it."""
    assert reader.read(8.0, lambda: np.isfinite(reader.newest()).all() and all(reader.source.health().is_open.values()))
    reader.forget()


def test_gaze_arrives_whole_and_at_its_rate(swept):
    reader, _, health = swept
    times = reader.rows()[:, 0]
    assert len(times) > 600
    steps = np.diff(times)
    assert steps.min() > 0.004
    assert steps.max() < 0.006
    assert health.is_open == {"gaze": True, "scene": True, "eye_events": True, "clock": True}
    assert not health.n_garbage
    assert not reader.faults


def test_gaze_is_stamped_by_the_session_although_the_phones_clock_is_off_and_drifts(swept):
    reader, offset_errors, health = swept
    rows = reader.rows()
    shown = 200.0 + RAMP_PX_S * (rows[:, 0] % 1.0)
    error_s = (rows[:, 1] - shown) / RAMP_PX_S
    error_s = np.abs(error_s[np.isfinite(error_s)])
    assert len(error_s) > 0.9 * len(rows)
    assert np.median(error_s) < 2e-3
    assert np.percentile(error_s, 99) < 5e-3
    assert np.median(np.abs(offset_errors)) < 1e-3
    assert health.clock_uncertainty < 2e-3


def test_eye_events_come_at_the_times_of_the_fixations(swept):
    reader, _, _ = swept
    events = reader.rows("eye_events")
    assert {1, 3} <= set(events[:, 1])
    ends = events[events[:, 1] == 1]
    assert np.abs((ends[:, 0] + 0.25) % 0.5 - 0.25).max() < 2e-3
    np.testing.assert_allclose(ends[:, 2], -0.5, atol=2e-3)
    np.testing.assert_allclose(ends[:, 3], 0.0, atol=2e-3)
    assert (np.diff(events[:, 0]) > 0).all()


def test_gaze_is_placed_within_a_few_px_while_the_head_moves(fake, reader):
    settled(reader)
    reader.read(2.0)
    rows = reader.rows()
    error = px_error(rows, fake.wearer)
    assert np.isfinite(error).mean() > 0.95
    assert np.nanmedian(error) < 3.0
    # Samples at a saccade may count to the other fixation, by a tenth of a millisecond.
    assert np.mean(error[np.isfinite(error)] < 8.0) > 0.98
    # The head moved by more than that in the meantime, so that one fixed view would not have done.
    places = np.array([fake.camera.project(np.array([[960.0, 540.0]]), time)[0] for time in rows[[0, -1], 0]])
    assert np.abs(np.diff(places, axis=0)).max() > 20.0


def test_glasses_that_are_not_worn_say_so_and_look_nowhere(fake, reader):
    settled(reader)
    fake.faults.worn = False
    assert reader.read(2.0, lambda: reader.newest()[3] == 0)
    assert np.isnan(reader.newest()[1:3]).all()
    assert reader.source.health().worn is False
    fake.faults.worn = True
    assert reader.read(2.0, lambda: np.isfinite(reader.newest()).all())
    rows = reader.rows()
    assert np.isnan(rows[rows[:, 3] == 0, 1:3]).all()


def test_gaze_is_nowhere_while_no_tags_are_seen_and_the_faults_tell(fake, reader):
    settled(reader)
    fake.faults.hides_tags = True
    assert reader.read(4.0, lambda: "tags" in reader.kinds())
    assert np.isnan(reader.newest()[1:3]).all()
    assert reader.newest()[3] == 1
    assert reader.source.health().n_tags == 0
    fake.faults.hides_tags = False
    assert reader.read(4.0, lambda: reader.kinds().count("tags") == 2)
    assert [fault.value > 0 for fault in reader.faults if fault.kind == "tags"] == [False, True]


def test_a_scene_camera_that_stops_delays_gaze_and_does_not_lose_it(fake, reader):
    settled(reader)
    fake.faults.silent.add("world")
    reader.read(1.5)
    rows = reader.rows()
    assert np.isnan(rows[-1, 1:3]).all()
    assert np.diff(rows[:, 0]).max() < 0.006
    assert (rows[:, -1] - rows[:, 0]).max() < 0.4


def test_gaze_that_pauses_comes_again_on_the_same_connection(fake, reader):
    settled(reader)
    fake.faults.silent.add("gaze")
    reader.read(0.8)
    fake.faults.silent.clear()
    assert reader.read(2.0, lambda: np.diff(reader.rows()[:, 0], prepend=np.inf).max(initial=0) > 0.5)
    assert not reader.faults


def test_garbage_among_gaze_is_counted_and_told_and_gaze_goes_on(fake, reader):
    settled(reader)
    before = reader.source.health().n_garbage.get("gaze", 0)
    fake.faults.garbage.add("gaze")
    assert reader.read(2.0, lambda: "garbage" in reader.kinds())
    fake.faults.garbage.clear()
    n_rows = len(reader.rows())
    assert reader.read(2.0, lambda: len(reader.rows()) > n_rows + 20)
    assert reader.source.health().n_garbage["gaze"] > before
    assert reader.source.health().is_open["gaze"]
    assert "no gaze sample" in next(fault.detail for fault in reader.faults if fault.kind == "garbage")


def test_garbage_among_eye_events_and_pictures_is_counted_and_gaze_goes_on(fake, reader):
    settled(reader)
    fake.faults.garbage |= {"world", "eye_events"}
    assert reader.read(4.0, lambda: "garbage" in reader.kinds("scene") and "garbage" in reader.kinds("eye_events"))
    fake.faults.garbage.clear()
    n_rows = len(reader.rows())
    assert reader.read(4.0, lambda: len(reader.rows()) > n_rows + 100 and np.isfinite(reader.newest()).all())
    assert np.diff(reader.rows()[:, 0]).max() < 0.006


def test_a_step_of_the_phones_clock_is_told_and_followed(fake, reader, clock):
    settled(reader)
    fake.phone.step(0.75)
    assert reader.read(4.0, lambda: "clock" in reader.kinds())
    step = next(fault.value for fault in reader.faults if fault.kind == "clock")
    assert step == pytest.approx(0.75, abs=5e-3)
    settled(reader)
    now = clock.now()
    assert reader.source.clock_offsets()["gaze"] == pytest.approx(now - fake.phone.at(now), abs=2e-3)
    reader.read(0.5)
    assert np.nanmedian(px_error(reader.rows(), fake.wearer)) < 3.0


def test_a_device_that_goes_is_silent_and_delivers_again_when_it_comes_back(fake, reader, clock):
    settled(reader)
    fake.stop()
    assert reader.read(5.0, lambda: "closed" in reader.kinds("gaze"))
    reader.read(0.5)
    assert reader.newest()[0] < clock.now() - 0.4
    fake.phone.step(-100.0)
    fake.start()
    assert reader.read(8.0, lambda: "opened" in reader.kinds("gaze") and reader.newest()[0] > clock.now() - 0.5)
    settled(reader)
    reader.read(0.5)
    assert np.nanmedian(px_error(reader.rows(), fake.wearer)) < 3.0


def test_closing_twice_is_safe(fake, clock):
    source = NeonSource(SCREEN, clock, fake.address)
    source.close()
    source.close()
    assert source.pull(clock.now()) is not None


def test_an_address_at_which_nobody_answers_is_refused_in_one_sentence(clock):
    with pytest.raises(OSError, match=r"^No Neon at 127\.0\.0\.1:9 \(.+\)\.$"):
        NeonSource(SCREEN, clock, "127.0.0.1:9")


def test_an_address_at_which_something_else_answers_is_refused_in_one_sentence(fake, clock):
    fake.faults.garbage.add("status")
    with pytest.raises(OSError, match="does not speak as a Neon does"):
        NeonSource(SCREEN, clock, fake.address)


@pytest.mark.parametrize("address", ["", ":80", "host:port"])
def test_an_address_that_is_none_is_refused(clock, address):
    with pytest.raises(ValueError, match="'address'"):
        NeonSource(SCREEN, clock, address)


def test_a_neon_that_announces_itself_is_found(clock):
    with FakeNeon(Wearer(SCREEN, np.random.default_rng(0)), scene_scale=0.5, announced=True) as fake:
        found = discover_neons(2.0)
        ours = {name: address for name, address in found.items() if fake.serial in name}
        if not ours:
            pytest.skip("this machine's loopback interface carries no multicast")
        assert ours == {f"PI monitor:Fake Neon:{fake.serial}": fake.address}


def test_the_library_reads_status_updates_and_sends_events(fake):
    device_type = load("pupil_labs.realtime_api.device").Device

    async def talk():
        async with device_type(fake.host, fake.port) as device:
            updates = device.status_updates()
            first = await anext(updates)
            await updates.aclose()
            return first, await device.send_event("page 3", 17)

    phone, event = asyncio.run(talk())
    assert phone.device_name == "Fake Neon"
    assert (event.name, event.timestamp) == ("page 3", 17)
    assert fake.events[-1]["name"] == "page 3"


def test_without_the_extra_one_sentence_names_it(monkeypatch):
    load.cache_clear()
    monkeypatch.setitem(sys.modules, "pupil_labs.realtime_api.device", None)
    with pytest.raises(ImportError, match=r"^Pupil Labs Neon needs the extra 'neon': run 'uv sync --extra neon'"):
        load("pupil_labs.realtime_api.device")


def test_the_extra_is_not_loaded_before_it_is_used():
    code = "import sys, acquisition.neon, acquisition.fake_neon; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"cv2", "av", "aiohttp", "zeroconf", "pupil_labs", "pupil_apriltags"} & set(loaded)
