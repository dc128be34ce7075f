"""Trials with simple synthetic signals whose attended slot is known."""

from dataclasses import dataclass

import numpy as np
import pytest

from acquisition.filtering import CausalFilter
from acquisition.stimulus import Presentation
from acquisition.stream import Chunk, Signals, StreamInfo
from selector.decoders.erp import BAND, ErpDecoder
from selector.decoders.erp_adaptive import AdaptiveErpDecoder
from selector.decoders.gaze import GazeDecoder
from selector.paradigms.p300 import P300Groups

EEG = StreamInfo("eeg", 250.0, tuple(f"EEG{i}" for i in range(6)), "V")
GAZE = StreamInfo("gaze", 120.0, ("x", "y"), "px")
REGIONS = np.array([(300.0 + 300 * (i % 5), 200.0 + 200 * (i // 5), 160.0, 90.0) for i in range(20)])
START = 100.0


@dataclass(frozen=True)
class Trial:
    presentation: Presentation
    attended: int
    chunks: tuple[Chunk, ...]

    def signals(self, chunks=None):
        """What the session would hold after these chunks (all of them unless told)."""
        signals = Signals((EEG, GAZE), {"eeg": CausalFilter(EEG.sfreq, BAND)})
        signals.append(self.chunks if chunks is None else chunks)
        return signals


def make_trial(attended, snr, seed, n_blocks=4, trial=0):
    """A trial in which a positive wave of ``snr`` times the noise answers the attended slot 0.35 s later."""
    rng = np.random.default_rng(seed)
    paradigm = P300Groups()
    presentation = Presentation(trial=trial, regions=REGIONS, start=START)
    for _ in range(n_blocks):
        block = paradigm.next_block(REGIONS, None, 0, rng)
        first = presentation.end + 1 / 60 if presentation.blocks else START
        presentation = presentation.then(block).shown(first + np.arange(block.n_frames) / 60)
    end = presentation.end + 1.2
    times = np.arange(START - 1, end, 1 / EEG.sfreq)
    data = rng.normal(size=(len(times), 6)) + rng.normal(size=(len(times), 1))
    pattern = np.linspace(0.3, 1.0, 6)
    for flash in presentation.flashes:
        if flash.slots[attended]:
            data += snr * np.exp(-(((times - flash.time - 0.35) / 0.06) ** 2) / 2)[:, None] * pattern
    eeg = Chunk("eeg", times, (data * 1e-5).astype(np.float32))

    times = np.arange(START - 1, end, 1 / GAZE.sfreq)
    center = REGIONS[attended, :2] + REGIONS[attended, 2:] / 2
    points = rng.normal(center, 30.0, (len(times), 2)) if snr else rng.uniform((0, 0), (1920, 1080), (len(times), 2))
    return Trial(presentation, attended, (eeg, Chunk("gaze", times, points.astype(np.float32))))


@pytest.fixture(scope="session")
def trial_of():
    return make_trial


@pytest.fixture(scope="session")
def calibration_of():
    """Epochs, labels and characters of cued trials at one signal-to-noise ratio."""

    def collect(snr, n_trials=6, n_blocks=6, seed=0):
        epochs, labels, groups = [], [], []
        for i in range(n_trials):
            trial = make_trial(int((7 * i + 3) % 20), snr, seed + i, n_blocks)
            onsets = np.array([flash.time for flash in trial.presentation.flashes])
            cut, usable = trial.signals().epochs("eeg", onsets, 0.0, 0.8)
            assert usable.all()
            epochs.append(cut)
            labels += [int(flash.slots[trial.attended]) for flash in trial.presentation.flashes]
            groups += [i] * len(onsets)
        return np.concatenate(epochs), np.array(labels), np.array(groups)

    return collect


@pytest.fixture(scope="session")
def erp_decoder(calibration_of):
    return ErpDecoder().fit(*calibration_of(snr=2.0))


@pytest.fixture(scope="session")
def adaptive_erp_decoder():
    """Knows nothing yet."""
    return AdaptiveErpDecoder().start_with(EEG.channels)


@pytest.fixture(scope="session")
def deaf_erp_decoder(calibration_of):
    return ErpDecoder().fit(*calibration_of(snr=0.0))


@pytest.fixture(scope="session")
def gaze_decoder():
    parts = [make_trial(slot, 1.0, slot).chunks[1] for slot in range(20)]
    centers = np.repeat(REGIONS[:, :2] + REGIONS[:, 2:] / 2, [len(part.times) for part in parts], axis=0)
    times = np.concatenate([part.times for part in parts])
    return GazeDecoder().fit(np.concatenate([part.data for part in parts]), centers, times)
