import numpy as np
import pytest

from acquisition.stream import Chunk, Signals, StreamInfo
from selector.decoders.gaze import GazeDecoder

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


def test_affine_and_scale_are_found_among_outliers():
    decoder = GazeDecoder().fit(*looks(AFFINE, 15.0, outliers=0.1))
    mapped = decoder.affine_ @ np.vstack((CENTERS.T, np.ones(9)))
    expected = AFFINE @ np.vstack((CENTERS.T, np.ones(9)))
    np.testing.assert_allclose(mapped, expected, atol=6.0)
    np.testing.assert_allclose(decoder.scale_, 15.0, rtol=0.35)


def test_places_on_one_line_give_a_shift_only():
    raw, centers, times = looks(np.array([[1, 0, 40.0], [0, 1, -25.0]]), 10.0)
    row = slice(0, 360)
    decoder = GazeDecoder().fit(raw[row], centers[row], times[row])
    np.testing.assert_allclose(decoder.affine_, [[1, 0, 40], [0, 1, -25]], atol=3.0)


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
    regions = np.array([(0.0, 400.0, 100.0, 100.0), (500.0, 200.0, 500.0, 500.0)])
    between = np.array([[(50 + 750) / 2, 450.0]])
    log_likelihood = GazeDecoder().log_likelihood(between, regions, 60.0)
    assert log_likelihood[1] > log_likelihood[0]


def test_both_eyes_are_averaged_where_both_are_valid():
    data = np.array([[10.0, 20, 30, 40], [np.nan, np.nan, 30, 40], [10, 20, 1e9, 1e9], [np.nan, 1, 2, np.nan]])
    expected = [[20, 30], [30, 40], [10, 20], [np.nan, np.nan]]
    np.testing.assert_array_equal(GazeDecoder().points(data), expected)


def test_channels_are_found_by_their_labels():
    data = np.array([[3.0, 10, 20, 3.5, 30, 40]])
    channels = ("left_pupil", "left_x", "left_y", "right_pupil", "right_x", "right_y")
    np.testing.assert_array_equal(GazeDecoder().points(data, channels), [[20, 30]])


def test_samples_before_the_eyes_have_moved_are_not_used(gaze_decoder, trial_of):
    trial = trial_of(4, 1.0, 70)
    gaze = trial.chunks[1]
    data = gaze.data.copy()
    data[gaze.times <= 100.2] = (300.0, 200.0)
    same = gaze_decoder.decode(trial.presentation, trial.signals([gaze]))
    moved = gaze_decoder.decode(trial.presentation, trial.signals([Chunk("gaze", gaze.times, data)]))
    assert np.array_equal(same.log_likelihood, moved.log_likelihood)


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
    ],
)
def test_unusable_calibration_data_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        GazeDecoder().fit(*change(*looks(np.eye(2, 3), 15.0)))
