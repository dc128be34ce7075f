"""The pace to be expected of a decoder, and when a calibration has said enough."""

import numpy as np
import pytest

from experiments.config import load
from experiments.evaluation.reliability import HeldOut
from experiments.expectation import Expectation, expect, held_out


def characters(n, d_prime, n_blocks=6, seed=0):
    """Flashes whose ratios are those of two normal densities so far apart."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        is_target = np.concatenate([rng.permutation(np.arange(16) < 2) for _ in range(n_blocks)])
        scores = rng.standard_normal(len(is_target)) + d_prime * is_target
        found.append(HeldOut(d_prime * scores - d_prime**2 / 2, is_target, d_prime**2))
    return found


def test_clear_answers_are_expected_to_be_faster_than_weak_ones_and_none_to_bring_nothing():
    clear, weak, none = (expect(load(), characters(8, d), np.random.default_rng(0)) for d in (2.5, 1.2, 0.0))
    assert clear.per_min > 1.5 * weak.per_min > 0
    assert clear.low <= clear.per_min <= clear.high
    assert none.per_min < 0.5
    assert not none.is_enough(0.25)


def test_an_impatient_rule_is_expected_to_err():
    hasty = expect(load(settings=["stopping.p=0.5"]), characters(8, 1.5), np.random.default_rng(0))
    careful = expect(load(settings=["stopping.p=0.99"]), characters(8, 1.5), np.random.default_rng(0))
    assert hasty.error > careful.error


def test_it_is_enough_once_the_interval_is_narrow_and_excludes_none():
    narrow = Expectation(n_characters=6, per_min=8.0, low=7.0, high=9.0, error=0.02)
    assert narrow.is_enough(0.25)
    assert not narrow.is_enough(0.1)
    assert not Expectation(3, 8.0, 7.9, 8.1, 0.0).is_enough(0.25)
    assert "8.0 selections a minute are to be expected (95 % interval 7.0 to 9.0 over 6" in narrow.in_words(0.25)
    assert narrow.in_words(0.25).endswith("known to 25 %, and enough.")
    assert narrow.in_words(0.1).endswith("more characters would make it surer.")
    assert "check the electrodes" in Expectation(8, 0.2, -0.1, 0.9, 0.4).in_words(0.25)


def test_blocks_with_a_lost_flash_are_left_out():
    ratios, targets = np.arange(64.0), np.tile(np.arange(16) < 2, 4)
    ratios[20] = np.nan
    found = held_out(ratios, targets, np.repeat([0, 1], 32), apart=1.0)
    assert [character.n_blocks for character in found] == [1, 2]


def test_without_any_whole_character_nothing_can_be_expected():
    with pytest.raises(ValueError, match="at least one whole character"):
        expect(load(), [], np.random.default_rng(0))


def test_a_calibration_of_clear_answers_ends_early_and_says_why(write):
    run = write(
        "person.calibration_precision=0.3", "person.calibration_characters=12", "person.profile=easy", target="h"
    )
    told = run.events[0]["decoder"]
    assert "selections a minute are to be expected" in told
    assert told.endswith("enough.")
    assert int(told.split()[2]) < 12
