"""Shares of the token model's parts, fitted."""

import numpy as np
import pytest

from generation.python.cache import DEPTH
from generation.python.fitting import fit_shares
from generation.python.shares import IN_MODULES, IN_SCRIPTS, PARTS
from generation.python.tokens import token_model


@pytest.mark.parametrize("table", [IN_MODULES, IN_SCRIPTS])
def test_every_part_has_a_share_at_each_depth_and_they_sum_to_one(table):
    assert np.shape(table) == (DEPTH + 1, len(PARTS))
    assert np.sum(table, axis=1) == pytest.approx(1, abs=0.021)


def test_a_document_that_repeats_itself_makes_its_own_parts_believed():
    model = token_model()
    plain = fit_shares(model, ["def f(a, b):\n    if a > b:\n        return a\n    return b\n"])
    again = fit_shares(model, ["zeta = eta(theta, 3) ** iota\n" * 12])
    longest = PARTS.index("role-longest")
    assert again[DEPTH, longest] > plain[DEPTH, longest]
    assert again.sum(axis=1) == pytest.approx(1)
