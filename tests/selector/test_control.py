import numpy as np
import pytest

from selector.control import ControlState


def test_pages_without_control_raise_the_prior_up_to_a_bound():
    control = ControlState(leaves=0.01, returns=0.1)
    seen = []
    for _ in range(20):
        seen.append(control.no_control)
        control.update(0.99)
    assert seen[0] == 0.01
    assert all(np.diff(seen) >= 0)
    assert seen[-1] <= 0.9


def test_one_clear_selection_forgets_the_rest():
    control = ControlState()
    control.update(1.0)
    control.update(0.0)
    assert control.no_control == control.leaves


def test_what_a_page_leaves_open_leaves_the_state_between():
    control = ControlState(leaves=0.02, returns=0.2)
    control.update(0.5)
    assert control.no_control == pytest.approx(0.5 * 0.02 + 0.5 * 0.8)


def test_the_page_keeps_its_proportions_and_sums_to_one():
    control = ControlState()
    control.update(0.7)
    prior = control.prior(np.array([0.6, 0.3, 0.1]))
    assert prior.sum() == pytest.approx(1.0)
    assert prior[-1] == control.no_control
    assert prior[0] == pytest.approx(2 * prior[1])


@pytest.mark.parametrize(
    "values", [{"leaves": 0.0}, {"returns": 1.0}, {"leaves": np.nan}, {"leaves": 0.6, "returns": 0.6}]
)
def test_what_is_no_probability_is_refused(values):
    with pytest.raises(ValueError, match=r"leaves|returns"):
        ControlState(**values)
    with pytest.raises(ValueError, match="p_nothing"):
        ControlState().update(1.5)
