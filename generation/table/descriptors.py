"""Table Schema descriptors and data packages, in our own terms."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from frictionless import FrictionlessException
from frictionless import Schema as FrictionlessSchema
from frictionless.platform import platform

from generation.table.types import Field, FieldType, ForeignKey, Schema

_log = logging.getLogger(__name__)

PACKAGE_NAMES = ("datapackage.json", "datapackage.yml", "datapackage.yaml")
_TYPES = get_args(FieldType)


def read_descriptor(path: Path) -> Mapping[str, Any]:
    """A JSON or YAML file that holds a mapping.

    Raises
    ------
    OSError, ValueError
        One sentence: it cannot be read, or is none.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text) if path.suffix.lower() == ".json" else platform.yaml.safe_load(text)
    except (ValueError, RecursionError, platform.yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"Descriptor {path.name!r} must be JSON or YAML (got: {reason}).") from None
    if not isinstance(content, Mapping):
        raise ValueError(f"Descriptor {path.name!r} must hold a mapping (got {type(content).__name__}).")
    return content


def read_schema(descriptor: Mapping[str, Any] | Path, name: str = "") -> Schema:
    """A Table Schema descriptor, or the file of one, as a schema.

    Types that have no form in a single cell of text ("array", "geojson") become "any"; a boolean's own words become an
    enumeration.

    Parameters
    ----------
    descriptor : mapping or Path
    name : str
        What to call the schema in errors; a file's name by default.

    Raises
    ------
    OSError, ValueError
        One sentence: it cannot be read, or is no Table Schema.
    """
    if isinstance(descriptor, Path):
        name = name or descriptor.name
        descriptor = read_descriptor(descriptor)
    try:
        schema = FrictionlessSchema.from_descriptor(dict(descriptor))
        fields = tuple(_field(field) for field in schema.fields)
        keys = tuple(
            ForeignKey(tuple(key["fields"]), key["reference"].get("resource", ""), tuple(key["reference"]["fields"]))
            for key in schema.foreign_keys
        )
    except FrictionlessException as error:
        reasons = "; ".join(reason.note for reason in error.reasons) or error.error.note
        raise ValueError(f"Schema {name!r} must be a Table Schema: {reasons}.") from None
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"Schema {name!r} must be a Table Schema (got: {error!r}).") from None
    columns = {field.name for field in fields}
    for named in (tuple(schema.primary_key), *(key.fields for key in keys)):
        for column in named:
            if column not in columns:
                raise ValueError(f"Schema {name!r} names {column!r} in a key, which is none of its fields.")
    for key in keys:
        if len(key.fields) != len(key.references):
            raise ValueError(
                f"Schema {name!r} has a foreign key from {len(key.fields)} to {len(key.references)} fields."
            )
    return Schema(fields, tuple(schema.primary_key), keys, tuple(map(str, schema.missing_values)))


def find_package(path: Path) -> Path | None:
    """The data package beside a file, or one folder up, that names it; None if there is none."""
    for folder in (path.absolute().parent, path.absolute().parent.parent):
        for name in PACKAGE_NAMES:
            if (folder / name).is_file():
                try:
                    named = find_resource(read_descriptor(folder / name), path)
                except (OSError, ValueError) as error:
                    _log.warning("No schema is taken from %s: %s", name, error)
                    continue
                if named is not None:
                    return folder / name
    return None


def resources(package: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those resources of a data package that have a path."""
    listed = package.get("resources")
    return [
        resource
        for resource in (listed if isinstance(listed, list) else [])
        if isinstance(resource, Mapping) and isinstance(resource.get("path"), str)
    ]


def find_resource(package: Mapping[str, Any], path: Path) -> Mapping[str, Any] | None:
    """The resource that is this file, by the end of its path; None if there is none."""
    for resource in resources(package):
        if Path(resource["path"]).name == path.name:
            return resource
    return None


def declared_delimiter(resource: Mapping[str, Any]) -> str | None:
    """The delimiter of a resource's dialect, in either version of the standard."""
    dialect = resource.get("dialect")
    if not isinstance(dialect, Mapping):
        return None
    for holder in (dialect, dialect.get("csv")):
        declared = holder.get("delimiter") if isinstance(holder, Mapping) else None
        if isinstance(declared, str) and len(declared) == 1 and declared not in '"\r\n':
            return declared
    return None


def resource_schema(resource: Mapping[str, Any], folder: Path) -> Schema | None:
    """The schema of a resource, which may stand in a file of its own; None where it has none.

    Raises
    ------
    OSError, ValueError
        One sentence.
    """
    descriptor = resource.get("schema")
    if isinstance(descriptor, str):
        return read_schema(folder / descriptor)
    if descriptor is None:
        return None
    if not isinstance(descriptor, Mapping):
        raise ValueError(f"The schema of {resource['path']!r} must be a mapping or a path (got {descriptor!r}).")
    return read_schema(descriptor, Path(resource["path"]).stem)


def aligned(schema: Schema, header: tuple[str, ...], inferred: Schema, name: str) -> Schema:
    """A given schema with its fields in the order of the columns.

    Columns that it does not name keep their inferred fields, with no demands; fields that the header lacks come last.

    Raises
    ------
    ValueError
        If it names none of the columns.
    """
    given = {field.name: field for field in schema.fields}
    if header and given and not given.keys() & set(header):
        wanted, got = ", ".join(given), ", ".join(header)
        raise ValueError(f"The header of {name!r} must hold fields of its schema ({wanted}), got: {got}.")
    loose = {field.name: replace(field, required=False, unique=False) for field in inferred.fields}
    columns = tuple(given.get(column) or loose.get(column, Field(column)) for column in header)
    rest = tuple(field for field in schema.fields if field.name not in header)
    return replace(schema, fields=columns + rest)


def _field(field: Any) -> Field:
    constraints: Mapping[str, Any] = field.constraints
    kind: FieldType = field.type if field.type in _TYPES else "any"
    enum = tuple(map(_written, constraints.get("enum", ())))
    if kind == "boolean" and {"trueValues", "falseValues"} & field.to_descriptor().keys():
        kind, enum = "string", enum or (*field.true_values, *field.false_values)
    numeric = kind in ("integer", "number")
    return Field(
        name=field.name,
        type=kind,
        format=field.format or "default",
        required=bool(constraints.get("required", False)),
        unique=bool(constraints.get("unique", False)),
        enum=enum,
        minimum=_bound(constraints.get("minimum")),
        maximum=_bound(constraints.get("maximum")),
        min_length=constraints.get("minLength"),
        max_length=constraints.get("maxLength"),
        pattern=constraints.get("pattern", ""),
        decimal=(getattr(field, "decimal_char", ".") or ".") if numeric else ".",
        thousands=(getattr(field, "group_char", "") or "") if numeric else "",
    )


def _bound(value: object) -> str | None:
    return None if value is None else _written(value)


def _written(value: object) -> str:
    """A constraint's value as a cell writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
