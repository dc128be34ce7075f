"""What became of a recording on its way over LSL: what was lost, and what arrived changed."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.files import RecordedSignals
from acquisition.stream import FloatArray


@dataclass(frozen=True, slots=True)
class Journey:
    """One recording, sent and received.

    Parameters
    ----------
    n_samples, n_markers : int
        How many were sent.
    samples_lost, markers_lost : int
        How many of them did not arrive; a marker with another text did not.
    time_error_s : float
        The largest error of a sample's or a marker's time, in s of the recording.
    sample_difference : float
        The largest difference of a value, in the recording's unit; infinite where only one of both has a value.
    """

    n_samples: int
    samples_lost: int
    n_markers: int
    markers_lost: int
    time_error_s: float
    sample_difference: float


def compare(sent: RecordedSignals, received: RecordedSignals) -> Journey:
    """Lay what was received beside what was sent: one by one where all arrived, and otherwise by the nearest time."""
    samples = _partners(sent.times, received.times)
    markers = _partners(sent.onsets, received.onsets)
    errors = np.concatenate([received.times - sent.times[samples], received.onsets - sent.onsets[markers]])
    lost = Counter(sent.labels) - Counter(received.labels)
    return Journey(
        n_samples=len(sent.times),
        samples_lost=len(sent.times) - len(np.unique(samples)),
        n_markers=len(sent.labels),
        markers_lost=lost.total(),
        time_error_s=float(np.abs(errors).max(initial=0.0)),
        sample_difference=_largest_difference(sent.data[samples], received.data),
    )


def _partners(sent: FloatArray, received: FloatArray) -> NDArray[np.intp]:
    """For each that was received which one was sent."""
    if len(sent) == len(received):
        return np.arange(len(sent))
    after = np.searchsorted(sent, received).clip(1, len(sent) - 1)
    is_before = received - sent[after - 1] < sent[after] - received
    return np.asarray(after - is_before, dtype=np.intp)


def _largest_difference(sent: NDArray[np.floating], received: NDArray[np.floating]) -> float:
    differences = np.abs(received.astype(np.float64) - sent.astype(np.float64))
    only_one = np.isnan(sent) != np.isnan(received)
    differences[only_one] = np.inf
    return float(np.nanmax(differences, initial=0.0))
