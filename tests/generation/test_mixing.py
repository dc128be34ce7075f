"""Several generators as one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.mixing import Mixture, fit_weights
from generation.prefixes import PrefixTree, mass_of_any
from generation.types import Candidate, Context

HERE = Context("text", "")
probabilities = st.dictionaries(st.text("ab", min_size=1, max_size=4), st.floats(1e-6, 1.0), max_size=8)


class Fixed:
    """Offers the same everywhere, or in documents that begin so."""

    def __init__(self, name, p, begins=""):
        self.name, self.p, self.begins = name, p, begins

    def propose(self, context, n):
        if not context.before.startswith(self.begins):
            return []
        best = sorted(self.p.items(), key=lambda item: -item[1])[:n]
        return [Candidate(text, math.log(p), self.name) for text, p in best]


def mixed(*generators, weights=None, n=96):
    weights = weights or {g.name: 1.0 for g in generators}
    return {c.text: c for c in Mixture(generators, weights).propose(HERE, n)}


def p_of(found):
    return {text: math.exp(c.log_p) for text, c in found.items()}


def test_a_text_has_the_weighted_mean_of_what_those_who_speak_give_it():
    one, other = Fixed("one", {"a": 0.6, "b": 0.4}), Fixed("other", {"b": 1.0})
    found = p_of(mixed(one, other, weights={"one": 3.0, "other": 1.0}))
    assert found == pytest.approx({"a": 0.45, "b": 0.55})


def test_one_generator_alone_is_left_as_it_is():
    p = {"a": 0.5, "ab": 0.3, "aba": 0.1, "b": 0.2}
    assert p_of(mixed(Fixed("one", p))) == pytest.approx(p)


def test_one_that_says_nothing_takes_nothing():
    one = Fixed("one", {"a": 0.6, "b": 0.3})
    assert p_of(mixed(one, Fixed("mute", {}))) == pytest.approx(one.p)


def test_one_that_says_little_takes_little():
    one, shy = Fixed("one", {"a": 0.6, "b": 0.3}), Fixed("shy", {"c": 0.01})
    assert p_of(mixed(one, shy))["a"] == pytest.approx(0.6, rel=0.02)


def test_one_that_ends_its_candidates_early_takes_nothing_from_those_that_go_on():
    letters, lines = Fixed("letters", {"a": 0.5, "b": 0.5}), Fixed("lines", {"a": 0.5, "abba": 0.2, "b": 0.5})
    assert p_of(mixed(letters, lines))["abba"] == pytest.approx(0.2)


def test_what_a_generator_gives_to_long_texts_it_gives_to_their_beginnings():
    letters, lines = Fixed("letters", {"a": 0.2, "b": 0.8}), Fixed("lines", {"aa": 0.3, "ab": 0.3, "bb": 0.4})
    assert p_of(mixed(letters, lines))["a"] == pytest.approx(0.4)


def test_the_source_is_who_has_the_largest_share_and_the_stages_say_who_said_what():
    one, other = Fixed("one", {"a": 0.5, "b": 0.5}), Fixed("other", {"a": 1.0})
    found = mixed(one, other)
    assert (found["a"].source, found["b"].source) == ("other", "one")
    assert found["a"].stages == (("one", math.log(0.5)), ("other", 0.0), ("mixture", found["a"].log_p))
    assert [name for name, _ in found["b"].stages] == ["one", "mixture"]


@settings(deadline=None, max_examples=80)
@given(st.lists(probabilities, min_size=1, max_size=3), st.integers(0, 12))
def test_a_mixture_is_a_generator_whose_texts_are_no_likelier_than_what_they_begin_with(tables, n):
    generators = [Fixed(str(i), p) for i, p in enumerate(tables)]
    found = Mixture(generators, {g.name: 1.0 for g in generators}).propose(HERE, n)
    log_p = [c.log_p for c in found]
    assert len(found) <= n
    assert len({c.text for c in found}) == len(found)
    assert log_p == sorted(log_p, reverse=True)
    assert all(math.isfinite(value) and value <= 0 for value in log_p)
    p = {c.text: math.exp(c.log_p) for c in found}
    assert all(p[t] <= p[u] + 1e-9 for t in p for u in p if t.startswith(u))
    assert mass_of_any(list(p), np.array(list(p.values()))) <= 1.0


def test_weights_are_those_of_who_is_right():
    rng = np.random.default_rng(0)
    rests = [*("a" if rng.random() < 0.8 else "b" for _ in range(400))]
    good, bad = Fixed("good", {"a": 0.8, "b": 0.2}), Fixed("bad", {"a": 0.2, "b": 0.8})
    weights = fit_weights([good, bad], [(HERE, rest) for rest in rests])
    assert weights["good"] > 0.9
    assert sum(weights.values()) == pytest.approx(1.0)


def test_a_generator_that_seldom_speaks_is_weighed_where_it_speaks():
    plain, local = Fixed("plain", {"a": 0.5, "b": 0.5}), Fixed("local", {"a": 1.0}, begins="here")
    cases = [(Context("text", "here" if i % 10 == 0 else "there"), "a") for i in range(200)]
    weights = fit_weights([plain, local], cases)
    assert weights["local"] > 0.9


def test_weights_without_a_right_candidate_are_refused():
    with pytest.raises(ValueError, match="'cases' must hold one"):
        fit_weights([Fixed("one", {"a": 1.0})], [(HERE, "b")])


@pytest.mark.parametrize("weights", [{}, {"one": 0.0}, {"one": math.nan}])
def test_a_generator_without_a_weight_is_refused(weights):
    with pytest.raises(ValueError, match="must give 'one' more than zero"):
        Mixture([Fixed("one", {})], weights)


def test_generators_of_one_name_are_refused():
    with pytest.raises(ValueError, match="distinct names"):
        Mixture([Fixed("one", {}), Fixed("one", {})], {"one": 1.0})


def test_a_tree_hangs_each_text_below_the_longest_that_it_begins_with():
    tree = PrefixTree(["b", "a", "abc", "ab", "ac"])
    assert tree.texts == ["a", "ab", "abc", "ac", "b"]
    assert tree.parents == [5, 0, 1, 0, 5]
    assert (tree.tops, tree.leaves) == ([0, 4], [2, 3, 4])
    assert tree.chain("abcd") == [0, 1, 2]
