"""Judges whether a text with a candidate can be stored and shown."""

import time
import unicodedata

from generation.types import Candidate, Context
from validation.types import Verdict


class TextValidator:
    """Encoding, control characters and length.

    Parameters
    ----------
    max_length : int
        Most characters that the document may hold.

    Raises
    ------
    ValueError
        If ``max_length`` is not positive.
    """

    stage = "text"

    def __init__(self, max_length: int = 1_000_000) -> None:
        if max_length < 1:
            raise ValueError(f"Argument 'max_length' (got {max_length}) must be at least 1.")
        self._max_length = max_length

    def check(self, context: Context, candidate: Candidate) -> Verdict:
        """Judge; an invalid candidate is a verdict, never an exception; the document's own text is not read."""
        begun = time.perf_counter()
        rule, reason = self._judge(context, candidate.text)
        return Verdict(not rule, self.stage, rule, reason, time.perf_counter() - begun)

    def _judge(self, context: Context, text: str) -> tuple[str, str]:
        for character in text:
            category = unicodedata.category(character)
            if category == "Cs":
                return "encoding", f"U+{ord(character):04X} is half a character and can't be stored as UTF-8."
            if ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF:
                return "encoding", f"U+{ord(character):04X} is no character."
            if category == "Cc" and character not in "\n\t":
                return "control-character", f"U+{ord(character):04X} is a control character."
        length = len(context.before) + len(text) + len(context.after)
        if length > self._max_length:
            return "length", f"The document would have {length} characters, and {self._max_length} are allowed."
        return "", ""
