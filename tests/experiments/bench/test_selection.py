"""What writing cost, from a log, and how conditions are compared over people."""

import math

import numpy as np
import pytest

from experiments.bench.selection import interval, targets
from experiments.bench.writers import Cost, cost
from experiments.config import load
from experiments.document import Document
from experiments.kinds import page_maker

LETTERS = [{"text": "h"}, {"text": "i"}, {"text": "x"}, {"command": "undo"}]


def run(*selected):
    """A log in which these slots were selected one after the other, a page every 4 s; None is no selection."""
    events = [{"kind": "session", "t": 0.0, "target": "hi", "document": ""}]
    history = [""]
    for i, slot in enumerate(selected):
        events.append({"kind": "page", "t": 1.0 + 4 * i, "slots": LETTERS})
        events.append({"kind": "selection", "t": 4.0 + 4 * i, "slot": slot})
        if slot == 3:
            history.pop()
        elif slot is not None:
            history.append(history[-1] + LETTERS[slot]["text"])
        events.append({"kind": "document", "t": 4.0 + 4 * i, "text": history[-1]})
    return events


def test_right_selections_are_those_that_the_person_wanted_undo_included():
    assert cost(run(0, 2, 3, 1)) == Cost(seconds=15.0, n_pages=4, n_selected=4, n_right=3, n_characters=2)


def test_characters_count_up_to_the_first_mistake_and_pages_without_a_selection_only_cost_time():
    assert cost(run(0, None, 2)) == Cost(seconds=11.0, n_pages=3, n_selected=2, n_right=1, n_characters=1)


def test_costs_add_up():
    assert Cost(1.0, 2, 3, 4, 5) + Cost(1.0, 1, 1, 1, 1) == Cost(2.0, 3, 4, 5, 6)


def test_few_people_have_a_range_and_more_a_bootstrap_interval():
    assert interval([]) == (None, None, None)
    assert interval([0.5, 2.0]) == (pytest.approx(1.0), pytest.approx(0.5), pytest.approx(2.0))
    ratios = np.exp(np.linspace(-0.5, 0.1, 12))
    mean, low, high = interval(ratios.tolist())
    assert mean == pytest.approx(math.exp(-0.2))
    assert ratios.min() < low < mean < high < ratios.max()


@pytest.mark.parametrize("kind", ["text", "python"])
def test_every_text_of_our_own_can_be_written(kind):
    pages = page_maker(load(kind=kind))
    assert all(pages.obstacle(Document(kind), text) == "" for text in targets(None, kind, 2))
