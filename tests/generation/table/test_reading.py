import json
import os
from pathlib import Path

import pytest
from openpyxl import Workbook

from generation.table.descriptors import read_schema
from generation.table.reading import decode, read_finished, read_table
from generation.table.types import ForeignKey


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def package(folder: Path, *resources: dict, name: str = "datapackage.json") -> Path:
    return write(folder, name, json.dumps({"name": "p", "resources": list(resources)}))


def test_the_text_is_the_files_own(tmp_path):
    path = write(tmp_path, "a.csv", 'x,y\r\n1,"a\nb"\r\n')
    assert read_table(path)[0] == 'x,y\r\n1,"a\nb"\r\n'


def test_a_schema_is_inferred_where_none_is_given(tmp_path):
    rows = "".join(f"{n},{n / 4},0{n},2020-01-{n:02},{n:02}/12/2020,{n % 2 == 0},x,\n" for n in range(1, 26))
    scope = read_table(write(tmp_path, "a.csv", "n,f,code,day,German,even,same,none\n" + rows))[1]
    fields = {field.name: field for field in scope.schema.fields}
    assert not scope.schema.given
    assert [field.type for field in scope.schema.fields] == [
        "integer",
        "number",
        "string",
        "date",
        "date",
        "boolean",
        "string",
        "any",
    ]
    assert fields["German"].format == "%d/%m/%Y"
    assert fields["day"].format == "default"
    assert fields["n"].unique
    assert fields["n"].required
    assert not fields["same"].unique
    assert not fields["none"].required


def test_decimal_commas_are_recognised(tmp_path):
    scope = read_table(write(tmp_path, "a.csv", "a;b\n1,5;x\n2,25;y\n"))[1]
    assert scope.delimiter == ";"
    assert (scope.schema.fields[0].type, scope.schema.fields[0].decimal) == ("number", ",")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(tmp_path, delimiter):
    text = "".join(delimiter.join(row) + "\n" for row in [("a", "b"), ("1", "x y"), ("2", "z")])
    assert read_table(write(tmp_path, "a.csv", text))[1].delimiter == delimiter


def test_one_column_has_a_comma_between_cells_that_are_not_there(tmp_path):
    scope = read_table(write(tmp_path, "a.csv", "name\nAda\nBob\n"))[1]
    assert scope.delimiter == ","
    assert [field.name for field in scope.schema.fields] == ["name"]


@pytest.mark.parametrize(
    "content",
    [
        "naïve,ключ\n1,2\n".encode("utf-8-sig"),
        "naïve,ключ\n1,2\n".encode("utf-16"),
        "naïve,ключ\n1,2\n".encode(),
    ],
)
def test_byte_order_marks_are_no_part_of_the_header(tmp_path, content):
    assert read_table(write(tmp_path, "a.csv", content))[0] == "naïve,ключ\n1,2\n"


def test_other_encodings_are_read(tmp_path):
    text = "Name,Stadt\nJürgen,Köln\nZoë,Zürich\n"
    assert read_table(write(tmp_path, "a.csv", text.encode("cp1252")))[0] == text


def test_a_declared_encoding_and_delimiter_come_first(tmp_path):
    write(tmp_path, "a.csv", "имя:год\nАнна:1\n".encode("koi8-r"))
    package(tmp_path, {"name": "people", "path": "a.csv", "encoding": "koi8-r", "dialect": {"delimiter": ":"}})
    text, scope = read_table(tmp_path / "a.csv")
    assert text.startswith("имя")
    assert (scope.name, scope.delimiter) == ("people", ":")
    assert [field.name for field in scope.schema.fields] == ["имя", "год"]


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_has_no_columns(tmp_path, text):
    got, scope = read_table(write(tmp_path, "a.csv", text))
    assert got == text
    assert scope.schema.fields == ()


def test_an_empty_file_with_a_schema_has_its_fields(tmp_path):
    schema = write(tmp_path, "schema.json", json.dumps({"fields": [{"name": "a", "type": "integer"}]}))
    scope = read_table(write(tmp_path, "a.csv", ""), schema)[1]
    assert [field.name for field in scope.schema.fields] == ["a"]


def test_a_header_alone_is_a_table(tmp_path):
    scope = read_table(write(tmp_path, "a.csv", "a,b"))[1]
    assert [(field.name, field.type) for field in scope.schema.fields] == [("a", "any"), ("b", "any")]


def test_headers_that_come_again_or_are_empty_get_names_of_their_own(tmp_path):
    scope = read_table(write(tmp_path, "a.csv", "a,a,,a2\n1,2,3,4\n"))[1]
    assert [field.name for field in scope.schema.fields] == ["a", "a2", "field3", "a22"]


