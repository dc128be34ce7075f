"""Tables that are being written, whole and broken."""

import string

import pytest
from hypothesis import strategies as st

from generation.table.types import Field, ForeignKey, Schema, Table, TableScope

_CITIES = Table(
    "cities",
    Schema((Field("id", "integer", unique=True), Field("city", "string"), Field("land", "string")), ("id",)),
    (("1", "Oslo", "NO"), ("2", "Rome", "IT"), ("3", "Bern", "CH"), ("4", "Nice", "FR")),
)
_PEOPLE = TableScope(
    "people",
    Schema(
        (
            Field("who", "string"),
            Field("city", "integer"),
            Field("land", "string"),
            Field("grade", "string", enum=("A", "B")),
        ),
        foreign_keys=(ForeignKey(("city",), "cities", ("id",)),),
    ),
    {"cities": _CITIES},
)
_DOCUMENTS = (
    "",
    "\n",
    "a",
    "who,city,land,grade\n",
    "who,city,land,grade\nAda,",
    "who,city,land,grade\nAda,1,NO,A\nBob,2,IT,B\nCy,",
    'who,city,land,grade\n"Ada, L.",1,NO,A\n"Bo',
    'who,city,land,grade\n"Ada"',
    'who,city,land,grade\n"Ada"x',
    "who,city,land,grade\n1,2,3,4,5,6",
    "a,a,\n1,2,3\n1,2",
    "x\n\n\n1\n2\n",
    "дата;имя\n2020-01-01;Анна\n2020-01-02;",
    "a,b\r\n1,2\r\n3,",
    '"open\nquote',
    "a,b\n\0,\ud800\n",
    "n\n" + "".join(f"{n}\n" for n in range(300)),
    "a" * 3000,
    'a,b\n1,"' + "x,y\n" * 500,
)
_documents = st.one_of(
    st.sampled_from(_DOCUMENTS), st.text(string.ascii_letters + ',;"\n\r\t12é', max_size=60), st.text(max_size=30)
)


@pytest.fixture(scope="session")
def people():
    """A scope with an enumeration and a key of another table."""
    return _PEOPLE


@pytest.fixture(params=[None, _PEOPLE], ids=["no scope", "people"])
def scope(request):
    """What is known of a table: nothing, or its schema."""
    return request.param


@pytest.fixture(scope="session")
def documents():
    """Strategy of tables up to the cursor."""
    return _documents
