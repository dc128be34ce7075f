"""Trials with simple synthetic signals whose attended slot is known."""

from dataclasses import dataclass

import numpy as np
import pytest

from acquisition.filtering import CausalFilter
from acquisition.stimulus import Presentation
from acquisition.stream import Chunk, Signals, StreamInfo
from selector.decoders import cvep_online, erp, ssvep_online
from selector.decoders.cvep_online import CVEPDecoder
from selector.decoders.erp import ErpDecoder
from selector.decoders.erp_adaptive import AdaptiveErpDecoder
from selector.decoders.gaze import GazeDecoder
from selector.decoders.ssvep_online import SSVEPDecoder
from selector.paradigms.cvep import ModulatedGoldCodes
from selector.paradigms.p300 import P300Groups
from selector.paradigms.ssvep import JointFrequencyPhase

EEG = StreamInfo("eeg", 250.0, tuple(f"EEG{i}" for i in range(6)), "V")
GAZE = StreamInfo("gaze", 120.0, ("x", "y"), "px")
REGIONS = np.array([(300.0 + 300 * (i % 5), 200.0 + 200 * (i // 5), 160.0, 90.0) for i in range(20)])
START = 100.0
LATENCY_S = 0.11


@dataclass(frozen=True)
class Trial:
    presentation: Presentation
    attended: int
    chunks: tuple[Chunk, ...]
    band: tuple[float, float] = erp.BAND

    def signals(self, chunks=None, streams=(EEG, GAZE)):
        """What the session would hold after these chunks (all of them unless told)."""
        signals = Signals(streams, {"eeg": CausalFilter(EEG.sfreq, self.band)}, keep_s=np.inf)
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


def flickering(paradigm, trial, start, n_blocks, frame_s, late, rng):
    """Blocks of a paradigm one after the other; ``late`` frames last twice as long."""
    presentation, at = Presentation(trial, REGIONS, start=start), start
    for _ in range(n_blocks):
        block = paradigm.next_block(REGIONS, None, 0, rng)
        steps = frame_s * (1 + np.isin(np.arange(block.n_frames), late(block.n_frames)))
        flips = at + np.cumsum(steps) - steps
        at = flips[-1] + steps[-1]
        presentation = presentation.then(block).shown(flips)
    return presentation


def noise(presentation, rng, n_channels):
    """Times from before a trial to after it, and EEG noise that channels share."""
    times = np.arange(presentation.start - 1, presentation.end + 1.0, 1 / EEG.sfreq)
    return times, rng.normal(size=(len(times), n_channels)) + rng.normal(size=(len(times), 1))


def make_flicker_trial(attended, snr, seed, n_blocks=1, trial=0, start=START, frame_s=1 / 60, dropped=()):
    """A trial in which the luminance of the attended slot comes back after `LATENCY_S`."""
    rng = np.random.default_rng(seed)
    shown = flickering(JointFrequencyPhase(block_s=2.0), trial, start, n_blocks, frame_s, lambda n: dropped, rng)
    times, data = noise(shown, rng, len(EEG.channels))
    flips, lit = np.concatenate(shown.flips), np.concatenate([block.codes[attended] for block in shown.blocks])
    seen = lit[np.clip(np.searchsorted(flips, times - LATENCY_S) - 1, 0, None)] - 0.5
    seen[(times < start + LATENCY_S) | (times > shown.end + frame_s + LATENCY_S)] = 0.0
    data += snr * seen[:, None] * np.linspace(0.3, 1.0, data.shape[1])
    return Trial(shown, attended, (Chunk("eeg", times, (1e-5 * data).astype(np.float32)),), ssvep_online.BAND)


def make_code_trial(attended, snr, seed, n_blocks=1, trial=0, start=START, late=0.0):
    """A trial in which a wave answers every edge of the attended code; a share of the frames comes late."""
    rng = np.random.default_rng(seed)
    shown = flickering(
        ModulatedGoldCodes(), trial, start, n_blocks, 1 / 60, lambda n: np.flatnonzero(rng.random(n) < late), rng
    )
    times, data = noise(shown, rng, len(EEG.channels))
    codes = np.concatenate([block.codes[attended] for block in shown.blocks]).astype(int)
    edges = np.diff(codes, prepend=0)
    lags = times[:, None] - np.concatenate(shown.flips)[edges != 0]
    wave = np.sin(2 * np.pi * 10 * lags) * np.exp(-lags.clip(0) / 0.06) * ((lags > 0) & (lags < 0.3))
    data += snr * np.outer(wave @ edges[edges != 0], np.linspace(0.2, 1.0, data.shape[1]))
    return Trial(shown, attended, (Chunk("eeg", times, (1e-5 * data).astype(np.float32)),), cvep_online.BAND)


def calibration(make, snr, n_trials, seed=0):
    """Cued trials one after the other: what was shown, what was cued, and the signals during all of them."""
    trials = [make((7 * i + 3) % 20, snr, seed + i, trial=i, start=START + 6.0 * i) for i in range(n_trials)]
    chunks = [chunk for trial in trials for chunk in trial.chunks]
    return [t.presentation for t in trials], [t.attended for t in trials], trials[0].signals(chunks)


@pytest.fixture(scope="session")
def flicker_trial_of():
    return make_flicker_trial


@pytest.fixture(scope="session")
def flicker_calibration_of():
    return lambda snr, n_trials=10, seed=0: calibration(make_flicker_trial, snr, n_trials, seed)


@pytest.fixture(scope="session")
def code_trial_of():
    return make_code_trial


@pytest.fixture(scope="session")
def code_calibration_of():
    return lambda snr, n_trials=8: calibration(make_code_trial, snr, n_trials)


@pytest.fixture(scope="session")
def ssvep_decoder(flicker_calibration_of):
    return SSVEPDecoder().fit(*flicker_calibration_of(1.5))


@pytest.fixture(scope="session")
def cvep_decoder(code_calibration_of):
    return CVEPDecoder().fit(*code_calibration_of(1.0))


@pytest.fixture(scope="session")
def flash_trial_of():
    return make_trial


@pytest.fixture(scope="session")
def trial_of(flash_trial_of):
    return flash_trial_of


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
    return ErpDecoder().fit(*calibration_of(snr=2.0), channels=EEG.channels)


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
