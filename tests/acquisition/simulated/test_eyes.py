"""Eyes move as eyes do: fixations, saccades as long as their size asks for, and glances elsewhere."""

from dataclasses import replace

import numpy as np

from acquisition.simulated.bouts import Bouts
from acquisition.simulated.eyes import PX_PER_DEGREE, SCREEN_PX, Eyes, Track
from acquisition.simulated.profile import PROFILES

LEFT, RIGHT = np.array([100.0, 500.0, 100.0, 100.0]), np.array([1700.0, 500.0, 100.0, 100.0])
SFREQ = 1000.0


def eyes(profile=PROFILES["typical"], lapses_per_min=0.0):
    away = Bouts(0.0, lapses_per_min, 1.5, np.random.default_rng(1), spread=0.3)
    return Eyes(profile, (away,), 0.0, np.random.default_rng(0)), away


def test_a_long_saccade_takes_as_long_as_its_size_asks_for():
    subject, _ = eyes()
    subject.look(LEFT, 0.0)
    subject.look(RIGHT, 2.0)
    times = 1.0 + np.arange(2000) / SFREQ
    x = subject.places(times)[:, 0]
    degrees = (x[-1] - x[0]) / PX_PER_DEGREE
    began = times[np.argmax(x > x[500] + 50)]
    arrived = times[np.argmax(x > x[0] + 0.85 * (x[-1] - x[0]))]
    assert 2.1 < began < 2.35
    assert 30 < degrees < 46
    assert 0.03 < arrived - began < 0.12
    assert np.abs(np.diff(x)).max() * SFREQ / PX_PER_DEGREE < 1200


def test_a_fixation_is_uneasy_and_stays():
    subject, _ = eyes()
    subject.look(LEFT, 0.0)
    places = subject.places(1.0 + np.arange(20000) / SFREQ)
    assert np.all(places.std(axis=0) > 2.0)
    assert np.all(places.std(axis=0) < 0.5 * PX_PER_DEGREE)
    assert np.linalg.norm(places.mean(axis=0) - (LEFT[:2] + LEFT[2:] / 2)) < 60


def test_in_a_lapse_they_are_elsewhere_and_come_back():
    subject, away = eyes(lapses_per_min=6.0)
    subject.look(LEFT, 0.0)
    times = 1.0 + np.arange(60000) / SFREQ
    distance = np.linalg.norm(subject.places(times) - (LEFT[:2] + LEFT[2:] / 2), axis=1)
    lapsed = away.cover(times)
    assert 0.03 < lapsed.mean() < 0.4
    settled = ~(lapsed | away.cover(times - 0.2))
    assert distance[settled].max() < 80
    assert np.median(distance[lapsed]) > 300


def test_attending_to_nothing_they_wander_over_the_screen():
    subject, _ = eyes()
    subject.look(None, 0.0)
    places = subject.places(1.0 + np.arange(60000) / SFREQ)
    assert np.all(places.std(axis=0) > 0.2 * np.array(SCREEN_PX))
    assert np.all((places >= 0) & (places <= SCREEN_PX))


def test_zero_snr_follows_nothing():
    paths = []
    for region in (LEFT, RIGHT):
        subject, _ = eyes(replace(PROFILES["typical"], snr=0.0))
        subject.look(region, 0.0)
        paths.append(subject.places(np.arange(5000) / SFREQ))
    np.testing.assert_array_equal(*paths)


def test_a_track_does_not_depend_on_when_the_eyes_turned():
    early, _ = eyes()
    late, _ = eyes()
    one, other = Track(early, 250.0, 0.0), Track(late, 250.0, 0.0)
    early.look(RIGHT, 1.2)
    whole = one.rows(0, 1000)
    before = other.rows(0, 300)
    late.look(RIGHT, 1.2)
    other.forget()
    np.testing.assert_array_equal(whole, np.concatenate((before, other.rows(300, 1000))))
