"""The belief over the tree of continuations."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.belief import Belief, Cell, Part


def uniform(before: str, text: str) -> float:
    """A language of two letters, each as likely as the other, wherever it stands."""
    return 0.5 ** len(text)


def mass(parts, n_slots):
    return np.array([sum(part.cell.weight for part in parts if part.slot == slot) for slot in range(n_slots)])


def weight_of(belief: Belief, text: str) -> float:
    """Probability of one text of length len(text) under the belief, by enumeration of the definition."""
    total = 0.0
    for cell in belief.cells:
        if text.startswith(cell.prefix) and not any(text[len(cell.prefix) :].startswith(o) for o in cell.excluded):
            total += cell.weight * uniform("", text[len(cell.prefix) :]) / cell.left
    return total


def test_a_slots_mass_is_its_text_less_the_longer_texts_on_the_page():
    parts = Belief.sure_of("").split("", ["a", "b", "ab", "aba"], None, uniform)
    np.testing.assert_allclose(mass(parts, 5), [0.25, 0.5, 0.125, 0.125, 0.0], atol=1e-8)


def test_mass_elsewhere_is_the_prior_of_an_undo():
    belief = Belief((Cell("a", 0.9, {}), Cell("b", 0.1, {})))
    parts = belief.split("a", ["a", "b"], "", uniform)
    np.testing.assert_allclose(mass(parts, 4), [0.45, 0.45, 0.0, 0.1], atol=1e-8)


def test_evidence_is_kept_over_an_undo():
    first = Belief.sure_of("").split("", ["a", "b"], None, uniform)
    belief = Belief.weigh(first, np.array([0.6, 0.4, 0.0, 0.0]))
    second = belief.split("a", ["a", "b"], "", uniform)
    belief = Belief.weigh(second, np.array([0.01, 0.01, 0.0, 0.98, 0.0]))
    again = mass(belief.split("", ["a", "b"], None, uniform), 3)
    np.testing.assert_allclose(again, [0.02, 0.98, 0.0], atol=1e-6)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "a", "b", "ab", "ba"]),
            st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=5, unique=True),
            st.integers(0, 10_000),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_cells_stay_disjoint_and_complete_whatever_pages_were_shown(pages):
    belief = Belief.sure_of("")
    for document, texts, seed in pages:
        previous = None if document == "" else ""
        parts = belief.split(document, texts, previous, uniform)
        n_slots = len(texts) + (1 if previous is None else 2)
        assert mass(parts, n_slots).sum() == pytest.approx(1.0, abs=1e-6)
        assert (mass(parts, n_slots) > 0).all()
        possible = np.append(mass(parts, n_slots) > 1e-6, True)
        p = np.random.default_rng(seed).dirichlet(np.ones(n_slots + 1)) * possible
        belief = Belief.weigh(parts, p / p.sum())
        total = sum(weight_of(belief, "".join(letters)) for letters in itertools.product("ab", repeat=7))
        assert total == pytest.approx(1.0, abs=1e-6)


def test_parts_survive_the_log():
    belief = Belief((Cell("write", 0.75, {"r": 0.25}), Cell("wrong", 0.25, {})))
    for part in belief.split("writ", ["e", "er"], "w", uniform):
        assert Part.from_list(part.to_list("writ"), "writ") == part


def test_a_cell_at_the_document_is_told_in_what_is_known_there_by_now():
    belief = Belief((Cell("a", 0.5, {"b": 0.9}), Cell("", 0.5, {"a": 0.5})))
    here, elsewhere = belief.seen_from("a", uniform).cells
    assert here.excluded == {"b": 0.5}
    assert elsewhere.excluded == {"a": 0.5}
    assert here.share("aa", uniform) == pytest.approx(1.0)


def test_models_that_promise_more_than_there_is_are_scaled_down():
    parts = Belief.sure_of("").split("", ["a", "b"], None, lambda before, text: 0.8)
    np.testing.assert_allclose(mass(parts, 3), [0.5, 0.5, 0.0], atol=1e-8)
