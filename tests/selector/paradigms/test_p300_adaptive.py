"""Adaptive flashes keep their constraints whatever is known, and find the wanted slot sooner than fixed ones."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selector.paradigms.p300 import REFRACTORY, P300Groups
from selector.paradigms.p300_adaptive import P300Adaptive, information
from selector.types import Paradigm, Posterior

SOA_FRAMES = 10
# An answer is there 0.86 s after its flash.
DELAY = 6
D_PRIME = 1.5


def knowing(p):
    return Posterior(log_prior=np.log(p), log_likelihood=np.zeros(len(p)), p=np.asarray(p), n_observations=1)


def random_posterior(n_slots, rng):
    """Anything from even odds to near certainty."""
    p = rng.dirichlet(np.full(n_slots + 1, 10.0 ** rng.uniform(-2, 1))) + 1e-12
    return knowing(p / p.sum())


def groups_of(block):
    onsets = dict(block.flashes)
    nothing = np.zeros(block.n_slots, dtype=bool)
    return [onsets.get(frame, nothing) for frame in range(0, block.n_frames, SOA_FRAMES)]


def shown(paradigm, n_slots, n_blocks, seed=0, pending=DELAY):
    """Groups (n_flashes, n_slots), and the posterior that each block was chosen by."""
    rng = np.random.default_rng(seed)
    groups, known = [], []
    for _ in range(n_blocks):
        posterior = random_posterior(n_slots, rng)
        groups += groups_of(paradigm.next_block(np.zeros((n_slots, 4)), posterior, pending, rng))
        known.append(posterior.p)
    return np.array(groups), known


def distances(groups):
    """Flashes from each flash of a slot to its next one, over all slots."""
    return np.concatenate([np.diff(np.flatnonzero(column)) for column in groups.T])


@given(n_slots=st.integers(1, 64), seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_three_flashes_at_least_lie_between_two_of_a_slot(n_slots, seed):
    groups, _ = shown(P300Adaptive(), n_slots, 16, seed)
    assert (distances(groups) > REFRACTORY).all()


@given(n_slots=st.integers(1, 64), seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_every_slot_is_heard_within_two_repetitions(n_slots, seed):
    groups, _ = shown(P300Adaptive(), n_slots, 24, seed)
    edges = np.ones((1, n_slots), dtype=bool)
    assert distances(np.vstack([edges, groups, edges])).max() <= 32


@given(n_slots=st.integers(2, 64), seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_group_is_unlikely_beside_one_likely_slot(n_slots, seed):
    groups, known = shown(P300Adaptive(n_flashes=1), n_slots, 40, seed, pending=0)
    for group, p in zip(groups, known, strict=True):
        likely = group & (p[:-1] > 0.25)
        assert likely.sum() <= 1
        assert p[:-1][group & ~likely].sum() <= 0.25 + 1e-9
        assert group.sum() <= max(-(-n_slots // 16), n_slots // 5)


def test_the_same_history_and_generator_choose_the_same_flashes():
    assert np.array_equal(shown(P300Adaptive(), 40, 10, seed=3)[0], shown(P300Adaptive(), 40, 10, seed=3)[0])
    assert not np.array_equal(shown(P300Adaptive(), 40, 10, seed=3)[0], shown(P300Adaptive(), 40, 10, seed=4)[0])


def test_likely_slots_flash_more_often_than_unlikely_ones():
    p = knowing(np.array([0.4, 0.4, *np.full(38, 0.19 / 38), 0.01]))
    paradigm, rng, n = P300Adaptive(), np.random.default_rng(0), 25
    blocks = [paradigm.next_block(np.zeros((40, 4)), p, DELAY, rng) for _ in range(n)]
    counts = np.sum([groups_of(block) for block in blocks], axis=(0, 1))
    assert counts[:2].min() > 0.9 * n
    assert counts[2:].max() < 0.9 * n


def test_two_likely_slots_are_told_apart():
    p = knowing(np.array([0.49, 0.49, *np.full(18, 0.01 / 18), 0.01]))
    paradigm, rng = P300Adaptive(), np.random.default_rng(0)
    for _ in range(10):
        block = paradigm.next_block(np.zeros((20, 4)), p, 0, rng)
        assert not any(group[:2].all() for group in groups_of(block))


def test_a_page_of_another_size_starts_anew():
    paradigm = P300Adaptive()
    for n_slots in (40, 12, 40):
        groups, _ = shown(paradigm, n_slots, 2)
        assert groups.shape == (8, n_slots)
        assert groups.any(axis=1).all()


def test_a_block_has_the_rhythm_of_fixed_flashes():
    block = P300Adaptive().next_block(
        np.zeros((9, 4)), random_posterior(9, np.random.default_rng(0)), 0, np.random.default_rng(0)
    )
    assert block.codes.shape == (9, 4 * SOA_FRAMES)
    assert block.codes.dtype == np.uint8
    assert set(block.codes.sum(axis=1).tolist()) <= {0, 6}
    assert P300Adaptive().arranged is None


def test_information_is_what_is_known_of_a_binary_choice_in_gaussian_noise():
    masses = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    np.testing.assert_allclose(information(masses, 1.5), information(1 - masses, 1.5), atol=1e-6)
    np.testing.assert_allclose(information(masses, 1e-3), 0.0, atol=1e-6)
    entropy = -masses * np.log(np.maximum(masses, 1e-300)) - (1 - masses) * np.log(np.maximum(1 - masses, 1e-300))
    np.testing.assert_allclose(information(masses, 12.0), entropy, atol=1e-3)
    assert (np.diff(information(np.linspace(0, 0.5, 20), 1.5)) > 0).all()


def test_a_choice_among_64_slots_takes_a_few_milliseconds_at_most():
    paradigm = P300Adaptive()
    shown(paradigm, 64, 5)
    began = time.process_time()
    shown(paradigm, 64, 50)
    assert (time.process_time() - began) / 200 < 0.005  # Half a millisecond on a quiet machine.


def n_until_sure(paradigm: Paradigm, prior, target, rng, refractory_brain=True):
    """Flashes until a slot has 95 %, and whether it is the right one; answers come late and are weak when too close."""
    n_slots = len(prior) - 1
    log_p, waiting, n, last = np.log(prior), [], 0, -np.inf
    while n < 400:
        p = np.exp(log_p - log_p.max())
        posterior = knowing(p / p.sum())
        for group in groups_of(paradigm.next_block(np.zeros((n_slots, 4)), posterior, len(waiting), rng)):
            strength = min(1.0, 0.2 + 0.25 * (n - last)) if refractory_brain else 1.0
            answer = D_PRIME * strength * group[target] + rng.standard_normal()
            last = n if group[target] else last
            waiting.append(D_PRIME * (answer - D_PRIME / 2) * group)
            n += 1
            if len(waiting) > DELAY:
                log_p[:-1] = log_p[:-1] + waiting.pop(0)
                p = np.exp(log_p - log_p.max())
                if p[:-1].max() / p.sum() > 0.95:
                    return n, int(np.argmax(p[:-1])) == target
    return n, False


def searches(make, n_trials=60, n_slots=40):
    """Mean number of flashes, and share of right selections, with a prior that knows a little."""
    found = []
    for seed in range(n_trials):
        rng = np.random.default_rng(seed)
        prior = rng.permutation(1.0 / np.arange(1, n_slots + 1) ** 1.5)
        prior = np.append(0.99 * (0.95 * prior / prior.sum() + 0.05 / n_slots), 0.01)
        target = int(rng.choice(n_slots, p=prior[:-1] / prior[:-1].sum()))
        found.append(n_until_sure(make(), prior, target, rng))
    flashes, right = np.array(found, dtype=float).T
    return flashes.mean(), right.mean()


def test_the_wanted_slot_is_found_in_fewer_flashes_than_with_fixed_groups():
    adaptive, right = searches(P300Adaptive)
    fixed, _ = searches(P300Groups)
    assert adaptive < 0.8 * fixed
    assert right >= 0.9


def test_without_the_refractory_rule_the_gain_is_lost():
    ruled, right_ruled = searches(P300Adaptive)
    free, right_free = searches(lambda: P300Adaptive(refractory=0))
    assert free > 1.2 * ruled
    assert right_free < right_ruled


@pytest.mark.parametrize(
    ("given_settings", "name"),
    [
        ({"flash_s": 0.2}, "flash_s"),
        ({"max_mass": 0.0}, "max_mass"),
        ({"max_share": 1.5}, "max_share"),
        ({"n_flashes": 0}, "n_flashes"),
        ({"d_prime": np.nan}, "d_prime"),
        ({"refractory": 16}, "refractory"),
    ],
)
def test_impossible_settings_are_refused(given_settings, name):
    with pytest.raises(ValueError, match=name):
        P300Adaptive(**given_settings)
