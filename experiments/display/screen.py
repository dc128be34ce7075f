"""The screen: its size, and where each place of a page lies on it."""

from dataclasses import dataclass

import numpy as np

from acquisition.stream import FloatArray


@dataclass(frozen=True, slots=True)
class Screen:
    """A grid of places below a line for the document.

    Parameters
    ----------
    width_px, height_px : int
    n_columns, n_rows : int
        The grid.
    refresh_hz : float

    Examples
    --------
    >>> Screen().n_places
    64
    >>> Screen().region(9)
    array([240., 240., 240., 120.])
    """

    width_px: int = 1920
    height_px: int = 1080
    n_columns: int = 8
    n_rows: int = 8
    refresh_hz: float = 60.0

    @property
    def n_places(self) -> int:
        """How many slots fit on a page."""
        return self.n_columns * self.n_rows

    def region(self, place: int) -> FloatArray:
        """Left, top, width and height of a place, in px; the first row of the screen belongs to the document."""
        if not 0 <= place < self.n_places:
            raise ValueError(f"Argument 'place' must lie in 0..{self.n_places - 1} (got {place}).")
        row, column = divmod(place, self.n_columns)
        width, height = self.width_px / self.n_columns, self.height_px / (self.n_rows + 1)
        return np.array([column * width, (row + 1) * height, width, height])
