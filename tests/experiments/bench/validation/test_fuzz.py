"""Hostile documents are made alike under a seed, and what goes wrong is counted."""

import numpy as np
import pytest

from experiments.bench.validation.fuzz import Tally, draw, measure
from experiments.bench.validation.fuzz_inputs import WAYS, hostile_scopes, samples
from validation.types import Verdict


def test_every_validator_gives_a_verdict_in_time_whatever_it_is_given():
    rows = measure(None, 60)
    assert {"text", "python", "pyflakes", "variables", "table", "formula"} <= {row["validator"] for row in rows}
    for row in rows:
        assert (row["crashes"], row["over_time"]) == (0, 0), row["exceptions"]


@pytest.mark.parametrize("kind", ["text", "python", "table", "formula"])
def test_documents_are_drawn_alike_under_a_seed_and_in_every_way(kind):
    documents = samples(None)[kind]
    drawn = [[draw(kind, documents, rng) for _ in range(100)] for rng in map(np.random.default_rng, (3, 3))]
    assert drawn[0] == drawn[1]
    assert {way for way, _ in drawn[0]} == set(WAYS)
    assert max(len(text) for _, text in drawn[0]) <= 1_000_000
    assert hostile_scopes(kind)[0] is None


def test_crashes_and_slow_checks_are_counted_apart():
    ticks = iter([0.0, 1.0, 0.0, 3.0, 0.0])
    tally = Tally(lambda: next(ticks), 2.0)
    tally.add("quick", lambda: Verdict(False, "x"))
    tally.add("slow", lambda: Verdict(True, "x"))
    tally.add("broken", lambda: Verdict(1 / 0 > 0, "x"))
    row = tally.row("x")
    assert (row["n"], row["refused"], row["crashes"], row["over_time"]) == (3, 1, 1, 1)
    assert row["exceptions"] == "broken: ZeroDivisionError: division by zero | slow: 3.0 s"
