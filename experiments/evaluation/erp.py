"""Event-related potentials: single flashes by AUC, and characters of a surrogate speller."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.utils.validation import has_fit_parameter

from acquisition.files import RecordedSignals
from acquisition.stream import FloatArray, SampleArray
from experiments.evaluation.cells import cell_hits, lit_cells, wanted_cells
from experiments.evaluation.datasets import Characters, Choice, ErpMarkers, ErpProtocol
from experiments.evaluation.decoders import build
from experiments.evaluation.in_order import Spelt, cell_scores, surrogate_scores
from experiments.evaluation.recordings import as_signals, find_markers
from experiments.evaluation.scores import Score, accuracy
from selector.decoders.answers import AnswerModel
from selector.decoders.umm import UMM


@dataclass(frozen=True, slots=True, eq=False)
class Flashes:
    """One person's flashes in the order shown.

    Parameters
    ----------
    epochs : array, shape (n_flashes, n_channels, n_times)
        In V.
    usable : array of bool, shape (n_flashes,)
        False where samples are missing.
    is_target : array of bool, shape (n_flashes,)
        Was the wanted place lit?
    decision : array of int, shape (n_flashes,)
        Which decision the flash belongs to.
    lit : array of bool, shape (n_flashes, n_cells), optional
        Which cells it lit, where the protocol decides cells.
    wanted : array of int, shape (n_flashes,), optional
        The cell attended to meanwhile.
    """

    epochs: SampleArray
    usable: NDArray[np.bool_]
    is_target: NDArray[np.bool_]
    decision: NDArray[np.int64]
    lit: NDArray[np.bool_] | None = None
    wanted: NDArray[np.int64] | None = None


def erp_scores(
    subject: str,
    recordings: Sequence[RecordedSignals],
    training: Sequence[RecordedSignals],
    patterns: ErpMarkers,
    protocol: ErpProtocol,
    choice: Choice,
    besides: Sequence[RecordedSignals] = (),
    others: Mapping[str, Sequence[RecordedSignals]] | None = None,
) -> list[Score]:
    """Judge one decoder on one person.

    Parameters
    ----------
    subject : str
        Whose recordings.
    recordings : sequence of RecordedSignals
        What is tested.
    training : sequence of RecordedSignals
        What the decoder learns from; where there is nothing, the decisions of ``recordings`` but the one tested.
    patterns, protocol, choice
        From the data set's description.
    besides : sequence of RecordedSignals
        What it learns from besides.
    others : mapping of str to sequence of RecordedSignals, optional
        By person, what decoders that need no calibration learn from, where the protocol says so.

    Raises
    ------
    ValueError
        If recordings have other channels than those tested, a marker is missing, a decision stands alone, or a
        repetition is not as the protocol says.
    """
    people = dict(others or {}) if protocol.with_others else {}
    for other in (*training, *besides, *(recording for theirs in people.values() for recording in theirs)):
        if other.channels != recordings[0].channels:
            raise ValueError(
                f"Recordings to learn from must have the channels of {recordings[0].path} in the same order "
                f"(got {', '.join(other.channels)} in {other.path}, not {', '.join(recordings[0].channels)})."
            )
    tested = read_flashes(recordings, patterns, protocol)
    learnt = read_flashes([*training, *besides], patterns, protocol) if training or besides else None
    where = f"subject {subject}, {recordings[0].path}"
    if protocol.in_order:
        theirs = {person: read_flashes(recorded, patterns, protocol) for person, recorded in people.items()}
        return _in_order(subject, tested, learnt, bool(training), theirs, protocol, choice, where)
    scores = _cross_decoded(tested, learnt, bool(training), choice, where)
    found = [_auc(subject, choice.name, tested, scores)]
    if protocol.characters is not None:
        counts = _character_hits(tested, scores, protocol.characters, where=str(recordings[0].path))
        found += [accuracy(subject, choice.name, "characters", at, hits, n) for at, (hits, n) in counts.items()]
    if protocol.cells is not None and tested.lit is not None and tested.wanted is not None:
        decided = cell_hits(tested.lit, tested.wanted, tested.decision, scores, protocol.cells, where)
        found += [accuracy(subject, choice.name, "characters", at, hits, n) for at, (hits, n) in decided.items()]
    return found


def read_flashes(recordings: Sequence[RecordedSignals], patterns: ErpMarkers, protocol: ErpProtocol) -> Flashes:
    """Filter recordings whole, and cut an epoch at each flash."""
    epochs, usable, is_target, decision, lit, wanted = [], [], [], [], [], []
    n_decisions = 0
    for recording in recordings:
        if protocol.decimate > 1 and 2 * protocol.filter.band[1] > recording.sfreq / protocol.decimate:
            raise ValueError(
                f"Setting 'decimate' (got {protocol.decimate}) must leave at least twice the filter's upper edge, "
                f"{protocol.filter.band[1]:g} Hz, of the {recording.sfreq:g} Hz in {recording.path}."
            )
        signals = as_signals(recording, "eeg", protocol.filter)
        flashes = [(onset, True, match) for onset, match in find_markers(recording, patterns.target)]
        flashes += [(onset, False, match) for onset, match in find_markers(recording, patterns.nontarget)]
        flashes.sort(key=lambda flash: flash[:2])
        onsets = np.array([onset for onset, _, _ in flashes])
        begins = np.array(
            [onset for onset, _ in find_markers(recording, patterns.decision)] if patterns.decision else [-np.inf]
        )
        cut, whole = signals.epochs("eeg", onsets, protocol.tmin, protocol.tmax)
        epochs.append(cut[:, :, :: protocol.decimate])
        usable.append(whole)
        is_target.append([target for _, target, _ in flashes])
        if protocol.cells is not None and patterns.cue is not None:
            lit.append(lit_cells([match for _, _, match in flashes], protocol.cells))
            wanted.append(wanted_cells(onsets, find_markers(recording, patterns.cue)))
        decision.append(n_decisions + np.searchsorted(begins, onsets, side="right"))
        n_decisions += len(begins) + 1
    return Flashes(
        epochs=np.concatenate(epochs),
        usable=np.concatenate(usable),
        is_target=np.concatenate(is_target).astype(bool),
        decision=np.concatenate(decision),
        lit=np.concatenate(lit) if lit else None,
        wanted=np.concatenate(wanted) if wanted else None,
    )


def _in_order(
    subject: str,
    tested: Flashes,
    learnt: Flashes | None,
    apart: bool,
    theirs: Mapping[str, Flashes],
    protocol: ErpProtocol,
    choice: Choice,
    where: str,
) -> list[Score]:
    """Characters one after the other; where samples are missing, a flash of zeros says nothing either way."""
    model = build(choice)
    of_each = [tested.decision == decision for decision in np.unique(tested.decision)]
    memory = model if isinstance(model, UMM | AnswerModel) else None
    if isinstance(model, AnswerModel) and theirs:
        _fit_to_others(model, theirs)
    epochs = np.nan_to_num(tested.epochs)
    said = None if memory is not None else np.nan_to_num(_cross_decoded(tested, learnt, apart, choice, where))
    if protocol.characters is not None:
        characters = [(epochs[of_it], tested.is_target[of_it]) for of_it in of_each]
        judge = [said[of_it] for of_it in of_each] if said is not None else model
        return surrogate_scores(subject, choice.name, characters, judge, protocol.characters)
    assert protocol.cells is not None
    assert tested.lit is not None
    assert tested.wanted is not None
    decisions = [
        Spelt(epochs[of_it], tested.lit[of_it], int(tested.wanted[of_it][0]), None if said is None else said[of_it])
        for of_it in of_each
    ]
    return cell_scores(subject, choice.name, decisions, memory, protocol.cells, where)


def _fit_to_others(model: AnswerModel, theirs: Mapping[str, Flashes]) -> None:
    model.fit(
        np.concatenate([flashes.epochs[flashes.usable] for flashes in theirs.values()]),
        np.concatenate([flashes.is_target[flashes.usable] for flashes in theirs.values()]),
        np.repeat(list(theirs), [int(flashes.usable.sum()) for flashes in theirs.values()]),
    )


def _cross_decoded(tested: Flashes, learnt: Flashes | None, apart: bool, choice: Choice, where: str) -> FloatArray:
    """Score of each flash by a decoder that has not seen its decision; NaN where the epoch is not usable.

    With ``apart`` it has seen no decision of those tested, but only what is ``learnt``.
    """
    scores = np.full(len(tested.usable), np.nan)
    learnable = [] if learnt is None else [(learnt, learnt.usable)]
    decisions = np.unique(tested.decision)
    if not learnable and len(decisions) < 2:
        raise ValueError(f"Leaving one decision out needs at least two (got one for {where}).")
    model: Any = _fitted(choice, learnable) if apart else None
    for decision in decisions:
        test = tested.usable & (tested.decision == decision)
        if not apart:
            model = _fitted(choice, [*learnable, (tested, tested.usable & (tested.decision != decision))])
        if test.any():
            scores[test] = model.decision_function(tested.epochs[test])
    return scores


def _fitted(choice: Choice, parts: Sequence[tuple[Flashes, NDArray[np.bool_]]]) -> Any:
    """The decoder fitted to some flashes of each part; one that holds out whole decisions is told which they are."""
    model = build(choice)
    X = np.concatenate([flashes.epochs[chosen] for flashes, chosen in parts])
    y = np.concatenate([flashes.is_target[chosen] for flashes, chosen in parts])
    if not has_fit_parameter(model, "groups"):
        return model.fit(X, y)
    named = [(part, decision) for part, (flashes, chosen) in enumerate(parts) for decision in flashes.decision[chosen]]
    return model.fit(X, y, groups=np.unique(named, axis=0, return_inverse=True)[1].ravel())


def _auc(subject: str, decoder: str, flashes: Flashes, scores: FloatArray) -> Score:
    """Mean of the AUC within each decision, since scores of decoders trained apart have no common zero."""
    within = []
    for decision in np.unique(flashes.decision):
        of_it = (flashes.decision == decision) & flashes.usable
        if len(np.unique(flashes.is_target[of_it])) == 2:
            within.append(roc_auc_score(flashes.is_target[of_it], scores[of_it]))
    if not within:
        raise ValueError(f"Subject {subject} has no decision with targets and nontargets of which samples are there.")
    return Score(subject, decoder, "auc", None, float(np.mean(within)), int(flashes.usable.sum()))


def _character_hits(
    flashes: Flashes, scores: FloatArray, settings: Characters, where: str
) -> dict[int, tuple[float, int]]:
    """For each number of repetitions the characters got right, a mean over draws, and how many there were."""
    n_flashes = settings.rows + settings.columns
    rng = np.random.default_rng(settings.seed)
    decisions: list[NDArray[np.intp]] = []
    for decision in np.unique(flashes.decision):
        of_it = flashes.decision == decision
        n_repetitions = int(of_it.sum()) // n_flashes
        kept = np.flatnonzero(of_it)[: n_repetitions * n_flashes].reshape(n_repetitions, n_flashes)
        if not n_repetitions or np.any(flashes.is_target[kept].sum(axis=1) != 2):
            raise ValueError(
                f"Every {n_flashes} flashes of {where} must hold two targets, a row and a column "
                f"(got another number in decision {len(decisions) + 1})."
            )
        # A repetition with a hole cannot be counted either way.
        decisions.append(kept[np.isfinite(scores[kept]).all(axis=1)])
    counts: dict[int, tuple[float, int]] = {}
    for repetitions in settings.repetitions:
        blocks = [
            kept[first : first + repetitions]
            for kept in decisions
            for first in range(0, len(kept) - repetitions + 1, repetitions)
        ]
        if not blocks:
            raise ValueError(f"Setting 'repetitions' must not exceed what {where} holds (got {repetitions}).")
        drawn = [
            _is_found(scores[block], flashes.is_target[block], settings, rng)
            for _ in range(settings.draws)
            for block in blocks
        ]
        counts[repetitions] = sum(drawn) / settings.draws, len(blocks)
    return counts


def _is_found(scores: FloatArray, is_target: NDArray[np.bool_], settings: Characters, rng: np.random.Generator) -> bool:
    """Deal recorded flashes (n_repetitions, n_flashes) to rows and columns; a tie is no hit."""
    wanted, others = np.zeros(2), np.zeros(settings.rows + settings.columns - 2)
    for row, target in zip(scores, is_target, strict=True):
        wanted += rng.permutation(row[target])
        others += rng.permutation(row[~target])
    rows, columns = np.split(others, [settings.rows - 1])
    return bool(wanted[0] > rows.max() and wanted[1] > columns.max())
