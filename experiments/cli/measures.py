"""Commands that measure: decoders on recordings, speed, and the models that ship."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from experiments.cli.output import Json, print_result, progress_bars

app = typer.Typer()
models = typer.Typer(help="Language models: what ships, whether it is whole, and how it is made.", no_args_is_help=True)
app.add_typer(models, name="models", rich_help_panel="Parts")


@app.command(rich_help_panel="Offline")
def evaluate(
    dataset: Annotated[str, typer.Argument(help="Name of a dataset, the path of its TOML file, or all.")],
    root: Annotated[Path, typer.Option(help="Folder that holds the recordings.")],
    decoder: Annotated[str | None, typer.Option(help="A decoder's name, or all.")] = None,
    protocol: Annotated[str | None, typer.Option(help="One of the dataset's protocols; its first by default.")] = None,
    train_root: Annotated[
        Path | None, typer.Option(help="Folder of the training recordings, where they lie apart.")
    ] = None,
    over_lsl: Annotated[
        float | None,
        typer.Option(metavar="SPEED", help="Play every recording over LSL first, so many times faster, and compare."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Score decoders on recordings, by the protocol that the dataset's file describes.

    With all, every dataset that lies in a folder of its name below the root, beside figures of public methods.
    """
    from experiments.evaluate import evaluate as evaluate_dataset
    from experiments.evaluate import evaluate_all

    if dataset == "all":
        if protocol is not None or over_lsl is not None:
            raise ValueError("All datasets are judged by their main protocols, from disk: name one dataset.")
        with progress_bars() as progress:
            compared = evaluate_all(root, decoder, train_root, progress)
        for name, reason in compared.skipped.items():
            print(f"{name} is skipped: {reason}", file=sys.stderr)
        print_result(compared.to_dict(), as_json, "comparison")
        return
    with progress_bars() as progress:
        result = evaluate_dataset(
            dataset,
            root,
            decoder=decoder,
            protocol=protocol,
            train_root=train_root,
            over_lsl=over_lsl,
            progress=progress,
        )
    print_result(result.to_dict(), as_json, "scores")


@app.command(rich_help_panel="Parts")
def bench(
    name: Annotated[str, typer.Argument(help="What is measured; an unknown name lists them all.")],
    quick: Annotated[bool, typer.Option("--quick", help="Within a minute.")] = False,
    as_json: Json = False,
) -> None:
    """Measure speed, as ratios to a peer or a bound in the same run."""
    from experiments.bench import BENCHES
    from experiments.registry import resolve

    with progress_bars() as progress:
        result = resolve(BENCHES, name)(quick=quick, progress=progress)
    print_result(result, as_json, "bench")


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
    print_result({"models": found}, as_json, "models")


@models.command("verify")
def verify_models(as_json: Json = False) -> None:
    """Check every model's file against the manifest; exit code 1 where one is missing or damaged."""
    from generation.models import list_models as known
    from generation.models import verify

    faults = {m.name: verify(m) for m in known()}
    ok = not any(faults.values())
    print_result({"ok": ok, "faults": faults}, as_json, "faults")
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

    with progress_bars() as progress:
        progress(f"training {name}", 0, 1)
        path = train(name, corpora, out)
        progress(f"training {name}", 1, 1)
    print_result({"name": name, "file": str(path)}, as_json, "model")


@models.command("fit")
def fit_kinds(
    kinds: Annotated[list[str] | None, typer.Argument(help="Kinds of document; text and python by default.")] = None,
    corpora: Annotated[
        Path, typer.Option(help="Folder of the texts; its text/ holds the sentences that English is fitted on.")
    ] = Path("corpora"),
    n: Annotated[int, typer.Option(min=10, help="Places to fit on, and as many to check on.")] = 600,
    llm: Annotated[Path | None, typer.Option(help="The GGUF model that filters; the tiny llama by default.")] = None,
    out: Annotated[Path, typer.Option(help="The file whose parts are made anew.")] = Path("generation/mixing.toml"),
    as_json: Json = False,
) -> None:
    """Fit anew how generators mix, how they are calibrated, and what the language model's filter says."""
    from experiments.fitting import fit_into

    with progress_bars() as progress:
        fitted = fit_into(out, kinds or ["text", "python"], corpora, n, llm, progress)
    notes = {kind: list(part.notes) for kind, part in fitted.items()}
    print_result({"file": str(out), "kinds": notes}, as_json, "notes")
