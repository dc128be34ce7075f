"""Validation of tables: real rows that are refused, broken ones that are not, and milliseconds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

import numpy as np

from experiments.bench.table import Row
from generation.table.delimited import read_rows, settled_rows, write_rows
from generation.table.reading import read_table
from generation.table.types import Field, Schema, TableScope
from generation.types import Candidate, Context
from validation.table.finished import check_table
from validation.table.validator import TableValidator
from validation.types import Verdict

NOTES = (
    "Tables under 'tables' in the folder of corpora, with the schemas of their packages ('given'), and with all that "
    "their rows allow ('strict': the shortest run of leading columns that never repeats as primary key, enumerations "
    "of few values, least and most numbers, required where no cell is empty). False rejects: every beginning of a row, "
    "character by character. False accepts: a row, or its part up to the mistake and the delimiter or line end that "
    "finishes it, in which one cell has another type or lies outside its column's values, the key has come before, or "
    "a cell is missing or too many; no completion saves these."
)
_SEED = 5
_FEW = 20  # values of an enumeration, at most
_KEY_COLUMNS = 3
_LONG = 10_000  # rows
_ABOVE = 100  # rows above a mistake that the finished table has
_SHOWN = 3  # exceptions that a row of the result quotes


@dataclass(frozen=True, slots=True, eq=False)
class _Corpus:
    """A table with one of its schemas."""

    name: str
    schema: str
    text: str
    scope: TableScope
    ends: tuple[int, ...]  # of each line, the header first

    def line(self, n: int) -> tuple[str, str]:
        """What stands before a line, and the line itself."""
        return self.text[: self.ends[n - 1]], self.text[self.ends[n - 1] : self.ends[n]]


def false_rejects(corpora: Path | None, n: int) -> list[Row]:
    """How many beginnings of rows are refused, in ``n`` rows of each table, and which."""
    rng = np.random.default_rng(_SEED)
    rows: list[Row] = []
    for corpus in _corpora(corpora):
        validator, n_prefixes, refused = TableValidator(), 0, []
        for number in _some(rng, len(corpus.ends) - 1, n):
            before, line = corpus.line(number + 1)
            for end in range(1, len(line) + 1):
                verdict = _judge(validator, corpus, before, line[:end])
                n_prefixes += 1
                if not verdict.ok:
                    refused.append(f"{line[:end]!r}: {verdict.reason}")
        broken = [verdict for verdict in check_table(corpus.text, corpus.scope) if not verdict.ok]
        rows.append(
            {
                "table": corpus.name,
                "schema": corpus.schema,
                "n_prefixes": n_prefixes,
                "refused": len(refused),
                "broken_cells_of_the_whole_table": len(broken),
                "exceptions": " | ".join(refused[:_SHOWN]),
            }
        )
    return rows


def false_accepts(corpora: Path | None, n: int) -> list[Row]:
    """Share of broken rows that are caught, unfinished and in finished tables; ``n`` mistakes of a kind a table."""
    rng = np.random.default_rng(_SEED)
    counts: dict[str, list[tuple[bool, bool]]] = {}
    missed: dict[str, list[str]] = {}
    for corpus in _corpora(corpora):
        if corpus.schema != "strict":
            continue
        validator, header, rows = TableValidator(), *_split(corpus)
        for number in _some(rng, len(rows), n):
            before, _ = corpus.line(number + 1)
            for mistake, cells, at in _mistakes(corpus.scope.schema, rows, number, rng):
                whole = write_rows([cells], corpus.scope.delimiter)
                part = whole if at is None else write_rows([cells[: at + 1]], corpus.scope.delimiter)
                part = part if at is None or at + 1 == len(header) else part[:-1] + corpus.scope.delimiter
                caught = not _judge(validator, corpus, before, part).ok
                above = [header, *rows[max(0, number - _ABOVE) : number]]
                table = write_rows([*above, cells], corpus.scope.delimiter)
                line = 1 + sum(map(_n_lines, above))
                told = any(v.line == line and not v.ok for v in check_table(table, corpus.scope))
                counts.setdefault(mistake, []).append((caught, told))
                if not caught:
                    missed.setdefault(mistake, []).append(f"{corpus.name}: {part!r}")
    return [
        {
            "mistake": mistake,
            "n": len(found),
            "caught_unfinished": sum(caught for caught, _ in found) / len(found),
            "caught_finished": sum(told for _, told in found) / len(found),
            "missed": " | ".join(missed.get(mistake, [])[:_SHOWN]),
        }
        for mistake, found in counts.items()
    ]


def milliseconds(n: int) -> list[Row]:
    """Median and 99th percentile of a candidate in a table of 10,000 rows, in ``n`` rows that are being written."""
    scope, text = _long_table(_LONG + n)
    ends = [end for _, end in settled_rows(text, 0, ",")]
    validator, seconds = TableValidator(), []
    first = validator.check(Context("table", text[: ends[_LONG]], "", scope), Candidate("1", 0.0, "bench")).seconds
    for begin, end in pairwise(ends[_LONG:]):
        line = text[begin:end]
        for place in (0, len(line) // 2):
            context = Context("table", text[: begin + place], "", scope)
            texts = (line[place:], line[place : place + 3], "7", "x,", "12,", "\n")
            seconds += [validator.check(context, Candidate(added, 0.0, "bench")).seconds for added in texts]
    return [_times(f"table of {_LONG} rows", seconds, first)]


def _times(name: str, seconds: Sequence[float], first: float) -> Row:
    return {
        "document": name,
        "n": len(seconds),
        "median_ms": 1e3 * float(np.median(seconds)),
        "p99_ms": 1e3 * float(np.quantile(seconds, 0.99)),
        "first_ms": 1e3 * first,
    }


def _corpora(corpora: Path | None) -> Iterator[_Corpus]:
    for path in sorted((corpora / "tables").glob("*/*.csv")) if corpora else ():
        text, scope = read_table(path)
        ends = tuple(end for row, end in settled_rows(text, 0, scope.delimiter) if row)
        yield _Corpus(path.stem, "given", text[: ends[-1]], scope, ends)
        rows = read_rows(text[: ends[-1]], scope.delimiter)[1:]
        strict = replace(scope, schema=_strict(scope.schema, rows))
        yield _Corpus(path.stem, "strict", text[: ends[-1]], strict, ends)


def _strict(schema: Schema, rows: Sequence[Sequence[str]]) -> Schema:
    """All that the rows of a table allow."""
    fields = []
    for place, field in enumerate(schema.fields):
        values = [row[place] for row in rows]
        held = [value for value in values if value not in schema.missing_values]
        distinct = sorted(set(held))
        enum = tuple(distinct) if field.type == "string" and 0 < len(distinct) <= min(_FEW, len(rows) // 10) else ()
        fields.append(replace(field, enum=enum, required=len(held) == len(values)))
        fields[-1] = _bounded(fields[-1], held)
    names = tuple(field.name for field in schema.fields)
    for n in range(1, _KEY_COLUMNS + 1):
        leading = [tuple(row[:n]) for row in rows]
        if n < len(names) and all(field.required for field in fields[:n]) and len(set(leading)) == len(rows):
            return replace(schema, fields=tuple(fields), primary_key=names[:n])
    return replace(schema, fields=tuple(fields))


def _bounded(field: Field, values: Sequence[str]) -> Field:
    if field.type not in ("integer", "number") or not values:
        return field
    try:
        return replace(field, minimum=min(values, key=Decimal), maximum=max(values, key=Decimal))
    except InvalidOperation:
        return field


def _mistakes(
    schema: Schema, rows: Sequence[Sequence[str]], number: int, rng: np.random.Generator
) -> Iterator[tuple[str, list[str], int | None]]:
    """Kinds of mistake, the row with it, and the column where it is; None for the row as a whole."""
    row = list(rows[number])
    wrong = {"integer": "1.5x", "number": "1.5x", "date": "2023-02-30", "boolean": "maybe", "year": "20x4"}
    typed = [place for place, field in enumerate(schema.fields) if field.type in wrong]
    bounded = [place for place, field in enumerate(schema.fields) if field.maximum is not None]
    listed = [place for place, field in enumerate(schema.fields) if field.enum]
    needed = [place for place, field in enumerate(schema.fields) if field.required]
    if typed:
        place = int(rng.choice(typed))
        yield "type", _with(row, place, wrong[schema.fields[place].type]), place
    if bounded:
        place = int(rng.choice(bounded))
        beyond = Decimal(str(schema.fields[place].maximum)) + 1
        yield "range", _with(row, place, f"{beyond:f}"), place
    if listed:
        place = int(rng.choice(listed))
        yield "enumeration", _with(row, place, row[place] + "?"), place
    if needed:
        place = int(rng.choice(needed))
        if len(row) > 1:
            yield "required", _with(row, place, ""), place
    if schema.primary_key and number:
        n = len(schema.primary_key)
        yield "key", [*rows[int(rng.integers(max(0, number - _ABOVE), number))][:n], *row[n:]], n - 1
    if len(row) > 1:
        yield "cell missing", row[:-1], None
    yield "cell too many", [*row, row[-1]], None


def _with(row: list[str], place: int, cell: str) -> list[str]:
    return [*row[:place], cell, *row[place + 1 :]]


def _long_table(n_rows: int) -> tuple[TableScope, str]:
    fields = (Field("id", "integer", required=True), Field("day", "date"), Field("place"), Field("value", "number"))
    rows = [
        [str(n), f"20{n // 336 % 60 + 10}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}", f"place {n % 97}", f"{n / 7:.3f}"]
        for n in range(n_rows)
    ]
    text = write_rows([[field.name for field in fields], *rows])
    return TableScope("long", Schema(fields, ("id", "day"))), text


def _split(corpus: _Corpus) -> tuple[list[str], list[list[str]]]:
    header, *rows = read_rows(corpus.text, corpus.scope.delimiter)
    return header, rows


def _n_lines(cells: Sequence[str]) -> int:
    return 1 + sum(len(cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")) - 1 for cell in cells)


def _some(rng: np.random.Generator, n_rows: int, n: int) -> list[int]:
    """Rows in their order, so that the validator reads on."""
    return sorted(rng.choice(n_rows, size=min(n, n_rows), replace=False).tolist())


def _judge(validator: TableValidator, corpus: _Corpus, before: str, text: str) -> Verdict:
    return validator.check(Context("table", before, "", corpus.scope), Candidate(text, 0.0, "bench"))
