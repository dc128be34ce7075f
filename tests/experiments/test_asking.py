"""A model may be asked before the person; what it chose is told apart, and replays as it was."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from experiments.asking import Asked, Confirmed, ModelChooser, only
from experiments.belief import Belief
from experiments.choosers import MetaAI
from experiments.config import load
from experiments.demo import run_demo
from experiments.document import Document, follow
from experiments.page import Page, Slot
from experiments.pages import Trace
from experiments.replay import replay
from generation.types import Candidate

TEXTS = ("t", "the ", "a")


def page(document=""):
    slots = [Slot(Candidate(text, -1.0, "words", read_s=0.25), i) for i, text in enumerate(TEXTS)]
    slots += [Slot(Candidate("", 0.0, "command", command=command), 5 + i) for i, command in enumerate(("more", "undo"))]
    parts = Belief.sure_of(document).split(document, TEXTS, "", lambda before, text: 0.3 if text == "t" else 0.2)
    mass = np.array([0.1, 0.2, 0.2, 0.4, 0.05, 0.05])
    return Page(document, tuple(slots), mass, parts, 1.75)


class Believing:
    def __init__(self, *p):
        self.p = p

    def log_p(self, before, texts):
        return np.log(self.p)


class Failing:
    def log_p(self, before, texts):
        raise RuntimeError("the model ran out of memory.")


def test_what_the_model_is_sure_of_is_its_slot_and_the_rest_goes_to_more():
    asked = ModelChooser(MetaAI(Believing(0.95, 0.92, 0.01))).choose(Document("text"), page())
    assert asked.slot == 1
    assert asked.p == pytest.approx([0.03, 0.92, 0.01, 0.04, 0.0, 0.0], abs=1e-5)
    assert (asked.p > 0).all()


def test_a_model_that_fails_abstains_and_says_why():
    asked = ModelChooser(MetaAI(Failing())).choose(Document("text"), page())
    assert asked.slot is None
    assert asked.reason == "model abstains: the model ran out of memory."


def test_answers_come_back_from_the_log():
    asked = Asked(2, np.array([0.25, 0.75]), "model", "It is sure.")
    again = Asked.from_dict(json.loads(json.dumps(asked.to_dict())))
    assert again.to_dict() == asked.to_dict()


def test_a_page_of_one_slot_keeps_its_commands_and_all_of_the_mass():
    reduced = only(page(), 1)
    assert [slot.candidate.text or slot.candidate.command for slot in reduced.slots] == ["the ", "more", "undo"]
    assert reduced.mass == pytest.approx([0.2, 0.7, 0.05, 0.05])
    assert reduced.read_s == pytest.approx(1.25)
    assert sum(part.cell.weight for part in reduced.parts) == pytest.approx(
        sum(part.cell.weight for part in page().parts)
    )


class Pages:
    def __init__(self):
        self.layers = []

    def next_page(self, belief, document):
        self.layers.append(document.layer)
        return page(document.text), Trace([], {})

    def expect(self, document, page, p):
        pass


def test_who_does_not_confirm_gets_the_whole_page_layer_by_layer():
    inner = Pages()
    pages = Confirmed(inner, ModelChooser(MetaAI(Believing(0.95, 0.92, 0.01))))
    sizes = []
    for layer in range(3):
        shown, trace = pages.next_page(Belief.sure_of(""), Document("text", layer=layer))
        sizes.append((shown.n_slots, bool(trace.asked)))
    assert sizes == [(3, True), (5, False), (5, False)]
    assert inner.layers == [0, 0, 1]


def test_where_the_model_is_not_sure_the_page_is_whole():
    pages = Confirmed(Pages(), ModelChooser(MetaAI(Believing(0.4, 0.3, 0.3))))
    assert pages.next_page(Belief.sure_of(""), Document("text"))[0].n_slots == 5


def test_every_block_of_a_document_carries_who_wrote_and_who_chose_it():
    document = Document("text")
    for text, writer, chooser in (
        ("the ", "words", "person"),
        ("c", "speller", "tiny-llama"),
        ("x", "speller", "person"),
    ):
        document = follow(document, Candidate(text, -1.0, writer), 3, chooser)
    document = follow(document, Candidate("", 0.0, "command", command="undo"), 3)
    assert [(b.text, b.writer, b.chooser) for b in document.blocks] == [
        ("the ", "words", "person"),
        ("c", "speller", "tiny-llama"),
    ]


@pytest.mark.skipif(find_spec("llama_cpp") is None, reason="choosing takes the extra 'llm'")
@pytest.mark.parametrize("by", ["model", "confirmed"])
def test_a_run_with_a_model_that_chooses_replays_to_the_letter(tmp_path, by):
    settings = [f"choosing.by={by}", "choosing.p=0.2", "person.calibration_characters=4", "paradigm=dwell"]
    summary = run_demo(load(None, settings, target="then"), tmp_path, fast=True, progress=lambda *_: None)
    replayed = replay(Path(summary["session"]))
    assert replayed.exact
    assert replayed.n_events > 20
