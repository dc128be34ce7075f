"""The page in the terminal."""

import io

from rich.console import Console

from experiments.display.terminal import TerminalView


def test_people_see_the_document_its_rest_and_every_slot(write):
    console = Console(file=io.StringIO(), force_terminal=True, width=120, height=40)
    with TerminalView(console, "he") as view:
        write(target="he", viewers=[view])
    shown = console.file.getvalue()
    for text in ("… more", "⌫ undo", "␣", "reading", "selecting", "selected (threshold)"):
        assert text in shown


def test_a_display_tells_its_viewers_everything_in_order(write):
    seen = []

    class Notes:
        def see(self, shown):
            seen.append(shown["what"])

    write(target="h", viewers=[Notes()])
    assert seen[0] == "page"
    assert seen[1] == "block"
    assert set(seen[2:-1]) <= {"flips", "block"}
    assert seen[-1] == "selection"
