"""Key presses that a few candidates save, chosen by how many they are expected to save."""

import math
from collections.abc import Iterable, Sequence

from generation.types import Context, Generator, Kind

_POOL = 64  # candidates asked of each generator


def chosen_savings(
    generators: Sequence[Generator], documents: Iterable[str], kind: Kind, n_slots: int, in_a_row: bool = False
) -> float:
    """Share of key presses saved by a person who takes the longest right candidate of a few, or types a character.

    As on a page, the few are chosen by what they are worth, not by their probability alone, and what was offered and
    not taken is known not to be wanted: nothing that begins with it is offered again.

    Parameters
    ----------
    generators : sequence of Generator
    documents : iterable of str
    kind : str
    n_slots : int
        How many candidates are shown.
    in_a_row : bool
        Whether these are the lines of one document, rather than documents of their own.
    """
    n_presses, n_characters = 0, 0
    earlier = ""
    for document in documents:
        at = 0
        declined: set[str] = set()
        while at < len(document):
            typed = document[:at]
            pool = _pool(generators, Context(kind, earlier + typed), typed, declined)
            shown = most_saving(pool, n_slots)
            at += max((len(text) for text in shown if document.startswith(text, at)), default=1)
            n_presses += 1
            declined = {text for text in declined | {typed + text for text in shown} if _is_ahead(text, document[:at])}
        n_characters += len(document)
        if in_a_row:
            earlier += document.rstrip() + "\n"
    return 1 - n_presses / n_characters


def most_saving(pool: dict[str, float], n_slots: int) -> list[str]:
    """The texts that together are expected to save the most presses, chosen one after the other.

    Parameters
    ----------
    pool : dict of str to float
        Texts, likeliest first, with the probability that the document goes on with each.
    n_slots : int
        How many are shown.

    Notes
    -----
    What is not shown is taken to cost one press for each letter until it is among the first of those that begin so,
    one to take it, and one for each further word.
    """
    presses = {text: _letters(text, pool, n_slots) + _words(text) for text in pool}
    mass = dict(pool)
    shown: list[str] = []
    while len(shown) < n_slots:
        worth = {text: mass[text] * (presses[text] - 1) for text in pool if text not in shown}
        best = max(worth, key=lambda text: worth[text], default=None)
        if best is None:
            break
        shown.append(best)
        for text in pool:
            if text == best:
                continue
            if text.startswith(best):
                presses[text] = min(presses[text], 1 + _words(text[len(best) :]))
            elif best.startswith(text):
                mass[text] -= mass[best]
    return shown


def _pool(generators: Sequence[Generator], context: Context, typed: str, declined: set[str]) -> dict[str, float]:
    """What the generators offer, likeliest first, without what was declined."""
    best: dict[str, float] = {}
    for generator in generators:
        for candidate in generator.propose(context, _POOL):
            if not any((typed + candidate.text).startswith(text) for text in declined):
                best[candidate.text] = max(best.get(candidate.text, 0.0), math.exp(candidate.log_p))
    return dict(sorted(best.items(), key=lambda item: (-item[1], item[0])))


def _letters(text: str, pool: dict[str, float], n_slots: int) -> int:
    """Letters to type until a text's first word is among the first few of those that begin so."""
    word = text[: len(text) - len(text.lstrip())] + text.split(" ")[0] if text.strip() else text
    for n in range(1, len(word)):
        likelier = 0
        for other in pool:
            if other == text:
                return n
            likelier += other[:n] == word[:n] and _words(other) == 1
            if likelier >= n_slots:
                break
    return len(word)


def _words(text: str) -> int:
    return max(1, len(text.split()))


def _is_ahead(text: str, typed: str) -> bool:
    return len(text) > len(typed) and text.startswith(typed)
