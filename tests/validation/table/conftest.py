"""A table with keys of every kind, and the tables that it refers to."""

import pytest

from generation.table.types import Field, ForeignKey, Schema, Table, TableScope


@pytest.fixture
def scope():
    countries = Table("countries", Schema((Field("code"),)), (("DE",), ("DK",), ("FR",)))
    cities = Table(
        "cities", Schema((Field("country"), Field("city"))), (("DE", "Bonn"), ("DE", "Berlin"), ("FR", "Nice"))
    )
    schema = Schema(
        (
            Field("id", "integer", required=True),
            Field("day", "date"),
            Field("country", "string"),
            Field("city", "string"),
            Field("mail", "string", format="email", unique=True),
            Field("sky", "string", enum=("sun", "rain")),
        ),
        primary_key=("id", "day"),
        foreign_keys=(
            ForeignKey(("country",), "countries", ("code",)),
            ForeignKey(("country", "city"), "cities", ("country", "city")),
        ),
    )
    return TableScope("visits", schema, {"countries": countries, "cities": cities})


@pytest.fixture
def table():
    return "id,day,country,city,mail,sky\n1,2024-01-01,DE,Bonn,a@b.de,sun\n2,2024-01-01,FR,Nice,c@d.fr,rain\n"
