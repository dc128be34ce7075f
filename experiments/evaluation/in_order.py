"""Characters decided one after the other, by decoders that need no calibration and by those that do."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from acquisition.stream import FloatArray
from experiments.evaluation.datasets import Cells, Characters
from experiments.evaluation.scores import Score, accuracy
from selector.decoders.answers import AnswerModel
from selector.decoders.umm import UMM, confidence

Memory = UMM | AnswerModel
"""What decides a character, and can remember it for the next."""

PRACTISED = 2
"""Characters after which a decoder without calibration has seen something of the person."""


@dataclass(frozen=True, slots=True, eq=False)
class Spelt:
    """One character.

    Parameters
    ----------
    epochs : array, shape (n_flashes, n_channels, n_times)
        In V.
    lit : array of bool, shape (n_flashes, n_slots)
    wanted : int
        The slot attended to.
    said : array, shape (n_flashes,), optional
        Log-odds by a decoder calibrated on other characters.
    """

    epochs: FloatArray
    lit: NDArray[np.bool_]
    wanted: int
    said: FloatArray | None = None

    def first(self, n: int) -> "Spelt":
        """Its first flashes alone."""
        return Spelt(self.epochs[:n], self.lit[:n], self.wanted, None if self.said is None else self.said[:n])


def surrogate_scores(
    subject: str,
    decoder: str,
    characters: Sequence[tuple[FloatArray, NDArray[np.bool_]]],
    judge: Memory | Sequence[FloatArray],
    settings: Characters,
) -> list[Score]:
    """Characters of a surrogate speller, from their first repetitions; see `in_order_scores`.

    Parameters
    ----------
    subject, decoder : str
        Whose scores, by what.
    characters : sequence of (epochs, is_target)
        One per character in order: epochs (n_flashes, n_channels, n_times) in V, ``rows + columns`` flashes to a
        repetition, two of them targets.
    judge : UMM, AnswerModel or sequence of array
        What knows nothing of the person before the first character, or each character's log-odds (n_flashes,) by a
        decoder calibrated on the others.
    settings : Characters
        ``repetitions`` are those that every character of a run gets; who flashed is drawn.

    Raises
    ------
    ValueError
        If a character has fewer repetitions.
    """
    n_flashes = settings.rows + settings.columns
    most, fewest = max(settings.repetitions), min(len(epochs) for epochs, _ in characters) // n_flashes
    if most > fewest:
        raise ValueError(f"Setting 'repetitions' must not exceed what characters have (got {most} and {fewest}).")
    rng = np.random.default_rng(settings.seed)
    memory = None if isinstance(judge, Sequence) else judge
    heard: Sequence[FloatArray | None] = judge if isinstance(judge, Sequence) else [None] * len(characters)
    drawn = [
        [
            Spelt(epochs, *_layout(is_target, settings, rng), said)
            for (epochs, is_target), said in zip(characters, heard, strict=True)
        ]
        for _ in range(settings.draws)
    ]
    scores: list[Score] = []
    for repetitions in settings.repetitions:
        count = repetitions * n_flashes
        scores += in_order_scores(subject, decoder, repetitions, drawn, memory, count)
    return scores


def cell_scores(
    subject: str, decoder: str, decisions: Sequence[Spelt], memory: Memory | None, settings: Cells, where: str
) -> list[Score]:
    """Cells, decided after every so many flashes in a row of each recorded decision; see `in_order_scores`.

    Raises
    ------
    ValueError
        If no decision has that many flashes.
    """
    scores: list[Score] = []
    for count in settings.flashes:
        parts = [
            Spelt(
                whole.epochs[first : first + count],
                whole.lit[first : first + count],
                whole.wanted,
                None if whole.said is None else whole.said[first : first + count],
            )
            for whole in decisions
            for first in range(0, len(whole.lit) - count + 1, count)
        ]
        if not parts:
            raise ValueError(f"Setting 'flashes' must not exceed what {where} holds (got {count}).")
        scores += in_order_scores(subject, decoder, count, [parts], memory, count)
    return scores


def in_order_scores(
    subject: str, decoder: str, at: int, drawn: Sequence[Sequence[Spelt]], memory: Memory | None, count: int
) -> list[Score]:
    """Characters got right from their first flashes: all of them, and those from the third on.

    A decoder without calibration remembers what it decided, right or wrong, as far as it was sure of it. From the
    third character on there is also what it decides where it was told the characters before, as by selections that a
    person let stand; and, where more was recorded than what is decided from, where it remembers all of that: at most
    as much as others are calibrated on.

    Parameters
    ----------
    subject, decoder : str
        Whose scores, by what.
    at : int
        Under which number, of repetitions or of flashes.
    drawn : sequence of sequence of Spelt
        The characters in order, for each draw of who flashed.
    memory : UMM or AnswerModel, optional
        As it is before the first character. None judges by what a calibrated decoder said.
    count : int
        Flashes to decide from.
    """
    found = {"characters": np.mean([_hits(trials, memory, count) for trials in drawn], axis=0)}
    found["characters_from_third"] = found["characters"][PRACTISED:]
    if memory is not None:
        told = [_hits(trials, memory, count, told=True) for trials in drawn]
        found["characters_confirmed"] = np.mean(told, axis=0)[PRACTISED:]
        if any(len(trial.lit) > count for trial in drawn[0]):
            whole = [_hits(trials, memory, count, whole=True) for trials in drawn]
            found["characters_after_whole"] = np.mean(whole, axis=0)[PRACTISED:]
    return [
        accuracy(subject, decoder, metric, at, float(hits.sum()), len(hits))
        for metric, hits in found.items()
        if len(hits)
    ]


def _hits(
    trials: Sequence[Spelt], memory: Memory | None, count: int, told: bool = False, whole: bool = False
) -> list[bool]:
    """Was each character right, decided from its first flashes, and those before remembered?"""
    memory, right = deepcopy(memory), []
    for trial in trials:
        first = trial.first(count)
        if memory is None:
            assert first.said is not None
            right.append(_is_hit(first.said @ first.lit, trial.wanted))
            continue
        right.append(_is_hit(memory.decision_function(first.epochs, first.lit), trial.wanted))
        _remember(memory, trial if whole else first, told)
    return right


def _remember(memory: Any, trial: Spelt, told: bool) -> None:
    said = memory.decision_function(trial.epochs, trial.lit)
    if isinstance(memory, UMM):
        slot, weight = (trial.wanted, 1.0) if told else (int(said.argmax()), confidence(said))
        memory.partial_fit(trial.epochs, trial.lit, slot, weight)
    else:
        p = np.arange(len(said)) == trial.wanted if told else softmax(said)
        memory.partial_fit(trial.epochs, trial.lit, p)


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
