import numpy as np
import pytest

from selector.fusion import fuse
from selector.stopping import BayesStopping, ThresholdStopping, UtilityStopping
from selector.types import Evidence


def posterior(log_likelihood, prior=None, n_observations=100):
    values = np.asarray(log_likelihood, dtype=float)
    prior = np.zeros_like(values) if prior is None else np.log(prior)
    return fuse(prior, [Evidence("eeg", 0.0, values, 0.0, 1.0, n_observations)])[0]


def test_selects_the_slot_that_is_likely_enough():
    selection = ThresholdStopping(p=0.9).decide(posterior([0, 8, 0, 0]), 2.0, exhausted=False)
    assert (selection.slot, selection.reason, selection.time) == (1, "threshold", 2.0)


def test_goes_on_below_the_threshold():
    assert ThresholdStopping(p=0.9).decide(posterior([0, 1, 0, 0]), 2.0, exhausted=False) is None


def test_the_prior_alone_never_selects():
    sure = posterior([0, 0, 0, 0], prior=[0.001, 0.997, 0.001, 0.001])
    assert sure.p[1] > 0.95
    assert ThresholdStopping().decide(sure, 2.0, exhausted=False) is None
    assert ThresholdStopping().decide(sure, 2.0, exhausted=True).slot is None


def test_too_few_observations_never_select():
    few = posterior([0, 20, 0, 0], n_observations=15)
    assert ThresholdStopping(min_observations=16).decide(few, 2.0, exhausted=False) is None


def test_an_exhausted_trial_ends_without_a_slot():
    selection = ThresholdStopping().decide(posterior([0, 1, 0, 0]), 2.0, exhausted=True)
    assert (selection.slot, selection.reason) == (None, "exhausted")


def test_no_control_is_said_at_exhaustion_only():
    rule = ThresholdStopping()
    nothing = posterior([0, 0, 0, 12])
    assert rule.decide(nothing, 2.0, exhausted=False) is None
    selection = rule.decide(nothing, 2.0, exhausted=True)
    assert (selection.slot, selection.reason) == (None, "no_control")


RULES = [ThresholdStopping(), BayesStopping(), UtilityStopping()]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_selects_what_is_sure_and_nothing_that_only_the_prior_says(rule):
    assert rule.decide(posterior([0, 30, 0, 0]), 2.0, exhausted=False).slot == 1
    sure = posterior([0, 0, 0, 0], prior=[0.0005, 0.9985, 0.0005, 0.0005])
    assert rule.decide(sure, 2.0, exhausted=False) is None
    assert rule.decide(posterior([0, 30, 0, 0], n_observations=3), 2.0, exhausted=False) is None


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_ends_an_exhausted_trial_with_a_reason(rule):
    assert rule.decide(posterior([0, 0.1, 0, 0]), 2.0, exhausted=True).reason == "exhausted"
    assert rule.decide(posterior([0, 0, 0, 30]), 2.0, exhausted=True).reason == "no_control"


def reached(rule, n_others=20):
    """The least probability at which a rule selects."""
    for nats in np.arange(0.0, 20.0, 0.05):
        found = posterior([nats, *[0.0] * n_others])
        if rule.decide(found, 0.0, exhausted=False):
            return found.p[0]
    return 1.0


def test_bayes_selects_where_the_expected_cost_of_an_error_is_that_of_a_block():
    assert reached(BayesStopping(block_s=2.0, error_s=10.0, undo_s=10.0)) == pytest.approx(0.9, abs=0.01)


def test_dearer_errors_and_cheaper_blocks_make_bayes_wait_longer():
    assert reached(BayesStopping(undo_s=60.0)) > reached(BayesStopping()) > reached(BayesStopping(block_s=8.0))


def test_utility_waits_longer_where_time_is_cheap_errors_are_dear_or_blocks_tell_more():
    base = reached(UtilityStopping())
    assert reached(UtilityStopping(selection_s=30.0)) > base
    assert reached(UtilityStopping(wrong=-5.0)) > base
    assert reached(UtilityStopping(nats_per_block=6.0)) > base > reached(UtilityStopping(nats_per_block=0.3))


def test_what_a_block_is_expected_to_bring_is_what_it_brings():
    rng = np.random.default_rng(0)
    nats, p = 3.0, 0.8
    rule = UtilityStopping(nats_per_block=nats)
    before = posterior(np.log([p, 1 - p, 1e-12]))
    true = rng.random(20_000) < p
    moved = np.log(p / (1 - p)) + rng.normal(np.where(true, nats, -nats), np.sqrt(2 * nats))
    after = 1 / (1 + np.exp(-moved))
    assert rule._after_a_block(before, 0) == pytest.approx(np.abs(2 * after - 1).mean(), abs=0.01)


@pytest.mark.parametrize(
    ("rule", "name", "value"),
    [
        (BayesStopping, "block_s", 0.0),
        (BayesStopping, "error_s", np.nan),
        (BayesStopping, "block_s", 100.0),
        (UtilityStopping, "nats_per_block", 0.0),
        (UtilityStopping, "selection_s", -1.0),
        (UtilityStopping, "wrong", 0.5),
        (UtilityStopping, "min_observations", -1),
    ],
)
def test_costs_out_of_range_are_refused(rule, name, value):
    with pytest.raises(ValueError, match=f"'{name}'|block"):
        rule(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("p", 1.0), ("p", np.nan), ("no_control_p", 0.0), ("min_evidence_nats", -1.0), ("min_observations", -1)],
)
def test_values_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=f"'{name}'"):
        ThresholdStopping(**{name: value})
