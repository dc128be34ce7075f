"""Figures in which a simulated participant and a recording can be compared."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from acquisition.files import RecordedSignals
from acquisition.filtering import CausalFilter
from acquisition.stream import Chunk, FloatArray, Signals, StreamInfo
from experiments.evaluation.datasets import choose_protocol, load_dataset
from experiments.evaluation.ssvep import ssvep_scores
from selector.decoders.erp import BAND, ErpDecoder

_SLOPE_HZ, _ALPHA_HZ, _ALPHA_OUT_HZ = (2.0, 20.0), (7.5, 13.0), (7.0, 14.0)
# An alpha peak that stands out by less, in dB, is none.
_ALPHA_MIN_DB = 1.5
_LINE_BESIDE_HZ = (2.0, 5.0)
# A blink at the forehead stands out of the slow EEG by this factor and by this much, in uV.
_BLINK_FACTOR, _BLINK_MIN_UV, _BLINK_APART_S = 5.0, 25.0, 0.3
# An eye that is lost for so long (s) blinks.
_BLINK_S = (0.05, 0.6)


def eeg_figures(recording: RecordedSignals, frontal: Sequence[str], line_hz: float = 50.0) -> dict[str, float]:
    """Standard deviation, spectrum and blinks; NaN where there is no such thing to measure.

    Parameters
    ----------
    recording : RecordedSignals
        EEG in V.
    frontal : sequence of str
        Channels in which blinks are counted; none where there are no frontal ones.
    line_hz : float
        The mains' frequency in Hz.

    Returns
    -------
    dict of str to float
        "sd_uv", "slope" of the power between 2 and 20 Hz without alpha, "alpha_hz" and "alpha_db" (where the
        mean spectrum stands out most, and by how much), "line_db" (the line's peak above its surroundings), medians
        over channels, and "blinks_per_min".
    """
    samples = 1e6 * recording.data.astype(np.float64)
    hz, power = signal.welch(samples, recording.sfreq, nperseg=round(4 * recording.sfreq), axis=0)
    hz, power = hz[1:], power[1:]
    log_hz, log_power = np.log10(hz), np.log10(power)
    fitted = _within(hz, _SLOPE_HZ) & ~_within(hz, _ALPHA_OUT_HZ)
    line = np.polyfit(log_hz[fitted], log_power[fitted], 1)
    alpha = _within(hz, _ALPHA_HZ)
    above_db = 10 * np.mean(log_power - (np.outer(log_hz, line[0]) + line[1]), axis=1)[alpha]
    mains = np.abs(hz - line_hz)
    line_db = 10 * np.log10(power[mains <= 0.5].max(axis=0) / np.median(power[_within(mains, _LINE_BESIDE_HZ)], axis=0))
    peak = int(above_db.argmax())
    stands_out = above_db[peak] >= _ALPHA_MIN_DB and 0 < peak < len(above_db) - 1
    return {
        "sd_uv": float(np.median(samples.std(axis=0))),
        "slope": float(np.median(-line[0])),
        "alpha_hz": float(hz[alpha][peak]) if stands_out else np.nan,
        "alpha_db": float(above_db[peak]),
        "line_db": float(np.median(line_db)),
        "blinks_per_min": _eeg_blinks(recording, samples, frontal),
    }


def flash_auc(recordings: Sequence[RecordedSignals], by_character: bool) -> float:
    """AUC of single flashes, leaving one character out, or one recording where each is a group of its own.

    The decoder is the one that the loop uses, behind its causal filter.
    """
    epochs, targets, groups = [], [], []
    for number, recording in enumerate(recordings):
        info = StreamInfo("eeg", recording.sfreq, recording.channels, recording.unit)
        signals = Signals([info], {"eeg": CausalFilter(recording.sfreq, BAND)}, keep_s=np.inf)
        signals.append([Chunk("eeg", recording.times, recording.data)])
        labels = np.array(recording.labels, dtype=object)
        is_flash = np.array([label.startswith(("flash/", "stim/")) for label in recording.labels])
        onsets = recording.onsets[is_flash]
        cut, usable = signals.epochs("eeg", onsets, 0.0, 0.8)
        begins = recording.onsets[[label.startswith("char/") for label in recording.labels]]
        group = np.searchsorted(begins, onsets) if by_character else np.full(len(onsets), number)
        epochs.append(cut[usable])
        targets.append(np.array([label.endswith("/target") for label in labels[is_flash]])[usable])
        groups.append(group[usable])
    X, y, which = (np.concatenate(parts) for parts in (epochs, targets, groups))
    n_groups = len(np.unique(which))
    decoder = ErpDecoder(recordings[0].sfreq, n_filters=min(8, X.shape[1]), n_folds=n_groups, n_layouts=1)
    return float(decoder.fit(X, y, which).auc_)


def flicker_accuracy(subject: str, recordings: Sequence[RecordedSignals], window_s: float = 2.0) -> float:
    """Share of trials in which FBCCA finds the flicker looked at, by the main protocol of ssvep_exo."""
    dataset = load_dataset("ssvep_exo")
    protocol = choose_protocol(dataset, None)
    scores = ssvep_scores(subject, {subject: recordings}, {}, dataset.markers, protocol, protocol.decoders[0])
    return next(score.value for score in scores if score.at == window_s)


def gaze_blinks(times: FloatArray, lost: NDArray[np.bool_]) -> float:
    """Short losses of the eyes a minute, for samples (n_samples,) at ``times`` (s)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], lost, [False])).astype(int)))
    begins, ends = edges[::2], edges[1::2]
    lengths = np.asarray((ends - begins) * float(np.median(np.diff(times))), dtype=np.float64)
    return float(np.sum(_within(lengths, _BLINK_S)) / (times[-1] - times[0]) * 60.0)


def look_figures(looks: Sequence[FloatArray]) -> dict[str, float]:
    """Median and 95th percentile of gaze's error (px) within a look, medians over looks of shape (n_samples,)."""
    seen = [errors[np.isfinite(errors)] for errors in looks]
    seen = [errors for errors in seen if len(errors)]
    return {
        "gaze_median_px": float(np.median([np.median(errors) for errors in seen])),
        "gaze_p95_px": float(np.median([np.quantile(errors, 0.95) for errors in seen])),
    }


def target_figures(errors: FloatArray) -> dict[str, float]:
    """Median and 95th percentile over targets of gaze's error (px), shape (n_targets,)."""
    return {"gaze_median_px": float(np.median(errors)), "gaze_p95_px": float(np.quantile(errors, 0.95))}


def _eeg_blinks(recording: RecordedSignals, samples: FloatArray, frontal: Sequence[str]) -> float:
    columns = [recording.channels.index(channel) for channel in frontal]
    if not columns:
        return np.nan
    sos = signal.butter(2, (1.0, 10.0), "bandpass", fs=recording.sfreq, output="sos")
    slow = np.abs(signal.sosfiltfilt(sos, samples[:, columns].mean(axis=1)))
    height = max(_BLINK_FACTOR * 1.4826 * float(np.median(slow)), _BLINK_MIN_UV)
    peaks, _ = signal.find_peaks(slow, height=height, distance=round(_BLINK_APART_S * recording.sfreq))
    return float(len(peaks) / (len(samples) / recording.sfreq) * 60.0)


def _within(values: FloatArray, limits: tuple[float, float]) -> NDArray[np.bool_]:
    return np.asarray((values >= limits[0]) & (values <= limits[1]))
