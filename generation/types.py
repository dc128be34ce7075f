"""What flows through the document half: contexts, candidates, and who proposes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from generation.formula.types import SheetScope
from generation.table.types import TableScope

Kind = Literal["text", "python", "table", "formula"]
Command = Literal["undo", "more"]


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around the cursor.

    Parameters
    ----------
    kind : str
        The kind of document: "text", "python", "table" or "formula".
    before, after : str
        The document up to the cursor, and from there on. A table's is its delimited text, header first; a formula's
        is the formula itself, "=" first.
    scope : TableScope or SheetScope, optional
        What else a table or a formula depends on.
    """

    kind: Kind
    before: str
    after: str = ""
    scope: TableScope | SheetScope | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may come next.

    Parameters
    ----------
    text : str
        What is inserted at the cursor; empty for a command.
    log_p : float
        Log of the probability (nats) that the wanted document goes on with this text.
    source : str
        The generator it came from, or "speller" or "command".
    read_s : float
        Time (s) that a person needs to find and read it.
    command : str, optional
        "undo" or "more" (the next layer of letters).
    stages : tuple of (str, float)
        Each stage that has scored it, in order, and the log-probability (nats) that it gave: generators by their names,
        then "mixture", then "llm".
    """

    text: str
    log_p: float
    source: str
    read_s: float = 0.0
    command: Command | None = None
    stages: tuple[tuple[str, float], ...] = ()


class Generator(Protocol):
    """Proposes many next blocks."""

    @property
    def name(self) -> str:
        """What its candidates carry as their source."""
        ...

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        ...


@dataclass(frozen=True, slots=True)
class Rescored:
    """What a filter made of candidates.

    Parameters
    ----------
    candidates : list of Candidate
        The same ones, likeliest first; those that were not scored in time keep their log-probability.
    n_scored : int
        How many of them the filter itself has scored.
    fault : str
        What went wrong, in a sentence; empty where nothing did.
    """

    candidates: list[Candidate]
    n_scored: int
    fault: str = ""


class Filter(Protocol):
    """Judges candidates by what stands before them, and changes nothing but their order and probabilities."""

    @property
    def name(self) -> str:
        """What its scores are called in a candidate's stages."""
        ...

    def rescore(self, context: Context, candidates: Sequence[Candidate]) -> Rescored:
        """Score as many as its time allows; what goes wrong is told, never raised."""
        ...


class Speller(Protocol):
    """The fallback by which every document is reachable, one character at a time."""

    @property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """Characters of each layer in their fixed places; no character twice."""
        ...

    def next_character(self, context: Context) -> Mapping[str, float]:
        """Probability of every character of every layer as the next one; sums to one."""
        ...

    def log_p(self, context: Context, text: str) -> float:
        """Log-probability (nats) that the document goes on with these characters."""
        ...
