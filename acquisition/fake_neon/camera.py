"""The virtual scene camera: a display with tags as it appears in its picture, and the camera's calibration."""

import zlib
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.fake_neon.wearer import Wearer
from acquisition.neon.library import load
from acquisition.stream import FloatArray

_FULL_WIDTH, _FULL_HEIGHT = 1600, 1200
_FOCAL_PX = 890.0
_DISTORTION = np.array([-0.13, 0.11, 0.0004, -0.0005, 0.006, 0.17, 0.052, 0.022])  # Much as a Neon's.


class SceneCamera:
    """What a wearer's scene camera sees of the screen.

    Parameters
    ----------
    wearer : Wearer
        Who moves it.
    scale : float
        Size of the picture; 1 is a Neon's 1600 x 1200 px.
    """

    def __init__(self, wearer: Wearer, scale: float = 1.0) -> None:
        self._cv2 = load("cv2")
        self._wearer = wearer
        # Encoders want even numbers.
        self.width, self.height = (2 * round(full * scale / 2) for full in (_FULL_WIDTH, _FULL_HEIGHT))
        focal = _FOCAL_PX * scale
        self.matrix = np.array([[focal, 0.0, self.width / 2], [0.0, focal, self.height / 2], [0.0, 0.0, 1.0]])
        self._with_tags = wearer.screen.picture()
        self._without_tags = np.full_like(self._with_tags, 128)

    def project(self, screen_px: FloatArray, true_time: float) -> FloatArray:
        """Scene px (n_points, 2) at which points (n_points, 2) of the screen are seen at this time (s)."""
        turn, place = self._wearer.head(true_time)
        screen = self._wearer.screen
        scale = self._wearer.width_m / screen.width_px
        flat = (np.asarray(screen_px) - (screen.width_px / 2, screen.height_px / 2)) * scale
        points = np.column_stack((flat, np.zeros(len(flat))))
        projected, _ = self._cv2.projectPoints(points.reshape(-1, 1, 3), turn, place, self.matrix, _DISTORTION)
        return np.asarray(projected.reshape(-1, 2))

    def picture(self, true_time: float, hides_tags: bool = False) -> NDArray[np.uint8]:
        """What it sees at this time (s), shape (height, width), 0 is black and 255 white."""
        turn, place = self._wearer.head(true_time)
        screen = self._wearer.screen
        scale = self._wearer.width_m / screen.width_px
        # The middle of the pixel with index 0 lies at 0.5 px.
        to_metres = np.array(
            [
                [scale, 0.0, (0.5 - screen.width_px / 2) * scale],
                [0.0, scale, (0.5 - screen.height_px / 2) * scale],
                [0.0, 0.0, 1.0],
            ]
        )
        rotation, _ = self._cv2.Rodrigues(turn)
        homography = self.matrix @ np.column_stack((rotation[:, :2], place)) @ to_metres
        shown = self._without_tags if hides_tags else self._with_tags
        straight = self._cv2.warpPerspective(
            shown, homography, (self.width, self.height), flags=self._cv2.INTER_AREA, borderValue=40
        )
        bent = self._cv2.remap(straight, *self._bend, self._cv2.INTER_LINEAR, borderValue=40)
        return np.asarray(bent, dtype=np.uint8)

    def calibration(self, serial: str) -> bytes:
        """The camera's calibration as the device serves it."""
        calibration: Any = np.zeros(1, dtype=load("pupil_labs.neon_recording.calib").Calibration.dtype)
        calibration["version"], calibration["serial"] = 1, serial.encode()
        for camera in ("scene", "right", "left"):
            calibration[f"{camera}_camera_matrix"] = self.matrix
            calibration[f"{camera}_distortion_coefficients"] = _DISTORTION
            calibration[f"{camera}_extrinsics_affine_matrix"] = np.eye(4)
        calibration["crc"] = zlib.crc32(calibration.tobytes()[:-4])
        return bytes(calibration.tobytes())

    @cached_property
    def _bend(self) -> Any:
        """For each pixel of the picture its place in one without distortion."""
        rows, columns = np.mgrid[: self.height, : self.width].astype(np.float32)
        pixels = np.stack((columns, rows), axis=-1).reshape(-1, 1, 2)
        straight = self._cv2.undistortPoints(pixels, self.matrix, _DISTORTION, P=self.matrix)
        x, y = np.moveaxis(straight.reshape(self.height, self.width, 2), -1, 0)
        return self._cv2.convertMaps(x, y, self._cv2.CV_16SC2)
