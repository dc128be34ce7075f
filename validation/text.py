"""Judges whether a text with a candidate can be stored and shown."""

import time
import unicodedata
from collections.abc import Iterator

import regex

from generation.types import Candidate, Context, Kind
from validation.types import Verdict

Finding = tuple[str, str]
# Bytes of no character, characters of no text, and signs that order what follows otherwise than it is stored.
_UNUSUAL = regex.compile(r"[\p{Cs}\p{Noncharacter_Code_Point}\p{Cc}--[\t\n]]|[\u202A-\u202E\u2066-\u2069]", regex.V1)
_CLOSERS = {")": "(", "]": "[", "}": "{", "»": "«", "”": "“", "》": "《", "」": "「", "』": "『", "）": "（"}
_OPENERS = frozenset(_CLOSERS.values())
_PAIRED = regex.compile(r"[()\[\]{}«»“”《》「」『』（）]")
# Ends of list marks and smileys, which close nothing.
_LONE = regex.compile(r"(?:^|\s)(?:\p{L}|\d{1,3})\)|[:;8=]['’]?-?\)")
_PARAGRAPH = 2000


class TextValidator:
    """Encoding, control characters, direction, brackets and length.

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
        """Judge; an invalid candidate is a verdict, never an exception.

        Of the document's own text only the paragraph at the cursor is looked at, and only where a bracket closes.
        """
        begun = time.perf_counter()
        ok, (rule, reason) = self._judge(context, candidate.text)
        return Verdict(ok, self.stage, rule, reason, time.perf_counter() - begun)

    def check_finished(self, text: str, kind: Kind = "text") -> list[Verdict]:
        """Every verdict on a whole text: one that refuses it, or one that does not and the matters of style."""
        begun = time.perf_counter()
        ok, finding = self._judge(Context(kind, ""), text)
        unclosed = _unclosed(text) if ok and kind == "text" else []
        notes = [finding] * bool(finding[0])
        notes += [("unbalanced", f"{opener!r} is not closed.") for opener in dict.fromkeys(unclosed)]
        seconds = time.perf_counter() - begun
        return [Verdict(ok, self.stage, *note, seconds) for note in notes or [("", "")]]

    def _judge(self, context: Context, text: str) -> tuple[bool, Finding]:
        note: Finding = ("", "")
        for match in _UNUSUAL.finditer(text):
            is_style, finding = _unusual(context.kind, text, match.start())
            if not is_style:
                return False, finding
            note = note if note[0] else finding
        length = len(context.before) + len(text) + len(context.after)
        if length > self._max_length:
            reason = f"The document would have {length} characters, and {self._max_length} are allowed."
            return False, ("length", reason)
        if not note[0] and context.kind == "text" and not _CLOSERS.keys().isdisjoint(text):
            note = next(_closes_nothing(context.before, text), note)
        return True, note


def _unusual(kind: Kind, text: str, place: int) -> tuple[bool, Finding]:
    """Whether an unusual character is a matter of style, and what it is."""
    character = text[place]
    name = f"U+{ord(character):04X}"
    category = unicodedata.category(character)
    if category == "Cs":
        return False, ("encoding", f"{name} is half a character and can't be stored as UTF-8.")
    if category == "Cn":
        return False, ("encoding", f"{name} is no character.")
    if category == "Cc":
        if character == "\r" and (kind == "table" or text.startswith("\n", place + 1)):
            return True, ("", "")
        return False, ("control-character", f"{name} is a control character.")
    # In code a reader would see another order than the machine: Boucher and Anderson, "Trojan Source" (2023).
    return kind == "text", (
        "direction",
        f"{name} turns the direction of writing, so that text is shown in another order.",
    )


def _closes_nothing(before: str, text: str) -> Iterator[Finding]:
    """Brackets and quotes of a candidate that close what is not open in their paragraph."""
    paragraph = before[-_PARAGRAPH:].rpartition("\n\n")[2]
    n_lone = len(_LONE.findall(paragraph + text))
    opened: list[str] = []
    for match in _PAIRED.finditer(paragraph + text):
        sign = match[0]
        if sign in _OPENERS:
            opened.append(sign)
        elif opened and opened[-1] == _CLOSERS[sign]:
            opened.pop()
        elif sign == ")" and n_lone:
            n_lone -= 1
        elif match.start() >= len(paragraph) and (len(before) <= _PARAGRAPH or opened):
            yield "unbalanced", f"{sign!r} closes what was not opened last."


def _unclosed(text: str) -> list[str]:
    """Brackets and quotes that stay open at the end of their paragraph."""
    left: list[str] = []
    for paragraph in text.split("\n\n"):
        opened: list[str] = []
        for sign in _PAIRED.findall(paragraph):
            if sign in _OPENERS:
                opened.append(sign)
            elif opened and opened[-1] == _CLOSERS[sign]:
                opened.pop()
        left += opened + ['"'] * (paragraph.count('"') % 2)
    return left
