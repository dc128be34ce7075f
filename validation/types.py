"""Verdicts, and who gives them."""

from dataclasses import dataclass
from typing import Protocol

from generation.types import Candidate, Context


@dataclass(frozen=True, slots=True)
class Verdict:
    """May the document with this candidate stand?

    Parameters
    ----------
    ok : bool
    stage : str
        The validator: "text", "python", "table", "formula", "logic", "pyflakes", "black", "flake8", "pylint".
    rule : str
        Which of its rules decided, in kebab case; empty where all held. With ``ok``, a matter of style.
    reason : str
        A sentence that a person can read; empty where all held.
    seconds : float
        How long the check took.
    line : int, optional
        The line of the document that it is about, counted from 1.
    """

    ok: bool
    stage: str
    rule: str = ""
    reason: str = ""
    seconds: float = 0.0
    line: int | None = None


class Validator(Protocol):
    """Judges one candidate in its context."""

    @property
    def stage(self) -> str:
        """The name its verdicts carry."""
        ...

    def check(self, context: Context, candidate: Candidate) -> Verdict:
        """Judge; an invalid candidate is a verdict, never an exception."""
        ...
