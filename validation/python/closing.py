"""Excerpts from an unfinished program what a candidate completes, and closes it so that it reads as a whole one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from validation.python.outline import GOES_ON, Line, Outline, headers

_INDENTATION = re.compile(r"[ \t\f]*")
# Blocks that matter to what stands in them: what may return, yield, await, break, or be tried.
_TELLING = frozenset({"async", "class", "def", "for", "try", "while"})


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A readable piece of an unfinished program.

    Parameters
    ----------
    source : str
    numbers : tuple of int
        The document's line of each of the source's lines; 0 for those that stand for something else.
    """

    source: str
    numbers: tuple[int, ...]

    def line(self, number: int) -> int:
        """The document's line of a line of the source, both counted from 1; 0 where there is none."""
        return self.numbers[number - 1] if 0 < number <= len(self.numbers) else 0


def excerpt(outline: Outline, n_before: int) -> Excerpt:
    """Take the complete lines of the tail but the first few, with the statements they belong to.

    Of the blocks around them no more than the first lines are kept, and every open block is closed in the plainest way.
    """
    tail = outline.tail
    begin = min(_statement(tail, index) for index in range(n_before, len(tail)))
    physical = outline.text.split("\n")
    piece = tail[begin:]
    source = outline.prelude.split("\n")[:-1]
    if begin > 0 and tail[0].first[-1] not in "'\"" and not physical[0].startswith("from __future__"):
        source.append("0")  # it is too late to import from the future
    numbers = [0] * len(source)
    is_case = piece[0].first == "case"
    around = headers(tail[: begin + 1])
    for distance, header in reversed(list(enumerate(around))):
        kept = header.first in _TELLING or (distance == 0 and is_case and header.first == "match")
        whole = physical[header.begin - outline.begin : header.end - outline.begin + 1]
        source += whole if kept else [f"{_indentation(header, physical, outline)}if 1:"]
        numbers += [0] * (len(whole) if kept else 1)
    source += physical[piece[0].begin - outline.begin : piece[-1].end - outline.begin + 1]
    numbers += range(piece[0].begin, piece[-1].end + 1)
    closing = _closing([*reversed(around), *piece], physical, outline)
    return Excerpt("\n".join([*source, *closing, ""]), (*numbers, *(0 for _ in closing)))


def _statement(tail: Sequence[Line], index: int) -> int:
    """Where the statement begins that a line belongs to, so that no clause and no decorated thing stands alone."""
    depth = tail[index].depth
    while index > 0:
        before = next((i for i in range(index - 1, -1, -1) if tail[i].depth <= depth), None)
        if before is None or tail[before].depth < depth:
            break
        if tail[index].first not in GOES_ON and tail[before].first != "@":
            break
        index = before
    return index


def _indentation(line: Line, physical: Sequence[str], outline: Outline) -> str:
    found = _INDENTATION.match(physical[line.begin - outline.begin])
    return found[0] if found else ""


def _closing(lines: Sequence[Line], physical: Sequence[str], outline: Outline) -> list[str]:
    last, closing = lines[-1], []
    indentation = _indentation(last, physical, outline)
    if last.first == "@":
        closing.append(f"{indentation}def _(): pass")
    elif last.opens_block:
        closing.append(f"{indentation} {'case _: ' if last.first == 'match' else ''}pass")
    tried = [line for line in (last, *headers(lines)) if line.first == "try"]
    return closing + [f"{_indentation(line, physical, outline)}finally: pass" for line in tried]


def whole(outline: Outline, document: str) -> tuple[list[str], list[str]]:
    """Return the document's complete lines, and lines that close what they leave open."""
    if not outline.tail:
        return [], []
    closing = _closing(outline.tail, outline.text.split("\n"), outline)
    return document.replace("\r\n", "\n").replace("\r", "\n").split("\n")[: outline.tail[-1].end], closing
