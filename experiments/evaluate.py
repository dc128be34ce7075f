"""Decoders on recordings, by the protocol that the data set's file describes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from acquisition.files import RecordedSignals, read_recording
from experiments.evaluation.comparison import Comparison, Row, rows_of
from experiments.evaluation.cvep import cvep_scores
from experiments.evaluation.datasets import (
    Choice,
    CvepDataset,
    ErpDataset,
    FixationDataset,
    GazeDataset,
    SsvepDataset,
    choose_decoders,
    choose_protocol,
    known_datasets,
    load_dataset,
)
from experiments.evaluation.erp import erp_scores
from experiments.evaluation.fixations import fixation_scores, read_fixations
from experiments.evaluation.gaze import gaze_scores, read_gaze, read_keys
from experiments.evaluation.over_lsl import LSLRelay
from experiments.evaluation.recordings import locate, read_all
from experiments.evaluation.scores import EvaluationResult, Score
from experiments.evaluation.ssvep import ssvep_scores

Progress = Callable[[str, int, int], None]
Reader = Callable[[Path], RecordedSignals]


def evaluate(
    dataset: str,
    root: Path,
    decoder: str | None = None,
    protocol: str | None = None,
    train_root: Path | None = None,
    over_lsl: float | None = None,
    progress: Progress | None = None,
) -> EvaluationResult:
    """Judge decoders on a data set.

    Parameters
    ----------
    dataset : str
        Name of one that comes along, or path of a TOML file.
    root : Path
        Folder of its recordings, or the folder above.
    decoder : str, optional
        Its name, "all", or None for the protocol's default. The means are for the default if it is among them.
    protocol : str, optional
        Its name, or None for the main one.
    train_root : Path, optional
        Folder of recordings of the same layout to train on: the same person's, or everybody's where that person
        is not there. Nothing of ``root`` is then trained on. Not read where the protocol trains nothing.
    over_lsl : float, optional
        Judge every recording as a live session receives it, played over LSL at this speed, and compare the scores
        with those from disk. LSL's errors of time, some tens of microseconds, grow by the speed: at 500 they are
        samples.
    progress : callable, optional
        Called as ``progress(what, done, total)`` before each step and once at the end.

    Raises
    ------
    ValueError
        If a name is unknown, the data set's file is wrong, or recordings don't hold what it says.
    OSError
        If a file or folder is missing.
    RuntimeError
        If recordings are to be played in a process that uses LSL already on a network shared with others.
    """
    described = load_dataset(dataset)
    chosen = choose_protocol(described, protocol)
    choices = choose_decoders(described, chosen, decoder)
    report = progress or _say_nothing
    read = _reader(described)
    relay = None if over_lsl is None else LSLRelay(over_lsl, report)
    scored = partial(_scores, described, chosen, choices, root, train_root, report)
    from_disk = EvaluationResult(
        dataset=described.name,
        protocol=chosen.name,
        description=" ".join(chosen.description.split()),
        decoder=choices[0].name,
        scores=scored(described.name, read),
    )
    if relay is None:
        return from_disk
    streamed = scored(f"{described.name} over LSL", relay.over_lsl(read))
    return replace(from_disk, scores=streamed, over_lsl=relay.account(from_disk.scores, streamed))


def evaluate_all(
    root: Path, decoder: str | None = None, train_root: Path | None = None, progress: Progress | None = None
) -> Comparison:
    """Judge decoders on every data set that comes along and lies at hand, each by its main protocol.

    Parameters
    ----------
    root : Path
        Folder in which each data set has a folder of its name.
    decoder : str, optional
        Its name, "all", or None for each protocol's default.
    train_root : Path, optional
        Folder of the same layout with recordings to train on, as in `evaluate`.
    progress : callable, optional
        Called as ``progress(what, done, total)`` before each step and once at the end.

    Returns
    -------
    Comparison
        What could not be judged is skipped, with the reason.

    Raises
    ------
    ValueError
        If nothing could be judged.
    OSError
        If ``root`` is missing.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"There is no folder {root}.")
    report = progress or _say_nothing
    names = known_datasets()
    results, rows, anchors, skipped = [], list[Row](), {}, {}
    for done, name in enumerate(names):
        report("data sets", done, len(names))
        try:
            result = evaluate(name, root / name, decoder, None, train_root and train_root / name, progress=progress)
        except (ValueError, OSError) as error:
            skipped[name] = str(error)
            continue
        protocol = choose_protocol(load_dataset(name), result.protocol)
        anchors[name] = protocol.anchor
        results.append(result)
        rows += rows_of(result, protocol.anchor, protocol.decoders[0].name)
    report("data sets", len(names), len(names))
    if not results:
        raise ValueError(
            f"Folder {root} holds nothing that can be judged: no {', no '.join(names)} in a folder of that name"
            + (f" by decoder {decoder!r}." if decoder not in (None, "all") else ".")
        )
    return Comparison(tuple(results), tuple(rows), anchors, skipped)


