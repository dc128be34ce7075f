import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from selector.fusion import fuse
from selector.types import Evidence

N = 6
nats = hnp.arrays(np.float64, N, elements=st.floats(-200, 200))
anything = hnp.arrays(np.float64, N, elements=st.floats(allow_nan=True, allow_infinity=True))


def evidence(values, modality="eeg", quality=1.0):
    return Evidence(modality, 1.0, np.asarray(values, dtype=float), 1.0, quality, 10)


@given(prior=nats, eeg=nats, gaze=nats)
def test_posterior_sums_to_one(prior, eeg, gaze):
    posterior, faults = fuse(prior, [evidence(eeg), evidence(gaze, "gaze")])
    assert posterior.p.sum() == pytest.approx(1.0)
    assert np.exp(posterior.log_prior).sum() == pytest.approx(1.0)
    assert posterior.n_observations == 20
    assert faults == ()


@given(prior=nats, eeg=nats, constant=st.floats(-1e3, 1e3))
def test_posterior_ignores_a_constant_added_to_log_likelihood(prior, eeg, constant):
    one, _ = fuse(prior, [evidence(eeg)])
    other, _ = fuse(prior, [evidence(eeg + constant)])
    np.testing.assert_allclose(one.p, other.p, atol=1e-9)


@given(prior=nats, eeg=anything, quality=st.floats())
def test_nan_never_propagates(prior, eeg, quality):
    posterior, _ = fuse(prior, [evidence(eeg, quality=quality)])
    assert np.isfinite(posterior.p).all()
    assert posterior.p.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "broken",
    [
        evidence([np.nan, 0, 0, 0, 0, 0]),
        evidence([np.inf, 0, 0, 0, 0, 0]),
        evidence(np.full(N, -np.inf)),
        evidence(np.zeros(N + 1)),
        evidence(np.zeros(N), quality=np.nan),
    ],
)
def test_broken_evidence_is_left_out_and_reported_in_a_sentence(broken):
    good = evidence([3.0, 0, 0, 0, 0, 0], "gaze")
    posterior, faults = fuse(np.zeros(N), [broken, good])
    alone, _ = fuse(np.zeros(N), [good])
    np.testing.assert_array_equal(posterior.p, alone.p)
    assert len(faults) == 1
    assert faults[0].startswith("Evidence from 'eeg' was left out: ")


def test_two_modalities_that_rule_out_everything_do_not_break_the_posterior():
    one = evidence([0.0, *[-np.inf] * 5])
    other = evidence([-np.inf, *[0.0] * 5], "gaze")
    posterior, faults = fuse(np.zeros(N), [one, other])
    assert posterior.best == 0
    assert "rules out everything" in faults[0]


@given(prior=nats)
def test_a_modality_that_knows_nothing_changes_nothing(prior):
    posterior, _ = fuse(prior, [evidence(np.full(N, -7.0))])
    np.testing.assert_allclose(posterior.p, np.exp(posterior.log_prior), atol=1e-12)


def test_weight_zero_is_not_heard_and_has_not_spoken():
    posterior, faults = fuse(np.zeros(N), [evidence([9.0, 0, 0, 0, 0, np.nan])], {"eeg": 0.0})
    assert posterior.n_observations == 0
    assert faults == ()
    np.testing.assert_allclose(posterior.p, 1 / N)


def test_quality_scales_what_the_evidence_is_worth():
    full, _ = fuse(np.zeros(N), [evidence([4.0, 0, 0, 0, 0, 0])])
    half, _ = fuse(np.zeros(N), [evidence([4.0, 0, 0, 0, 0, 0], quality=0.5)])
    assert half.evidence_nats(0) == pytest.approx(full.evidence_nats(0) / 2)


@pytest.mark.parametrize("prior", [[np.nan, 0.0], [np.inf, 0.0], [-np.inf, -np.inf], [[0.0]]])
def test_a_broken_prior_is_refused(prior):
    with pytest.raises(ValueError, match="log_prior"):
        fuse(np.array(prior), [])


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_a_broken_weight_is_refused(weight):
    with pytest.raises(ValueError, match="weights"):
        fuse(np.zeros(2), [], {"eeg": weight})
