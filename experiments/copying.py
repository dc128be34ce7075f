"""A participant who copies a target: looks at the page, decides on a slot, and attends to it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from acquisition.simulated.types import Participant
from acquisition.stimulus import StimulusBlock


def wanted_slot(slots: Sequence[Mapping[str, Any]], document: str, target: str) -> int | None:
    """The slot that a person copying ``target`` attends to.

    What is wrong is undone; else the text that advances the target most is taken; else more letters are asked for.

    Parameters
    ----------
    slots : sequence of mapping
        As the display shows them: "text" and "command".
    document, target : str

    Returns
    -------
    int or None
        None where the document is finished, or the page offers no way on.
    """
    commands = {slot["command"]: i for i, slot in enumerate(slots) if slot["command"]}
    if document == target:
        return None
    if not target.startswith(document):
        return commands.get("undo")
    fitting = [i for i, slot in enumerate(slots) if slot["text"] and target.startswith(document + slot["text"])]
    if fitting:
        return max(fitting, key=lambda i: len(slots[i]["text"]))
    return commands.get("more")


class CopyingParticipant:
    """Joins a participant's signals to the task of copying a target; a viewer of the display.

    Parameters
    ----------
    signals : Participant
        Whose brain and eyes react.
    target : str
        What is to be written.
    """

    def __init__(self, signals: Participant, target: str) -> None:
        self._signals = signals
        self._target = target
        self._slot: int | None = None

    def see(self, shown: Mapping[str, Any]) -> None:
        """Take in what the display shows."""
        match shown["what"]:
            case "page":
                slot = self._slot = wanted_slot(shown["slots"], shown["document"], self._target)
                region = None if slot is None else np.array(shown["slots"][slot]["region"])
                self._signals.attend(slot, region, shown["time"], shown["stimulation_at"])
            case "block":
                self._signals.present(StimulusBlock.from_dict(shown, np.array(shown["regions"])))
            case "flips":
                self._signals.flip(np.array(shown["flips"]))
            case "selection" if shown["slot"] is not None:
                self._signals.notice(shown["time"], shown["slot"] == self._slot)