def test_ragged_rows_are_filled_up_and_cut(tmp_path):
    table = read_finished(write(tmp_path, "a.csv", "a,b\n1\n\n1,2,3\n"))
    assert table.rows == (("1", ""), ("1", "2"))


def test_an_open_quote_at_the_end_is_read_as_a_cell(tmp_path):
    assert read_finished(write(tmp_path, "a.csv", 'a,b\n1,"x\ny')).rows == (("1", "x\ny"),)


def test_more_columns_than_a_workbook_has_are_told(tmp_path):
    with pytest.raises(ValueError, match=r"'a\.csv' must have at most 16,384 columns \(got 20,001\)"):
        read_table(write(tmp_path, "a.csv", "a," * 20_000))


def test_bytes_that_are_no_text_are_told(tmp_path):
    with pytest.raises(ValueError, match=r"File 'a\.csv' must be delimited text"):
        read_table(write(tmp_path, "a.csv", bytes(range(256)) * 4))


def test_no_file_is_an_oserror(tmp_path):
    for name in ("a.csv", "a.xlsx"):
        with pytest.raises(FileNotFoundError):
            read_table(tmp_path / name)


def test_the_package_beside_a_file_or_above_it_is_found(tmp_path):
    schema = {"fields": [{"name": "a", "type": "string"}]}
    for folder, path in ((tmp_path / "one", "one/t.csv"), (tmp_path / "two" / "data", "data/t.csv")):
        folder.mkdir(parents=True)
        write(folder, "t.csv", "a\n1\n")
        package(
            tmp_path / path.split("/")[0] if folder.name == "one" else tmp_path / "two",
            {"path": path, "schema": schema},
        )
        scope = read_table(folder / "t.csv")[1]
        assert scope.schema.given
        assert scope.schema.fields[0].type == "string"


def test_a_package_in_yaml_is_found(tmp_path):
    write(
        tmp_path, "datapackage.yml", "resources:\n- path: t.csv\n  schema:\n    fields:\n    - {name: a, type: year}\n"
    )
    assert read_table(write(tmp_path, "t.csv", "a\n1999\n"))[1].schema.fields[0].type == "year"


def test_a_package_that_names_other_files_is_left_alone(tmp_path):
    package(tmp_path, {"path": "other.csv", "schema": {"fields": [{"name": "a", "type": "string"}]}})
    assert not read_table(write(tmp_path, "t.csv", "a\n1\n"))[1].schema.given


def test_a_broken_package_nearby_leaves_the_file_readable(tmp_path):
    write(tmp_path, "datapackage.json", "{")
    assert read_table(write(tmp_path, "t.csv", "a\n1\n"))[1].schema.fields[0].name == "a"


def test_a_broken_package_that_was_asked_for_is_told(tmp_path):
    path = write(tmp_path, "p.json", "{")
    with pytest.raises(ValueError, match=r"Descriptor 'p\.json' must be JSON or YAML"):
        read_table(write(tmp_path, "t.csv", "a\n1\n"), package=path)


