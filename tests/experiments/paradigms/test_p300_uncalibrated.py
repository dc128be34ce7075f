"""A session that begins without calibration."""

from pathlib import Path

import pytest

from experiments.config import load
from experiments.demo import run_demo
from experiments.replay import replay
from experiments.rig import paradigm, wiring
from selector.decoders.erp_adaptive import AdaptiveErpDecoder
from selector.paradigms.p300 import P300Groups

NONE = "person.calibration_characters=0"


def test_a_person_writes_from_the_first_flash_on_and_the_replay_learns_alike(tmp_path: Path) -> None:
    config = load(target="the end", settings=[NONE, "person.profile=easy"])
    summary = run_demo(config, tmp_path, fast=True, progress=lambda *_: None)
    assert summary["exact"]
    assert replay(Path(summary["session"])).exact


def test_flashes_are_fixed_while_nobody_knows_the_answer() -> None:
    config = load(settings=[NONE, "flashing=adaptive"])
    assert wiring(config).decoder is AdaptiveErpDecoder
    assert isinstance(paradigm(config), P300Groups)
    assert wiring(config).blocks_per_repetition(config) == 1


def test_paradigms_that_need_a_calibration_say_so() -> None:
    with pytest.raises(ValueError, match=r"'person.calibration_characters' \(got 0\) must be at least 1 in .* 'ssvep'"):
        wiring(load(settings=["paradigm=ssvep", NONE]))


def test_labels_that_are_not_there_cannot_be_shuffled(tmp_path: Path) -> None:
    config = load(target="a", settings=[NONE, "control=shuffled-labels"])
    with pytest.raises(ValueError, match="needs a calibration, whose labels it shuffles"):
        run_demo(config, tmp_path, fast=True, progress=lambda *_: None)
