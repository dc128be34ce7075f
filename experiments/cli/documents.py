"""Commands for the document half alone: what may come next, what may stand, and an editor."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.cli.output import Json, print_result

app = typer.Typer()

Kind = Annotated[
    str | None, typer.Option(help="text, python, table or formula; by default what the file's suffix says.")
]
At = Annotated[
    str | None, typer.Option(metavar="LINE:COL", help="The cursor, counted from 1; by default the file's end.")
]
Cell = Annotated[str | None, typer.Option(metavar="B7", help="Where a formula is to stand, such as Sheet2!B7.")]
Typed = Annotated[str, typer.Option(help="How the formula begins.")]
Llm = Annotated[
    str,
    typer.Option(metavar="GGUF", help="A language model that filters: a file, auto (the one that ships), or none."),
]

Language = Annotated[str, typer.Option(help="Of a text: en, ru, ar, or a language file.")]
Own = Annotated[
    list[Path] | None, typer.Option(metavar="FILE", help="Something the person wrote before; may be given repeatedly.")
]


@app.command(rich_help_panel="Documents")
def suggest(
    file: Annotated[Path, typer.Argument(help="A text, a program, a table or a workbook.")],
    kind: Kind = None,
    at: At = None,
    cell: Cell = None,
    typed: Typed = "=",
    n: Annotated[int, typer.Option("--n", "-n", help="How many are shown.")] = 32,
    llm: Llm = "auto",
    language: Language = "en",
    own: Own = None,
    as_json: Json = False,
) -> None:
    """What may come next at a place in a file: candidates with their sources, scores, verdicts and milliseconds."""
    from experiments.config import Generation
    from experiments.files import kind_of, read_context
    from experiments.kinds import closer_look, proposer
    from experiments.suggest import suggest as suggest_at

    context = read_context(file, kind_of(file, kind), at, cell, typed)
    told = Generation(llm=llm, language=language, own_files=tuple(map(str, own or ())))
    proposing = proposer(context, told)
    found = suggest_at(proposing, context, n, closer_look(context.kind))
    print_result(found.to_dict(context, n), as_json, "suggestions")


@app.command(rich_help_panel="Documents")
def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Texts, programs, tables or workbooks.")],
    kind: Kind = None,
    schema: Annotated[Path | None, typer.Option(metavar="FILE", help="The Table Schema of tables.")] = None,
    package: Annotated[Path | None, typer.Option(metavar="FILE", help="The data package that names tables.")] = None,
    tests: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Tests that programs are to pass; they run in the sandbox.")
    ] = None,
    evaluate: Annotated[bool, typer.Option("--evaluate", help="Work formulas out, too.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Matters of style count like errors.")] = False,
    as_json: Json = False,
) -> None:
    """Judge finished files; exit code 1 where one is invalid.

    Errors and matters of style are told apart, and only errors make a file invalid. Serves as a pre-commit hook.
    """
    from experiments.validate import Checks
    from experiments.validate import validate as validate_files

    found = validate_files(files, kind, Checks(schema, package, tests, evaluate), strict)
    print_result(found, as_json, "verdicts")
    if not found["ok"]:
        raise typer.Exit(1)


@app.command(rich_help_panel="Documents")
def edit(
    file: Annotated[Path, typer.Argument(help="A text, a program, a table or a workbook.")],
    kind: Kind = None,
    at: At = None,
    cell: Cell = None,
    typed: Typed = "=",
    llm: Llm = "auto",
    language: Language = "en",
    own: Own = None,
) -> None:
    """Write in a file as a participant would, but with keyboard and mouse; every block keeps its trace."""
    from experiments.config import Generation
    from experiments.editor.run import run_editor
    from experiments.files import kind_of

    told = Generation(llm=llm, language=language, own_files=tuple(map(str, own or ())))
    run_editor(file, kind_of(file, kind), at, cell, typed, told)
