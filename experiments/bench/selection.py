"""What a correct selection and a correct character cost: kept evidence, the prior, adaptive flashes, and controls."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.bench.generation.language import PHRASES
from experiments.bench.table import Progress, Row, as_table
from experiments.bench.writers import Cost, Writer
from experiments.config import load
from experiments.document import Document
from experiments.kinds import page_maker
from generation.types import Kind

PROFILES = ("typical", "easy", "hard")
CONTROLS = ("zero-snr", "shuffled-labels", "prior-only")
TARGETS: Mapping[Kind, Sequence[str]] = {
    "text": ("we need more time", "is the door open"),
    "python": ("def area(a, b):\n    return a * b\n",),
}
NOTES = (
    "The same people write the same texts under two conditions. 'x_seconds_per_character' is the time for a correct "
    "character over that of what it is compared with, geometric mean over people; 'low' and 'high' bound its 95 % "
    "interval by a bootstrap over people, or are its range where people are fewer than eight. Time runs on the virtual "
    "clock, with gaps between pages and reading; working out pages is left out. Undone errors cost what they cost; "
    "unfinished texts count up to their first mistake. A recording's order of flashes is fixed: flashes are compared "
    "with simulated people, whose answer to a target is weak within 0.55 s after another. Under a control nothing "
    "should be written."
)
SIMULATED_ONLY = (
    "No recording took part, and texts are two phrases and a function of our own: ASSENT_DATA must name the folder "
    "that holds corpora/ and recordings/."
)
_RECORDED = "p300_gtec8ch"
_CHARACTERS: Mapping[Kind, tuple[int, int]] = {"text": (12, 24), "python": (28, 60)}
_MIN_FOR_BOOTSTRAP, _N_BOOTSTRAPS = 8, 2000
# Where little or nothing is written, pages take long, and some of them tell enough.
_MAX_PAGES, _FEW_PAGES = 60, 8


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two conditions, by name and as settings."""

    condition: str
    settings: tuple[str, ...]
    against: str
    other: tuple[str, ...]


_FLAT = ("layout.floor=1",)
PRIORS = (
    Comparison("evidence kept", (), "evidence reset", ("keep_evidence=false",)),
    Comparison(
        "evidence kept, no floor",
        ("layout.floor=0",),
        "evidence reset, no floor",
        ("layout.floor=0", "keep_evidence=false"),
    ),
    Comparison("language prior", (), "flat prior", _FLAT),
    Comparison("language prior, no floor", ("layout.floor=0",), "flat prior", _FLAT),
)
FLASHES = (Comparison("adaptive", ("flashing=adaptive",), "fixed", ("flashing=fixed",)),)
WITHOUT_RULE = (
    Comparison(
        "adaptive, no refractory rule", ("flashing=adaptive", "timing.refractory=0"), "fixed", ("flashing=fixed",)
    ),
)


def bench_selection(quick: bool, progress: Progress) -> dict[str, Any]:
    """Write short texts under two conditions each, by recorded people where there are some, else by simulated ones."""
    data = Path(os.environ.get("ASSENT_DATA", ""))
    there = (data / "corpora").is_dir() and (data / "recordings" / _RECORDED).is_dir()
    if quick:
        return measure(data if there else None, ("typical",), range(1, 2), 1, ("text",), progress)
    return measure(data if there else None, PROFILES, range(1, 5), 2, ("text", "python"), progress)


