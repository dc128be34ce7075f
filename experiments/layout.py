"""What is worth its reading time: which candidates join the letters on a page."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from os.path import commonprefix

import numpy as np

from acquisition.stream import FloatArray


@dataclass(frozen=True, slots=True)
class LayoutPolicy:
    """What a page costs, and what it must bring.

    Parameters
    ----------
    gap_s : float
        Time between two pages: feedback, and moving the eyes to the next target.
    read_word_s : float
        Time to find and read one word of a candidate. Letters stand in fixed places and cost nothing.
    trial_s : float
        What a selection takes on average, without reading: the cost that candidates save.
    floor : float
        Share of the prior that is spread evenly over the slots, since language models are overconfident.
    no_control : float
        Prior probability that the person attends to nothing.
    max_candidates : int
        At most so many candidates beside the letters.
    """

    gap_s: float = 1.0
    read_word_s: float = 0.25
    trial_s: float = 4.0
    floor: float = 0.05
    no_control: float = 0.01
    max_candidates: int = 24

    def reading_time(self, text: str) -> float:
        """Time (s) to read a candidate: one unit per word, and per eight characters of longer ones."""
        return self.read_word_s * max(1, len(text.split()), math.ceil(len(text) / 8))

    def worth_showing(
        self, letters: Mapping[str, float], candidates: Mapping[str, float], elsewhere: float
    ) -> list[str]:
        """Choose candidates while they bring more bits per second than the page has without them.

        Parameters
        ----------
        letters : mapping of str to float
            What is on the page anyway, and the probability of all continuations that start with it.
        candidates : mapping of str to float
            The same for what may join.
        elsewhere : float
            Probability of everything else (undo, more).

        Returns
        -------
        list of str
            The chosen ones, in order of what they bring.

        Notes
        -----
        The page's information is the entropy of its cells. A candidate splits its parent's cell in two; it joins if
        that adds more bits per second of reading than the page yields per second of its whole trial (the marginal
        value theorem, Charnov 1976).
        """
        cells = {**letters, "": elsewhere}
        seconds = self.gap_s + self.trial_s
        bits = sum(_bits(p) for p in cells.values())
        chosen: list[str] = []
        waiting = dict(candidates)
        while waiting and len(chosen) < self.max_candidates:
            own = {text: p - sum(cells[c] for c in chosen if c.startswith(text)) for text, p in waiting.items()}
            gains = {text: _gain(text, p, cells) for text, p in own.items()}
            best = max(gains, key=lambda text: gains[text] / self.reading_time(text))
            if gains[best] / self.reading_time(best) <= bits / seconds:
                break
            parent = _parent(best, cells)
            if parent is not None:
                cells[parent] = max(0.0, cells[parent] - own[best])
            cells[best] = own[best]
            bits += gains[best]
            seconds += self.reading_time(best)
            chosen.append(best)
            del waiting[best]
        return chosen

    def beginnings(self, candidates: Sequence[str]) -> list[str]:  # noqa: ARG002 - other policies have some
        """What else may be shown: texts that several candidates begin with."""
        return []

    def prior(self, mass: FloatArray) -> FloatArray:
        """Floor the masses, shape (n_slots,), and append "attends to nothing"; sums to one."""
        shares = (1.0 - self.floor) * mass / mass.sum() + self.floor / len(mass)
        return np.append((1.0 - self.no_control) * shares, self.no_control)


class PosteriorMatching(LayoutPolicy):
    """Slots are cells of the whole tree of continuations, as even as the prior allows.

    Beginnings that candidates share may be slots too, and each step takes the text that leaves the page with most
    mutual information between slots and intended text per second. So a trial asks, as nearly as slots can be cut, the
    question whose answer is most uncertain: posterior matching (Horstein 1963; Shayevitz & Feder 2011) over a noisy
    channel with feedback, with the belief kept from page to page.
    """

    __slots__ = ()

    def beginnings(self, candidates: Sequence[str]) -> list[str]:
        """Where two candidates part, beyond the first letter: the text that they share."""
        ordered = sorted(candidates)
        parting = {commonprefix(pair) for pair in pairwise(ordered)}  # noqa: RUF071
        return sorted(text for text in parting - set(candidates) if len(text) > 1)

    def worth_showing(
        self, letters: Mapping[str, float], candidates: Mapping[str, float], elsewhere: float
    ) -> list[str]:
        """Choose texts while the page's mutual information per second grows."""
        cells = {**letters, "": elsewhere}
        seconds = self.gap_s + self.trial_s
        bits = sum(_bits(p) for p in cells.values())
        chosen: list[str] = []
        inside = dict.fromkeys(candidates, 0.0)  # mass of chosen texts that begin with each
        while len(inside) and len(chosen) < self.max_candidates:
            gains = {text: _gain(text, candidates[text] - taken, cells) for text, taken in inside.items()}
            rates = {text: (bits + gains[text]) / (seconds + self.reading_time(text)) for text in gains}
            best = max(rates, key=rates.__getitem__)
            if rates[best] <= bits / seconds:
                break
            own = max(0.0, candidates[best] - inside.pop(best))
            parent = _parent(best, cells)
            if parent is not None:
                cells[parent] = max(0.0, cells[parent] - own)
            cells[best] = own
            for text in _beginnings_among(best, inside):
                inside[text] += own
            bits += gains[best]
            seconds += self.reading_time(best)
            chosen.append(best)
        return chosen


POLICIES: Mapping[str, type[LayoutPolicy]] = {"marginal-value": LayoutPolicy, "posterior-matching": PosteriorMatching}


def _beginnings_among(text: str, others: Iterable[str]) -> list[str]:
    return [other for other in others if text.startswith(other)]


def _parent(text: str, cells: Mapping[str, float]) -> str | None:
    """The longest cell that a text would be cut out of."""
    for end in range(len(text) - 1, 0, -1):
        if text[:end] in cells:
            return text[:end]
    return None


def _gain(text: str, p: float, cells: Mapping[str, float]) -> float:
    """Bits that the page's entropy gains when ``text`` leaves its parent's cell."""
    parent = _parent(text, cells)
    if parent is None or p <= 0.0:
        return 0.0
    whole = cells[parent]
    return _bits(min(p, whole)) + _bits(max(0.0, whole - p)) - _bits(whole)


def _bits(p: float) -> float:
    return -p * math.log2(p) if p > 0.0 else 0.0
