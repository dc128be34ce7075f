"""What a recording holds, whatever format it was read from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acquisition.stream import FloatArray, SampleArray, StreamInfo


@dataclass(frozen=True, slots=True, eq=False)
class RecordedStream:
    """The samples of one stream.

    Parameters
    ----------
    info : StreamInfo
        Its name is "eeg" or "gaze" where the recording has one stream of that kind, and otherwise the stream's own;
        its unit is "V" or "px" for these two, and what the recording says for others.
    times : array, shape (n_samples,)
        Time of each sample in s, never descending.
    data : array, shape (n_samples, n_channels)
        Samples; NaN where the device had no value.
    """

    info: StreamInfo
    times: FloatArray
    data: SampleArray


@dataclass(frozen=True, slots=True, eq=False)
class RecordedMarkers:
    """One stream of markers.

    Parameters
    ----------
    name : str
        What the recording calls it; "markers" where it has no name for it.
    onsets : array, shape (n_markers,)
        Time of each marker in s, never descending.
    labels : tuple of str
        One label per marker.
    """

    name: str
    onsets: FloatArray
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RecordedSignals:
    """Samples and markers of one recording, on one time line.

    Parameters
    ----------
    path : Path
        Where it was read from.
    sfreq : float
        Nominal sampling rate in Hz.
    channels : tuple of str
        One label per channel.
    unit : str
        "V" for EEG, "px" for gaze.
    times : array, shape (n_samples,)
        Time of each sample in s; a recording without a clock of its own starts at 0.
    data : array, shape (n_samples, n_channels)
        Samples; NaN where the device had no value.
    onsets : array, shape (n_markers,)
        Time of each marker in s, ascending.
    labels : tuple of str
        One label per marker.
    """

    path: Path
    sfreq: float
    channels: tuple[str, ...]
    unit: str
    times: FloatArray
    data: SampleArray
    onsets: FloatArray
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RecordedFile:
    """All streams and all markers of one recording, on one time line.

    Parameters
    ----------
    path : Path
        Where it was read from.
    streams : tuple of RecordedStream
        No two have the same name.
    markers : tuple of RecordedMarkers
        Streams of markers.
    notes : tuple of str
        Sentences on what a reader has to know: what is missing, was left out, or is not as declared.
    """

    path: Path
    streams: tuple[RecordedStream, ...]
    markers: tuple[RecordedMarkers, ...]
    notes: tuple[str, ...] = ()

    def stream(self, name: str) -> RecordedStream:
        """The stream of that name; ValueError with the names there are if it has none."""
        for stream in self.streams:
            if stream.info.name == name:
                return stream
        there = ", ".join(repr(stream.info.name) for stream in self.streams) or "no stream of samples"
        raise ValueError(f"Argument 'name' must name a stream of {self.path} (got {name!r}; it has {there}).")

    def signals(self, name: str) -> RecordedSignals:
        """One stream with the markers of all, in order of time.

        Parameters
        ----------
        name : str
            The stream's name, such as "eeg".

        Raises
        ------
        ValueError
            If there is no such stream.
        """
        stream = self.stream(name)
        onsets = np.concatenate([np.empty(0), *(markers.onsets for markers in self.markers)])
        labels = [label for markers in self.markers for label in markers.labels]
        order = np.argsort(onsets, kind="stable")
        return RecordedSignals(
            path=self.path,
            sfreq=stream.info.sfreq,
            channels=stream.info.channels,
            unit=stream.info.unit,
            times=stream.times,
            data=stream.data,
            onsets=onsets[order],
            labels=tuple(labels[i] for i in order),
        )
