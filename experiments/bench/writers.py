"""People who write texts in a row after one calibration, and what these cost them."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import commonprefix
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acquisition.clock import VirtualClock
from acquisition.simulated.participant import SimulatedParticipant
from acquisition.simulated.profile import PROFILES
from acquisition.simulated.types import Participant
from experiments.config import Config, load
from experiments.copying import CopyingParticipant, wanted_slot
from experiments.demo import write_target
from experiments.folder import RunFolder
from experiments.kinds import page_maker
from experiments.participants import Setting, participant_setting


@dataclass(frozen=True, slots=True)
class Cost:
    """What writing took.

    Parameters
    ----------
    seconds : float
        By the session's clock, which stands still while a page is worked out.
    n_pages, n_selected, n_right : int
        Pages shown, those that ended with a selection, and those that ended with the one wanted.
    n_characters : int
        Of the documents, each up to its first mistake.
    """

    seconds: float = 0.0
    n_pages: int = 0
    n_selected: int = 0
    n_right: int = 0
    n_characters: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.seconds + other.seconds,
            self.n_pages + other.n_pages,
            self.n_selected + other.n_selected,
            self.n_right + other.n_right,
            self.n_characters + other.n_characters,
        )


class Writer:
    """One person, simulated or recorded, with a decoder fitted to them.

    Parameters
    ----------
    settings : sequence of str
        Who it is (person.*), and the control, if there is one.
    seed : int
        Of all that is drawn; under all other settings a simulated person has the same noise, a recorded one the same
        order of repetitions.
    """

    def __init__(self, settings: Sequence[str], seed: int) -> None:
        self._settings, self._seed = tuple(settings), seed
        config = load(settings=settings, seed=seed)
        with participant_setting(config, fast=True, progress=_say_nothing) as (setting, calibrated):
            self._calibrated = calibrated
            self._recorded = setting if config.person.recording else None

    def write(self, settings: Sequence[str], targets: Sequence[str], **given: Any) -> Cost:
        """Write texts under some settings, one after the other on one clock; ``given`` are more settings."""
        config = load(settings=[*self._settings, *settings], seed=self._seed, **given)
        pages, calibrated = page_maker(config), copy.deepcopy(self._calibrated)
        setting, person = self._begin(config)
        total = Cost()
        with TemporaryDirectory() as root:
            for target in targets:
                told = config.model_copy(update={"target": target})
                folder = RunFolder.create(Path(root))
                looking = replace(setting, viewers=(CopyingParticipant(person, target),))
                write_target(told, folder, looking, calibrated, pages)
                total += cost([json.loads(line) for line in folder.read_events()])
        return total

    def _begin(self, config: Config) -> tuple[Setting, Participant]:
        """The person as if nothing had been written yet."""
        if self._recorded is not None:
            setting = copy.deepcopy(self._recorded)
            assert setting.pacing is not None, "a recording sets the pace"
            person: Any = setting.pacing
            return setting, person
        profile = PROFILES[config.person.profile]
        if config.control == "zero-snr":
            profile = replace(profile, snr=0.0)
        simulated = SimulatedParticipant(profile, config.person.person_seed, noise_seed=self._seed, start=0.0)
        return Setting(VirtualClock(), simulated, (), counts_compute=False), simulated


def cost(events: Sequence[Mapping[str, Any]]) -> Cost:
    """What a run took, from its log."""
    target, document = events[0]["target"], events[0]["document"]
    pages = [event for event in events if event["kind"] == "page"]
    slots: Sequence[Mapping[str, Any]] = ()
    n_selected = n_right = 0
    for event in events:
        if event["kind"] == "page":
            slots = [{"text": slot.get("text", ""), "command": slot.get("command")} for slot in event["slots"]]
        elif event["kind"] == "selection" and event["slot"] is not None:
            n_selected += 1
            n_right += event["slot"] == wanted_slot(slots, document, target)
        elif event["kind"] == "document":
            document = event["text"]
    seconds = events[-1]["t"] - pages[0]["t"]
    return Cost(seconds, len(pages), n_selected, n_right, len(commonprefix((document, target))))  # noqa: RUF071


def _say_nothing(what: str, done: int, total: int) -> None:
    pass
