"""Wire a session from its settings: the same for live, simulated and replayed ones."""

import inspect
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from acquisition.filtering import CausalFilter
from acquisition.meter import QualityMeter
from acquisition.quality import Health
from acquisition.stream import Signals, Source, StreamInfo
from experiments.asking import Chooser
from experiments.config import Config
from experiments.display.screen import Screen
from experiments.display.types import Display
from experiments.folder import RunFolder
from experiments.log import EventLog
from experiments.pages import PageSource
from experiments.registry import PARADIGM_GROUP, PARADIGMS, STOPPING, STOPPING_GROUP, resolve
from experiments.session import Session
from selector.control import ControlState
from selector.decoders.errors import BAND as ERROR_BAND
from selector.decoders.errors import ErrorDecoder
from selector.types import Decoder, Paradigm, StoppingRule

# What NumPy and zipfile say of a file that is cut off, altered, or packed in a way they don't know.
_DAMAGED = (OSError, EOFError, ValueError, KeyError, NotImplementedError, MemoryError, zipfile.BadZipFile, zlib.error)

if TYPE_CHECKING:  # Paradigms are wired by their own modules, which build on this one.
    from experiments.paradigms.types import Arrange, FittedDecoder, Wiring


def rig(
    config: Config,
    *,
    source: Source,
    display: Display,
    decoders: Sequence[Decoder],
    pages: PageSource,
    n_layers: int,
    log: EventLog,
    errors: ErrorDecoder | None = None,
    asks: Chooser | None = None,
    arrange: "Arrange | None" = None,
) -> Session:
    """Put a session together.

    Parameters
    ----------
    config : Config
    source, display, decoders, pages, log
        What differs between live, simulated and replayed sessions.
    n_layers : int
        How many layers of letters the pages have.
    errors : ErrorDecoder, optional
    asks : Chooser, optional
        Who is asked before the person.
    arrange : callable, optional
        For a participant whose target positions are fixed: see `selector.paradigms.p300.P300Groups`.
    """
    return Session(
        source=source,
        signals=signals(config, source.streams),
        health=Health(source.streams),
        meter=QualityMeter(source.streams),
        display=display,
        screen=screen(config),
        decoders=decoders,
        weights=dict.fromkeys(("eeg", "gaze"), 0.0) if config.control == "prior-only" else config.fusion.weights,
        lapse=config.fusion.lapse,
        prior_weight=config.fusion.prior,
        stopping=stopping(config),
        control=ControlState(leaves=config.layout.no_control, returns=config.stopping.returns),
        paradigm=paradigm(config, arrange),
        pages=pages,
        log=log,
        rng=np.random.default_rng(config.seed),
        max_blocks=config.stopping.max_blocks * wiring(config).blocks_per_repetition(config),
        tail_s=config.stopping.tail_s,
        patience_s=config.timing.patience_s,
        n_layers=n_layers,
        errors=errors,
        asks=asks,
        learns=config.learn,
        keeps_evidence=config.keep_evidence,
    )


def stopping(config: Config) -> StoppingRule:
    """The rule that the settings name, with those of the settings that it asks for."""
    rule = resolve(STOPPING, config.stopping.rule, STOPPING_GROUP)
    asked = inspect.signature(rule).parameters
    made: StoppingRule = rule(**{name: value for name, value in config.stopping if name in asked})
    return made


def screen(config: Config) -> Screen:
    """The screen that the settings describe."""
    return Screen(refresh_hz=config.timing.refresh_hz)


def wiring(config: Config) -> "Wiring":
    """The parts of the paradigm that the settings name.

    Raises
    ------
    ValueError
        If nobody knows it, or it cannot do without the calibration that is left out.
    """
    found: Wiring = resolve(PARADIGMS, config.paradigm, PARADIGM_GROUP)
    if config.person.calibration_characters:
        return found
    if found.uncalibrated is None:
        raise ValueError(
            f"Setting 'person.calibration_characters' (got 0) must be at least 1 in paradigm {config.paradigm!r}: "
            "its decoder needs a calibration."
        )
    return found.uncalibrated


def heard(config: Config) -> tuple["Wiring", ...]:
    """The paradigm, and dwell for the gaze beside it.

    Raises
    ------
    ValueError
        If the paradigm hears gaze anyway.
    """
    first = wiring(config)
    if not config.also_gaze:
        return (first,)
    if first.stream == "gaze":
        raise ValueError(f"Setting 'also_gaze' needs a paradigm that reads EEG (got {config.paradigm!r}).")
    return first, wiring(config.model_copy(update={"paradigm": "dwell"}))


def signals(config: Config, streams: Sequence[StreamInfo], keep_s: float = 60.0) -> Signals:
    """A buffer for these streams, filtered causally as the paradigm's decoder expects it."""
    parts = wiring(config)
    bands = {"eeg": ERROR_BAND} if config.error_potentials else {}
    if parts.band:
        if bands.get(parts.stream, parts.band) != parts.band:
            raise ValueError(
                f"Setting 'error_potentials' needs EEG of {ERROR_BAND[0]:g} to {ERROR_BAND[1]:g} Hz, but paradigm "
                f"{config.paradigm!r} reads {parts.band[0]:g} to {parts.band[1]:g} Hz: leave one of them out."
            )
        bands[parts.stream] = parts.band
    filters = {info.name: CausalFilter(info.sfreq, bands[info.name]) for info in streams if info.name in bands}
    return Signals(streams, filters, keep_s)


def paradigm(config: Config, arrange: "Arrange | None" = None) -> Paradigm:
    """What flashes when."""
    return wiring(config).paradigm(config, arrange)


def save_decoder(decoder: "FittedDecoder | ErrorDecoder", path: Path) -> None:
    """Write a decoder's fitted arrays into a file; no pickle, so the file can run no code."""
    np.savez(path, allow_pickle=False, **decoder.to_arrays())


def load_decoders(config: Config, folder: RunFolder) -> list[Decoder]:
    """The decoders of the run's streams, as `save_decoder` wrote them.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is missing or damaged.
    """
    return [_load(parts.decoder, folder.decoder(parts.stream)) for parts in heard(config)]


def load_errors(config: Config, folder: RunFolder) -> ErrorDecoder | None:
    """The decoder of error potentials; None where the run has none."""
    return _load(ErrorDecoder, folder.decoder("errors")) if config.error_potentials else None


def _load(kind: Any, path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(f"The run's decoder is missing: {path}.")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return kind.from_arrays(dict(arrays))
    except _DAMAGED as error:
        raise ValueError(f"The run's decoder {path} is damaged ({error or 'it is cut off'}).") from None
