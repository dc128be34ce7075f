"""Puts the editor together for a file."""

from pathlib import Path

from experiments.choosers import MetaAI
from experiments.config import Generation
from experiments.editor.app import Editor
from experiments.editor.storage import open_draft
from experiments.kinds import closer_look, proposer
from experiments.suggest import Offer, Suggestions, suggest
from generation.types import Candidate, Context, Kind
from validation.types import Verdict

_N_LOOKED_AT = 12  # offers that fit the list at a glance, and so get the closer look


def run_editor(path: Path, kind: Kind, at: str | None, cell: str | None, typed: str, told: Generation) -> None:
    """Edit a file until the person leaves.

    Parameters
    ----------
    path : Path
    kind : str
    at, cell : str, optional
        Where the cursor stands; see `experiments.files.read_context`.
    typed : str
        How a formula begins.
    told : Generation
        Who proposes.

    Raises
    ------
    OSError, ValueError, ImportError
        One sentence each.
    """
    make_editor(path, kind, at, cell, typed, told).run()


def make_editor(
    path: Path,
    kind: Kind,
    at: str | None = None,
    cell: str | None = None,
    typed: str = "=",
    told: Generation | None = None,
) -> Editor:
    """The editor for a file; arguments as for `run_editor`."""
    draft = open_draft(path, kind, at, cell, typed)
    told = told or Generation()
    proposing = proposer(draft.context, told)
    closer = closer_look(kind)
    chooser = MetaAI.load(told.llm)

    def look(context: Context) -> Suggestions:
        return suggest(proposing, context, _N_LOOKED_AT, closer)

    def judge(context: Context, text: str) -> tuple[Verdict, ...]:
        return (proposing.judge(context, Candidate(text, 0.0, "keyboard")),)

    def pick(context: Context, offers: list[Offer]) -> tuple[int | None, str]:
        assert chooser is not None, "who is asked must be there"
        picked = chooser.pick(context.before, [offer.candidate.text for offer in offers])
        return picked.place, picked.reason

    return Editor(path, draft, look, judge, pick if chooser is not None else None)
