"""EyeLink recordings in SR Research's text format (.asc), read by MNE."""

import tempfile
from pathlib import Path

import mne
import numpy as np
from mne.io.constants import FIFF

from acquisition.files.mne_formats import BROKEN_FILE, annotations, marker_streams, open_with_mne, read_samples
from acquisition.files.types import RecordedFile, RecordedStream
from acquisition.stream import StreamInfo

_CHANNELS = {"xpos_left": "left_x", "ypos_left": "left_y", "xpos_right": "right_x", "ypos_right": "right_y"}
_EYE_EVENTS = ("fixation", "saccade", "BAD_blink")


def read_eyelink(path: Path) -> RecordedFile:
    """Read the gaze, the messages and the eye events of an EyeLink ASC file, up to where it breaks off.

    Parameters
    ----------
    path : Path
        A file that EyeLink's converter edf2asc has written.

    Returns
    -------
    RecordedFile
        Stream "gaze" in px with channels left_x, left_y, right_x, right_y (or those of the eye that was tracked),
        NaN while an eye is lost, times from 0 s at the first sample; "markers" are messages and trigger inputs,
        "eye_events" the fixations, saccades and blinks that the tracker itself has found.

    Raises
    ------
    ValueError
        If the file is damaged, or its gaze is not in px of the screen.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            complete = _completed(path, Path(folder))
            raw = open_with_mne(mne.io.read_raw_eyelink, complete or path)
            gaze = [channel for channel in raw.ch_names if channel in _CHANNELS]
            data = read_samples(raw, gaze, np.ones(len(gaze)))
    except BROKEN_FILE as error:
        raise ValueError(f"Recording {path} cannot be read, it may be cut short or damaged: {error}.") from error
    if not gaze or any(raw.info["chs"][raw.ch_names.index(channel)]["unit"] != FIFF.FIFF_UNIT_PX for channel in gaze):
        raise ValueError(f"Recording {path} must hold gaze in px of the screen (got {', '.join(raw.ch_names)}).")
    sfreq = float(raw.info["sfreq"])
    markers = annotations(raw)
    stream = RecordedStream(
        info=StreamInfo("gaze", sfreq, tuple(_CHANNELS[channel] for channel in gaze), "px"),
        times=np.arange(len(data)) / sfreq,
        data=data,
    )
    return RecordedFile(
        path=path,
        streams=(stream,),
        markers=marker_streams(
            {
                "markers": [marker for marker in markers if marker[1] not in _EYE_EVENTS],
                "eye_events": [(time, label.removeprefix("BAD_")) for time, label in markers if label in _EYE_EVENTS],
            }
        ),
        notes=(f"Recording {path} breaks off before its last block ends.",) if complete is not None else (),
    )


def _completed(path: Path, folder: Path) -> Path | None:
    """Where the file breaks off inside a block, a copy of it with the end that MNE looks for."""
    lines = path.read_bytes().split(b"\n")
    ends = [line for line in lines if line.startswith((b"START", b"END"))]
    if not ends or ends[-1].startswith(b"END"):
        return None
    # The last line may be half a line.
    whole = lines[:-1]
    newest = next((line.split()[0] for line in reversed(whole) if line[:1].isdigit()), None)
    if newest is None:
        return None
    copy = folder / path.name
    copy.write_bytes(b"\n".join([*whole, b"END\t%s \tSAMPLES\tEVENTS\tRES\t0.00\t0.00" % newest, b""]))
    return copy
