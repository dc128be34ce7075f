"""A viewer for people: the page and the growing document in the terminal."""

from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_VISIBLE = {" ": "␣", "\n": "⏎", "\t": "⇥"}
_COMMANDS = {"undo": "⌫ undo", "more": "… more"}


class TerminalView:
    """Shows what the display shows; a context manager, since it takes over a part of the terminal.

    Parameters
    ----------
    console : rich.console.Console
    target : str
        What is to be written.
    """

    def __init__(self, console: Console, target: str) -> None:
        self._target = target
        self._page: dict[str, Any] = {}
        self._state = "reading"
        self._chosen: int | None = None
        self._live = Live(console=console, auto_refresh=False, transient=False)

    def __enter__(self) -> "TerminalView":
        self._live.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._live.__exit__(*exception)

    def see(self, shown: dict[str, Any]) -> None:
        """Take in what the display shows, and draw it where it changed."""
        match shown["what"]:
            case "page":
                self._page, self._chosen, self._state = dict(shown), None, "reading"
            case "block":
                self._state = "selecting"
            case "selection":
                self._chosen, self._state = shown["slot"], f"selected ({shown['reason']})"
                self._page["document"] = shown["document"]
            case _:
                return
        self._live.update(self._draw(), refresh=True)

    def _draw(self) -> Panel:
        document = self._page.get("document", "")
        text = Text(document, style="bold")
        text.append("▏", style="blink")
        if self._target.startswith(document):
            text.append(self._target[len(document) :], style="dim")
        return Panel(Group(text, self._grid()), title="Assent", subtitle=self._state)

    def _grid(self) -> Table:
        slots = self._page.get("slots", [])
        lefts = sorted({slot["region"][0] for slot in slots})
        tops = sorted({slot["region"][1] for slot in slots})
        cells = [[Text() for _ in lefts] for _ in tops]
        for i, slot in enumerate(slots):
            style = "reverse" if i == self._chosen else "cyan" if len(slot["text"]) > 1 else ""
            label = _COMMANDS.get(slot["command"] or "", "".join(_VISIBLE.get(c, c) for c in slot["text"]))
            cells[tops.index(slot["region"][1])][lefts.index(slot["region"][0])] = Text(label, style=style)
        table = Table(show_header=False, expand=True, padding=(0, 1))
        for _ in lefts:
            table.add_column(justify="center", ratio=1, no_wrap=True)
        for row in cells:
            table.add_row(*row)
        return table
