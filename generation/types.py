"""What flows through the document half: contexts, candidates, and who proposes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["text", "python"]
Command = Literal["undo", "more"]


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around the cursor.

    Parameters
    ----------
    kind : str
        The kind of document: "text" or "python".
    before, after : str
        The document up to the cursor, and from there on.
    """

    kind: Kind
    before: str
    after: str = ""


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
    """

    text: str
    log_p: float
    source: str
    read_s: float = 0.0
    command: Command | None = None


class Generator(Protocol):
    """Proposes many next blocks."""

    @property
    def name(self) -> str:
        """What its candidates carry as their source."""
        ...

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
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
