"""P300 in the loop: flashes that adapt write and replay, and what is fixed by a recording stays fixed."""

from pathlib import Path

import numpy as np
import pytest

from acquisition.stimulus import StimulusBlock
from experiments.config import load
from experiments.paradigms.p300 import WIRING
from experiments.replay import replay


def n_flashes(block):
    """How many flashes a logged block has room for."""
    return block["n_frames"] // 10


def test_adaptive_flashes_write_the_target_and_replay_exactly(write):
    run = write("flashing=adaptive", "stopping.min_observations=8", target="hello ")
    assert run.document == "hello "
    assert {n_flashes(block) for block in run.of_kind("block")} == {4}
    result = replay(run.folder.path)
    assert result.exact
    assert result.n_events == len(run.events)


def test_a_trial_of_adaptive_flashes_is_as_long_as_one_of_fixed_groups(write):
    given = (
        "control=zero-snr",
        "max_pages=1",
        "stopping.max_blocks=2",
        "stopping.p=0.999",
        "person.calibration_blocks=3",
    )
    for flashing in ("fixed", "adaptive"):
        blocks = write(*given, f"flashing={flashing}").of_kind("block")
        assert sum(map(n_flashes, blocks)) == 32


def test_the_refractory_rule_is_kept_from_block_to_block(write):
    run = write("flashing=adaptive", "control=zero-snr", "max_pages=1", "stopping.max_blocks=3")
    blocks = run.of_kind("block")
    regions = np.zeros((len(blocks[0]["codes"]), 4))
    codes = np.hstack([StimulusBlock.from_dict(block, regions).codes for block in blocks])
    for code in codes:
        onsets = np.flatnonzero(np.diff(code.astype(int), prepend=0) > 0)
        assert (np.diff(onsets) >= 40).all()


def test_a_recordings_flashes_are_fixed():
    config = load(settings=["flashing=adaptive"])
    with pytest.raises(ValueError, match=r"'flashing' \(got 'adaptive'\) must be 'fixed' with a recording"):
        WIRING.recorded(config, Path("nowhere.bdf"), np.random.default_rng(0))


def test_a_recorded_participant_has_fixed_flashes_unless_others_are_asked_for():
    recorded = "person.recording=sub-01.bdf"
    assert load(settings=[recorded]).flashing == "fixed"
    assert load(settings=[recorded, "flashing=adaptive"]).flashing == "adaptive"
    assert load().flashing == "adaptive"