def _say_nothing(what: str, done: int, total: int) -> None:
    pass


def _reader(described: Any) -> Reader:
    if isinstance(described, GazeDataset):
        return partial(read_gaze, described)
    return read_fixations if isinstance(described, FixationDataset) else read_recording


def _recordings(described: Any, root: Path, read: Reader) -> dict[str, list[RecordedSignals]]:
    return read_all(locate(described.name, described.files, root), read)


def _besides(described: Any, protocol: Any, root: Path, read: Reader) -> dict[str, list[RecordedSignals]]:
    """What is trained on and never tested, by person; nothing where the protocol names none, or none is there."""
    if not isinstance(described, ErpDataset) or protocol.train_only is None:
        return {}
    try:
        located = locate(described.name, protocol.train_only, root)
    except ValueError:
        return {}
    return read_all(located, read)


def _scores(
    described: Any,
    protocol: Any,
    choices: Sequence[Choice],
    root: Path,
    train_root: Path | None,
    report: Progress,
    what: str,
    read: Reader,
) -> tuple[Score, ...]:
    """Judge every decoder on every person; ``read`` is all that knows where recordings come from."""
    tested = _recordings(described, root, read)
    learnt = _recordings(described, train_root, read) if train_root and protocol.trains else {}
    besides = _besides(described, protocol, train_root or root, read)
    steps = [(subject, choice) for subject in tested for choice in choices]
    scores: list[Score] = []
    for done, (subject, choice) in enumerate(steps):
        report(what, done, len(steps))
        if isinstance(described, SsvepDataset):
            scores += ssvep_scores(subject, tested, learnt, described.markers, protocol, choice)
            continue
        training = learnt.get(subject) or [recording for runs in learnt.values() for recording in runs]
        others = {person: runs for person, runs in (learnt or tested).items() if person != subject}
        besides_them = besides.get(subject, ())
        scores += _judge(described, protocol, choice, subject, tested[subject], training, besides_them, others)
    report(what, len(steps), len(steps))
    return tuple(scores)


def _judge(
    described: Any,
    protocol: Any,
    choice: Choice,
    subject: str,
    recordings: list[RecordedSignals],
    training: list[RecordedSignals],
    besides: Sequence[RecordedSignals],
    others: Mapping[str, Sequence[RecordedSignals]],
) -> list[Score]:
    if isinstance(described, ErpDataset):
        return erp_scores(subject, recordings, training, described.markers, protocol, choice, besides, others)
    if isinstance(described, CvepDataset):
        return cvep_scores(subject, recordings, training, described, protocol, choice)
    if isinstance(described, FixationDataset):
        return fixation_scores(subject, recordings, described, protocol, choice)
    keys = read_keys(described, recordings[0].path)
    return gaze_scores(subject, recordings, training, keys, described.markers, protocol, choice)
