import numpy as np
import pytest

from acquisition.simulated.participant import SimulatedParticipant
from acquisition.simulated.profile import PROFILES
from acquisition.stimulus import Presentation, StimulusBlock
from acquisition.stream import Chunk, Signals, StreamInfo
from selector.decoders.gaze import MAX_LOOKS, GazeDecoder
from selector.decoders.gaze_eyes import eyes_of

REGIONS = np.array([(300.0 + 400 * (i % 3), 200.0 + 300 * (i // 3), 200.0, 120.0) for i in range(9)])
CENTERS = REGIONS[:, :2] + REGIONS[:, 2:] / 2


def looks(affine, noise_px, seed=0, n_per_place=120, correlation=0.0, outliers=0.0):
    """Raw gaze, centres and times of a look at each place, seen through the inverse of ``affine``."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(9 * n_per_place, 2))
    for i in range(1, len(noise)):
        noise[i] = correlation * noise[i - 1] + np.sqrt(1 - correlation**2) * noise[i]
    centers = np.repeat(CENTERS, n_per_place, axis=0)
    screen = centers + noise_px * noise
    lost = rng.random(len(screen)) < outliers
    screen[lost] = rng.uniform((0, 0), (1920, 1080), (lost.sum(), 2))
    raw = (screen - affine[:, 2]) @ np.linalg.inv(affine[:, :2]).T
    return raw, centers, np.arange(len(raw)) / 60


AFFINE = np.array([[0.9, 0.05, 30.0], [-0.03, 1.1, -50.0]])


def seen_from(decoder, places):
    """Where the tracker is expected to see looks at places, and how sure that is (standard deviation in px)."""
    mean, variance = decoder._field.predict(np.asarray(places), np.zeros_like(places))
    return mean[:, 0], np.sqrt(variance[:, 0])


def test_where_the_tracker_sees_each_place_is_learnt_among_outliers():
    decoder = GazeDecoder().fit(*looks(AFFINE, 15.0, outliers=0.1))
    expected = (CENTERS - AFFINE[:, 2]) @ np.linalg.inv(AFFINE[:, :2]).T
    mean, deviation = seen_from(decoder, CENTERS)
    np.testing.assert_allclose(mean, expected, atol=25.0)
    assert deviation.max() < 90


def test_places_on_one_line_teach_little_of_places_far_from_it():
    raw, centers, times = looks(np.array([[1, 0, 40.0], [0, 1, -25.0]]), 10.0)
    row = slice(0, 360)
    decoder = GazeDecoder().fit(raw[row], centers[row], times[row])
    mean, deviation = seen_from(decoder, CENTERS)
    np.testing.assert_allclose(mean[:3] - CENTERS[:3], np.tile([-40, 25], (3, 1)), atol=15.0)
    assert deviation[6:].min() > 1.3 * deviation[:3].max()


def test_correlated_samples_count_less():
    independent = GazeDecoder().fit(*looks(np.eye(2, 3), 15.0))
    correlated = GazeDecoder().fit(*looks(np.eye(2, 3), 15.0, correlation=0.9))
    assert independent.tau_ < 0.04
    assert correlated.tau_ == pytest.approx(19 / 60, rel=0.4)
    points = np.tile(CENTERS[4] + 10.0, (60, 1))
    spans = [np.ptp(d.log_likelihood(points, REGIONS, 60.0)) for d in (independent, correlated)]
    assert spans[0] > 3 * spans[1]


def test_an_uncalibrated_decoder_finds_the_slot_looked_at():
    raw, _, _ = looks(np.eye(2, 3), 30.0)
    decoder = GazeDecoder()
    found = [decoder.log_likelihood(part, REGIONS, 60.0).argmax() for part in np.split(raw, 9)]
    assert found == list(range(9))


def test_looking_all_over_the_screen_is_attending_to_nothing():
    points = np.random.default_rng(1).uniform((0, 0), (1920, 1080), (200, 2))
    assert GazeDecoder().log_likelihood(points, REGIONS, 60.0).argmax() == 9


def test_the_larger_of_two_slots_forgives_more():
    regions = np.array([(560.0, 490.0, 100.0, 100.0), (1060.0, 290.0, 500.0, 500.0)])
    between = np.array([[(610 + 1310) / 2, 540.0]])
    log_likelihood = GazeDecoder().log_likelihood(between, regions, 60.0)
    assert log_likelihood[1] > log_likelihood[0]


def test_sentinels_and_lost_eyes_are_no_places():
    data = np.array([[10.0, 20, 30, 40], [np.nan, np.nan, 30, 40], [10, 20, 1e9, 1e9], [np.nan, 1, np.inf, 2]])
    nan = [np.nan, np.nan]
    expected = [[[10, 20], [30, 40]], [nan, [30, 40]], [[10, 20], nan], [[np.nan] * 2] * 2]
    np.testing.assert_array_equal(eyes_of(data, (), (1920.0, 1080.0)), expected)


def test_eyes_are_found_by_their_labels_the_left_one_first():
    data = np.array([[3.0, 30, 40, 3.5, 10, 20]])
    channels = ("right_pupil", "right_x", "right_y", "left_pupil", "left_x", "left_y")
    np.testing.assert_array_equal(eyes_of(data, channels, (1920.0, 1080.0)), [[[10, 20], [30, 40]]])


def test_samples_before_the_eyes_have_moved_are_not_used(gaze_decoder, trial_of):
    trial = trial_of(4, 1.0, 70)
    gaze = trial.chunks[1]
    data = gaze.data.copy()
    data[gaze.times <= 100.2] = (300.0, 200.0)
    same = gaze_decoder.decode(trial.presentation, trial.signals([gaze]))
    moved = gaze_decoder.decode(trial.presentation, trial.signals([Chunk("gaze", gaze.times, data)]))
    assert np.array_equal(same.log_likelihood, moved.log_likelihood)


BINOCULAR = StreamInfo("gaze", 60.0, ("left_x", "left_y", "right_x", "right_y"), "px")


def bent(places):
    """What a tracker makes of looks: off by a smooth field that reaches the neighbouring slot."""
    x, y = (places / (960, 540) - 1).T
    return places + np.column_stack((60 * x * y - 50 * y, 90 * x**2 - 70))


def look(trial, slot, off=((0, 0), (0, 0)), seed=0):
    """A second's look at a slot through the bent tracker, each eye off by so much more; NaN for one that is lost."""
    rng = np.random.default_rng((seed, trial))
    start = 10.0 * trial
    flips = start + np.arange(61) / 60
    block = StimulusBlock(np.zeros((9, 61), dtype=np.uint8), 60.0, REGIONS)
    presentation = Presentation(trial, REGIONS, start).then(block).shown(flips)
    eyes = [bent(CENTERS[[slot]]) + off_px + rng.normal(0, 10, (61, 2)) for off_px in off]
    signals = Signals([BINOCULAR])
    signals.append([Chunk("gaze", flips, np.hstack(eyes).astype(np.float32))])
    return presentation, signals


def taught(decoder, slots, wrong=()):
    for trial, slot in enumerate(slots):
        presentation, signals = look(trial, slot)
        decoder.learn(presentation, (slot + 4) % 9 if trial in wrong else slot, signals)
    return decoder


def p_of(decoder, trial, slot, **kwargs):
    """Probability of the slot looked at."""
    log_likelihood = decoder.decode(*look(trial, slot, **kwargs)).log_likelihood
    return np.exp(log_likelihood[slot] - np.logaddexp.reduce(log_likelihood))


def test_selections_let_stand_teach_where_the_tracker_sees_each_slot():
    decoder = taught(GazeDecoder(), [*range(9), *range(9)])
    off = [
        np.linalg.norm(seen_from(d, CENTERS)[0] - bent(CENTERS), axis=1) for d in (decoder, taught(GazeDecoder(), [4]))
    ]
    assert off[0].max() < 15 < off[1].max()


def test_what_was_learnt_after_a_calibration_adds_to_it():
    decoder = GazeDecoder().fit(*looks(np.eye(2, 3), 15.0))
    n_looks = len(decoder.looks_at_)
    presentation, _ = look(0, 4)
    signals = Signals([StreamInfo("gaze", 60.0, ("x", "y"), "px")])
    signals.append([Chunk("gaze", np.arange(1, 60) / 60, np.tile(CENTERS[[4]], (59, 1)).astype(np.float32))])
    decoder.learn(presentation, 4, signals)
    assert len(decoder.looks_at_) == n_looks + 1


def test_one_wrong_label_in_ten_does_little_harm():
    slots = [*range(9), *range(9)]
    right = seen_from(taught(GazeDecoder(), slots), CENTERS)[0]
    mislabelled = seen_from(taught(GazeDecoder(), slots, wrong=(5, 11)), CENTERS)[0]
    assert np.linalg.norm(mislabelled - right, axis=1).max() < 20


def test_learning_never_changes_the_evidence_of_a_trial_that_is_running():
    decoder = taught(GazeDecoder(), range(5))
    running, signals = look(5, 2)
    before = decoder.decode(running, signals).log_likelihood
    decoder.learn(*_with_slot(look(4, 4), 4))
    assert np.array_equal(decoder.decode(running, signals).log_likelihood, before)
    decoder.decode(*look(6, 3))
    assert not np.array_equal(decoder.decode(running, signals).log_likelihood, before)


def _with_slot(seen, slot):
    presentation, signals = seen
    return presentation, slot, signals


def test_learning_is_the_same_every_time_and_survives_saving():
    one, other = (taught(GazeDecoder(), range(9)) for _ in range(2))
    loaded = GazeDecoder.from_arrays(one.to_arrays())
    loaded.learn(*_with_slot(look(9, 3), 3))
    one.learn(*_with_slot(look(9, 3), 3))
    other.learn(*_with_slot(look(9, 3), 3))
    evidence = [d.decode(*look(10, 1)).log_likelihood for d in (one, other, loaded)]
    assert np.array_equal(evidence[0], evidence[1])
    assert np.array_equal(evidence[0], evidence[2])


def test_a_trial_that_is_not_held_any_more_teaches_nothing():
    decoder = GazeDecoder()
    presentation, _ = look(0, 4)
    decoder.learn(presentation, 4, Signals([BINOCULAR]))
    decoder.learn(*_with_slot(look(0, 4, off=((np.nan, np.nan), (np.nan, np.nan))), 4))
    assert not hasattr(decoder, "looks_at_")


def test_the_oldest_looks_are_forgotten():
    decoder = taught(GazeDecoder(), np.arange(MAX_LOOKS + 3) % 9)
    assert len(decoder.looks_at_) == MAX_LOOKS
    assert decoder.looks_elapsed_[0] == 0


def test_an_eye_that_is_lost_or_far_off_leaves_the_other_to_decide():
    decoder = taught(GazeDecoder(), [*range(9), *range(9)])
    assert p_of(decoder, 20, 3) > 0.95
    assert p_of(decoder, 20, 3, off=((np.nan, np.nan), (0, 0))) > 0.9
    assert p_of(decoder, 20, 3, off=((1e9, 1e9), (0, 0))) > 0.9
    assert p_of(decoder, 20, 3, off=((700, 500), (0, 0))) > 0.6


def test_a_long_pause_makes_it_less_sure():
    decoder = taught(GazeDecoder(), range(9))
    deviations = [
        np.sqrt(decoder._field.predict(CENTERS, np.zeros_like(CENTERS), after)[1]).max() for after in (0, 600)
    ]
    assert deviations[0] + 5 < deviations[1]


def test_a_calibration_half_of_which_looked_elsewhere_promises_little():
    raw, centers, times = looks(np.eye(2, 3), 15.0)
    rng = np.random.default_rng(3)
    places = np.repeat(CENTERS[rng.permutation(9)], 120, axis=0)
    elsewhere = np.where((np.arange(9).repeat(120) % 2 == 0)[:, None], places, raw)
    assert GazeDecoder().fit(raw, centers, times).temperature_ > 0.95
    assert GazeDecoder().fit(elsewhere, centers, times).temperature_ < 0.5


@pytest.mark.parametrize("profile", ["typical", "hard"])
def test_eyes_that_attend_to_nothing_select_nothing_for_most_of_the_time(profile):
    participant = SimulatedParticipant(PROFILES[profile], 1, 2, 0.0)
    signals = Signals(participant.streams)
    participant.attend(None, None, 0.0, 0.5)
    signals.append(participant.pull(1.0))
    decoder, n_false = GazeDecoder(), 0
    block = StimulusBlock(np.zeros((9, 240), dtype=np.uint8), 60.0, REGIONS)
    for trial in range(40):
        start = 1.0 + 3.0 * trial
        signals.append(participant.pull(start + 3.0))
        presentation = Presentation(trial, REGIONS, start).then(block)
        log_p = decoder.decode(presentation, signals).log_likelihood
        n_false += np.exp(log_p[:-1].max() - np.logaddexp.reduce(log_p)) > 0.95
    assert n_false <= 2


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("version", np.asarray(1), "version 2"),
        ("nu", None, "lacks nu"),
        ("looks_aims_", None, "lacks looks_aims_"),
        ("looks_targets_", np.zeros((3, 2)), "looks_targets_"),
        ("tau_s", np.asarray(np.nan), "tau_s"),
        ("looks_at_", np.full((9, 2, 2), np.inf), "looks_at_"),
        ("screen_px", np.asarray("wide"), "screen_px"),
    ],
)
def test_damaged_arrays_are_refused(name, value, message):
    arrays = taught(GazeDecoder(), range(9)).to_arrays()
    arrays.pop(name)
    with pytest.raises(ValueError, match=message):
        GazeDecoder.from_arrays(arrays if value is None else arrays | {name: value})


def test_a_stream_of_another_number_of_eyes_is_refused(trial_of):
    decoder = taught(GazeDecoder(), range(3))
    trial = trial_of(4, 1.0, 72)
    with pytest.raises(ValueError, match="2 eyes"):
        decoder.decode(trial.presentation, trial.signals())
    with pytest.raises(ValueError, match="2 eyes"):
        decoder.learn(trial.presentation, 4, trial.signals())


def test_a_slot_that_is_not_there_is_refused():
    presentation, signals = look(0, 4)
    with pytest.raises(ValueError, match=r"'slot' must be in 0\.\.8"):
        GazeDecoder().learn(presentation, 9, signals)


def test_an_irregular_stream_is_refused(trial_of):
    signals = Signals((StreamInfo("gaze", 0.0, ("x", "y"), "px"),))
    with pytest.raises(ValueError, match="sampling rate"):
        GazeDecoder().decode(trial_of(4, 1.0, 71).presentation, signals)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, c, t: (X[1:], c, t), "as many rows"),
        (lambda X, c, t: (np.full_like(X, np.nan), c, t), "20 valid samples"),
        (lambda X, c, t: (np.ones_like(X), c, t), "20 valid samples"),
        (lambda X, c, t: (X[:, :1], c, t), "a column for x and one for y"),
        (lambda X, c, t: (X, np.full_like(c, np.nan), t), "'centers' must be finite"),
        (lambda X, c, t: (X, c, np.zeros_like(t)), "'times' must ascend"),
        (lambda X, c, t: (X, c, t, c[1:]), "as many rows"),
    ],
)
def test_unusable_calibration_data_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        GazeDecoder().fit(*change(*looks(np.eye(2, 3), 15.0)))
