"""Characters decided one after the other, by a decoder that needs no calibration and by those that do."""

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from acquisition.stream import FloatArray
from experiments.evaluation.datasets import Characters
from experiments.evaluation.scores import Score, accuracy
from selector.decoders.umm import UMM, confidence

Recorded = list[tuple[FloatArray, NDArray[np.bool_]]]
Layouts = list[tuple[NDArray[np.bool_], int]]

PRACTISED = 2
"""Characters after which a decoder without calibration has seen something of the person."""


def in_order_scores(
    subject: str,
    decoder: str,
    characters: Recorded,
    judge: UMM | list[FloatArray],
    settings: Characters,
) -> list[Score]:
    """Characters got right from their first repetitions: all of them, and those from the third on.

    Where nothing is calibrated, also those from the third on when the characters before were decided from, and
    remembered with, all repetitions that were recorded: at most as much as the other decoders are calibrated on.

    Parameters
    ----------
    subject, decoder : str
        Whose scores, by what.
    characters : list of (epochs, is_target)
        One per character in order: epochs (n_flashes, n_channels, n_times) in V, ``rows + columns`` flashes to a
        repetition, two of them targets.
    judge : UMM or list of array
        What knows nothing before the first character, or each character's log-odds (n_flashes,) by a decoder
        calibrated on the others.
    settings : Characters
        ``repetitions`` are those that every character of a run gets; who flashed is drawn.
    """
    n_flashes = settings.rows + settings.columns
    most, fewest = max(settings.repetitions), min(len(epochs) for epochs, _ in characters) // n_flashes
    if most > fewest:
        raise ValueError(f"Setting 'repetitions' must not exceed what characters have (got {most} and {fewest}).")
    counts = [repetitions * n_flashes for repetitions in settings.repetitions]
    rng = np.random.default_rng(settings.seed)
    drawn = [[_layout(is_target, settings, rng) for _, is_target in characters] for _ in range(settings.draws)]
    hits = np.mean([[_decided(characters, layouts, judge, count) for count in counts] for layouts in drawn], axis=0)
    found = {"characters": hits, "characters_from_third": hits[:, PRACTISED:]}
    if isinstance(judge, UMM):
        after_whole = [_decided_after_whole(characters, layouts, judge, counts) for layouts in drawn]
        found["characters_after_whole"] = np.mean(after_whole, axis=0)[:, PRACTISED:]
    return [
        accuracy(subject, decoder, metric, repetitions, part[i].sum(), part.shape[1])
        for i, repetitions in enumerate(settings.repetitions)
        for metric, part in found.items()
        if part.shape[1]
    ]


def _decided(characters: Recorded, layouts: Layouts, judge: UMM | list[FloatArray], count: int) -> list[bool]:
    """Was each character right, decided from its first flashes and, by UMM, with those before remembered?"""
    if not isinstance(judge, UMM):
        return [_is_hit(said[:count] @ lit[:count], wanted) for said, (lit, wanted) in zip(judge, layouts, strict=True)]
    memory, right = clone(judge), []
    for (epochs, _), (lit, wanted) in zip(characters, layouts, strict=True):
        said = memory.decision_function(epochs[:count], lit[:count])
        memory.partial_fit(epochs[:count], lit[:count], int(said.argmax()), confidence(said))
        right.append(_is_hit(said, wanted))
    return right


def _decided_after_whole(characters: Recorded, layouts: Layouts, judge: UMM, counts: list[int]) -> list[list[bool]]:
    """For each count of flashes: was each character right, with all flashes of those before remembered?"""
    memory, right = clone(judge), []
    for (epochs, _), (lit, wanted) in zip(characters, layouts, strict=True):
        right.append([_is_hit(memory.decision_function(epochs[:count], lit[:count]), wanted) for count in counts])
        said = memory.decision_function(epochs, lit)
        memory.partial_fit(epochs, lit, int(said.argmax()), confidence(said))
    return [list(of_count) for of_count in zip(*right, strict=True)]


def _is_hit(said: FloatArray, wanted: int) -> bool:
    """Is the wanted slot the best? A tie is no hit."""
    return bool(said[wanted] > np.delete(said, wanted).max())


def _layout(
    is_target: NDArray[np.bool_], settings: Characters, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], int]:
    """Deal a character's flashes to rows and columns: what each lit, (n_flashes, n_slots), and the wanted slot."""
    n_lines = settings.rows + settings.columns
    slots = np.arange(settings.rows * settings.columns)
    row, column = np.divmod(slots, settings.columns)
    wanted = int(rng.integers(len(slots)))
    wanted_lines = np.array([row[wanted], settings.rows + column[wanted]])
    other_lines = np.setdiff1d(np.arange(n_lines), wanted_lines)
    lit = np.zeros((len(is_target), len(slots)), dtype=bool)
    for first in range(0, len(is_target) - n_lines + 1, n_lines):
        lines = np.empty(n_lines, dtype=int)
        target = is_target[first : first + n_lines]
        lines[target], lines[~target] = rng.permutation(wanted_lines), rng.permutation(other_lines)
        lit[first : first + n_lines] = np.where(
            (lines < settings.rows)[:, None], row == lines[:, None], column == lines[:, None] - settings.rows
        )
    return lit, wanted
