"""What a session can be told: TOML checked against these models, and the one place that holds the defaults."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generation.types import Kind

Probability = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Seconds = Annotated[float, Field(ge=0, le=600)]
Duration = Annotated[float, Field(gt=0, le=600)]
Weight = Annotated[float, Field(ge=0, le=10)]
Count = Annotated[int, Field(ge=1, le=10_000)]


class Section(BaseModel):
    """A table of the file; unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Stopping(Section):
    """When a trial ends with a selection, and how soon somebody who rests is believed to have come back.

    ``max_blocks`` counts whole repetitions, into however many blocks they are cut. What one ``rule`` asks for may be of
    no use to the others.
    """

    rule: str = "threshold"
    p: Probability = 0.95
    block_s: Duration = 16 / 6
    error_s: Duration = 15.0
    undo_s: Duration = 15.0
    nats_per_block: Annotated[float, Field(gt=0, le=100)] = 4.0
    selection_s: Duration = 8.0
    wrong: Annotated[float, Field(ge=-100, le=0)] = -1.0
    returns: Probability = 0.1
    min_evidence_nats: Annotated[float, Field(ge=0, le=100)] = 2.0
    min_observations: Count = 8
    no_control_p: Probability = 0.9
    max_blocks: Count = 8
    tail_s: Seconds = 1.0


class Layout(Section):
    """What a page costs and what it must bring; with a ``floor`` of 1 the language model has no say in the prior.

    The ``policy`` says which texts join the letters: candidates that bring more bits a second than the page has without
    them, or cells of the whole tree of continuations that leave the page with most bits a second. With "auto" it is the
    one that has won for the kind of document, where any has.
    """

    policy: Literal["auto", "marginal-value", "posterior-matching"] = "auto"
    gap_s: Seconds = 1.0
    read_word_s: Seconds = 0.25
    trial_s: Seconds = 4.0
    floor: Annotated[float, Field(ge=0, le=1)] = 0.05
    no_control: Probability = 0.01
    max_candidates: Annotated[int, Field(ge=0, le=24)] = 24


class Generation(Section):
    """Who proposes, beside the generators of the kind, and when.

    ``llm`` is the file of a GGUF model that rescores candidates, "none", or "auto": the one that ships, where pages are
    worked out ahead. They are by a worker process, with ``prefetch`` "auto", in real time; a page that is not ready
    when the selection falls is waited for ``wait_s`` at most. The model has ``budget_s`` a page, where time is real; a
    worker silent for ``patience_s`` is replaced. ``own_files`` are programs or texts that the person wrote, oldest
    first. The ``language`` of a text is the code of one that Assent brings, or a language file. So many ``samples`` of
    the model's own join the candidates.
    """

    llm: str = "auto"
    language: str = "en"
    own_files: tuple[str, ...] = ()
    samples: Annotated[int, Field(ge=0, le=16)] = 0
    prefetch: Literal["auto"] | bool = "auto"
    budget_s: Duration = 0.5
    wait_s: Seconds = 0.5
    patience_s: Duration = 20.0


class Choosing(Section):
    """Who chooses: the person, the model alone where it is sure, or the model points and the person confirms.

    The model is the one that ``generation.llm`` names. It abstains below the probability ``p``, and the person chooses.
    The ``brief`` says in words what is to be written; it stands before the document, for the model alone.
    """

    by: Literal["person", "model", "confirmed"] = "person"
    p: Probability = 0.9
    brief: str = ""


class Timing(Section):
    """The display's frames and the loop's ticks; ``refractory`` flashes pass between two of a slot, if they adapt."""

    refresh_hz: Annotated[float, Field(ge=30, le=480)] = 60.0
    tick_frames: Annotated[int, Field(ge=1, le=60)] = 3
    soa_s: Annotated[float, Field(ge=0.05, le=2)] = 1 / 6
    flash_s: Annotated[float, Field(ge=0.01, le=2)] = 0.1
    refractory: Annotated[int, Field(ge=0, le=7)] = 3
    patience_s: Seconds = 30.0
    trigger: str | None = None


class Person(Section):
    """Who takes part, where nobody sits in the chair, and how the decoder gets to know them.

    A calibration ends before all characters are done once the selections per minute that are to be expected are known
    to ``calibration_precision``, as a share of them; with 0 it never does. Without characters there is none, and the
    decoder learns from selections let stand, in a paradigm that has one that can.
    """

    recording: str | None = None
    profile: Literal["easy", "typical", "hard", "wet"] = "typical"
    person_seed: int = 1
    calibration_characters: Annotated[int, Field(ge=0, le=10_000)] = 8
    calibration_blocks: Count = 6
    calibration_feedbacks: Count = 100
    calibration_precision: Annotated[float, Field(ge=0, le=1)] = 0.0


