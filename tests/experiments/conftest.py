"""A small world for the loop: a language without models, sessions on the virtual clock, and the command line."""

import copy
import dataclasses
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from acquisition.stream import Source, StreamLost
from experiments import participants
from experiments.cli import main
from experiments.config import Config, Layout, Stopping, load
from experiments.demo import write_target
from experiments.folder import RunFolder
from experiments.layout import LayoutPolicy
from experiments.pages import PageMaker
from experiments.paradigms.types import Calibrated
from experiments.participants import Progress, calibrate, participant_setting
from experiments.proposals import Proposer
from experiments.rig import screen
from generation.types import Candidate, Context
from validation.types import Verdict


class EvenSpeller:
    """Every letter is as likely as any other, wherever it stands."""

    layers = (tuple("abcdefghijklmnopqrstuvwxyz ."), tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))

    def next_character(self, context: Context) -> Mapping[str, float]:
        letters = [c for layer in self.layers for c in layer]
        return dict.fromkeys(letters, 1 / len(letters))

    def log_p(self, context: Context, text: str) -> float:
        return -len(text) * math.log(sum(len(layer) for layer in self.layers))


class WordList:
    """Proposes the words it was given, each with the same probability."""

    name = "words"

    def __init__(self, words: Mapping[str, float]) -> None:
        self._words = words

    def propose(self, context: Context, n: int) -> list[Candidate]:
        typed = context.before.rpartition(" ")[2]
        fitting = [(w[len(typed) :] + " ", p) for w, p in self._words.items() if w.startswith(typed) and w != typed]
        return sorted((Candidate(w, math.log(p), self.name) for w, p in fitting), key=lambda c: -c.log_p)[:n]


class NoX:
    """Refuses every candidate with an x in it."""

    stage = "no-x"

    def check(self, context: Context, candidate: Candidate) -> Verdict:
        if "x" in candidate.text:
            return Verdict(False, self.stage, "letter-x", "There is an x in it.")
        return Verdict(True, self.stage)


WORDS = {"hello": 0.3, "help": 0.2, "the": 0.2, "then": 0.1, "axe": 0.1}


@pytest.fixture
def page_maker() -> PageMaker:
    return PageMaker(Proposer([WordList(WORDS)], EvenSpeller(), [NoX()]), LayoutPolicy(), screen(Config()))


@dataclass
class Run:
    """A run in a folder: its events, and what ended it early."""

    folder: RunFolder
    error: BaseException | None

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.folder.read_events()]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["kind"] == kind]

    @property
    def document(self) -> str:
        return self.of_kind("document")[-1]["text"] if self.of_kind("document") else ""


class Calibrations:
    """Decoders fitted once for all runs whose calibration is the same, together with where it leaves the generator."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Calibrated, dict[str, Any]]] = {}

    def __call__(self, config: Config, rng: np.random.Generator, progress: Progress) -> Calibrated:
        control = config.control if config.control == "shuffled-labels" else "none"
        alike = {"target": None, "max_pages": 1, "stopping": Stopping(), "layout": Layout(), "control": control}
        key = config.model_copy(update=alike).model_dump_json()
        if key not in self._kept:
            self._kept[key] = calibrate(config, rng, progress), rng.bit_generator.state
        calibrated, rng.bit_generator.state = self._kept[key]
        return copy.deepcopy(calibrated)

    def forget(self) -> None:
        self._kept.clear()


@pytest.fixture(scope="session")
def calibrations() -> Calibrations:
    return Calibrations()


class Write(Protocol):
    """Runs a virtual session; ``wrap`` may stand between the participant and the recorder."""

    def __call__(
        self,
        *settings: str,
        target: str = "hello then the ",
        wrap: Callable[[Source], Source] = ...,
        viewers: Sequence[Any] = (),
        folder: Path | None = None,
    ) -> Run: ...


@pytest.fixture
def write(tmp_path: Path, page_maker: PageMaker, calibrations: Calibrations, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.setattr(participants, "calibrate", calibrations)

    def run(
        *settings: str,
        target: str = "hello then the ",
        wrap: Callable[[Source], Source] = lambda source: source,
        viewers: Sequence[Any] = (),
        folder: Path | None = None,
    ) -> Run:
        config = load(settings=settings, target=target)
        run_folder = RunFolder.create(folder or tmp_path)
        error: BaseException | None = None
        with participant_setting(config, fast=True, progress=lambda *_: None) as (setting, calibrated):
            wrapped = dataclasses.replace(setting, source=wrap(setting.source))
            try:
                write_target(config, run_folder, wrapped, calibrated, page_maker, viewers)
            except (StreamLost, OSError, KeyboardInterrupt) as caught:
                error = caught
        return Run(run_folder, error)

    return run


@dataclass(frozen=True)
class Answer:
    """What a command left: its exit code, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def assent(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Run one command as `assent` would."""

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["assent", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return call
