import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selector.paradigms.dwell import Dwell
from selector.paradigms.p300 import REFRACTORY, P300Groups
from selector.types import Posterior


def flat(n_slots):
    log_prior = np.full(n_slots + 1, -np.log(n_slots + 1))
    return Posterior(log_prior=log_prior, log_likelihood=np.zeros(n_slots + 1), p=np.exp(log_prior))


def blocks(paradigm, n_slots, n_blocks, seed=0):
    rng = np.random.default_rng(seed)
    return [paradigm.next_block(np.zeros((n_slots, 4)), flat(n_slots), 0, rng) for _ in range(n_blocks)]


def flashes_of(block, soa_frames=10):
    """The flashes in which each slot lights up."""
    return [[frame // soa_frames for frame, slots in block.flashes if slots[slot]] for slot in range(block.n_slots)]


def too_close(first, second):
    return second - first <= REFRACTORY


@given(n_slots=st.integers(1, 64), seed=st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_every_slot_lights_up_twice_and_no_two_slots_together_both_times(n_slots, seed):
    for block in blocks(P300Groups(), n_slots, 3, seed):
        pairs = [tuple(pair) for pair in flashes_of(block)]
        assert block.codes.shape == (n_slots, 160)
        assert block.codes.dtype == np.uint8
        assert all(len(pair) == 2 for pair in pairs)
        assert len(set(pairs)) == n_slots


@pytest.mark.parametrize("n_slots", [8, 28, 40])
def test_at_least_three_flashes_lie_between_two_of_the_same_slot(n_slots):
    for block in blocks(P300Groups(), n_slots, 20):
        assert not any(too_close(*pair) for pair in flashes_of(block))


@pytest.mark.parametrize("n_slots", [8, 28, 64])
def test_the_rule_holds_almost_always_across_the_border_of_blocks(n_slots):
    shown = [flashes_of(block) for block in blocks(P300Groups(), n_slots, 40)]
    broken = [
        too_close(before[1], after[0] + 16)
        for one, other in itertools.pairwise(shown)
        for before, after in zip(one, other, strict=True)
    ]
    assert np.mean(broken) < 0.01


def test_groups_are_equally_large():
    for block in blocks(P300Groups(), 28, 5):
        sizes = [slots.sum() for _, slots in block.flashes]
        assert len(sizes) == 16
        assert max(sizes) - min(sizes) <= 1


def test_a_slot_changes_its_groups_from_block_to_block():
    pairs = {tuple(flashes_of(block)[5]) for block in blocks(P300Groups(), 28, 20)}
    assert len(pairs) > 10


def test_the_same_generator_and_history_give_the_same_blocks():
    for one, other in zip(blocks(P300Groups(), 30, 4, seed=3), blocks(P300Groups(), 30, 4, seed=3), strict=True):
        assert np.array_equal(one.codes, other.codes)


@given(n_slots=st.integers(2, 64), seed=st.integers(0, 50), data=st.data())
@settings(max_examples=40, deadline=None)
def test_an_arranged_slot_lights_up_when_asked_and_at_no_other_time(n_slots, seed, data):
    slot = data.draw(st.integers(0, n_slots - 1))
    asked = tuple(data.draw(st.lists(st.integers(0, 15), min_size=2, max_size=2, unique=True)))
    paradigm = P300Groups(arrange=lambda: (slot, asked))
    for block in blocks(paradigm, n_slots, 3, seed):
        pairs = [tuple(pair) for pair in flashes_of(block)]
        assert pairs[slot] == tuple(sorted(asked))
        assert len(set(pairs)) == n_slots
        assert paradigm.arranged == (slot, asked)


def test_a_free_block_is_not_arranged():
    paradigm = P300Groups(arrange=lambda: None)
    blocks(paradigm, 8, 1)
    assert paradigm.arranged is None


def test_more_slots_than_crossings_are_refused():
    with pytest.raises(ValueError, match=r"65 slots.*at most 64"):
        blocks(P300Groups(), 65, 1)


@pytest.mark.parametrize("asked", [(0, (3, 3)), (9, (1, 2)), (0, (1, 16))])
def test_an_impossible_arrangement_is_refused(asked):
    with pytest.raises(ValueError, match="'arrange'"):
        blocks(P300Groups(arrange=lambda: asked), 9, 1)


@pytest.mark.parametrize(
    ("settings", "name"),
    [({"flash_s": 0.2}, "flash_s"), ({"flash_s": 0.001}, "flash_s"), ({"n_groups": 7}, "n_groups")],
)
def test_impossible_settings_are_refused(settings, name):
    with pytest.raises(ValueError, match=name):
        P300Groups(**settings)


def test_nothing_flashes_in_dwell():
    (block,) = blocks(Dwell(), 5, 1)
    assert block.codes.shape == (5, 30)
    assert not block.codes.any()
    assert Dwell().arranged is None


def test_dwell_refuses_an_empty_block():
    with pytest.raises(ValueError, match="block_s"):
        Dwell(block_s=0.0)
