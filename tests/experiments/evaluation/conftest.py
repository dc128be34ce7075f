"""Data sets and recordings made in tests."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import mne
import numpy as np
import pytest

SFREQ = 100.0

ERP = """
name = "erp_small"
task = "erp"
files = 'sub-(?P<subject>\\w+)_raw\\.fif'
description = "Four channels, made in a test."
[markers]
target = 'flash/target'
nontarget = 'flash/nontarget'
decision = 'char/.+'
[[protocols]]
name = "causal"
description = "Leave one character out."
decoders = [{ name = "xdawn-ts", options = { n_filters = 2 } }]
leave_out = "decision"
filter = { band = [1.0, 12.0] }
tmin = 0.0
tmax = 0.6
decimate = 2
characters = { rows = 8, columns = 8, repetitions = [1, 3], draws = 5, seed = 0 }
[[protocols]]
name = "zero_phase"
description = "Forwards and backwards."
decoders = [{ name = "xdawn-ts", options = { n_filters = 2 } }]
leave_out = "decision"
filter = { band = [1.0, 12.0], phase = "zero" }
tmin = 0.0
tmax = 0.6
decimate = 2
"""

SSVEP = """
name = "ssvep_small"
task = "ssvep"
files = 'sub-(?P<subject>\\w+)_run-\\d+_raw\\.fif'
description = "Three channels, made in a test."
[markers]
cue = 'ssvep/(?P<frequency>[\\d.]+)Hz'
[[protocols]]
name = "causal"
description = "No training."
decoders = [{ name = "fbcca", options = { n_harmonics = 2 } }]
start = 1.0
lead = 1.0
windows = [1.0, 2.5]
"""

GAZE = """
name = "gaze_small"
task = "gaze"
layout = "bcipy"
files = 'gaze_(?P<subject>\\w+)\\.csv'
triggers = "triggers.txt"
positions = "keys.json"
key_px = [100.0, 100.0]
description = "Nine keys, made in a test."
[markers]
inquiry = 'prompt/(?P<key>.+)'
flash = '(target|nontarget)/.+'
[[protocols]]
name = "causal"
description = "Leave one inquiry out."
decoders = [{ name = "gaze", options = { latency_s = 0.0 } }]
leave_out = "inquiry"
windows = ["all", 0.5]
"""


def save(path: Path, data: np.ndarray, onsets: list[float], labels: list[str], sfreq: float = SFREQ) -> Path:
    raw = mne.io.RawArray(1e-6 * data, mne.create_info(len(data), sfreq, "eeg"), verbose="error")
    raw.set_annotations(mne.Annotations(onsets, 0.0, labels))
    raw.save(path, verbose="error")
    return path


def save_speller(path: Path, snr: float, seed: int, n_characters: int = 4, n_repetitions: int = 3) -> Path:
    rng = np.random.default_rng(seed)
    onsets, labels, time = [], [], 1.0
    for character in range(n_characters):
        onsets.append(time)
        labels.append(f"char/{character}")
        for _ in range(n_repetitions):
            targets = rng.choice(16, size=2, replace=False)
            for flash in range(16):
                time += 0.2
                onsets.append(time)
                labels.append("flash/target" if flash in targets else "flash/nontarget")
        time += 2.0
    data = rng.standard_normal((4, round((time + 1) * SFREQ)))
    bump = snr * np.exp(-(((np.arange(60) / SFREQ - 0.3) / 0.06) ** 2))
    for onset, label in zip(onsets, labels, strict=True):
        if label == "flash/target":
            first = round(onset * SFREQ)
            data[:, first : first + 60] += np.array([1, 0.8, 0.3, -0.2])[:, None] * bump
    return save(path, data, onsets, labels)


def save_flicker(path: Path, snr: float, seed: int, sfreq: float = 200.0) -> Path:
    rng = np.random.default_rng(seed)
    onsets = [1.0 + 5.0 * trial for trial in range(12)]
    labels = ["ssvep/rest", *(f"ssvep/{rng.choice(['12', '15.5', '20'])}Hz" for _ in onsets[1:])]
    data = rng.standard_normal((3, round(66 * sfreq)))
    for onset, label in zip(onsets[1:], labels[1:], strict=True):
        first, last = round((onset + 0.8) * sfreq), round((onset + 4.5) * sfreq)
        phase = 2 * np.pi * float(label[6:-2]) * np.arange(last - first) / sfreq
        data[:, first:last] += snr * np.sin(phase + rng.uniform(0, 6))
    return save(path, data, onsets, labels, sfreq)


def save_gaze(folder: Path, lost: int | None = None) -> None:
    rng = np.random.default_rng(0)
    keys = {name: [x, y] for name, (x, y) in zip("ABCDEFGHI", np.ndindex(3, 3), strict=True)}
    layout = {name: [(x - 1) * 0.5, (y - 1) * 0.5] for name, (x, y) in keys.items()}
    (folder / "keys.json").write_text(json.dumps(layout | {"screen_size_pixels": [1000, 800], "screen_units": "norm"}))
    rows, triggers = ["daq_type,Tobii", "sample_rate,60.0", "left_x,left_y,right_x,right_y,lsl_timestamp"], []
    for number, (name, (x, y)) in enumerate(layout.items()):
        start = 100.0 + 4 * number
        triggers += [f"{name} prompt {start}", f"A nontarget {start + 1.5}", f"{name} target {start + 3.5}"]
        for sample in range(240):
            gaze = np.array([(x + 1) / 2, (1 - y) / 2 + 0.06]) + 0.01 * rng.standard_normal(2)
            fields = ["", ""] if number == lost and sample > 30 else [f"{value:.5f}" for value in gaze]
            rows.append(",".join([*fields, *fields, f"{start + sample / 60:.5f}"]))
    (folder / "gaze_p0.csv").write_text("\n".join(rows))
    (folder / "triggers.txt").write_text("\n".join(triggers))


@pytest.fixture
def described(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "described.toml"
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture(scope="session")
def made() -> SimpleNamespace:
    """Descriptions of small data sets, and functions that save recordings of them."""
    return SimpleNamespace(
        ERP=ERP,
        SSVEP=SSVEP,
        GAZE=GAZE,
        save=save,
        save_speller=save_speller,
        save_flicker=save_flicker,
        save_gaze=save_gaze,
    )
