"""Where the screen is in the scene camera's picture, and gaze in that picture brought onto the screen."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any

import numpy as np

from acquisition.neon.library import load
from acquisition.neon.tags import TaggedScreen
from acquisition.stream import FloatArray

NEAR_S = 0.1
"""A view tells where the screen is for so long before and after it, in s."""
_PIXEL_MIDDLE = 0.5  # The tags' detector counts from a pixel's corner, the camera's calibration from its middle.
_LEAST_TAGS = 2  # From one tag alone, errors at the other end of the screen grow tenfold.

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What one picture of the scene camera shows of the screen.

    Parameters
    ----------
    time : float
        When it was taken, on the session's clock, in s.
    n_tags : int
        How many of the screen's tags were found.
    to_screen : callable or None
        Turns points (n_points, 2) in scene px into screen px; None where too few tags were found.
    """

    time: float
    n_tags: int
    to_screen: Callable[[FloatArray], FloatArray] | None


class ScreenLocator:
    """Finds a tagged screen in pictures of a camera.

    Parameters
    ----------
    screen : TaggedScreen
        Which tags stand where.
    camera_matrix : array, shape (3, 3)
        Of the scene camera, in px.
    distortion : array, shape (8,)
        Its distortion coefficients, as OpenCV counts them.
    """

    def __init__(self, screen: TaggedScreen, camera_matrix: FloatArray, distortion: FloatArray) -> None:
        self.calibration = np.concatenate((np.ravel(camera_matrix), np.ravel(distortion)))
        if not np.isfinite(self.calibration).all() or not camera_matrix[0, 0] > 0:
            raise ValueError("The device's calibration of the scene camera is not one.")
        self._cv2 = load("cv2")
        gaze_mapper = load("pupil_labs.real_time_screen_gaze.gaze_mapper")
        self._mapper = gaze_mapper.GazeMapper(
            {"scene_camera_matrix": camera_matrix, "scene_distortion_coefficients": distortion}
        )
        with suppress(AttributeError):
            # The detector's destructor frees the family of tags before it reads it for the last time, which now and
            # then ends the process (pupil-labs/apriltags, issue 46): the family, some kilobytes, is kept instead.
            self._mapper._detector._detector.tag_families.clear()
        self._size = np.array([screen.width_px, screen.height_px], dtype=np.float64)
        self._surface = self._mapper.add_surface(
            {tag.tag_id: tag.corners for tag in screen.tags}, (screen.width_px, screen.height_px)
        )

    def view(self, time: float, picture: Any) -> View:
        """What a picture shows, an array (height, width, 3) of uint8 in BGR, taken at ``time`` (s)."""
        result = self._mapper.process_frame(picture, (0.0, 0.0))
        location = result.located_aois[self._surface.uid]
        n_tags = 0 if location is None else int(location.number_of_markers_detected)
        if n_tags < _LEAST_TAGS:
            return View(time, n_tags, None)
        homography = np.array(location.transform_matrix_from_image_to_surface_undistorted)
        return View(time, n_tags, lambda points: self._onto_screen(points, homography))

    def _onto_screen(self, points: FloatArray, homography: FloatArray) -> FloatArray:
        straight = self._mapper.camera.undistort_points_on_image_plane(points + _PIXEL_MIDDLE)
        shares = self._cv2.perspectiveTransform(straight.reshape(-1, 1, 2).astype(np.float64), homography)
        shares = shares.reshape(-1, 2)
        shares[:, 1] = 1.0 - shares[:, 1]  # The library's surfaces have their origin at the bottom left.
        return np.asarray(shares * self._size)


def onto_screen(times: FloatArray, points: FloatArray, views: Sequence[View]) -> FloatArray:
    """Bring gaze in scene px onto the screen, by the views before and after each sample.

    Parameters
    ----------
    times : array, shape (n_samples,)
        Of the samples, in s, rising.
    points : array, shape (n_samples, 2)
        Gaze in scene px.
    views : sequence of View
        In order of time.

    Returns
    -------
    array, shape (n_samples, 2)
        Screen px. Between two views the two results are weighted by time, since the head moves evenly
        rather than in steps; NaN where no view within `NEAR_S` shows the screen.
    """
    result = np.full(points.shape, np.nan)
    if not len(views):
        return result
    after = np.searchsorted([view.time for view in views], times)
    for index in np.unique(after):
        here = np.flatnonzero((after == index) & np.isfinite(points).all(axis=1))
        if not len(here):
            continue
        total, weight = np.zeros((len(here), 2)), np.zeros(len(here))
        around = views[max(index - 1, 0) : index + 1]
        span = around[-1].time - around[0].time
        for view in around:
            if view.to_screen is None:
                continue
            distance = np.abs(times[here] - view.time)
            share = np.where(distance <= NEAR_S, np.maximum(span - distance, 0.0) + 1e-9, 0.0)
            total += share[:, None] * view.to_screen(points[here])
            weight += share
        with np.errstate(invalid="ignore", divide="ignore"):
            result[here] = total / weight[:, None]
    return result


class SceneWorker:
    """Looks for the screen in a thread of its own; a picture that comes before the last is done with replaces it.

    Parameters
    ----------
    put : callable
        Takes every View, in that thread.
    fail : callable
        Takes a sentence when a picture cannot be used.
    """

    def __init__(self, put: Callable[[View], None], fail: Callable[[str], None]) -> None:
        self._put, self._fail = put, fail
        self._waiting: Queue[tuple[ScreenLocator, float, Any] | None] = Queue(maxsize=1)
        self.n_frames = self.n_skipped = 0
        self._thread = Thread(target=self._run, name="neon-scene", daemon=True)
        self._thread.start()

    def offer(self, locator: ScreenLocator, time: float, frame: Any) -> None:
        """Hand over the library's video frame that was taken at ``time`` (s)."""
        self.n_frames += 1
        try:
            self._waiting.get_nowait()
            self.n_skipped += 1
        except Empty:
            pass
        try:
            self._waiting.put_nowait((locator, time, frame))
        except Full:
            self.n_skipped += 1

    def close(self) -> None:
        """End the thread; safe to call twice."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (work := self._waiting.get()) is not None:
            locator, time, frame = work
            try:
                view = locator.view(time, frame.bgr_buffer())
            except Exception as error:
                # A damaged picture may fail in any of four libraries.
                logger.debug("picture at %f", time, exc_info=True)
                self._fail(f"a picture of the scene camera could not be used ({error!r})")
                continue
            self._put(view)
