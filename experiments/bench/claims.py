"""Which simulated profile claims to resemble which recordings."""

import tomllib
from importlib.resources import files
from typing import Literal

from pydantic import Field

from experiments.config import Section

Range = tuple[float, float]


class Recordings(Section):
    """A set of recordings, how figures are taken from it, and the ranges that were found."""

    name: str
    source: str
    folder: str | None = None
    files: str
    kind: Literal["flashes", "flicker", "targets", "looks"]
    frontal: tuple[str, ...] = ()
    by_character: bool = False
    together: int = Field(default=1, ge=1)
    ranges: dict[str, Range]

    @property
    def folder_name(self) -> str:
        return self.folder or self.name


class Claim(Section):
    """A profile, the recordings it resembles, and how much of a session is simulated to compare them."""

    profile: str
    recordings: tuple[str, ...] = Field(min_length=1)
    n_characters: int = 0
    n_blocks: int = 0
    soa_s: float = 0.0


class Claims(Section):
    """All that is claimed."""

    recordings: tuple[Recordings, ...]
    claims: tuple[Claim, ...]


def load_claims() -> Claims:
    """Read the claims that come along."""
    text = (files("experiments") / "bench" / "realism.toml").read_text(encoding="utf-8")
    return Claims.model_validate(tomllib.loads(text))
