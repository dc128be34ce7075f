import numpy as np
import pytest

from acquisition.neon import ScreenTag, TaggedScreen, render_tag

detection = pytest.importorskip("pupil_apriltags", reason="the extra 'neon' is not installed")


def test_a_drawn_tag_is_found_with_its_number_and_its_corners():
    screen = TaggedScreen(800, 600, (ScreenTag(7, 100, 50, 160), ScreenTag(586, 500, 400, 120)))
    detector = detection.Detector(families="tag36h11")
    found = {tag.tag_id: tag for tag in detector.detect(screen.picture())}
    detector.tag_families.clear()  # See acquisition.neon.scene.ScreenLocator.
    assert sorted(found) == [7, 586]
    for tag in screen.tags:
        # An upright tag's corners come from the bottom left on, against the clock.
        np.testing.assert_allclose(found[tag.tag_id].corners, tag.corners[[3, 2, 1, 0]], atol=0.6)


def test_a_tag_has_a_white_margin():
    tag = render_tag(3, 40)
    assert tag.shape == (40, 40)
    assert tag.dtype == np.uint8
    assert (tag[:4] == 255).all()
    assert (tag[4:8, 4:-4] == 0).all()


def test_corner_tags_touch_the_corners():
    screen = TaggedScreen.with_corner_tags(1920, 1080, size_px=100)
    assert [(tag.left_px, tag.top_px) for tag in screen.tags] == [(0, 0), (1820, 0), (1820, 980), (0, 980)]


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ((ScreenTag(0, 0, 0, 100),), "two tags or more"),
        ((ScreenTag(0, 0, 0, 100), ScreenTag(0, 200, 0, 100)), "different numbers"),
        ((ScreenTag(0, 0, 0, 100), ScreenTag(1, 750, 0, 100)), "within the screen of 800 x 600 px"),
    ],
)
def test_tags_that_cannot_locate_a_screen_are_refused(tags, why):
    with pytest.raises(ValueError, match=why):
        TaggedScreen(800, 600, tags)


@pytest.mark.parametrize(("tag_id", "size_px", "name"), [(587, 100, "tag_id"), (-1, 100, "tag_id"), (0, 95, "size_px")])
def test_tags_that_do_not_exist_are_refused(tag_id, size_px, name):
    with pytest.raises(ValueError, match=f"Argument '{name}'"):
        ScreenTag(tag_id, 0, 0, size_px)
