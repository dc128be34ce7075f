"""Held-out words in three languages."""

import pytest

from experiments.bench.generation.coverage import coverage
from experiments.bench.generation.text import blocks, documents_of, key_presses, stages


def test_without_corpora_there_are_no_cases():
    assert blocks(None, 10) == {}


@pytest.mark.realdata
def test_every_case_goes_on_with_its_block(data_root):
    found = blocks(data_root / "corpora", 10)
    assert len(found) == 14
    for cases in found.values():
        assert cases
        assert all(case.rest.startswith(case.block) and case.block.endswith(" ") for case in cases)


@pytest.mark.realdata
def test_words_are_proposed_in_each_language(data_root):
    found = blocks(data_root / "corpora", 40)
    for name, least in (("held-out sentences", 0.7), ("Russian sentences", 0.2), ("Arabic sentences", 0.3)):
        for stage, generator in stages().items():
            reached = coverage(generator.propose, found[f"{name}, from its middle"])
            assert reached["coverage@8"] > least, (name, stage)


@pytest.mark.realdata
def test_no_document_is_training_text(data_root):
    from generation.recipes import english_training

    training = set(english_training(data_root / "corpora"))
    documents = documents_of(data_root / "corpora", 50)
    assert not any(len(line) > 60 and line in training for line in documents["held-out book"])


@pytest.mark.realdata
def test_key_presses_are_saved_in_every_language_and_stage(data_root):
    for name, by_stage in key_presses(data_root / "corpora", 1).items():
        assert by_stage.keys() == stages().keys()
        assert all(0 <= share < 0.9 for share in by_stage.values()), name
