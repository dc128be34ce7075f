"""Bouts come at their rate, never overlap, and are the same whenever they are asked for."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from acquisition.simulated.bouts import Bouts


def bouts(per_min=12.0, seed=0):
    return Bouts(10.0, per_min, 0.5, np.random.default_rng(seed), spread=0.5)


def test_they_come_as_often_as_asked_for():
    found = list(bouts().between(0.0, 6000.0))
    assert 0.85 < len(found) / (6000 / 60 * 12 * 0.9) < 1.15
    assert found[0][0] >= 10.0
    assert all(begin < end for begin, end, _ in found)
    assert all(end < begin for (_, end, _), (begin, _, _) in pairwise(found))


def test_a_rate_of_zero_means_none():
    assert not list(bouts(per_min=0.0).between(0.0, 1e6))
    assert not bouts(per_min=0.0).cover(np.arange(100.0)).any()


@given(cuts=st.lists(st.floats(0.0, 300.0), max_size=8), seed=st.integers(0, 50))
def test_how_they_are_asked_for_does_not_matter(cuts, seed):
    times = np.linspace(0.0, 300.0, 3001)
    whole = bouts(seed=seed).cover(times)
    piecewise = bouts(seed=seed)
    parts = np.split(times, np.searchsorted(times, sorted(cuts)))
    np.testing.assert_array_equal(whole, np.concatenate([piecewise.cover(part) for part in parts]))
    inside = np.zeros(len(times), dtype=bool)
    for begin, end, _ in bouts(seed=seed).between(0.0, 300.0):
        inside |= (times >= begin) & (times < end)
    np.testing.assert_array_equal(whole, inside)
