"""The editor offers, refuses, explains and saves, by keyboard and by mouse."""

import asyncio

import pytest

from experiments.editor.app import Editor
from experiments.editor.draft import Draft
from experiments.suggest import Offer, Suggestions
from generation.types import Candidate
from validation.types import Verdict

FINE = Verdict(True, "text")
TEXTS = ("two ", "twelve ")


def suggest(context):
    kept = [Offer(Candidate(text, -0.5, "words"), (FINE,)) for text in TEXTS]
    bad = Offer(Candidate("\x07", -3.0, "words"), (Verdict(False, "text", "control-character", "It is no letter."),))
    return Suggestions((*kept, bad), {"propose": 0.01}, ())


def judge(context, text):
    return (Verdict(text != "%", "text", "" if text != "%" else "sign", "" if text != "%" else "Nothing follows it."),)


@pytest.fixture
def play(tmp_path):
    """Run the editor on a new file, press keys, and return the app and its file."""

    def run(*keys, pick=None, click=None):
        path = tmp_path / "draft.txt"
        app = Editor(path, Draft("text", "one "), suggest, judge, pick)

        async def main():
            async with app.run_test(size=(110, 30)) as pilot:
                await app.workers.wait_for_complete()
                await pilot.pause()
                for key in keys:
                    await pilot.press(key)
                    await app.workers.wait_for_complete()
                    await pilot.pause()
                if click is not None:
                    await pilot.click("#offers", offset=click)
                    await pilot.pause()
                return str(app.query_one("#status").render()), str(app.query_one("#trace").render())

        return (app, path, *asyncio.run(main()))

    return run


def test_enter_inserts_what_is_highlighted(play):
    app, *_ = play("down", "enter")
    assert app.draft.text == "one twelve "
    (block,) = app.draft.blocks
    assert (block.writer, block.chooser, block.trace["source"]) == ("words", "person", "words")


def test_tab_takes_the_first(play):
    assert play("down", "tab")[0].draft.text == "one two "


def test_a_click_is_a_choice(play):
    assert play(click=(3, 2))[0].draft.text == "one twelve "


def test_keys_type_and_undo_takes_back(play):
    app, *_ = play("t", "o", "ctrl+z")
    assert app.draft.text == "one t"
    assert app.draft.blocks[0].writer == "keyboard"


def test_what_nothing_can_follow_is_typed_only_on_the_second_try(play):
    app, _, status, _ = play("%")
    assert app.draft.text == "one "
    assert "was not typed: Nothing follows it." in status
    app, *_ = play("%", "%")
    assert app.draft.text == "one %"
    assert app.draft.blocks[0].trace == {"forced": "Nothing follows it."}


def test_one_key_shows_how_a_block_came_about(play):
    _, _, _, trace = play("enter", "f2")
    assert "At the cursor: two␣ by words: p 0.61" in trace
    assert "chosen by the person" in trace


def test_what_was_dropped_can_be_looked_at_but_not_inserted(play):
    app, _, status, _ = play("f3", "enter")
    assert app.draft.text == "one "
    assert "It is no letter." in status


def test_the_model_points_and_the_person_confirms(play):
    app, *_ = play("f4", "enter", pick=lambda context, offers: (1, "It would choose it."))
    assert app.draft.blocks[0].chooser == "model, confirmed by the person"
    app, *_ = play("f4", "enter", pick=lambda context, offers: (None, "It abstains."))
    assert app.draft.blocks[0].chooser == "person"


def test_saving_writes_the_file_and_leaving_unsaved_is_asked_about(play):
    _, path, *_ = play("enter", "ctrl+s")
    assert path.read_text() == "one two "
    _, _, status, _ = play("enter", "ctrl+q")
    assert "press Ctrl+S to save" in status
