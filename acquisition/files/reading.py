"""One door to all recordings: what kind a file is, and who reads it."""

import zlib
from collections.abc import Mapping
from pathlib import Path

from acquisition import xdf
from acquisition.files.eyelink import read_eyelink
from acquisition.files.gaze_csv import read_bcipy_session, read_gaze_table, read_target_gaze
from acquisition.files.mne_formats import SUFFIXES, read_eeg
from acquisition.files.types import RecordedFile
from acquisition.files.xdf import read_xdf

_HEAD_BYTES = 4096
_READABLE = (
    "XDF, BDF, EDF, FIF, BrainVision (.vhdr), EyeLink ASC, gaze CSV of BciPy, and tables of gaze with columns "
    "timestamp, x, y or with one row a target"
)


def read_any(
    path: str | Path,
    units: Mapping[str, str] | None = None,
    screen_px: tuple[float, float] | None = None,
    triggers: str | Path | None = None,
) -> RecordedFile:
    """Read a recording of any kind that Assent knows, as far as it goes.

    Parameters
    ----------
    path : str or Path
        The file; for BrainVision its header (.vhdr).
    units : mapping of str to str, optional
        For a stream's name ("eeg", "gaze") the unit of its channels, such as "uV" or "px", where the file does not
        say it; for "time" the unit of a table's time stamps.
    screen_px : tuple of float, optional
        Width and height of the screen in px, where a file holds gaze as shares of it.
    triggers : str or Path, optional
        BciPy's list of markers, where it isn't ``triggers.txt`` beside the file.

    Returns
    -------
    RecordedFile
        A file that was cut is read up to the cut, with a note.

    Raises
    ------
    ValueError
        If the file is none of these, is damaged, or leaves out a unit that is not given.
    FileNotFoundError
        If there is no such file.
    """
    path, units = Path(path), units or {}
    if not path.is_file():
        raise FileNotFoundError(f"There is no recording {path}.")
    head = _head(path)
    first_line = head.split(b"\n", 1)[0].decode("utf-8-sig", "replace").strip()
    columns = [column.strip().strip('"') for column in first_line.replace("\t", ",").split(",")]
    if head.startswith(xdf.MAGIC):
        return read_xdf(path, units)
    if path.suffix.lower() in SUFFIXES:
        return read_eeg(path, units.get("eeg"))
    if path.suffix.lower() in (".eeg", ".vmrk") and path.with_suffix(".vhdr").is_file():
        raise ValueError(f"Recording {path} is one of BrainVision's three files: give its header {path.stem}.vhdr.")
    if path.suffix.lower() == ".asc" or (head.startswith(b"**") and b"EYELINK" in head):
        return read_eyelink(path)
    if columns[0] == "daq_type":
        return read_bcipy_session(path, Path(triggers) if triggers is not None else None, screen_px)
    if {"Target-ID", "Actual-X-Left"} <= set(columns):
        return read_target_gaze(path)
    if {"x", "y"} <= set(columns) and {"timestamp", "time"} & set(columns):
        return read_gaze_table(path, units)
    what = "is empty" if not head else "is none of these"
    raise ValueError(f"Argument 'path' must name a recording: {_READABLE} (got {path}, which {what}).")


def _head(path: Path) -> bytes:
    """The first bytes of a file, decompressed where it is compressed."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head.startswith(b"\x1f\x8b"):
        return head
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(head)
    except zlib.error:
        return b""
