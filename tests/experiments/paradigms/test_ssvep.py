import numpy as np
import pytest

from acquisition.simulated.participant import SimulatedParticipant
from acquisition.simulated.profile import PROFILES
from experiments.calibration import run_calibration
from experiments.config import load
from experiments.paradigms.ssvep import WIRING


@pytest.fixture(scope="module")
def run():
    config = load(settings=["paradigm=ssvep", "person.calibration_characters=8"])
    participant = SimulatedParticipant(PROFILES["typical"], 1, noise_seed=3, start=0.0)
    return run_calibration(config, participant, np.random.default_rng(0), lambda *_: None)


def test_a_calibration_run_teaches_the_decoder(run):
    decoder = WIRING.fit(load(settings=["paradigm=ssvep"]), run, np.random.default_rng(0))
    assert decoder.temperature_ > 0.1


def test_shuffled_labels_teach_nothing(run):
    config = load(settings=["paradigm=ssvep", "control=shuffled-labels"])
    assert WIRING.fit(config, run, np.random.default_rng(0)).temperature_ == 0.0


def test_defaults_of_the_paradigm_yield_to_what_is_set():
    assert load(settings=["paradigm=ssvep"]).stopping.max_blocks == 2
    assert load(settings=["paradigm=ssvep", "stopping.max_blocks=3"]).stopping.max_blocks == 3
