"""What a data set is: its files, its markers, and the protocols by which decoders are judged on it."""

import re
import reprlib
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from experiments.config import Section
from experiments.evaluation.anchors import Anchor


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"it is no regular expression ({error})") from None
    return pattern


def _names_its_code(pattern: str) -> str:
    if "(?P<code>" not in pattern:
        raise ValueError("it must hold a group (?P<code>...)")
    return pattern


def _names_its_frequency(pattern: str) -> str:
    if "(?P<frequency>" not in pattern:
        raise ValueError("it must hold a group (?P<frequency>...)")
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
FrequencyPattern = Annotated[str, AfterValidator(_compiles), AfterValidator(_names_its_frequency)]
CodePattern = Annotated[str, AfterValidator(_compiles), AfterValidator(_names_its_code)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Choice(Section):
    """A decoder by its name in the registry, and what it is told."""

    name: str
    options: dict[str, Any] = Field(default_factory=dict)


class Protocol(Section):
    """One way to judge: the first decoder is the default; ``anchor`` is what public methods reached."""

    name: str
    description: str
    decoders: Annotated[tuple[Choice, ...], Field(min_length=1)]
    anchor: Anchor | None = None

    @property
    def trains(self) -> bool:
        """Is anything learnt from recordings?"""
        return True


class FilterSettings(Section):
    """Butterworth band-pass over the whole recording; "causal" as online, "zero" forwards and backwards."""

    band: tuple[Positive, Positive]
    order: Annotated[int, Field(ge=1, le=8)] = 2
    notch: Positive | None = None
    phase: Literal["causal", "zero"] = "causal"


class Characters(Section):
    """Surrogate row and column speller: who flashed is drawn, since the recording does not say it.

    One repetition is ``rows + columns`` flashes of which two are targets: the wanted row and the wanted column.
    """

    rows: Annotated[int, Field(ge=2)]
    columns: Annotated[int, Field(ge=2)]
    repetitions: Annotated[tuple[Count, ...], Field(min_length=1)]
    draws: Count
    seed: Annotated[int, Field(ge=0)]


class Cells(Section):
    """Speller whose recording says which row, column or group of cells flashed; a cell is column * rows + row.

    A decision is made after every so many flashes in a row, for each of the numbers ``flashes``.
    """

    rows: Annotated[int, Field(ge=2)]
    columns: Annotated[int, Field(ge=2)]
    flashes: Annotated[tuple[Count, ...], Field(min_length=1)]


class ErpProtocol(Protocol):
    """Epochs around flashes; everything fitted is fitted without the decision that is tested.

    With ``in_order`` the characters are decided one after the other, each from its first repetitions, so that a
    decoder that needs no calibration can be judged, which remembers what it decided before; ``with_others`` it begins
    with what other people's recordings tell. Recordings that match ``train_only`` are never tested, but trained on
    besides.
    """

    filter: FilterSettings
    tmin: float
    tmax: float
    decimate: Count = 1
    leave_out: Literal["decision"]
    characters: Characters | None = None
    cells: Cells | None = None
    in_order: bool = False
    with_others: bool = False
    train_only: Pattern | None = None

    @model_validator(mode="after")
    def _window_is_ahead(self) -> Self:
        if self.in_order and self.characters is None and self.cells is None:
            raise ValueError("'in_order' needs 'characters' or 'cells'")
        if self.with_others and not self.in_order:
            raise ValueError("'with_others' needs 'in_order'")
        if self.tmin >= self.tmax:
            raise ValueError(f"'tmin' (got {self.tmin:g}) must be less than 'tmax' (got {self.tmax:g})")
        return self


class SsvepProtocol(Protocol):
    """Windows after the cue: one, or with ``until`` one behind the other up to then (s after the cue).

    Nothing is trained, or, with ``leave_out``, everything but the run, or the person, that is tested. With
    ``with_others``, other people's recordings are learnt from beside the person's own other runs. What is learnt from
    may be cut more often: every ``train_step`` (s), up to ``train_until`` (s after the cue). With ``thresholds`` of
    the probability, selections are counted in trials of flicker and in those of rest.
    """

    start: Annotated[float, Field(ge=0)]
    lead: Annotated[float, Field(ge=0)]
    windows: Annotated[tuple[Positive, ...], Field(min_length=1)]
    until: Positive | None = None
    leave_out: Literal["run", "person"] | None = None
    with_others: bool = False
    train_step: Positive | None = None
    train_until: Positive | None = None
    thresholds: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()

    @property
    def trains(self) -> bool:
        """Is anything learnt from recordings?"""
        return self.leave_out is not None


class CvepProtocol(Protocol):
    """Windows of trials; with ``step`` (s) they also begin later in a trial, as often as one fits.

    With ``online`` the loop's decoder hears each trial grow from its first frame on, and how true its probabilities are
    is scored, too.
    """

    filter: FilterSettings | None = None
    online: bool = False
    folds: Annotated[int, Field(ge=2)] | Literal["trial"]
    windows: Annotated[tuple[Positive, ...], Field(min_length=1)]
    step: Positive | None = None


class GazeProtocol(Protocol):
    """Gaze from the first flash of an inquiry; "all" ends with its last flash.

    With ``probabilities``, how true they are is scored, too.
    """

    leave_out: Literal["inquiry"]
    probabilities: bool = False
    windows: Annotated[tuple[Positive | Literal["all"], ...], Field(min_length=1)]


class FixationProtocol(Protocol):
    """One look per target; with ``confirmed`` the decoder learns from the looks before, whose targets are known.

    With ``probabilities``, how true they are is scored, too.
    """

    confirmed: bool = False
    probabilities: bool = False

    @property
    def trains(self) -> bool:
        """Is anything learnt from other recordings?"""
        return False


class ErpMarkers(Section):
    """Which markers are flashes, and which begins the next decision; without the latter a recording is one.

    Where cells are decided, ``cue`` matches the marker that names the wanted one in its group "cell", and flashes
    name what they lit in a group "row", "column" or "cells", the last as numbers with hyphens between them.
    """

    target: Pattern
    nontarget: Pattern
    decision: Pattern | None = None
    cue: Pattern | None = None


class SsvepMarkers(Section):
    """Which markers are cues; the classes are the frequencies named here, or those a person's markers name.

    A marker that matches ``rest`` begins a trial in which nothing is attended to.
    """

    cue: FrequencyPattern
    rest: Pattern | None = None
    frequencies: tuple[Positive, ...] | None = None


class CvepMarkers(Section):
    """Which markers begin a trial and name its code; ``unknown`` names mean that nobody knows the code."""

    trial: CodePattern
    unknown: tuple[int, ...] = ()


class CodeTable(Section):
    """Codes for all trials in a CSV file, one row each, from the marker on; trials show them ``cycles`` times."""

    format: Literal["table"]
    file: str
    frame_rate: Positive
    cycles: Count
    first_name: Annotated[int, Field(ge=0)] = 0


class CodeStates(Section):
    """Codes of each trial, as sampled with its signals, in a NumPy archive.

    ``states`` has shape (n_trials, n_samples, n_columns) and begins at the marker, column k is code k, and columns
    before ``first_name`` are none; ``fs`` is their rate in Hz, and stimulation starts after ``pre_s`` (s). Groups of
    the recordings' pattern fill ``{group}`` in the file's name.
    """

    format: Literal["states"]
    file: str
    first_name: Annotated[int, Field(ge=0)] = 0


class GazeMarkers(Section):
    """Which marker begins an inquiry and names its key, and which are its flashes."""

    inquiry: Pattern
    flash: Pattern


class FixationMarkers(Section):
    """Which markers are looks; groups "x" and "y" name the target's centre in px."""

    target: Pattern


class Grid(Section):
    """Cells of one size around centres in rows and columns, in px of the screen."""

    screen_px: tuple[Positive, Positive]
    x: Annotated[tuple[float, ...], Field(min_length=2)]
    y: Annotated[tuple[float, ...], Field(min_length=2)]
    cell_px: tuple[Positive, Positive]


class _Dataset(Section):
    name: str
    description: str
    files: Pattern


class ErpDataset(_Dataset):
    """Event-related potentials."""

    task: Literal["erp"]
    markers: ErpMarkers
    protocols: Annotated[tuple[ErpProtocol, ...], Field(min_length=1)]


class SsvepDataset(_Dataset):
    """Steady-state visual evoked potentials."""

    task: Literal["ssvep"]
    markers: SsvepMarkers
    protocols: Annotated[tuple[SsvepProtocol, ...], Field(min_length=1)]


class CvepDataset(_Dataset):
    """Code-modulated visual evoked potentials; the file of the codes lies beside each recording."""

    task: Literal["cvep"]
    codes: Annotated[CodeTable | CodeStates, Field(discriminator="format")]
    markers: CvepMarkers
    protocols: Annotated[tuple[CvepProtocol, ...], Field(min_length=1)]


class GazeDataset(_Dataset):
    """Gaze on keys at known places, as BciPy records it.

    ``triggers`` and ``positions`` lie beside each recording; positions are centres in PsychoPy's norm units.
    """

    task: Literal["gaze"]
    layout: Literal["bcipy"]
    triggers: str
    positions: str
    key_px: tuple[Positive, Positive]
    markers: GazeMarkers
    protocols: Annotated[tuple[GazeProtocol, ...], Field(min_length=1)]


class FixationDataset(_Dataset):
    """Looks at the cells of a grid, one row each; group "condition" of ``files`` names what is told apart."""

    task: Literal["fixations"]
    grid: Grid
    markers: FixationMarkers
    protocols: Annotated[tuple[FixationProtocol, ...], Field(min_length=1)]


Dataset = Annotated[
    ErpDataset | SsvepDataset | CvepDataset | GazeDataset | FixationDataset, Field(discriminator="task")
]
_ADAPTER: TypeAdapter[Any] = TypeAdapter(Dataset)


def known_datasets() -> tuple[str, ...]:
    """Names of the data sets that come along."""
    return tuple(
        sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))
    )


