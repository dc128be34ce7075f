"""The document and its way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.document import Document


@given(st.lists(st.text(min_size=1), max_size=20))
def test_undo_inverts_insert(blocks):
    document = Document("text")
    seen = [document]
    for block in blocks:
        document = document.insert(block)
        seen.append(document)
    for before in reversed(seen[:-1]):
        document = document.undo()
        assert document == before


def test_an_insertion_brings_back_the_first_layer_of_letters():
    document = Document("text").more(3).more(3)
    assert document.layer == 2
    assert document.insert("A").layer == 0
    assert document.insert("A").undo().layer == 0


def test_layers_go_round():
    assert Document("text", layer=2).more(3).layer == 0


def test_an_empty_history_refuses_an_undo():
    with pytest.raises(ValueError, match="no insertion"):
        Document("text").undo()


@given(st.text(st.characters(exclude_categories=())), st.integers(0, 2))
def test_the_digest_tells_texts_and_layers_apart(text, layer):
    document = Document("text", text, layer)
    assert document.digest == Document("text", text, layer).digest
    assert document.digest != Document("python", text, layer).digest
    assert document.digest != Document("text", text + "x", layer).digest
    assert document.digest != document.more(3).digest
