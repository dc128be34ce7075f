import numpy as np
import pytest

from experiments.bench.probabilities import measure as measure_probabilities
from experiments.bench.probabilities_rest import RestPerson
from experiments.bench.probabilities_rest import measure as measure_rest
from experiments.evaluation.reliability import (
    N_FLASHES,
    HeldOut,
    believed,
    flat_prior,
    lay_out,
    skewed_prior,
    stop,
)
from selector.stopping import ThresholdStopping

RULES = {p: ThresholdStopping(p) for p in (0.8, 0.95)}


def character(d_prime=2.0, n_blocks=8, seed=0, attends=True, promised=1.0):
    """Flashes whose ratios are true, times ``promised``."""
    rng = np.random.default_rng(seed)
    is_target = np.concatenate([rng.permutation(np.arange(N_FLASHES) < 2) for _ in range(n_blocks)]) & attends
    scores = rng.normal(size=len(is_target)) + d_prime * is_target
    return HeldOut(promised * (d_prime * scores - d_prime**2 / 2), is_target, promised * d_prime**2)


def test_every_block_lights_every_slot_twice_and_the_cued_one_with_its_targets():
    flashes = character()
    lit, cued = lay_out(flashes.is_target, np.random.default_rng(1))
    assert np.all(lit.reshape(-1, N_FLASHES, 64).sum(axis=1) == 2)
    np.testing.assert_array_equal(lit[:, cued], flashes.is_target)


def test_rest_has_no_cued_slot():
    rng = np.random.default_rng(0)
    for rest in (character().untied(), character().at_rest(rng)):
        lit, cued = lay_out(rest.is_target, rng)
        assert cued is None
        assert np.all(lit.reshape(-1, N_FLASHES, 64).sum(axis=1) == 2)


def test_rest_without_targets_holds_nontargets_only():
    flashes = character(d_prime=50.0)
    assert flashes.log_ratio.max() > 0 > flashes.at_rest(np.random.default_rng(0)).log_ratio.max()


@pytest.mark.parametrize("is_target", [np.zeros(15, dtype=bool), np.ones(16, dtype=bool)])
def test_what_is_no_whole_block_with_two_targets_is_refused(is_target):
    with pytest.raises(ValueError, match="is_target"):
        lay_out(is_target, np.random.default_rng(0))


def test_a_higher_threshold_never_stops_earlier_and_selections_are_what_was_believed():
    flashes, rng = character(d_prime=1.5), np.random.default_rng(2)
    lit, _ = lay_out(flashes.is_target, rng)
    ended = stop(flashes, lit, flat_prior(0.01), RULES)
    assert ended[0.8].time <= ended[0.95].time
    posterior = believed(flashes, lit, flat_prior(0.01), int(ended[0.95].time))
    np.testing.assert_array_equal(posterior.p, ended[0.95].posterior.p)


def test_the_skewed_prior_is_what_it_says():
    rng = np.random.default_rng(0)
    priors = np.exp([skewed_prior(int(rng.integers(64)), 0.01, 0.05, rng) for _ in range(2)])
    np.testing.assert_allclose(priors.sum(axis=1), 1.0)
    cued = rng.integers(64, size=3000)
    found = np.exp([skewed_prior(int(slot), 0.01, 0.05, rng) for slot in cued])
    likeliest = found[:, :-1].argmax(axis=1)
    assert np.mean(likeliest == cued) == pytest.approx(found[:, :-1].max(axis=1).mean() / 0.99, abs=0.03)


def test_true_ratios_err_as_often_as_they_say_and_overconfident_ones_more_often():
    rows = {}
    for promised in (1.0, 3.0):
        people = {"one": [character(1.2, n_blocks=6, seed=seed, promised=promised) for seed in range(12)]}
        table = measure_probabilities(people, (), n_layouts=2, progress=lambda *_: None)["table"]
        rows[promised] = {row["p"]: row for row in table if row["prior"] == "flat"}
    assert all(row["error"] <= 1.5 * (1 - row["p"]) + 0.02 for row in rows[1.0].values())
    assert rows[3.0][0.95]["error"] > 0.15
    assert rows[3.0][0.95]["ece"] > rows[1.0][0.95]["ece"] + 0.1


def test_rest_selects_less_where_control_is_followed():
    pages = [character(1.5, seed=seed) for seed in range(2)]
    rests = {"rest": [character(1.5, seed=100 + seed, attends=False) for seed in range(8)]}
    table = measure_rest({"one": RestPerson(pages, rests)}, (), (), 1, lambda *_: None, n_draws=1)["table"]
    at = {(row["control"], row["p"]): row for row in table}
    assert sum(at["followed", p]["rest_per_min"] for p in RULES) < sum(at["fixed", p]["rest_per_min"] for p in RULES)
    assert at["followed", 0.95]["right_per_min"] > 5 * at["followed", 0.95]["rest_per_min"]
