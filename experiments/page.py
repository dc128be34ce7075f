"""A page: slots in their places, the prior of each, and the belief cut along them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from acquisition.stream import FloatArray
from experiments.belief import Part
from experiments.display.screen import Screen
from generation.types import Candidate
from selector.types import Selection


@dataclass(frozen=True, slots=True)
class Slot:
    """A candidate and its place on the screen."""

    candidate: Candidate
    place: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the log; what is empty is left out."""
        c = self.candidate
        values = {"text": c.text, "log_p": c.log_p, "source": c.source, "read_s": c.read_s, "command": c.command}
        return {"place": self.place, **{key: value for key, value in values.items() if value not in (None, "", 0.0)}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Slot":
        """Inverse of `to_dict`."""
        candidate = Candidate(
            text=values.get("text", ""),
            log_p=values.get("log_p", 0.0),
            source=values["source"],
            read_s=values.get("read_s", 0.0),
            command=values.get("command"),
        )
        return cls(candidate, values["place"])


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One set of slots, and the prior of each.

    Parameters
    ----------
    document : str
        The text it continues.
    slots : tuple of Slot
        Letters and candidates, then "more", then "undo" where there is something to undo.
    mass : array, shape (n_slots + 1,)
        Prior of each slot as a cell, floor included; sums to one; the last is "attends to nothing".
    parts : tuple of Part
        The belief, cut along the slots.
    read_s : float
        How long the page is shown before anything flashes, in s.
    """

    document: str
    slots: tuple[Slot, ...]
    mass: FloatArray
    parts: tuple[Part, ...]
    read_s: float

    @property
    def n_slots(self) -> int:
        return len(self.slots)

    def chosen(self, selection: Selection) -> Candidate | None:
        """What was selected; None where nothing was."""
        return None if selection.slot is None else self.slots[selection.slot].candidate

    def slot_of(self, command: str) -> int | None:
        """The slot of a command; None where the page does not offer it."""
        return next((i for i, slot in enumerate(self.slots) if slot.candidate.command == command), None)

    def regions(self, screen: Screen) -> FloatArray:
        """Left, top, width and height of each slot, shape (n_slots, 4), in px."""
        return np.stack([screen.region(slot.place) for slot in self.slots])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the log."""
        return {
            "slots": [slot.to_dict() for slot in self.slots],
            "mass": self.mass.tolist(),
            "parts": [part.to_list(self.document) for part in self.parts],
            "read_s": self.read_s,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], document: str) -> "Page":
        """Inverse of `to_dict` for the same document."""
        return cls(
            document=document,
            slots=tuple(Slot.from_dict(slot) for slot in values["slots"]),
            mass=np.array(values["mass"]),
            parts=tuple(Part.from_list(part, document) for part in values["parts"]),
            read_s=values["read_s"],
        )
