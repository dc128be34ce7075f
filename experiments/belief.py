"""What the person may be writing: weighted cells of the tree of all continuations."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import commonprefix
from typing import Any

from acquisition.stream import FloatArray

Continuation = Callable[[str, str], float]
"""``(before, text)`` to the probability that a document ``before`` goes on with ``text``."""

# A slot that the belief gives nothing still leads somewhere: the person may choose it.
_LEAST_WEIGHT = 1e-9


@dataclass(frozen=True, slots=True)
class Cell:
    """All texts that start with ``prefix`` but go on with none of ``excluded``.

    Parameters
    ----------
    prefix : str
    weight : float
        Probability that the wanted text is one of them.
    excluded : mapping of str to float
        Continuations that belong to other cells, and the probability of each, given the prefix. None starts another.
    """

    prefix: str
    weight: float
    excluded: Mapping[str, float]

    @property
    def left(self) -> float:
        """Probability, given the prefix, that none of the excluded continuations follows."""
        return 1.0 - math.fsum(self.excluded.values())

    def is_near(self, document: str) -> bool:
        """Whether the cell holds texts that begin with a document."""
        return self.prefix.startswith(document) or document.startswith(self.prefix)

    def share(self, start: str, continuation: Continuation) -> float:
        """Which part (0..1) of this cell's texts begin with ``start``."""
        if self.prefix.startswith(start):
            return 1.0
        text = start.removeprefix(self.prefix)
        if not start.startswith(self.prefix) or self.left <= 0.0 or any(text.startswith(o) for o in self.excluded):
            return 0.0
        return min(1.0, max(0.0, continuation(self.prefix, text) - self._inside(text)) / self.left)

    def cut(self, start: str, shares: Mapping[str, float], less: Sequence[str], weight: float) -> "Cell":
        """This cell's texts that begin with ``start``, but with none of ``less``.

        Parameters
        ----------
        start : str
            Of the same branch as the prefix.
        shares : mapping of str to float
            This cell's share of ``start`` and of every text in ``less``.
        less : sequence of str
            Longer texts, which become cells of their own.
        weight : float
            Weight of the new cell.
        """
        base = start if len(start) > len(self.prefix) else self.prefix
        scale = self._p(base, shares[start]) if base == start else 1.0
        excluded = {
            (self.prefix + text)[len(base) :]: p / scale
            for text, p in self.excluded.items()
            if (self.prefix + text).startswith(base)
        }
        excluded |= {
            other[len(base) :]: self._p(other, shares[other]) / scale
            for other in less
            if shares[other] > 0.0 and other != base and other.startswith(base)
        }
        shortest = {t: p for t, p in excluded.items() if not any(t != o and t.startswith(o) for o in excluded)}
        return Cell(base, weight, shortest)

    def _inside(self, text: str) -> float:
        return math.fsum(p for other, p in self.excluded.items() if other.startswith(text))

    def _p(self, start: str, share: float) -> float:
        """Probability of ``start`` given the prefix, excluded continuations included."""
        return share * self.left + self._inside(start[len(self.prefix) :])


@dataclass(frozen=True, slots=True)
class Part:
    """A cell that lies wholly within one slot of a page."""

    cell: Cell
    slot: int

    def to_list(self, document: str) -> list[Any]:
        """Plain values for the log; the prefix is written as what it shares with the document and what it adds."""
        shared = len(commonprefix((document, self.cell.prefix)))  # noqa: RUF071 - character by character is what is meant
        return [self.slot, shared, self.cell.prefix[shared:], self.cell.weight, dict(self.cell.excluded)]

    @classmethod
    def from_list(cls, values: Sequence[Any], document: str) -> "Part":
        """Inverse of `to_list` for the same document."""
        slot, shared, rest, weight, excluded = values
        return cls(Cell(document[:shared] + rest, weight, excluded), slot)


