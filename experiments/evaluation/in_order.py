"""Characters decided one after the other, by a decoder that needs no calibration and by those that do."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.stream import FloatArray
from experiments.evaluation.datasets import Characters
from experiments.evaluation.scores import Score, accuracy
from selector.decoders.umm import UMM, confidence

PRACTISED = 2
"""Characters after which a decoder without calibration has seen something of the person."""


def in_order_scores(
    subject: str,
    decoder: str,
    characters: list[tuple[FloatArray, NDArray[np.bool_]]],
    judge: UMM | list[FloatArray],
    settings: Characters,
) -> list[Score]:
    """Characters got right from their first repetitions: all of them, and those from the third on.

    Where nothing is calibrated, also those from the third on when the characters before were decided from, and
    remembered with, all repetitions that were recorded: as much as the other decoders are calibrated on.

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
    scores: list[Score] = []
    n_flashes = settings.rows + settings.columns
    for repetitions in settings.repetitions:
        if any(len(epochs) < repetitions * n_flashes for epochs, _ in characters):
            fewest = min(len(epochs) for epochs, _ in characters) // n_flashes
            raise ValueError(
                f"Setting 'repetitions' must not exceed what characters have (got {repetitions} and {fewest})."
            )
        # The same layouts for every decoder.
        rng = np.random.default_rng(settings.seed)
        hits, hits_after_whole = np.zeros(len(characters)), np.zeros(len(characters))
        for _ in range(settings.draws):
            layouts = [_layout(is_target, settings, rng) for _, is_target in characters]
            hits += [*_run(characters, layouts, judge, repetitions * n_flashes)]
            if isinstance(judge, UMM):
                hits_after_whole += [*_run(characters, layouts, judge, repetitions * n_flashes, remembers_whole=True)]
        found = {"characters": hits, "characters_from_third": hits[PRACTISED:]}
        if isinstance(judge, UMM):
            found["characters_after_whole"] = hits_after_whole[PRACTISED:]
        scores += [
            accuracy(subject, decoder, metric, repetitions, part.sum() / settings.draws, len(part))
            for metric, part in found.items()
            if len(part)
        ]
    return scores


def _run(
    characters: list[tuple[FloatArray, NDArray[np.bool_]]],
    layouts: list[tuple[NDArray[np.bool_], int]],
    judge: Any,
    n_flashes: int,
    remembers_whole: bool = False,
) -> Iterator[bool]:
    """Decide every character once; a tie is no hit."""
    memory = UMM(**judge.get_params()) if isinstance(judge, UMM) else None
    for i, ((epochs, _), (lit, wanted)) in enumerate(zip(characters, layouts, strict=True)):
        if memory is None:
            said = judge[i][:n_flashes] @ lit[:n_flashes]
        else:
            said = memory.decision_function(epochs[:n_flashes], lit[:n_flashes])
            n_kept = len(epochs) if remembers_whole else n_flashes
            kept = memory.decision_function(epochs[:n_kept], lit[:n_kept]) if remembers_whole else said
            memory.partial_fit(epochs[:n_kept], lit[:n_kept], int(kept.argmax()), confidence(kept))
        yield bool(said[wanted] > np.delete(said, wanted).max())


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
