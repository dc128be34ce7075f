import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from selector.fusion import fit_lapse, fit_weights, fuse
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


def trials(eeg_share=1.0, n=400, n_slots=5, seed=0):
    """Flat priors, true EEG evidence times ``eeg_share``, gaze that knows nothing, and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_slots, size=n)
    d = 1.5
    shown = rng.normal(size=(n, n_slots)) + d * (np.arange(n_slots) == labels[:, None])
    eeg = eeg_share * np.column_stack((d * shown - d**2 / 2, np.full(n, -20.0)))
    return np.zeros((n, n_slots + 1)), {"eeg": eeg, "gaze": rng.normal(size=eeg.shape)}, labels


def test_true_evidence_gets_weight_one_and_noise_gets_none():
    weights = fit_weights(*trials())
    assert weights["eeg"] == pytest.approx(1.0, abs=0.15)
    assert weights["gaze"] < 0.1


def test_evidence_that_promises_too_much_is_scaled_down():
    assert fit_weights(*trials(eeg_share=4.0))["eeg"] == pytest.approx(0.25, abs=0.05)


def test_a_modality_of_constants_gets_no_weight_and_changes_no_other():
    log_priors, evidences, labels = trials()
    without = fit_weights(log_priors, evidences, labels)
    constant = np.repeat(np.arange(len(labels), dtype=float)[:, None], 6, axis=1)
    weights = fit_weights(log_priors, {**evidences, "constant": constant}, labels)
    assert weights.pop("constant") == 0.0
    assert weights == pytest.approx(without, abs=1e-4)


def test_a_prior_that_leads_astray_loses_its_weight():
    _, evidences, labels = trials()
    rng = np.random.default_rng(1)
    wrong = np.log(rng.dirichlet(np.ones(6), size=len(labels)))
    assert fit_weights(wrong, evidences, labels)["prior"] < 0.2


def test_the_share_of_lapses_is_found():
    rng = np.random.default_rng(0)
    labels, d = rng.integers(5, size=600), 4.0
    lapsed = rng.random(600) < 0.2
    evidences = {}
    for modality in ("eeg", "gaze"):
        answered = np.where(lapsed, rng.integers(5, size=600), labels)
        shown = rng.normal(size=(600, 5)) + d * (np.arange(5) == answered[:, None])
        evidences[modality] = np.column_stack((d * shown - d**2 / 2, np.full(600, -20.0)))
    assert fit_lapse(np.zeros((600, 6)), evidences, labels) == pytest.approx(0.2, abs=0.05)


def test_no_lapse_in_few_trials_leaves_room_for_one():
    log_priors, _, labels = trials(n=20)
    sure = 50.0 * (np.arange(6) == labels[:, None])
    assert fit_lapse(log_priors, {"eeg": sure}, labels) == pytest.approx(1 / 22, abs=0.005)


def test_what_a_prior_rules_out_stays_ruled_out_whatever_its_weight():
    log_priors, evidences, labels = trials()
    log_priors[:, -1] = -np.inf
    weights = fit_weights(log_priors, evidences, labels)
    posterior, _ = fuse(log_priors[0], [evidence(evidences["eeg"][0])], {**weights, "prior": 0.0})
    assert posterior.p[-1] == 0.0
    assert posterior.p.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        ((np.zeros((0, 6)), {}, np.zeros(0, dtype=int)), "log_priors"),
        ((np.zeros((2, 6)), {"eeg": np.full((2, 6), np.nan)}, np.zeros(2, dtype=int)), "evidences"),
        ((np.zeros((2, 6)), {"eeg": np.zeros((2, 5))}, np.zeros(2, dtype=int)), "evidences"),
        ((np.zeros((2, 6)), {}, np.array([0, 6])), "labels"),
        ((np.array([[-np.inf, 0.0]]), {}, np.array([0])), "log_priors"),
    ],
)
def test_trials_that_teach_no_weight_are_refused(broken, name):
    with pytest.raises(ValueError, match=name):
        fit_weights(*broken)


def test_one_modality_alone_never_exceeds_what_lapses_leave():
    sure = evidence([200.0, 0, 0, 0, 0, 0], "gaze")
    posterior, _ = fuse(np.zeros(N), [sure], lapse=0.1)
    assert posterior.p[0] == pytest.approx(0.9 + 0.1 / N, abs=1e-6)


def test_two_modalities_that_agree_exceed_it_and_one_that_overrules_the_other_does_not():
    eeg, gaze = [20.0, 0, 0, 0, 0, 0], [30.0, 0, 0, 0, 0, 0]
    agreed, _ = fuse(np.zeros(N), [evidence(eeg), evidence(gaze, "gaze")], lapse=0.1)
    opposed, _ = fuse(np.zeros(N), [evidence(eeg), evidence(np.roll(gaze, 1), "gaze")], lapse=0.1)
    assert agreed.p[0] > 0.97
    assert opposed.p.max() < 0.5


@given(prior=nats, eeg=nats, constant=st.floats(-1e3, 1e3))
def test_with_lapses_a_constant_still_changes_nothing(prior, eeg, constant):
    one, _ = fuse(prior, [evidence(eeg)], lapse=0.05)
    other, _ = fuse(prior, [evidence(eeg), evidence(np.full(N, constant), "gaze")], lapse=0.05)
    np.testing.assert_allclose(one.p, other.p, atol=1e-9)


@pytest.mark.parametrize("lapse", [-0.1, 1.0, np.nan])
def test_a_lapse_that_is_no_share_is_refused(lapse):
    with pytest.raises(ValueError, match="lapse"):
        fuse(np.zeros(2), [], lapse=lapse)
