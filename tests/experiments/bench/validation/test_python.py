"""The benchmark of Python's fast ring counts what it says it counts."""

import numpy as np

from experiments.bench.validation.python import beginnings, false_rejects, fast_ring, is_caught, lost_at, mutants

PROGRAM = "def f(x):\n    if x:\n        return 'a'\n    return 'b'\n"


def test_beginnings_put_together_are_the_program_and_none_is_refused():
    pieces = list(beginnings(PROGRAM))
    assert "".join(piece for _, piece in pieces) == PROGRAM
    assert false_rejects([PROGRAM], fast_ring()) == []
    assert len(false_rejects(["x = 1\nreturn\n"], fast_ring())) == 1


def test_what_is_lost_is_caught_and_what_a_last_line_may_still_mend_is_not_counted():
    assert lost_at("def f(:\n    pass\n") == 1
    assert lost_at("x = (\n") is None
    assert is_caught("def f(:\n    pass\n", fast_ring())
    assert not is_caught(PROGRAM, fast_ring())


def test_mutants_differ_from_their_program_and_are_drawn_alike_under_a_seed():
    drawn = [list(mutants([PROGRAM], 20, np.random.default_rng(1))) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0]) - {PROGRAM}) > 10
