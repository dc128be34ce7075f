"""Who proposes, and where, as the settings say."""

import json
import math

import pytest

from experiments.config import load
from experiments.kinds import page_maker, proposer_ahead, works_ahead
from experiments.worker import is_possible
from generation.types import Context


def told(*settings):
    return load(kind="text", settings=[f"generation.{setting}" for setting in settings])


def test_pages_are_worked_out_ahead_in_real_time_only():
    assert works_ahead(told(), real_time=True) == is_possible()
    assert not works_ahead(told(), real_time=False)
    assert not works_ahead(told("prefetch=false"), real_time=True)
    with pytest.raises(ValueError, match=r"'generation.prefetch' .* needs real time"):
        works_ahead(told("prefetch=true"), real_time=False)


def test_a_model_that_does_not_exist_is_the_users_mistake():
    with pytest.raises(FileNotFoundError, match=r"Model /no/such.gguf does not exist"):
        page_maker(told('llm="/no/such.gguf"'))


def test_a_damaged_model_is_told_of_once_and_the_worker_goes_on_without(tmp_path):
    damaged = tmp_path / "model.gguf"
    damaged.write_bytes(b"GGUF" + b"\0" * 100)
    proposer = proposer_ahead(told(f"llm={json.dumps(str(damaged))}"))
    first = proposer.propose(Context("text", "the "))
    (mishap,) = first.mishaps
    assert mishap.kind == "filter"
    assert mishap.detail
    second = proposer.propose(Context("text", "the "))
    assert second.mishaps == ()
    assert [judged.candidate for judged in second.candidates] == [judged.candidate for judged in first.candidates]
    assert all(math.isfinite(judged.candidate.log_p) for judged in second.candidates)
