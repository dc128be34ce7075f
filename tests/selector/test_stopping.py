import numpy as np
import pytest

from selector.fusion import fuse
from selector.stopping import ThresholdStopping
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


@pytest.mark.parametrize(
    ("name", "value"),
    [("p", 1.0), ("p", np.nan), ("no_control_p", 0.0), ("min_evidence_nats", -1.0), ("min_observations", -1)],
)
def test_values_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=f"'{name}'"):
        ThresholdStopping(**{name: value})
