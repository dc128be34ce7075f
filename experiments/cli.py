"""The command line. Heavy imports wait inside the commands, so that help comes at once."""

import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

ROOMS = ("acquisition", "selector", "generation", "validation", "experiments")
SESSIONS = Path("sessions")

app = typer.Typer(
    name="assent",
    help="Assent: machines propose, checks dispose, a person assents by looking.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models = typer.Typer(help="Language models: what ships, whether it is whole, and how it is made.", no_args_is_help=True)
app.add_typer(models, name="models", rich_help_panel="Parts")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on stdout.")]


@app.command(rich_help_panel="Sessions")
def demo(
    kind: Annotated[str | None, typer.Option(help="Kind of document: text or python.")] = None,
    paradigm: Annotated[str | None, typer.Option(help="How slots are told apart: p300 (EEG) or dwell (gaze).")] = None,
    participant: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play a recorded P300 session instead of a simulated person.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="On a virtual clock, in process, without LSL.")] = False,
    control: Annotated[
        str | None,
        typer.Option(help="A control in which nothing may be written: zero-snr, shuffled-labels, prior-only."),
    ] = None,
    target: Annotated[str | None, typer.Option(help="What is to be written.")] = None,
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
    resolved = load(config, settings, kind=kind, paradigm=paradigm, control=control, target=target, seed=seed)
    if earlier := unfinished_run(out):
        print(earlier, file=sys.stderr)
    with _interruptible(), _progress() as progress, _view(resolved, show=not (as_json or fast)) as viewers:
        summary = run_demo(resolved, out, fast=fast, viewers=viewers, progress=progress)
    _print(summary, as_json, "demo")


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
    _print(merged, as_json, "replay")
    if not merged["exact"]:
        raise typer.Exit(1)


@app.command(rich_help_panel="Offline")
def evaluate(
    dataset: Annotated[str, typer.Argument(help="Name of a dataset, or the path of its TOML file.")],
    root: Annotated[Path, typer.Option(help="Folder that holds the recordings.")],
    decoder: Annotated[str | None, typer.Option(help="A decoder's name, or all.")] = None,
    protocol: Annotated[str | None, typer.Option(help="One of the dataset's protocols; its first by default.")] = None,
    train_root: Annotated[
        Path | None, typer.Option(help="Folder of the training recordings, where they lie apart.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Score decoders on recordings, by the protocol that the dataset's file describes."""
    from experiments.evaluate import evaluate as evaluate_dataset

    with _progress() as progress:
        result = evaluate_dataset(
            dataset, root, decoder=decoder, protocol=protocol, train_root=train_root, progress=progress
        )
    _print(result.to_dict(), as_json, "scores")


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
    _print(summary, as_json, "demo")


@app.command(rich_help_panel="Parts")
def bench(
    name: Annotated[str, typer.Argument(help="What is measured: replay, acquisition, selector or generation.")],
    quick: Annotated[bool, typer.Option("--quick", help="Within a minute.")] = False,
    as_json: Json = False,
) -> None:
    """Measure speed, as ratios to a peer or a bound in the same run."""
    from experiments.bench import BENCHES
    from experiments.registry import resolve

    with _progress() as progress:
        result = resolve(BENCHES, name)(quick=quick, progress=progress)
    _print(result, as_json, "bench")


@models.command("list")
def list_models(as_json: Json = False) -> None:
    """List the models that ship."""
    from generation.models import list_models as known

    found = [
        {
            "name": m.name,
            "kind": m.kind,
            "file": m.file.name,
            "bytes": m.file.stat().st_size if m.file.is_file() else 0,
            "sha256": m.sha256,
            "licence": m.licence,
            "made": m.made,
        }
        for m in known()
    ]
    _print({"models": found}, as_json, "models")


@models.command("verify")
def verify_models(as_json: Json = False) -> None:
    """Check every model's file against the manifest; exit code 1 where one is missing or damaged."""
    from generation.models import list_models as known
    from generation.models import verify

    faults = {m.name: verify(m) for m in known()}
    ok = not any(faults.values())
    _print({"ok": ok, "faults": faults}, as_json, "faults")
    if not ok:
        raise typer.Exit(1)


@models.command("train")
def train_model(
    name: Annotated[str, typer.Argument(help="A model's name; `assent models list` shows them.")],
    corpora: Annotated[
        Path, typer.Option(help="Folder of the training texts for English; its text/ holds sentences and books.")
    ] = Path("corpora"),
    out: Annotated[Path, typer.Option(help="Folder for the file made.")] = Path("trained"),
    as_json: Json = False,
) -> None:
    """Make a model anew from its training texts."""
    from generation.models import train

    with _progress() as progress:
        progress(f"training {name}", 0, 1)
        path = train(name, corpora, out)
        progress(f"training {name}", 1, 1)
    _print({"name": name, "file": str(path)}, as_json, "model")


def main() -> None:
    """Run the command line; a user's mistake becomes one sentence and exit code 2."""
    try:
        app()
    except (ValueError, OSError, RuntimeError) as error:
        if os.environ.get("ASSENT_DEBUG") or not _is_ours(error):
            raise
        from acquisition.stream import StreamLost

        _end(str(error), 1 if isinstance(error, StreamLost) else 2)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Answer Ctrl-C with a sentence."""
    try:
        yield
    except KeyboardInterrupt:
        print("Interrupted; what was selected so far is on disk.", file=sys.stderr)
        raise typer.Exit(130) from None


def _is_ours(error: BaseException) -> bool:
    """Whether our own code raised it as a sentence for the user, rather than some library by a bug of ours."""
    last = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
    return any(last.is_relative_to(Path(__file__).parent.parent / room) for room in ROOMS)


def _end(sentence: str, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(code)


def _print(values: dict[str, Any], as_json: bool, told_by: str) -> None:
    """Print JSON for programs, or what a function of `experiments.tell` makes of it for people."""
    if as_json:
        print(json.dumps(values, ensure_ascii=False))
        return
    from experiments import tell

    getattr(tell, told_by)(values)


def _merge(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "runs": results,
        "n_events": sum(r["n_events"] for r in results),
        "n_identical": sum(r["n_identical"] for r in results),
        "exact": all(r["exact"] for r in results),
        "speed_x": sum(r["session_s"] for r in results) / sum(r["replay_s"] for r in results),
    }


@contextmanager
def _progress() -> Iterator[Any]:
    """A function ``(what, done, total)`` that draws bars on stderr while they are needed."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)
            if all(task.finished for task in bars.tasks):
                bars.stop()
            elif not bars.live.is_started:
                bars.start()

        yield progress


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


if __name__ == "__main__":
    main()
