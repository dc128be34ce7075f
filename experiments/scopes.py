"""What a table or a formula depends on, as plain values that another process can read."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from pydantic import TypeAdapter

from generation.formula.types import Sheet, SheetScope
from generation.table.types import TableScope

Scope = TableScope | SheetScope

_TABLE = TypeAdapter(TableScope)
_MOMENTS: Mapping[str, type[datetime] | type[date] | type[time]] = {"datetime": datetime, "date": date, "time": time}


def to_plain(scope: Scope) -> dict[str, Any]:
    """Values that JSON can hold."""
    if isinstance(scope, TableScope):
        return {"table": _TABLE.dump_python(replace(scope, tables=dict(scope.tables)), mode="json")}
    return {
        "formula": {
            "sheets": [
                [name, _cells(sheet.name, sheet.cells), _cells(sheet.name, sheet.formats)]
                for name, sheet in scope.sheets.items()
            ],
            "sheet": scope.sheet,
            "cell": list(scope.cell),
            "names": dict(scope.names),
        }
    }


def from_plain(values: Mapping[str, Any]) -> Scope:
    """Inverse of `to_plain`."""
    if "table" in values:
        return _TABLE.validate_python(values["table"])
    told = values["formula"]
    sheets = {}
    for name, cells, formats in told["sheets"]:
        formats = {(row, column): str(entered) for row, column, entered in formats}
        sheets[name] = Sheet(name, {(row, column): _entered(entered) for row, column, entered in cells}, formats)
    row, column = told["cell"]
    return SheetScope(sheets, told["sheet"], (row, column), told["names"])


def _cells(name: str, cells: Mapping[tuple[int, int], object]) -> list[list[Any]]:
    return [[row, column, _plain(name, entered)] for (row, column), entered in cells.items()]


def _plain(name: str, entered: object) -> Any:
    if isinstance(entered, datetime | date | time):
        return {type(entered).__name__: entered.isoformat()}
    if entered is None or isinstance(entered, (str, bool, int, float)):
        return entered
    raise TypeError(f"Cells of sheet {name!r} must hold text, numbers, truths or moments (got {entered!r}).")


def _entered(value: Any) -> object:
    if isinstance(value, Mapping):
        ((kind, written),) = value.items()
        return _MOMENTS[kind].fromisoformat(written)
    return value
