"""What one second of a stream was worth: for the event log, the person at the screen, and a trial's evidence."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from acquisition.channels import EEGQuality, GazeQuality

GAZE_NOISE_PX = 30.0
"""Trackers in use show 0.05 to 0.5 degrees RMS-S2S (Holmqvist et al. 2012, ETRA); half a degree is some 20 px on a
desktop screen at 65 cm, and a key of a speller's page is 100 px and more."""


@dataclass(frozen=True, slots=True)
class StreamQuality:
    """One stream over one second of the session.

    Parameters
    ----------
    stream : str
        The stream's name.
    start, end : float
        The second, in s of the session's clock.
    n_samples : int
        How many samples have stamps in it.
    rate_hz : float or None
        Samples per second while they came, gaps left out.
    drift_ppm : float or None
        How much faster than its nominal rate the stream runs, over up to a minute without a gap, in parts per million.
    jitter_s : float or None
        Standard deviation of the stamps about even spacing, in s.
    n_gaps : int
        Holes that ended in this second.
    gap_s : float
        The longest of them, in s.
    missing : float
        Share of the samples expected that are not there.
    n_misplaced : int
        Samples that came too late for their second, or with stamps that step back or lie ahead of the session.
    eeg : EEGQuality or None
        Per channel, where the stream's unit is V.
    gaze : GazeQuality or None
        Where the stream's unit is px.
    """

    stream: str
    start: float
    end: float
    n_samples: int
    rate_hz: float | None
    drift_ppm: float | None
    jitter_s: float | None
    n_gaps: int
    gap_s: float
    missing: float
    n_misplaced: int
    eeg: EEGQuality | None = None
    gaze: GazeQuality | None = None

    @property
    def score(self) -> float:
        """How usable the stream was in this second, in 0..1: the share that came times what it was worth."""
        worth = 1.0
        if self.eeg is not None and self.eeg.scores:
            worth = float(np.mean(self.eeg.scores))
        if self.gaze is not None:
            noise = self.gaze.rms_s2s_px
            worth = (1.0 - self.gaze.lost) * (GAZE_NOISE_PX / noise if noise > GAZE_NOISE_PX else 1.0)
        return (1.0 - self.missing) * worth

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the event log; what is unknown is None, and figures keep four digits."""
        values: dict[str, Any] = {
            "stream": self.stream,
            "start": self.start,
            "end": self.end,
            "n_samples": self.n_samples,
            "rate_hz": _plain(self.rate_hz, digits=7),
            "drift_ppm": _plain(self.drift_ppm),
            "jitter_s": _plain(self.jitter_s),
            "n_gaps": self.n_gaps,
            "gap_s": _plain(self.gap_s),
            "missing": _plain(self.missing),
            "n_misplaced": self.n_misplaced,
            "score": _plain(self.score),
        }
        if self.eeg is not None:
            values["eeg"] = {
                "sd_uv": [_plain(value) for value in self.eeg.sd_uv],
                "line_ratio": [_plain(value) for value in self.eeg.line_ratio],
                "muscle_uv": [_plain(value) for value in self.eeg.muscle_uv],
                "faults": {word: list(channels) for word, channels in self.eeg.faults().items()},
            }
        if self.gaze is not None:
            values["gaze"] = {
                "lost": _plain(self.gaze.lost),
                "rms_s2s_px": _plain(self.gaze.rms_s2s_px),
                "blinks_per_min": _plain(self.gaze.blinks_per_min),
            }
        return values

    def in_words(self) -> str:
        """What a person at the screen should know: "good", or what is wrong and where."""
        if not self.n_samples:
            return "silent"
        said = []
        if self.missing > 0.01:
            said.append(f"{self.missing:.0%} missing")
        if self.eeg is not None:
            said += [f"{word}: {_some(channels)}" for word, channels in self.eeg.faults().items()]
        if self.gaze is not None:
            if self.gaze.lost > 0.2:
                said.append(f"gaze lost {self.gaze.lost:.0%}")
            if self.gaze.rms_s2s_px > GAZE_NOISE_PX:
                said.append(f"noisy ({self.gaze.rms_s2s_px:.0f} px)")
        return "; ".join(said) or "good"


def trial_quality(seconds: Iterable[StreamQuality], start: float, end: float) -> dict[str, float]:
    """What each modality's signals were worth over a trial.

    Parameters
    ----------
    seconds : iterable of StreamQuality
        As `QualityMeter` gave them, in order of time.
    start, end : float
        The trial, in s.

    Returns
    -------
    dict
        For each stream a number in 0..1: the mean of its seconds' scores, each by its overlap with the trial. Where
        none of a stream's seconds lies in the trial (they are told a moment after they end) the last one before
        it speaks; a stream of which nothing is known is left out.

    Raises
    ------
    ValueError
        If the trial ends before it starts.
    """
    if not end >= start:
        raise ValueError(f"Argument 'end' (got {end}) must not be less than 'start' (got {start}).")
    weights: dict[str, float] = {}
    sums: dict[str, float] = {}
    before: dict[str, float] = {}
    for second in seconds:
        overlap = min(end, second.end) - max(start, second.start)
        if overlap > 0:
            weights[second.stream] = weights.get(second.stream, 0.0) + overlap
            sums[second.stream] = sums.get(second.stream, 0.0) + overlap * second.score
        elif second.start < end:
            before[second.stream] = second.score
    return {**before, **{stream: sums[stream] / weight for stream, weight in weights.items()}}


def _plain(value: float | None, digits: int = 4) -> float | None:
    return float(f"{value:.{digits}g}") if value is not None and math.isfinite(value) else None


def _some(channels: Sequence[str]) -> str:
    return ", ".join(channels) if len(channels) <= 4 else f"{len(channels)} channels"
