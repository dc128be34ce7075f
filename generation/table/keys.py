"""What tells the next cell from the schema: keys of other tables, enumerations, booleans and ranges."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from generation.table.dependencies import looked_at
from generation.table.experts import Expert, Place, Prediction, Rates, in_turn
from generation.table.journal import Journal
from generation.table.types import Schema, Table

_RANGE = 1000
_TRIAL_ROWS = 64
_KEPT = 6
_SAID = 3
_UNUSED = 64  # candidates enough for any page
_BOOLEANS = (("true", "false"), ("True", "False"), ("TRUE", "FALSE"))


class Index:
    """A finished table, by what stands in its columns.

    Parameters
    ----------
    table : Table
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._places: dict[int, dict[str, int]] = {}

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """Place of each column."""
        return {field.name: place for place, field in enumerate(self.table.schema.fields)}

    def first(self, column: int, value: str) -> int | None:
        """The first row with this value; None if there is none."""
        places = self._places.get(column)
        if places is None:
            places = {}
            for number, row in enumerate(self.table.rows):
                places.setdefault(row[column], number)
            self._places[column] = places
        return places.get(value) if value else None

    def values(self, column: int) -> Sequence[str]:
        """Distinct values in their order."""
        self.first(column, "")
        return [value for value in self._places[column] if value]


class Lookup:
    """The value that another table's row holds, found by a cell of this row.

    Parameters
    ----------
    index : Index
    by : mapping of int to sequence of int
        For cells of this row, the columns in which they may stand there.
    wanted : sequence of int
        Columns there that may hold this one's values.
    """

    name, stage = "lookup", "keys"

    def __init__(self, index: Index, by: Mapping[int, Sequence[int]], wanted: Sequence[int]) -> None:
        self._index = index
        self._rates = Rates()
        self._rules: dict[str, tuple[tuple[int, int, int], ...]] = {
            "kept": tuple(
                (here, there, target) for here, columns in by.items() for there in columns for target in wanted
            )
        }
        self._rows: dict[str, int] = {"n": 0}

    def predict(self, place: Place) -> Prediction | None:
        """What the cell may hold; None where no cell of the row was found."""
        said = []
        for rule in self._rules["kept"]:
            value = self._value(rule, place)
            if value is not None and self._rates.tried(rule):
                said.append((self._rates[rule], rule, value))
        best = sorted(said, key=lambda item: (-item[0], item[1]))[:_SAID]
        return in_turn([(value, rate) for rate, _, value in best])

    def learn(self, place: Place, value: str, journal: Journal) -> None:
        """Take in which ways to the other table led to this value."""
        for rule in self._rules["kept"]:
            found = self._value(rule, place)
            if found is not None:
                self._rates.learn(rule, found == value, journal)
        journal.put(self._rows, "n", self._rows["n"] + 1)
        if self._rows["n"] == _TRIAL_ROWS:
            worth = {rule: self._rates[rule] * self._rates.tried(rule) for rule in self._rules["kept"]}
            best = sorted(worth, key=lambda rule: (-worth[rule], rule))[:_KEPT]
            journal.put(self._rules, "kept", tuple(best))

    def _value(self, rule: tuple[int, int, int], place: Place) -> str | None:
        here, there, target = rule
        row = self._index.first(there, place.row[here])
        return None if row is None else self._index.table.rows[row][target]


class Choices:
    """One of a known list: those not used so far first, the next after the last one first of all.

    Parameters
    ----------
    name : str
    values : sequence of str
        All that are allowed, in their order.
    """

    stage = "keys"

    def __init__(self, name: str, values: Sequence[str]) -> None:
        self.name = name
        self._values = values
        self._places = {value: place for place, value in enumerate(values)}
        self._used: dict[str, int] = {}
        self._rates = Rates()

    def predict(self, place: Place) -> Prediction | None:
        """What the cell may hold."""
        following = self._following(place)
        fresh = self._rates["fresh"] if len(self._used) < len(self._values) else 0.0
        first = self._rates["following"] if following is not None else 0.0
        values: dict[str, float] = {} if following is None else {following: first}
        n_unused = len(self._values) - len(self._used)
        start = self._places[following] if following is not None else 0
        listed = 0
        for value in (*self._values[start:], *self._values[:start]):
            if listed == _UNUSED:
                break
            used = value in self._used
            share = (1 - fresh) / len(self._used) if used else fresh / n_unused
            values[value] = values.get(value, 0.0) + 0.9 * (1 - first) * share
            listed += not used or fresh < 0.5
        return Prediction(values, max(1 - sum(values.values()), 0.0))

    def learn(self, place: Place, value: str, journal: Journal) -> None:
        """Take in which one was chosen."""
        if value not in self._places:
            return
        following = self._following(place)
        if following is not None:
            self._rates.learn("following", value == following, journal)
        if len(self._used) < len(self._values):
            self._rates.learn("fresh", value not in self._used, journal)
        if value not in self._used:
            journal.put(self._used, value, 1)

    def _following(self, place: Place) -> str | None:
        """The first one after the last cell's that is not used."""
        last = next((self._places[cell] for cell in reversed(place.history[-4:]) if cell in self._places), -1)
        return next((value for value in self._values[last + 1 : last + 1 + _UNUSED] if value not in self._used), None)


def schema_experts(schema: Schema, column: int, name: str, indexes: Mapping[str, Index]) -> list[Expert]:
    """Experts for what the schema says of a column.

    Parameters
    ----------
    schema : Schema
    column : int
        Its place in the row.
    name : str
    indexes : mapping of str to Index
        The tables that keys refer to.
    """
    experts: list[Expert] = []
    field = next((field for field in schema.fields if field.name == name), None)
    allowed = () if field is None else _allowed(field.enum, field.type, field.minimum, field.maximum)
    if allowed:
        experts.append(Choices("choices", allowed))
    places = {field.name: place for place, field in enumerate(schema.fields)}
    for key in schema.foreign_keys:
        index = indexes.get(key.table)
        if index is None or not all(reference in index.columns for reference in key.references):
            continue
        pairs = list(zip(key.fields, key.references, strict=True))
        own = dict(pairs).get(name)
        if own is not None:
            target = index.columns[own]
            experts.append(Choices("references", index.values(target)))
            everywhere = {here: range(len(index.columns)) for here in looked_at(column)}
            experts.append(Lookup(index, everywhere, [target]))
        else:
            by = {places[here]: [index.columns[there]] for here, there in pairs if places.get(here, column) < column}
            if by:
                experts.append(Lookup(index, by, range(len(index.columns))))
    return experts


def _allowed(enum: Sequence[str], kind: str, minimum: str | None, maximum: str | None) -> Sequence[str]:
    if enum:
        return enum
    if kind == "boolean":
        return [word for words in _BOOLEANS for word in words]
    if kind in ("integer", "year") and minimum is not None and maximum is not None:
        try:
            first, last = int(minimum), int(maximum)
        except ValueError:
            return ()
        return [str(number) for number in range(first, last + 1)] if 0 <= last - first < _RANGE else ()
    return ()
