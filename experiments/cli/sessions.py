"""Commands that make runs, and look at them afterwards."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.cli.output import Json, interruptible, print_result, progress_bars

SESSIONS = Path("sessions")

app = typer.Typer()


@app.command(rich_help_panel="Sessions")
def demo(
    kind: Annotated[str | None, typer.Option(help="Kind of document: text, python, table or formula.")] = None,
    paradigm: Annotated[str | None, typer.Option(help="p300, ssvep or cvep (EEG), or dwell (gaze).")] = None,
    participant: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play a recorded P300 session instead of a simulated person.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="On a virtual clock, in process, without LSL.")] = False,
    control: Annotated[
        str | None,
        typer.Option(help="A control in which nothing may be written: zero-snr, shuffled-labels, prior-only."),
    ] = None,
    target: Annotated[str | None, typer.Option(help="What is to be written.")] = None,
    llm: Annotated[
        str | None,
        typer.Option(metavar="GGUF", help="A language model that rescores candidates: a file, auto, or none."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="A TOML file with settings.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, such as stopping.p=0.99.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder that holds the sessions.")] = SESSIONS,
    as_json: Json = False,
) -> None:
    """Watch a participant write: calibrate, then copy a target, over real LSL or (--fast) on a virtual clock."""
    from experiments.config import load
    from experiments.demo import run_demo
    from experiments.folder import unfinished_run

    settings = list(set_ or [])
    if participant is not None:
        settings.append(f"person.recording={json.dumps(str(participant))}")
    if llm is not None:
        settings.append(f"generation.llm={json.dumps(llm)}")
    resolved = load(config, settings, kind=kind, paradigm=paradigm, control=control, target=target, seed=seed)
    if earlier := unfinished_run(out):
        print(earlier, file=sys.stderr)
    with (
        interruptible("Interrupted; what was selected so far is on disk."),
        progress_bars() as progress,
        _view(resolved, show=not (as_json or fast)) as viewers,
    ):
        summary = run_demo(resolved, out, fast=fast, viewers=viewers, progress=progress)
    print_result(summary, as_json, "demo")


@app.command(rich_help_panel="Offline")
def replay(
    sessions: Annotated[list[Path], typer.Argument(metavar="SESSION...", help="Folders of runs.")],
    as_json: Json = False,
) -> None:
    """Run the loop again on a recorded run and compare every event with its log."""
    from experiments.replay import replay as replay_run

    results = []
    for path in sessions:
        result = replay_run(path)
        results.append({"session": str(path), **result.to_dict()})
    merged = results[0] if len(results) == 1 else _merge(results)
    print_result(merged, as_json, "replay")
    if not merged["exact"]:
        raise typer.Exit(1)


@app.command(rich_help_panel="Offline")
def report(
    session: Annotated[Path, typer.Argument(help="Folder of a run.")],
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the run into an SVG or PNG file.")] = None,
    as_json: Json = False,
) -> None:
    """Say from its log alone what a run was worth, and draw it."""
    from experiments.folder import RunFolder
    from experiments.log import how_it_ended
    from experiments.metrics import summarise

    folder = RunFolder.existing(session)
    lines = folder.read_events()
    summary = {**summarise(lines), "ended": how_it_ended(lines), "session": str(session)}
    if picture is not None:
        from experiments.picture import draw_run

        draw_run(folder, picture)
        summary["picture"] = str(picture)
    print_result(summary, as_json, "demo")


def _merge(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "runs": results,
        "n_events": sum(r["n_events"] for r in results),
        "n_identical": sum(r["n_identical"] for r in results),
        "exact": all(r["exact"] for r in results),
        "speed_x": sum(r["session_s"] for r in results) / sum(r["replay_s"] for r in results),
    }


@contextmanager
def _view(config: Any, show: bool) -> Iterator[list[Any]]:
    """The page in the terminal, where somebody looks."""
    if not (show and sys.stderr.isatty()):
        yield []
        return
    from rich.console import Console

    from experiments.demo import TARGETS
    from experiments.display.terminal import TerminalView

    with TerminalView(Console(stderr=True), config.target or TARGETS[config.kind]) as view:
        yield [view]
