"""What every command shares: JSON or words on stdout, bars on stderr, and Ctrl-C answered with a sentence."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on stdout.")]


def print_result(values: dict[str, Any], as_json: bool, told_by: str) -> None:
    """Print JSON for programs, or what a function of `experiments.tell` makes of it for people."""
    if as_json:
        print(json.dumps(values, ensure_ascii=False))
        return
    from experiments import tell

    getattr(tell, told_by)(values)


@contextmanager
def interruptible(sentence: str) -> Iterator[None]:
    """Answer Ctrl-C with a sentence and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        print(sentence, file=sys.stderr)
        raise typer.Exit(130) from None


@contextmanager
def progress_bars() -> Iterator[Any]:
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
