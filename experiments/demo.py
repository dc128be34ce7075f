"""A copy task from nothing to a finished document, by a simulated or a recorded participant."""

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from acquisition.recording import Recorder
from acquisition.setup import read_setup
from experiments.asking import Confirmed, chooser
from experiments.conduct import conduct
from experiments.config import Config, to_toml
from experiments.display.headless import HeadlessDisplay, Viewer
from experiments.document import Document
from experiments.folder import RunFolder, environment
from experiments.kinds import page_maker
from experiments.log import SCHEMA_VERSION, FileLog
from experiments.metrics import summarise
from experiments.opening import opening_document
from experiments.pages import PageMaker
from experiments.paradigms.types import Calibrated
from experiments.participants import Progress, Setting, participant_setting
from experiments.rig import rig, save_decoder, screen

TARGETS = {
    "text": "please open the window",
    "python": "def mean(values):\n    return sum(values) / len(values)\n",
    "table": "2026-03-12,P03,ssvep,30,0.96\n",
    "formula": "B5*C5",
}


def run_demo(
    config: Config, root: Path, *, fast: bool, viewers: Sequence[Viewer] = (), progress: Progress
) -> dict[str, Any]:
    """Calibrate, write the target, and sum up.

    Parameters
    ----------
    config : Config
    root : Path
        Folder of the sessions; the run makes a folder of its own in it.
    fast : bool
        On the virtual clock and in process, instead of over LSL in real time.
    viewers : sequence of Viewer
        Told of what is shown, beside the participant.
    progress : callable
        Told what is going on.

    Returns
    -------
    dict
        The figures of `experiments.metrics.summarise`, and where the files lie.

    Raises
    ------
    ValueError, OSError, StreamLost
        One sentence each.
    """
    if config.target is None:
        config = config.model_copy(update={"target": TARGETS[config.kind]})
    if config.person.recording and not fast:
        raise ValueError("A recorded participant plays on the virtual clock: add --fast.")
    if config.timing.trigger and fast:
        raise ValueError("Setting 'timing.trigger' needs real time: leave out --fast.")
    progress("loading the language models", 0, 1)
    document = opening_document(config)
    with closing(page_maker(config, not fast, document.context)) as pages:
        progress("loading the language models", 1, 1)
        if config.setup:
            read_setup(config.setup)
        if obstacle := pages.obstacle(document, str(config.target)):
            raise ValueError(
                f"Argument '--target' (got {config.target!r}) cannot be written as {config.kind}: {obstacle}"
            )
        whole = config.model_copy(update={"target": document.text + str(config.target)})
        with participant_setting(whole, fast, progress) as (setting, calibrated):
            folder = RunFolder.create(root)
            write_target(config, folder, setting, calibrated, pages, viewers, document)
    return {**summarise(folder.read_events()), "session": str(folder.path.resolve())}


def write_target(
    config: Config,
    folder: RunFolder,
    setting: Setting,
    calibrated: Calibrated,
    pages: PageMaker,
    viewers: Sequence[Viewer] = (),
    document: Document | None = None,
) -> Document:
    """Record a run in its folder, from the settings to the last event.

    Parameters
    ----------
    config : Config
        Its target is set.
    folder : RunFolder
        Empty so far.
    setting : Setting
        The participant, and the clock that all live by.
    calibrated : Calibrated
        What was fitted to the person.
    pages : PageMaker
    viewers : sequence of Viewer
        Told of what is shown, beside the participant.
    document : Document, optional
        What the target is added to; an empty one by default.

    Raises
    ------
    StreamLost, OSError, KeyboardInterrupt
        What ended the run early; see `experiments.conduct.conduct`.
    """
    config = config.model_copy(update={"fusion": calibrated.fusion})
    folder.config.write_text(to_toml(config), encoding="utf-8")
    folder.environment.write_text(json.dumps(environment(), indent=1), encoding="utf-8")
    for decoder in calibrated.decoders:
        save_decoder(decoder, folder.decoder(decoder.modality))
    if calibrated.errors is not None:
        save_decoder(calibrated.errors, folder.decoder("errors"))
    recorder = Recorder(setting.source, folder.signals)
    log = FileLog(folder.events, setting.announce, beside=recorder.sync)
    log.now = setting.clock.now()
    asked = chooser(config)
    everyone = [*setting.viewers, *viewers]
    session = rig(
        config,
        source=recorder,
        display=HeadlessDisplay(
            setting.clock, screen(config), everyone, setting.pacing, config.timing.tick_frames, setting.trigger
        ),
        decoders=calibrated.decoders,
        pages=Confirmed(pages, asked) if asked and config.choosing.by == "confirmed" else pages,
        n_layers=pages.n_layers,
        log=log,
        errors=calibrated.errors,
        asks=asked if config.choosing.by == "model" else None,
        arrange=setting.arrange,
    )
    try:
        document = document or Document(config.kind)
        opening = _opening(config, document, setting, pages, calibrated.fitted_to)
        return conduct(session, document, opening, config.max_pages)
    finally:
        log.close()
        recorder.close()


def _opening(config: Config, document: Document, setting: Setting, pages: PageMaker, fitted_to: str) -> dict[str, Any]:
    """Fields of the first event."""
    grid = screen(config)
    return {
        "schema": SCHEMA_VERSION,
        "started_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "config": config.model_dump(),
        "target": document.text + str(config.target),
        "document": document.text,
        "n_layers": pages.n_layers,
        "clock": {"kind": type(setting.clock).__name__, "counts_compute": setting.counts_compute},
        "screen": {
            "width_px": grid.width_px,
            "height_px": grid.height_px,
            "n_columns": grid.n_columns,
            "n_rows": grid.n_rows,
            "refresh_hz": grid.refresh_hz,
        },
        "streams": [
            {"name": s.name, "sfreq": s.sfreq, "channels": s.channels, "unit": s.unit, "source_id": s.source_id}
            for s in setting.source.streams
        ],
        "clock_offsets": dict(setting.clock_offsets),
        "setup": read_setup(config.setup).to_dict() if config.setup else None,
        "decoder": fitted_to,
        "models": pages.models,
    }
