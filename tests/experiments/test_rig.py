"""Sessions are wired from their settings: stopping rules by name, and what is believed of control."""

import pytest

from experiments.config import load
from experiments.registry import STOPPING
from experiments.rig import stopping


@pytest.mark.parametrize("rule", STOPPING)
def test_a_stopping_rule_gets_those_settings_that_it_asks_for(rule):
    made = stopping(load(settings=[f"stopping.rule={rule}", "stopping.min_observations=7", "stopping.p=0.8"]))
    assert type(made).__name__.lower().startswith(rule)
    assert made.min_observations == 7
    assert getattr(made, "p", 0.8) == 0.8


def test_an_unknown_stopping_rule_lists_those_that_are_known():
    with pytest.raises(ValueError, match=r"one of bayes, threshold, utility \(got 'never'\)"):
        stopping(load(settings=["stopping.rule=never"]))
