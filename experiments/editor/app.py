"""The editor's window in a terminal: a document, what may come next, and the way of each block."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from experiments.editor.draft import Draft
from experiments.editor.storage import save
from experiments.editor.trace import block_trace, offer_trace, trace_of
from experiments.editor.views import document_view, visible
from experiments.suggest import Offer, Suggestions
from generation.types import Context
from validation.types import Verdict

Suggest = Callable[[Context], Suggestions]
Judge = Callable[[Context, str], tuple[Verdict, ...]]
Pick = Callable[[Context, list[Offer]], tuple[int | None, str]]
"""What a model would choose: the offer's place, or None where it is not sure, and why in a sentence."""


class Editor(App[None]):
    """A document and what may come next.

    Parameters
    ----------
    path : Path
        Where the draft is saved.
    draft : Draft
    suggest : callable
        What may come next, as a page would offer it.
    judge : callable
        What the validators say of a text that is typed.
    pick : callable, optional
        The model that may be asked to choose.
    """

    TITLE = "assent edit"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #document { height: 1fr; padding: 0 1; border: round $secondary; }
    #offers { width: 48; height: 100%; border: round $primary; }
    #trace { height: auto; max-height: 14; padding: 0 1; border: round $accent; display: none; }
    #trace.shown { display: block; }
    #status { height: auto; max-height: 3; padding: 0 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "accept", "Insert"),
        Binding("tab", "accept_first", "First", priority=True),
        Binding("backspace", "erase", "Erase", show=False),
        Binding("ctrl+z", "undo", "Undo"),
        Binding("ctrl+j", "newline", "New line"),
        Binding("left", "move(-1)", "Left", show=False),
        Binding("right", "move(1)", "Right", show=False),
        Binding("ctrl+up", "move_lines(-1)", "Line up", show=False),
        Binding("ctrl+down", "move_lines(1)", "Line down", show=False),
        Binding("f2", "trace", "Trace"),
        Binding("f3", "dropped", "Dropped"),
        Binding("f4", "ask", "Ask the model"),
        Binding("ctrl+s", "save", "Save"),
        Binding("ctrl+q", "leave", "Quit", priority=True),
    ]

    def __init__(self, path: Path, draft: Draft, suggest: Suggest, judge: Judge, pick: Pick | None = None) -> None:
        super().__init__()
        self.draft = draft
        self._path = path
        self._saved = draft.text
        self._suggest, self._judge, self._pick = suggest, judge, pick
        self._working = threading.Lock()  # generators and models serve one caller at a time
        self._suggestions = Suggestions((), {}, ())
        self._shows_dropped = False
        self._refused_key = ""
        self._warned = False
        self._pointed_at: Offer | None = None

    def compose(self) -> ComposeResult:
        """Document and trace on the left, offers on the right."""
        with Horizontal():
            with Vertical():
                yield Static(id="document")
                yield Static(id="trace")
            yield OptionList(id="offers")
        yield Static(id="status")
        yield Footer()

    def on_mount(self) -> None:
        """Begin with what may come next."""
        self._offers.focus()
        self._change(self.draft)

    def on_resize(self) -> None:
        """Fit the document to its room."""
        self.call_after_refresh(self._show_document)

    def on_key(self, event: events.Key) -> None:
        """Type what can be typed."""
        if event.is_printable and event.character:
            event.stop()
            self._type(event.character)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self._insert(self._listed[event.option_index])

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self._show_trace()

    def action_accept(self) -> None:
        """Insert the highlighted offer."""
        self._offers.action_select()

    def action_accept_first(self) -> None:
        """Insert the first offer."""
        if self._listed:
            self._insert(self._listed[0])

    def action_newline(self) -> None:
        """Type a line's end."""
        self._type("\n")

    def action_erase(self) -> None:
        """Take out the character before the cursor."""
        if self.draft.before:
            self._change(self.draft.erase())

    def action_undo(self) -> None:
        """Take the last change back."""
        self._change(self.draft.undo())

    def action_move(self, n: int) -> None:
        """Move the cursor by characters."""
        self._change(self.draft.move(n))

    def action_move_lines(self, n: int) -> None:
        """Move the cursor by lines."""
        self._change(self.draft.move_lines(n))

    def action_trace(self) -> None:
        """Show or hide how the highlighted offer, and the block at the cursor, came about."""
        self.query_one("#trace").toggle_class("shown")
        self._show_trace()
        self.call_after_refresh(self._show_document)

    def action_dropped(self) -> None:
        """Show what was dropped and why, or what may stand."""
        self._shows_dropped = not self._shows_dropped
        self._list()

    def action_ask(self) -> None:
        """Let the model point at what it would choose; the person confirms it."""
        if self._pick is None:
            self._tell("No model was loaded that could be asked: see --llm.")
        else:
            self._ask(self._pick, self.draft.context)

    def action_save(self) -> None:
        """Write the file."""
        try:
            save(self._path, self.draft)
        except OSError as error:
            self._tell(f"Not saved: {error}.", bad=True)
            return
        self._saved = self.draft.text
        self._tell(f"Saved {self._path}.")

    def action_leave(self) -> None:
        """Quit; what is not saved is asked about once."""
        if self.draft.text != self._saved and not self._warned:
            self._warned = True
            self._tell("Not saved yet: press Ctrl+S to save, or Ctrl+Q again to leave without.", bad=True)
            return
        self.exit()

    @property
    def _offers(self) -> OptionList:
        return self.query_one("#offers", OptionList)

    @property
    def _listed(self) -> list[Offer]:
        return [offer for offer in self._suggestions.offers if offer.ok != self._shows_dropped]

    def _type(self, character: str) -> None:
        """Put in a typed character; one that nothing can follow only on the second try."""
        refused = next((v for v in self._judge(self.draft.context, character) if not v.ok), None)
        if refused is not None and self._refused_key != character:
            self._refused_key = character
            self._tell(
                f"{visible(character)} was not typed: {refused.reason} Type it again to have it anyway.", bad=True
            )
            return
        trace = {"forced": refused.reason} if refused is not None else {}
        self._change(self.draft.insert(character, "keyboard", "person", trace))

    def _insert(self, offer: Offer) -> None:
        if not offer.ok:
            self._tell(f"It was dropped: {offer.reason}", bad=True)
            return
        trace = trace_of(offer, self._suggestions.seconds)
        chooser = "model, confirmed by the person" if offer is self._pointed_at else "person"
        self._change(self.draft.insert(offer.candidate.text, offer.candidate.source, chooser, trace))

    def _change(self, draft: Draft) -> None:
        self.draft = draft
        self._refused_key, self._warned, self._pointed_at = "", False, None
        self._show_document()
        self._look(draft.context)

    @work(thread=True, exclusive=True, group="suggest")
    def _look(self, context: Context) -> None:
        with self._working:
            if context != self.draft.context:  # the person has gone on meanwhile
                return
            suggestions = self._suggest(context)
        self.call_from_thread(self._receive, context, suggestions)

    @work(thread=True, exclusive=True, group="ask")
    def _ask(self, pick: Pick, context: Context) -> None:
        with self._working:
            place, reason = pick(context, [offer for offer in self._suggestions.offers if offer.ok])
        self.call_from_thread(self._point_at, context, place, reason)

    def _receive(self, context: Context, suggestions: Suggestions) -> None:
        if context == self.draft.context:
            self._suggestions = suggestions
            self._list()

    def _point_at(self, context: Context, place: int | None, reason: str) -> None:
        if context != self.draft.context:
            return
        if place is not None:
            self._shows_dropped = False
            self._list()
            self._pointed_at = self._listed[place]
            self._offers.highlighted = place
        self._tell(reason)

    def _list(self) -> None:
        """Fill the list with what may stand, or with what was dropped."""
        self._offers.clear_options()
        self._offers.border_title = "dropped, and why" if self._shows_dropped else "what may come next (Enter)"
        self._offers.add_options([Option(_label(offer)) for offer in self._listed])
        if self._listed:
            self._offers.highlighted = 0
        n_dropped = sum(not offer.ok for offer in self._suggestions.offers)
        n_kept, seconds = len(self._suggestions.offers) - n_dropped, sum(self._suggestions.seconds.values())
        self._tell(f"{n_kept} may stand, {n_dropped} were dropped; {1e3 * seconds:.0f} ms.")
        for fault in self._suggestions.faults:
            self._tell(fault, bad=True)
        self._show_trace()

    def _show_document(self) -> None:
        shown = self.query_one("#document", Static)
        shown.border_title = str(self._path) + ("" if self.draft.text == self._saved else " *")
        shown.update(document_view(self.draft, max(3, shown.size.height), max(20, shown.size.width)))

    def _show_trace(self) -> None:
        place = self._offers.highlighted
        offer = self._listed[place] if place is not None and place < len(self._listed) else None
        shown = self.query_one("#trace", Static)
        shown.border_title = "how it came about"
        shown.update(Text("\n").join([offer_trace(offer), block_trace(self.draft)]))

    def _tell(self, sentence: str, bad: bool = False) -> None:
        self.query_one("#status", Static).update(Text(sentence, "bold red" if bad else ""))


def _label(offer: Offer) -> Any:
    if not offer.ok:
        return Text.assemble((visible(offer.candidate.text), "strike"), ("  " + offer.reason, "dim"))
    note = next((verdict for verdict in offer.verdicts if verdict.rule), None)
    style = ("  ~" + note.rule, "yellow") if note else ""
    return Text.assemble((visible(offer.candidate.text), "bold"), ("  " + offer.candidate.source, "dim"), style)
