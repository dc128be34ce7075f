"""Commands around streams: what is there, whether it is fit, and how to do without a device."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.cli.output import Json, interruptible, print_result, progress_bars

app = typer.Typer()


@app.command(rich_help_panel="Streams")
def devices(
    watch: Annotated[bool, typer.Option("--watch", help="Follow all streams, once a second, until Ctrl-C.")] = False,
    as_json: Json = False,
) -> None:
    """List the streams and devices that there are."""
    from experiments.streams.devices import device_table, list_devices, watch_devices

    if not watch:
        print_result(list_devices(), as_json, "devices")
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), auto_refresh=False) as live:
        result = watch_devices(lambda rows: live.update(device_table(rows), refresh=True))
    if as_json:
        print_result(result, as_json, "devices")


@app.command(rich_help_panel="Streams")
def check(
    eeg: Annotated[str | None, typer.Option(metavar="SOURCE", help="Which EEG, where there is more than one.")] = None,
    gaze: Annotated[str | None, typer.Option(metavar="SOURCE", help="Which gaze, likewise.")] = None,
    seconds: Annotated[float, typer.Option(help="For how long to listen.")] = 10.0,
    out: Annotated[Path, typer.Option(help="Folder in which sessions will be written.")] = Path("sessions"),
    as_json: Json = False,
) -> None:
    """Say whether this machine and these streams are fit for an experiment, with the numbers that decide.

    A SOURCE is an LSL stream's name, type or source_id, or brainflow:BOARD, or neon:ADDRESS.
    """
    from experiments.streams.check import check as check_setup

    with progress_bars() as progress:
        result = check_setup(eeg, gaze, seconds, out, progress)
    print_result(result, as_json, "points")
    if not result["ok"]:
        raise typer.Exit(1)


@app.command(rich_help_panel="Streams")
def simulate(
    profile: Annotated[str, typer.Option(help="How good the signals are: easy, typical or hard.")] = "typical",
    target: Annotated[
        str | None,
        typer.Option(help="Take part in a session on this network and copy this text; else attend to nothing."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    neon: Annotated[bool, typer.Option("--neon", help="Be a Pupil Labs Neon instead, by its own protocol.")] = False,
    host: Annotated[str, typer.Option(help="Address of the Neon.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the Neon.")] = 8080,
) -> None:
    """Publish what a participant's amplifier and eye tracker would, until Ctrl-C."""
    if neon:
        from acquisition.fake_neon import run_fake_neon

        print(f"A Neon answers at {host}:{port}; Ctrl-C ends it.", file=sys.stderr)
        run_fake_neon(host, port, seed=seed, announced=True)
        return
    from experiments.simulate import simulate as publish

    print("EEG and gaze are on LSL; `assent devices` shows them. Ctrl-C ends them.", file=sys.stderr)
    with interruptible("The simulated participant has left."):
        publish(profile, target=target, seed=seed)


@app.command(rich_help_panel="Streams")
def stream(
    file: Annotated[Path, typer.Argument(help="XDF, BDF, EDF, FIF, BrainVision, EyeLink ASC, or a CSV of gaze.")],
    speed: Annotated[float, typer.Option(help="How many times faster than it was recorded.")] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Begin anew at the end.")] = False,
    unit: Annotated[
        list[str] | None, typer.Option(metavar="STREAM=UNIT", help="A unit that the file does not tell: eeg=uV.")
    ] = None,
    wait: Annotated[float, typer.Option(help="Wait so long (s) at most for somebody to listen.")] = 0.0,
    as_json: Json = False,
) -> None:
    """Play a recording as live LSL streams, with its markers."""
    from dataclasses import asdict

    from acquisition.player import play

    units = dict(_unit(text) for text in unit or [])
    with interruptible("The recording was stopped."):
        played = play(file, speed, loop, units, wait_s=wait, tell=lambda sentence: print(sentence, file=sys.stderr))
    values: dict[str, Any] = asdict(played)
    print_result(values, as_json, "played")


def _unit(text: str) -> tuple[str, str]:
    name, equals, unit = text.partition("=")
    if not equals:
        raise ValueError(f"Argument '--unit' must look like eeg=uV (got {text!r}).")
    return name, unit