def test_foreign_keys_bring_the_tables_they_refer_to(tmp_path):
    write(tmp_path, "cities.csv", "id,name\n1,Oslo\n2,Rome\n")
    write(tmp_path, "people.csv", "who,city\nAda,1\n")
    key = {"fields": "city", "reference": {"resource": "cities", "fields": "id"}}
    whole = {"fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}], "primaryKey": "id"}
    parts = {"fields": [{"name": "who"}, {"name": "city", "type": "integer"}], "foreignKeys": [key]}
    package(
        tmp_path,
        {"name": "cities", "path": "data/cities.csv", "schema": whole},
        {"name": "people", "path": "data/people.csv", "schema": parts},
    )
    scope = read_table(tmp_path / "people.csv")[1]
    assert scope.schema.foreign_keys == (ForeignKey(("city",), "cities", ("id",)),)
    assert scope.tables["cities"].rows == (("1", "Oslo"), ("2", "Rome"))
    assert scope.tables["cities"].schema.primary_key == ("id",)


def test_a_foreign_key_to_nowhere_is_told(tmp_path):
    write(tmp_path, "people.csv", "city\n1\n")
    for resource, message in (("cities", "does not hold"), ("towns", "there is no such file")):
        key = {"fields": ["city"], "reference": {"resource": resource, "fields": ["id"]}}
        schema = {"fields": [{"name": "city", "type": "integer"}], "foreignKeys": [key]}
        package(
            tmp_path, {"name": "people", "path": "people.csv", "schema": schema}, {"name": "towns", "path": "no.csv"}
        )
        with pytest.raises(ValueError, match=message):
            read_table(tmp_path / "people.csv")


def test_a_referenced_file_outside_the_package_is_not_read(tmp_path):
    write(tmp_path, "secret.csv", "id\n1\n")
    inside = tmp_path / "inside"
    write(inside, "t.csv", "a\n1\n")
    key = {"fields": ["a"], "reference": {"resource": "s", "fields": ["id"]}}
    schema = {"fields": [{"name": "a", "type": "integer"}], "foreignKeys": [key]}
    package(inside, {"name": "t", "path": "t.csv", "schema": schema}, {"name": "s", "path": "../secret.csv"})
    with pytest.raises(ValueError, match="there is no such file"):
        read_table(inside / "t.csv")


@pytest.mark.parametrize(
    ("descriptor", "message"),
    [
        ({"fields": [{"name": "a", "type": "money"}]}, '"money" is not supported'),
        ({"fields": "a"}, "not of type 'array'"),
        ({"fields": [{"name": "a"}, {"name": "a"}]}, "not unique"),
        ({"fields": [{"type": "string"}]}, "required property"),
        ({"fields": [{"name": "a"}], "primaryKey": "b"}, "'?b'?"),
        ({"fields": [None]}, "must be a Table Schema"),
    ],
)
def test_a_schema_that_is_none_is_told_in_a_sentence(descriptor, message):
    with pytest.raises(ValueError, match=message):
        read_schema(descriptor, "s")


def test_constraints_are_as_cells_write_them():
    fields = read_schema(
        {
            "fields": [
                {"name": "n", "type": "integer", "constraints": {"minimum": 1, "maximum": 9, "enum": [1, 2]}},
                {"name": "b", "type": "boolean", "trueValues": ["J"], "falseValues": ["N"]},
                {"name": "d", "type": "date", "format": "%d/%m/%Y", "constraints": {"minimum": "01/02/2020"}},
                {"name": "g", "type": "geojson", "constraints": {"required": True}},
                {"name": "f", "type": "number", "decimalChar": ",", "groupChar": "."},
            ]
        }
    ).fields
    assert (fields[0].minimum, fields[0].maximum, fields[0].enum) == ("1", "9", ("1", "2"))
    assert (fields[1].type, fields[1].enum) == ("string", ("J", "N"))
    assert (fields[2].format, fields[2].minimum) == ("%d/%m/%Y", "01/02/2020")
    assert (fields[3].type, fields[3].required) == ("any", True)
    assert (fields[4].decimal, fields[4].thousands) == (",", ".")


def test_fields_stand_in_the_order_of_the_columns(tmp_path):
    schema = {"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]}
    path = write(tmp_path, "s.json", json.dumps(schema))
    scope = read_table(write(tmp_path, "t.csv", "b,c,a\nx,1,1\n"), path)[1]
    assert [(field.name, field.type) for field in scope.schema.fields] == [
        ("b", "string"),
        ("c", "integer"),
        ("a", "integer"),
    ]


def test_a_schema_of_another_table_is_told(tmp_path):
    path = write(tmp_path, "s.json", json.dumps({"fields": [{"name": "z", "type": "integer"}]}))
    with pytest.raises(ValueError, match=r"The header of 't\.csv' must hold fields of its schema \(z\), got: a\."):
        read_table(write(tmp_path, "t.csv", "a\n1\n"), path)


def test_a_workbooks_first_sheet_is_delimited_text(tmp_path):
    workbook = Workbook()
    sheet = workbook.active
    for row in (["name", "n", "ok", "x"], ["a, b", 3.0, True, 1.5], ["c", 4, False, None], [None, None, None, None]):
        sheet.append(row)
    workbook.save(tmp_path / "t.xlsx")
    text, scope = read_table(tmp_path / "t.xlsx")
    assert text == 'name,n,ok,x\n"a, b",3,true,1.5\nc,4,false,\n'
    assert [field.type for field in scope.schema.fields] == ["string", "integer", "boolean", "number"]


def test_a_workbook_that_is_none_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"File 't\.xlsx' must be a workbook"):
        read_table(write(tmp_path, "t.xlsx", "no"))


def test_decoding_never_keeps_null_characters():
    with pytest.raises(ValueError, match="no encoding"):
        decode(b"a,b\n\0,1\n", "t.csv")


@pytest.mark.realdata
def test_the_corpus_is_read_by_its_packages():
    data = os.environ.get("ASSENT_DATA")
    if not data:
        pytest.skip("ASSENT_DATA names no folder")
    for path in sorted(Path(data, "corpora", "tables").glob("*/*.csv")):
        text, scope = read_table(path)
        assert scope.schema.given
        assert text.splitlines()[0].replace('"', "").split(",") == [field.name for field in scope.schema.fields]
