"""A made-up recording with the structure of a row and column speller's."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from acquisition.files import RecordedSignals

SFREQ = 250.0


def make_recording(n_characters: int = 4, n_repetitions: int = 8, seed: int = 0) -> RecordedSignals:
    """Flashes every 0.14 to 0.19 s, characters 5.3 s apart; no two samples of the first channel are alike."""
    rng = np.random.default_rng(seed)
    markers = []
    time = 5.0
    for character in range(n_characters):
        markers.append((time - 0.1, f"char/{character + 1}"))
        for _ in range(n_repetitions):
            targets = rng.choice(16, size=2, replace=False)
            for position in range(16):
                markers.append((time, "flash/target" if position in targets else "flash/nontarget"))
                time += round(rng.uniform(0.14, 0.19) * SFREQ) / SFREQ
        time += 5.3
    n_samples = round((time + 1.0) * SFREQ)
    data = np.column_stack([np.arange(n_samples), rng.standard_normal(n_samples)])
    return RecordedSignals(
        path=Path("made-up.bdf"),
        sfreq=SFREQ,
        channels=("EEG1", "EEG2"),
        unit="V",
        times=np.arange(n_samples) / SFREQ,
        data=data.astype(np.float32),
        onsets=np.array([onset for onset, _ in markers]),
        labels=tuple(label for _, label in markers),
    )


@pytest.fixture(scope="session")
def recording() -> RecordedSignals:
    return make_recording()


@pytest.fixture(scope="session")
def recording_of() -> Callable[..., RecordedSignals]:
    return make_recording
