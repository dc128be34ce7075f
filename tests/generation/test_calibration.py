"""Probabilities of candidates made those that held-out documents bear out."""

import math

import numpy as np
import pytest

from generation.calibration import Calibration, coverage, fit_calibration
from generation.types import Candidate


def page(p):
    return [Candidate(text, math.log(value), "any") for text, value in sorted(p.items(), key=lambda i: -i[1])]


def drawn(rng, claimed, n):
    """Pages that claim so much for one of five letters each, of which "a" comes true half as often as claimed."""
    pages = []
    for _ in range(n):
        p = claimed * rng.dirichlet(np.full(5, 0.5))
        place = rng.choice(6, p=[*(0.5 * p), 1 - 0.5 * p.sum()])
        pages.append((page(dict(zip("abcde", p, strict=True))), "abcdef"[place]))
    return pages


def test_nothing_changes_by_default():
    before = page({"a": 0.5, "ab": 0.3, "b": 0.2})
    assert Calibration().apply(before) == [Candidate(c.text, pytest.approx(c.log_p), c.source) for c in before]


def test_what_claims_twice_too_much_is_believed_half():
    rng = np.random.default_rng(0)
    fitted = fit_calibration(drawn(rng, 0.9, 2000))
    found = [(fitted.apply(candidates), rest) for candidates, rest in drawn(rng, 0.9, 500)]
    assert np.mean([coverage(candidates) for candidates, _ in found]) == pytest.approx(0.45, abs=0.05)
    first = np.mean([math.exp(candidates[0].log_p) for candidates, _ in found])
    assert first == pytest.approx(np.mean([rest == candidates[0].text for candidates, rest in found]), abs=0.06)


def test_no_order_changes_and_nothing_exceeds_one():
    rng = np.random.default_rng(1)
    fitted = fit_calibration(drawn(rng, 0.9, 300))
    for candidates in (page({"a": 1.0, "b": 1.0}), page({"a": 0.9, "ab": 0.8, "abc": 1e-300})):
        found = fitted.apply(candidates)
        log_p = [c.log_p for c in found]
        assert [c.text for c in found] == [c.text for c in candidates]
        assert log_p == sorted(log_p, reverse=True)
        assert all(math.isfinite(value) and value <= 0 for value in log_p)


def test_no_candidates_cover_nothing():
    assert Calibration().apply([]) == []
    assert coverage([]) == 0.0


def test_pages_without_candidates_are_refused():
    with pytest.raises(ValueError, match="'pages' must hold candidates"):
        fit_calibration([([], "a")])