def load_dataset(dataset: str) -> Any:
    """Read a data set's description.

    Parameters
    ----------
    dataset : str
        Name of one that comes along, or path of a TOML file.

    Returns
    -------
    ErpDataset, SsvepDataset, CvepDataset, GazeDataset or FixationDataset

    Raises
    ------
    ValueError
        If there is none of that name, or a key or a value in it is wrong.
    OSError
        If the file is missing.
    """
    if dataset.endswith(".toml"):
        path = Path(dataset)
        if not path.is_file():
            raise FileNotFoundError(f"There is no data set file {path}.")
        content = path.read_bytes()
    elif dataset in known_datasets():
        content = (_folder() / f"{dataset}.toml").read_bytes()
    else:
        raise ValueError(
            f"Argument 'dataset' must be one of {', '.join(known_datasets())}, or a .toml file (got {dataset!r})."
        )
    try:
        return _ADAPTER.validate_python(tomllib.loads(content.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"Data set {dataset} is not a TOML file: {error}.") from None
    except ValidationError as error:
        raise ValueError(f"Data set {dataset}: {_sentence(error)}") from None


def choose_protocol(dataset: Any, name: str | None) -> Any:
    """The protocol of that name, or the main one; ValueError lists what there is."""
    for protocol in dataset.protocols:
        if name in (None, protocol.name):
            return protocol
    known = ", ".join(protocol.name for protocol in dataset.protocols)
    raise ValueError(f"Argument 'protocol' must be one of {known} for {dataset.name} (got {name!r}).")


def choose_decoders(dataset: Any, protocol: Protocol, name: str | None) -> tuple[Choice, ...]:
    """The default decoder, the one of that name, or with "all" every one; ValueError lists what there is."""
    if name is None:
        return protocol.decoders[:1]
    if name == "all":
        return protocol.decoders
    chosen = tuple(choice for choice in protocol.decoders if choice.name == name)
    if not chosen:
        known = ", ".join(choice.name for choice in protocol.decoders)
        raise ValueError(
            f"Argument 'decoder' must be one of {known} or all for protocol {protocol.name} of {dataset.name} "
            f"(got {name!r})."
        )
    return chosen


def _folder() -> Any:
    return files("experiments") / "datasets"


def _sentence(error: ValidationError) -> str:
    """One mistake in words: key, value got, value needed."""
    # A misspelt key is unknown, and the right one missing: the former says more.
    mistake = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    if mistake["type"] == "union_tag_not_found":
        return "key 'task' is missing."
    if mistake["type"] == "union_tag_invalid":
        context = mistake["ctx"]
        return f"key 'task' (got {context['tag']!r}) must be one of {context['expected_tags']}."
    # The value of 'task' comes first in the place of every other mistake.
    key = ".".join(str(part) for part in mistake["loc"][1:])
    if mistake["type"] == "extra_forbidden":
        return f"key '{key}' is unknown."
    if mistake["type"] == "missing":
        return f"key '{key}' is missing."
    needed = mistake["msg"].removeprefix("Value error, ")
    return f"key '{key}' (got {reprlib.repr(mistake['input'])}) is not valid: {needed[0].lower()}{needed[1:]}."