@dataclass(frozen=True, slots=True)
class Belief:
    """A distribution over what is being written.

    Parameters
    ----------
    cells : tuple of Cell
        Disjoint; the weights sum to one.
    pruned : float
        Weight of the cells that were too light to keep in the latest step.
    """

    cells: tuple[Cell, ...]
    pruned: float = 0.0

    @classmethod
    def sure_of(cls, text: str) -> "Belief":
        """All weight on the continuations of one text."""
        return cls((Cell(text, 1.0, {}),))

    def seen_from(self, document: str, continuation: Continuation) -> "Belief":
        """The same belief, its cells at a document told in what is known there by now.

        What such a cell excludes was weighed from afar; now that its probability is known better, so is what is left.
        """
        cells = [
            replace(cell, excluded={text: continuation(document, text) for text in cell.excluded})
            if cell.prefix == document
            else cell
            for cell in self.cells
        ]
        return replace(self, cells=tuple(cells))

    def split(
        self, document: str, texts: Sequence[str], previous: str | None, continuation: Continuation
    ) -> tuple[Part, ...]:
        """Cut the cells along the slots of a page.

        Parameters
        ----------
        document : str
            The text shown.
        texts : sequence of str
            What slots 0, 1, ... insert. Slot ``len(texts)`` is "something else from here".
        previous : str or None
            Where an undo leads; slot ``len(texts) + 1`` is "not this document", unless None.
        continuation : callable
            The language model, for cells that a slot divides.

        Returns
        -------
        tuple of Part
            Disjoint, at least one per slot; a slot holds the texts that match no longer text of the page.
        """
        more, undo = len(texts), len(texts) + 1
        starts = [document + text for text in texts]
        longer = [[other for other in starts if other != start and other.startswith(start)] for start in starts]
        parts: list[Part] = []
        for cell in self.cells:
            if not cell.is_near(document):
                parts.append(Part(cell, more if previous is None else undo))
                continue
            shares = {start: cell.share(start, continuation) for start in starts}
            own = [max(0.0, shares[s] - _outermost(shares, longer[i])) for i, s in enumerate(starts)]
            whole = max(1.0, math.fsum(own))  # models that a cell has outlived may promise more than there is
            own = [share / whole for share in own]
            parts += [
                Part(cell.cut(start, shares, longer[i], cell.weight * own[i]), i)
                for i, start in enumerate(starts)
                if own[i] > 0.0
            ]
            rest = 1.0 - math.fsum(own)
            if rest > 1e-12:
                here = previous is None or cell.prefix.startswith(document)
                shares[""] = 1.0
                parts.append(Part(cell.cut("", shares, starts, cell.weight * rest), more if here else undo))
        taken = {part.slot for part in parts}
        leads = [Cell(start, _LEAST_WEIGHT, {}) for start in starts]
        leads.append(_all_but(document, texts, continuation))
        if previous is not None:
            leads.append(_all_but(previous, [document.removeprefix(previous)], continuation))
        parts += [Part(cell, slot) for slot, cell in enumerate(leads) if slot not in taken]
        return tuple(parts)

    def summary(self, n: int = 8) -> dict[str, Any]:
        """The ``n`` heaviest cells, for the log."""
        heaviest = sorted(self.cells, key=lambda cell: -cell.weight)[:n]
        return {
            "n_cells": len(self.cells),
            "pruned": self.pruned,
            "cells": [{"ends": cell.prefix[-40:], "weight": cell.weight} for cell in heaviest],
        }

    @classmethod
    def weigh(cls, parts: Sequence[Part], p: FloatArray, keep: int = 160) -> "Belief":
        """Scale every part by what a trial said of its slot.

        Parameters
        ----------
        parts : sequence of Part
            From `split`.
        p : array, shape (n_slots + 1,)
            Posterior of the trial; the last, "attends to nothing", says nothing about the text and is left out.
        keep : int
            How many cells are kept.
        """
        before = dict.fromkeys(range(len(p) - 1), 0.0)
        for part in parts:
            before[part.slot] += part.cell.weight
        weights = [part.cell.weight / before[part.slot] * float(p[part.slot]) for part in parts]
        total = math.fsum(weights)
        heaviest = sorted(range(len(parts)), key=lambda i: -weights[i])[:keep]
        kept = math.fsum(weights[i] for i in heaviest)
        cells = tuple(
            Cell(parts[i].cell.prefix, weights[i] / kept, parts[i].cell.excluded) for i in heaviest if weights[i] > 0.0
        )
        return cls(cells, pruned=max(0.0, 1.0 - kept / total))


def _all_but(prefix: str, texts: Sequence[str], continuation: Continuation) -> Cell:
    """The lightest cell of what goes on from ``prefix`` with none of the texts."""
    shortest = [t for t in texts if not any(t != o and t.startswith(o) for o in texts)]
    return Cell(prefix, _LEAST_WEIGHT, {text: continuation(prefix, text) for text in shortest})


def _outermost(shares: Mapping[str, float], longer: Sequence[str]) -> float:
    """Total share of the longer texts, those within another one of them counted once."""
    return math.fsum(shares[s] for s in longer if not any(s != o and s.startswith(o) for o in longer))