class Fusion(Section):
    """How much the language model's prior and each modality count, and how often attention lapses for all at once."""

    prior: Weight = 1.0
    eeg: Weight = 1.0
    gaze: Weight = 1.0
    lapse: Share = 0.0

    @property
    def weights(self) -> dict[str, float]:
        """Of each modality."""
        return {"eeg": self.eeg, "gaze": self.gaze}


class Config(Section):
    """A session's settings; with ``learn``, decoders that can learn from selections that the person let stand.

    With ``also_gaze``, gaze is heard beside the EEG, and their weights are those that the calibration run asks for.
    With ``error_potentials``, the brain's answer to what was selected counts for or against undoing it. What the
    signals have said of one page counts for the next with ``keep_evidence``; else a selection is believed, once made.
    The session goes on with the file ``document``, or with a formula in one ``cell`` of it, and the ``target`` is what
    is to be added.
    """

    kind: Kind = "text"
    document: str | None = None
    cell: str | None = None
    paradigm: Literal["p300", "ssvep", "cvep", "dwell"] = "p300"
    learn: bool = True
    also_gaze: bool = False
    error_potentials: bool = False
    flashing: Literal["fixed", "adaptive"] = "adaptive"
    keep_evidence: bool = True
    target: str | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    control: Literal["none", "zero-snr", "shuffled-labels", "prior-only"] = "none"
    max_pages: Count = 60
    setup: str | None = None
    stopping: Stopping = Stopping()
    layout: Layout = Layout()
    generation: Generation = Generation()
    fusion: Fusion = Fusion()
    choosing: Choosing = Choosing()
    timing: Timing = Timing()
    person: Person = Person()


PARADIGM_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "dwell": {"stopping.min_observations": 16},
    "ssvep": {
        "stopping.min_observations": 16,
        "stopping.max_blocks": 2,
        "stopping.tail_s": 0.3,
        "person.calibration_characters": 16,
        "person.calibration_blocks": 1,
    },
    "cvep": {
        "stopping.min_observations": 125,
        "stopping.max_blocks": 2,
        "stopping.tail_s": 0.3,
        "person.calibration_characters": 16,
        "person.calibration_blocks": 2,
    },
}
"""Defaults that differ by paradigm, under keys such as "stopping.tail_s"; whatever is set goes before them."""

RECORDED_DEFAULTS: Mapping[str, Any] = {"flashing": "fixed"}
"""Defaults that differ where a recording takes part: its flashes are over."""


def load(path: Path | None = None, settings: Sequence[str] = (), **given: Any) -> Config:
    """Settings from a file, then ``key=value`` settings, then arguments that are not None.

    Parameters
    ----------
    path : Path, optional
        A TOML file; the defaults where it is left out.
    settings : sequence of str
        Like "stopping.p=0.99"; the value is TOML, or a bare word.
    **given
        Top-level keys, such as ``kind``.

    Raises
    ------
    ValueError
        If a key is unknown or a value out of its range.
    FileNotFoundError
        If there is no such file.
    """
    values: dict[str, Any] = {}
    if path is not None:
        if not path.is_file():
            raise FileNotFoundError(f"There is no configuration file {path}.")
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is not a TOML file: {error}.") from None
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise ValueError(f"Argument '--set' must look like key=value (got {setting!r}).")
        _put(values, key.strip(), _value(text.strip()))
    values |= {key: value for key, value in given.items() if value is not None}
    for key, value in PARADIGM_DEFAULTS.get(str(values.get("paradigm")), {}).items():
        _put(values, key, value, only_if_missing=True)
    if isinstance(person := values.get("person"), dict) and person.get("recording"):
        values = {**RECORDED_DEFAULTS, **values}
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ValueError(_sentence(error)) from None


def to_toml(config: Config) -> str:
    """The settings as a file that `load` reads."""
    lines: list[str] = []
    tables: list[str] = []
    for key, value in config.model_dump(exclude_none=True).items():
        if isinstance(value, dict):
            tables += ["", f"[{key}]", *(f"{name} = {_literal(entry)}" for name, entry in value.items())]
        else:
            lines.append(f"{key} = {_literal(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def _put(values: dict[str, Any], key: str, value: Any, only_if_missing: bool = False) -> None:
    *tables, name = key.split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise ValueError(f"Argument '--set' must name a key (got {key!r}, but {table!r} is no table).")
    if not (only_if_missing and name in values):
        values[name] = value


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        plain = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in plain) + '"'
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return repr(value)


def _sentence(error: ValidationError) -> str:
    """The first mistake in words: key, value got, value needed."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"Setting '{key}' is unknown."
    return f"Setting '{key}' (got {first['input']!r}) is not valid: {first['msg'][0].lower()}{first['msg'][1:]}."
