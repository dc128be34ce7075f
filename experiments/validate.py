"""Files judged as finished documents, each by the validators of its kind; what can't be read gets a verdict too."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import decode_source
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from experiments.files import kind_of, read_text
from generation.types import Kind
from validation.types import Verdict

if TYPE_CHECKING:
    from validation.logic import LogicValidator

Located = tuple[str, Verdict]
"""The cell that a verdict is about, empty where it is about no cell; and the verdict."""

_MOST_BYTES: Mapping[Kind, int] = {"text": 4_000_000, "python": 1_000_000, "table": 20_000_000, "formula": 20_000_000}


@dataclass(frozen=True, slots=True)
class Report:
    """What was said of a file.

    Parameters
    ----------
    path : Path
    found : tuple of (str, Verdict)
        In the order of stages and places; one without ``ok`` is an error, one with it and a rule a matter of style.
    """

    path: Path
    found: tuple[Located, ...]

    @property
    def n_errors(self) -> int:
        return sum(not verdict.ok for _, verdict in self.found)

    @property
    def n_style(self) -> int:
        return sum(verdict.ok and bool(verdict.rule) for _, verdict in self.found)

    def to_dict(self, strict: bool) -> dict[str, Any]:
        """Plain values for programs; with ``strict`` a file with a matter of style is not ok either."""
        return {
            "file": storable(str(self.path)),
            "ok": not (self.n_errors or (strict and self.n_style)),
            "verdicts": [_told(cell, verdict) for cell, verdict in self.found],
        }


@dataclass(frozen=True, slots=True)
class Checks:
    """What files are judged by, besides the rules of their kinds.

    Parameters
    ----------
    schema : Path, optional
        A Table Schema, of tables; by default the data package's, or one inferred from the rows.
    package : Path, optional
        A data package that names the tables; by default one that stands beside them, or one folder up.
    tests : Path, optional
        Tests that programs are to pass.
    evaluated : bool
        Whether formulas are worked out.
    """

    schema: Path | None = None
    package: Path | None = None
    tests: Path | None = None
    evaluated: bool = False


def validate(
    paths: Sequence[Path], kind: str | None = None, checks: Checks | None = None, strict: bool = False
) -> dict[str, Any]:
    """Judge files one after the other; one that is broken stops no other.

    Parameters
    ----------
    paths : sequence of Path
    kind : str, optional
        Of all of them; by default what their suffixes say.
    checks : Checks, optional
    strict : bool
        Whether matters of style count.

    Returns
    -------
    dict
        ``ok``, ``files`` with their verdicts, and the numbers of errors and matters of style.

    Raises
    ------
    OSError, ValueError
        One sentence: there is no such file or kind, or something is asked that concerns none of the files.
    """
    checks = checks or Checks()
    kinds = [_kind(path, kind) for path in paths]
    for name, of, told in (
        ("schema", "table", checks.schema),
        ("package", "table", checks.package),
        ("tests", "python", checks.tests),
    ):
        if told is not None and of not in kinds:
            raise ValueError(f"Argument '--{name}' (got {str(told)!r}) needs a file of kind {of}.")
        if told is not None and not told.is_file():
            raise FileNotFoundError(f"There is no file {str(told)!r}.")
    judges = _judges(checks)
    reports = [Report(path, tuple(_judged(path, of, judges[of]))) for path, of in zip(paths, kinds, strict=True)]
    files = [report.to_dict(strict) for report in reports]
    return {
        "ok": all(file["ok"] for file in files),
        "files": files,
        "n_errors": sum(report.n_errors for report in reports),
        "n_style": sum(report.n_style for report in reports),
    }


def storable(text: str) -> str:
    """A text in which half characters, such as those of file names that are no UTF-8, are written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _kind(path: Path, kind: str | None) -> Kind:
    found = kind_of(path, kind)
    if path.is_dir():
        raise IsADirectoryError(f"Argument 'FILE' must be a file (got the folder {str(path)!r}).")
    if not path.exists():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    return found


def _judged(path: Path, kind: Kind, judge: Callable[[Path], Sequence[Located]]) -> Iterator[Located]:
    """All verdicts on a file; at least one."""
    begun = perf_counter()
    try:
        if not path.is_file():
            raise ValueError(f"File {str(path)!r} must be a regular one.")
        size = path.stat().st_size
        if size > _MOST_BYTES[kind]:
            raise ValueError(f"A {kind} may have {_MOST_BYTES[kind] / 1e6:g} MB (got {size / 1e6:.1f} MB).")
        found = judge(path)
    except (OSError, ValueError, RecursionError) as error:
        found = [("", Verdict(False, "file", "unreadable", str(error), perf_counter() - begun))]
    yield from found or [("", Verdict(True, kind, seconds=perf_counter() - begun))]


def _judges(checks: Checks) -> Mapping[Kind, Callable[[Path], Sequence[Located]]]:
    """Who judges the files of a kind; what that needs is imported once there is one."""
    logic = _tested(checks.tests)

    def text(path: Path) -> Sequence[Located]:
        from validation.text import TextValidator

        return _nowhere(TextValidator(_MOST_BYTES["text"]).check_finished(read_text(path)))

    def python(path: Path) -> Sequence[Located]:
        from validation.python.finished import check_finished

        source = _source(path)
        found = check_finished(source)
        if logic is not None and all(verdict.ok for verdict in found if verdict.stage in ("compile", "logic")):
            found.append(logic.check_document(source))
        return _nowhere(found)

    def table(path: Path) -> Sequence[Located]:
        from validation.table.finished import check_table_file

        return _nowhere(check_table_file(path, checks.schema, checks.package))

    def formula(path: Path) -> Sequence[Located]:
        from validation.formula.finished import check_workbook

        return check_workbook(path, evaluated=checks.evaluated)

    return {"text": text, "python": python, "table": table, "formula": formula}


def _source(path: Path) -> str:
    """A program in the encoding that it declares, with line ends as Python reads them."""
    try:
        return decode_source(path.read_bytes())
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ValueError(f"File {str(path)!r} must be in UTF-8 or the encoding that it declares ({error}).") from None


def _tested(tests: Path | None) -> "LogicValidator | None":
    if tests is None:
        return None
    from validation.logic import LogicValidator

    return LogicValidator(read_text(tests))


def _nowhere(verdicts: Sequence[Verdict]) -> list[Located]:
    return [("", verdict) for verdict in verdicts]


def _told(cell: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "stage": verdict.stage,
        "rule": verdict.rule,
        "ok": verdict.ok,
        "reason": storable(verdict.reason),
        "line": verdict.line,
        **({"cell": storable(cell)} if cell else {}),
        "ms": 1e3 * verdict.seconds,
    }
