import numpy as np
import pytest

from acquisition.fake_neon import Wearer
from acquisition.fake_neon.camera import SceneCamera
from acquisition.neon import TaggedScreen
from acquisition.neon.scene import ScreenLocator, View, onto_screen

pytest.importorskip("pupil_apriltags", reason="the extra 'neon' is not installed")

SCREEN = TaggedScreen.with_corner_tags(1920, 1080)


@pytest.fixture(scope="module")
def camera():
    return SceneCamera(Wearer(SCREEN, np.random.default_rng(0)))


@pytest.fixture(scope="module")
def locator(camera):
    calibration = camera_calibration(camera)
    return ScreenLocator(SCREEN, *calibration)


def camera_calibration(camera):
    from pupil_labs.neon_recording.calib import Calibration

    calibration = Calibration.from_buffer(camera.calibration("123456"))
    return np.array(calibration["scene_camera_matrix"]), np.array(calibration["scene_distortion_coefficients"])


def colour(picture):
    return np.repeat(picture[:, :, None], 3, axis=2)


def test_points_of_the_screen_come_back_from_the_scene_to_a_pixel(camera, locator):
    rng = np.random.default_rng(1)
    for time in rng.uniform(0, 100, 20):
        points = rng.uniform(0, (1920, 1080), (30, 2))
        view = locator.view(time, colour(camera.picture(time)))
        assert view.n_tags == 4
        error = np.hypot(*(view.to_screen(camera.project(points, time)) - points).T)
        assert np.median(error) < 1.0
        assert error.max() < 4.0


def test_a_screen_without_tags_is_not_located(camera, locator):
    view = locator.view(0.0, colour(camera.picture(0.0, hides_tags=True)))
    assert view.n_tags == 0
    assert view.to_screen is None


def test_one_tag_alone_does_not_locate_the_screen(camera, locator):
    picture = camera.picture(0.0)
    picture[:, picture.shape[1] // 2 :] = 40
    assert locator.view(0.0, colour(picture)).n_tags == 2
    picture[picture.shape[0] // 2 :] = 40
    view = locator.view(0.0, colour(picture))
    assert view.n_tags == 1
    assert view.to_screen is None


def test_a_calibration_without_sense_is_refused():
    with pytest.raises(ValueError, match="calibration"):
        ScreenLocator(SCREEN, np.full((3, 3), np.nan), np.zeros(8))


def shifted(by):
    return lambda points: points + by


def test_gaze_between_two_views_is_weighted_by_time():
    views = [View(0.0, 4, shifted(0.0)), View(0.04, 4, shifted(40.0))]
    placed = onto_screen(np.array([0.0, 0.01, 0.03, 0.04]), np.full((4, 2), 100.0), views)
    np.testing.assert_allclose(placed[:, 0], [100, 110, 130, 140], atol=1e-3)


def test_gaze_far_from_any_view_of_the_screen_is_nowhere():
    views = [View(1.0, 4, shifted(0.0)), View(1.04, 0, None), View(2.0, 4, shifted(5.0))]
    placed = onto_screen(np.array([0.8, 0.95, 1.02, 1.2, 1.95, 2.05, 2.2]), np.zeros((7, 2)), views)
    np.testing.assert_allclose(placed[:, 0], [np.nan, 0, 0, np.nan, 5, 5, np.nan], atol=1e-6)


def test_gaze_without_a_place_stays_so():
    placed = onto_screen(np.array([0.0, 0.01]), np.array([[np.nan, 1.0], [2.0, 3.0]]), [View(0.0, 4, shifted(0.0))])
    assert np.isnan(placed[0]).all()
    np.testing.assert_allclose(placed[1], [2.0, 3.0])


def test_no_views_no_places():
    assert np.isnan(onto_screen(np.array([0.0]), np.zeros((1, 2)), [])).all()