def measure(
    data: Path | None,
    profiles: Sequence[str],
    persons: Sequence[int],
    n_texts: int,
    kinds: Sequence[Kind],
    progress: Progress,
    max_pages: int = _MAX_PAGES,
    settings: Sequence[str] = (),
) -> dict[str, Any]:
    """Compare all conditions.

    Parameters
    ----------
    data : Path or None
        Folder of corpora and recordings; without it, simulated people write texts of our own.
    profiles, persons : sequence
        Whom to simulate.
    n_texts : int
        How many texts to compare priors with, and half as many functions; flashes are compared with the first text.
    kinds : sequence of str
    progress : Progress
    max_pages : int
        A text is left unfinished after so many.
    settings : sequence of str
        For everybody.
    """
    texts = {kind: targets(data, kind, n_texts if kind == "text" else max(1, n_texts // 2)) for kind in kinds}
    people = _People(settings)
    simulated = {p: [(f"person.profile={p}", f"person.person_seed={i}") for i in persons] for p in profiles}
    paths = sorted((data / "recordings" / _RECORDED).glob("*.bdf"))[: len(persons)] if data else []
    recorded = [(f"person.recording={json.dumps(str(path))}",) for path in paths]
    rows: list[Row] = []
    n_steps = 1 + len(profiles) + len(CONTROLS)

    progress("comparing priors", 0, n_steps)
    for kind in kinds:
        who = recorded or simulated[profiles[0]]
        costs = _written(people.writers(who), PRIORS, kind, texts[kind], max_pages)
        rows += _rows(PRIORS, "recorded" if recorded else f"simulated, {profiles[0]}", kind, costs)

    together: dict[tuple[str, ...], list[Cost]] = {}
    for i, profile in enumerate(profiles, start=1):
        progress("comparing flashes", i, n_steps)
        costs = _written(people.writers(simulated[profile]), FLASHES, "text", texts["text"][:1], max_pages)
        rows += _rows(FLASHES, f"simulated, {profile}", "text", costs)
        for condition, written in costs.items():
            together.setdefault(condition, []).extend(written)
    if len(profiles) > 1:
        rows += _rows(FLASHES, "simulated, all", "text", together)

    few = min(max_pages, _FEW_PAGES)
    costs = _written(people.writers(simulated[profiles[0]]), WITHOUT_RULE, "text", texts["text"][:1], few)
    rows += _rows(WITHOUT_RULE, f"simulated, {profiles[0]}", "text", costs)

    for i, control in enumerate(CONTROLS, start=1 + len(profiles)):
        progress("writing under controls", i, n_steps)
        # Labels are shuffled before the calibration; the others do without one of their own.
        before = (f"control={control}",) if control == "shuffled-labels" else ()
        (writer,) = people.writers([(*simulated[profiles[0]][0], *before)])
        cost = writer.write((f"control={control}",), texts["text"][:1], kind="text", max_pages=few)
        rows.append(_row(control, "", f"simulated, {profiles[0]}", "text", [cost], None))
    progress("writing under controls", n_steps, n_steps)
    return as_table("selection", rows, NOTES if data else f"{NOTES} {SIMULATED_ONLY}")


class _People:
    """Writers, each calibrated once."""

    def __init__(self, settings: Sequence[str]) -> None:
        self._settings = tuple(settings)
        self._writers: dict[tuple[str, ...], Writer] = {}

    def writers(self, who: Sequence[tuple[str, ...]]) -> list[Writer]:
        """Those of these settings, the first with seed 1, the next with 2, and so on."""
        for seed, settings in enumerate(who, start=1):
            if settings not in self._writers:
                self._writers[settings] = Writer([*self._settings, *settings], seed)
        return [self._writers[settings] for settings in who]


def targets(data: Path | None, kind: Kind, n: int) -> list[str]:
    """Short documents from which no model learnt, spread over their set, that pages can write."""
    if data is None:
        return list(TARGETS[kind][:n])
    shortest, longest = _CHARACTERS[kind]
    pages = page_maker(load(kind=kind))
    fitting = [
        document
        for document in (_phrases(data) if kind == "text" else _solutions(data))
        if shortest <= len(document) <= longest and not pages.obstacle(Document(kind), document)
    ]
    return fitting[:: max(1, len(fitting) // n)][:n]


def _phrases(data: Path) -> Iterable[str]:
    for name in PHRASES:
        for line in (data / "corpora" / "text" / f"bcipy_{name}_lower.tokenized").read_text("utf-8").splitlines():
            yield "".join(line.split()).replace("<sp>", " ")


def _solutions(data: Path) -> Iterable[str]:
    for task in json.loads((data / "corpora" / "code" / "sanitized-mbpp.json").read_text("utf-8")):
        yield task["code"].replace("\r", "").strip() + "\n"


def _written(
    writers: Sequence[Writer], comparisons: Sequence[Comparison], kind: Kind, texts: Sequence[str], max_pages: int
) -> dict[tuple[str, ...], list[Cost]]:
    """What each condition cost each person; one that is compared twice is written once."""
    conditions = dict.fromkeys(settings for c in comparisons for settings in (c.settings, c.other))
    return {
        settings: [writer.write(settings, texts, kind=kind, max_pages=max_pages) for writer in writers]
        for settings in conditions
    }


def _rows(
    comparisons: Sequence[Comparison], people: str, kind: Kind, costs: Mapping[tuple[str, ...], Sequence[Cost]]
) -> list[Row]:
    return [_row(c.condition, c.against, people, kind, costs[c.settings], costs[c.other]) for c in comparisons]


def _row(
    condition: str, against: str, people: str, kind: Kind, costs: Sequence[Cost], others: Sequence[Cost] | None
) -> Row:
    whole = sum(costs, Cost())
    ratios = [_ratio(a, b) for a, b in zip(costs, others or (), strict=bool(others))]
    x, low, high = interval([ratio for ratio in ratios if ratio is not None])
    return {
        "condition": condition,
        "against": against,
        "people": people,
        "n_people": len(costs),
        "kind": kind,
        "n_selections": whole.n_selected,
        "n_wrong": whole.n_selected - whole.n_right,
        "n_characters": whole.n_characters,
        "s_per_selection": _over(whole.seconds, whole.n_right),
        "s_per_character": _over(whole.seconds, whole.n_characters),
        "x_seconds_per_character": x,
        "low": low,
        "high": high,
    }


def interval(ratios: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """Geometric mean, and its 95 % interval by a bootstrap over people, or their range if they are few."""
    if not ratios:
        return None, None, None
    logs = np.log(ratios)
    ends = logs.min(), logs.max()
    if len(logs) >= _MIN_FOR_BOOTSTRAP:
        drawn = np.random.default_rng(0).choice(logs, (_N_BOOTSTRAPS, len(logs)))
        ends = tuple(np.quantile(drawn.mean(axis=1), (0.025, 0.975)))
    mean, low, high = np.exp([logs.mean(), *ends]).tolist()
    return mean, low, high


def _ratio(cost: Cost, other: Cost) -> float | None:
    mine, theirs = _over(cost.seconds, cost.n_characters), _over(other.seconds, other.n_characters)
    return mine / theirs if mine is not None and theirs is not None else None


def _over(seconds: float, n: int) -> float | None:
    return seconds / n if n else None
