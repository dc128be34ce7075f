"""AprilTags on the display: which stand where, and what they look like."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.neon.library import load
from acquisition.stream import FloatArray

_MODULES = 10  # Eight of the tag itself, and a white margin of one all round, without which it is not found.
_N_TAGS = 587  # As many as the family tag36h11 has.


@dataclass(frozen=True, slots=True)
class ScreenTag:
    """One AprilTag of the family tag36h11 and its place on the screen.

    Parameters
    ----------
    tag_id : int
        Its number in the family, 0 to 586.
    left_px, top_px, size_px : int
        The square it covers, white margin included, in px from the top left; a size is a multiple of 10.
    """

    tag_id: int
    left_px: int
    top_px: int
    size_px: int

    def __post_init__(self) -> None:
        if not 0 <= self.tag_id < _N_TAGS:
            raise ValueError(f"Argument 'tag_id' must lie between 0 and {_N_TAGS - 1} (got {self.tag_id}).")
        _check_size(self.size_px)

    @property
    def corners(self) -> FloatArray:
        """Corners of the black square, shape (4, 2), in px: top left, top right, bottom right, bottom left."""
        module = self.size_px / _MODULES
        near, far = module, self.size_px - module
        corners = [(near, near), (far, near), (far, far), (near, far)]
        return np.asarray(np.array(corners) + np.array([self.left_px, self.top_px]))


@dataclass(frozen=True, slots=True)
class TaggedScreen:
    """A display and the tags by which a scene camera finds it.

    Parameters
    ----------
    width_px, height_px : int
        Size of the display.
    tags : tuple of ScreenTag
        At least two, each with a number of its own and wholly on the display. A tag should cover 30 px or
        more of the scene camera's picture.
    """

    width_px: int
    height_px: int
    tags: tuple[ScreenTag, ...]

    def __post_init__(self) -> None:
        if len({tag.tag_id for tag in self.tags}) != len(self.tags) or len(self.tags) < 2:
            raise ValueError(
                "Argument 'tags' must hold two tags or more, all of different numbers "
                f"(got {[tag.tag_id for tag in self.tags]})."
            )
        for tag in self.tags:
            right, bottom = tag.left_px + tag.size_px, tag.top_px + tag.size_px
            if min(tag.left_px, tag.top_px) < 0 or right > self.width_px or bottom > self.height_px:
                raise ValueError(
                    f"Argument 'tags' must lie within the screen of {self.width_px} x {self.height_px} px (got {tag})."
                )

    @classmethod
    def with_corner_tags(cls, width_px: int, height_px: int, size_px: int = 160) -> "TaggedScreen":
        """A display with the tags 0 to 3 in its corners, clockwise from the top left."""
        right, bottom = width_px - size_px, height_px - size_px
        corners = [(0, 0), (right, 0), (right, bottom), (0, bottom)]
        return cls(
            width_px=width_px,
            height_px=height_px,
            tags=tuple(ScreenTag(tag_id, left, top, size_px) for tag_id, (left, top) in enumerate(corners)),
        )

    def picture(self, luminance: int = 128) -> NDArray[np.uint8]:
        """All tags on an even background, shape (height_px, width_px), 0 is black and 255 white."""
        picture = np.full((self.height_px, self.width_px), luminance, dtype=np.uint8)
        for tag in self.tags:
            rows, columns = slice(tag.top_px, tag.top_px + tag.size_px), slice(tag.left_px, tag.left_px + tag.size_px)
            picture[rows, columns] = render_tag(tag.tag_id, tag.size_px)
        return picture


def render_tag(tag_id: int, size_px: int) -> NDArray[np.uint8]:
    """What a tag of the family tag36h11 looks like, with its white margin.

    Parameters
    ----------
    tag_id : int
        Its number, 0 to 586.
    size_px : int
        Height and width, a multiple of 10.

    Returns
    -------
    array of uint8, shape (size_px, size_px)
        0 is black and 255 white; row 0 is the top.
    """
    _check_size(size_px)
    markers: Any = load("pupil_labs.real_time_screen_gaze.marker_generator")
    # OpenCV keeps this family upside down: the detector would name the corners of its bitmap from the wrong end.
    bitmap = np.rot90(markers.generate_marker(tag_id, side_pixels=_MODULES - 2), 2)
    framed = np.pad(bitmap, 1, constant_values=255)
    module = np.ones((size_px // _MODULES,) * 2, dtype=np.uint8)
    return np.asarray(np.kron(framed, module), dtype=np.uint8)


def _check_size(size_px: int) -> None:
    if size_px <= 0 or size_px % _MODULES:
        raise ValueError(f"Argument 'size_px' must be a multiple of {_MODULES} (got {size_px}).")
