"""Reads documents that grow: goes on from the longest beginning that was read lately."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

_N_REMEMBERED = 64

State = TypeVar("State")


class ResumedReader(Generic[State]):
    """What reading has come to after a text, remembered for the last texts.

    Parameters
    ----------
    start : object
        What reading begins with; never changed.
    advance : callable
        From a state and the text that follows to the state after it.
    """

    def __init__(self, start: State, advance: Callable[[State, str], State]) -> None:
        self._start = start
        self._advance = advance
        self._remembered: OrderedDict[str, State] = OrderedDict()

    def read(self, text: str) -> State:
        """Return the state after a text."""
        if text in self._remembered:
            self._remembered.move_to_end(text)
            return self._remembered[text]
        known = max((old for old in self._remembered if text.startswith(old)), key=len, default="")
        begin = self._remembered.get(known, self._start)
        state = self._remembered[text] = self._advance(begin, text[len(known) :])
        if len(self._remembered) > _N_REMEMBERED:
            self._remembered.popitem(last=False)
        return state
