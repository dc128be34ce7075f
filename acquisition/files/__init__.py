"""Recordings made elsewhere, read into one form: samples in SI units, and markers, on one time line in seconds."""

from acquisition.files.gaze_csv import read_bcipy_gaze
from acquisition.files.mne_formats import SUFFIXES, read_recording
from acquisition.files.reading import read_any
from acquisition.files.types import RecordedFile, RecordedMarkers, RecordedSignals, RecordedStream

__all__ = [
    "SUFFIXES",
    "RecordedFile",
    "RecordedMarkers",
    "RecordedSignals",
    "RecordedStream",
    "read_any",
    "read_bcipy_gaze",
    "read_recording",
]
