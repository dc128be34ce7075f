"""The command line. Heavy imports wait inside the commands, so that help comes at once."""

import os
import sys
import traceback
from pathlib import Path

import typer

from experiments.cli import documents, measures, sessions, streams

ROOMS = ("acquisition", "selector", "generation", "validation", "experiments")

app = typer.Typer(
    name="assent",
    help="Assent: machines propose, checks dispose, a person assents by looking.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (sessions, documents, streams, measures):
    app.add_typer(room.app)


def main() -> None:
    """Run the command line; a user's mistake becomes one sentence and exit code 2."""
    try:
        app()
    except (ValueError, OSError, RuntimeError, ImportError) as error:
        if os.environ.get("ASSENT_DEBUG") or not _is_ours(error):
            raise
        from acquisition.stream import StreamLost

        print(error, file=sys.stderr)
        sys.exit(1 if isinstance(error, StreamLost) else 2)


def _is_ours(error: BaseException) -> bool:
    """Whether our own code raised it as a sentence for the user, rather than some library by a bug of ours."""
    last = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
    return any(last.is_relative_to(Path(__file__).parents[2] / room) for room in ROOMS)
